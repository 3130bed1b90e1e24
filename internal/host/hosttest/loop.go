package hosttest

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// loop is what sysfs does not show of an attached loop device.
type loop struct {
	backing *os.File
	dev     uint64 // of the backing file
	ino     uint64
}

// loop gives an attached loop device by its kernel name, nil when it is free or
// none. One that a test has laid out in sysfs is taken over.
func (n *Node) loop(name string) *loop {
	if !strings.HasPrefix(name, "loop") {
		return nil
	}
	if l := n.loops[name]; l != nil {
		return l
	}
	at := n.attribute(name, "loop/backing_file")
	if at == "" || strings.HasSuffix(at, " (deleted)") {
		return nil
	}
	st, err := n.lstat(at)
	if err != nil {
		return nil
	}
	f, err := os.OpenFile(n.Root+at, os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	l := &loop{backing: f, dev: st.Dev, ino: st.Ino}
	n.loops[name] = l
	return l
}

// LoopAttach implements host.Kernel.
func (p *process) LoopAttach(backing host.File, o host.LoopOptions) (host.File, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	f, err := p.attach(backing, o)
	if err != nil {
		return nil, fmt.Errorf("attach %s to a loop device: %w", backing.Name(), err)
	}
	return f, nil
}

func (p *process) attach(backing host.File, o host.LoopOptions) (*file, error) {
	n := p.node
	h, err := p.handle(backing)
	if err != nil {
		return nil, err
	}
	st, err := h.stat()
	if err != nil {
		return nil, err
	}
	if err := p.mayAttach(st, o); err != nil {
		return nil, err
	}
	name := n.freeLoop()
	f := &file{process: p, name: "/dev/" + name, at: "/dev/" + name, flag: unix.O_RDWR, block: name}
	err = p.act(Op{Name: "loopattach", Path: h.at}, func(bool) error {
		if err := n.layLoop(name, h, st, o); err != nil {
			return err
		}
		real, err := reopen(n.loops[name].backing, h.flag&unix.O_ACCMODE)
		if err != nil {
			return err
		}
		f.take(real)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (p *process) mayAttach(st host.Stat, o host.LoopOptions) error {
	n := p.node
	switch {
	case n.missing.loop:
		return &fs.PathError{Op: "open", Path: "/dev/loop-control", Err: unix.ENOENT}
	case n.euid != 0:
		return &fs.PathError{Op: "open", Path: "/dev/loop-control", Err: unix.EACCES}
	case n.missing.freeLoop:
		return &fs.PathError{Op: "find a free loop device with", Path: "/dev/loop-control", Err: unix.ENOSPC}
	case !st.Mode.IsRegular() && !st.IsBlock():
		return unix.EINVAL
	case o.BlockBytes != 0 && (o.BlockBytes < 512 || o.BlockBytes > n.pageBytes || o.BlockBytes&(o.BlockBytes-1) != 0):
		return unix.EINVAL
	}
	return nil
}

// freeLoop is the first loop device without a backing file.
func (n *Node) freeLoop() string {
	for i := 0; ; i++ {
		name := "loop" + strconv.Itoa(i)
		if n.attribute(name, "loop/backing_file") == "" && n.users(name) == 0 {
			return name
		}
	}
}

// layLoop writes what sysfs has of an attached loop device.
func (n *Node) layLoop(name string, h *file, st host.Stat, o host.LoopOptions) error {
	backing, err := reopen(h.real, h.flag&unix.O_ACCMODE)
	if err != nil {
		return err
	}
	n.loops[name] = &loop{backing: backing, dev: st.Dev, ino: st.Ino}
	size := st.SizeBytes
	if st.IsBlock() {
		size = n.blockSize(h.block)
	}
	if n.attribute(name, "dev") == "" {
		dev := "7:" + strings.TrimPrefix(name, "loop")
		if err := n.layBlock("/sys/devices/virtual/block/"+name, dev, 0); err != nil {
			return err
		}
	}
	m := n.mountOf(h.at)
	shown := h.at
	if st.LinksCount == 0 {
		shown += " (deleted)"
	}
	for file, content := range map[string]string{
		"size": strconv.FormatInt(size/512, 10), "ro": bit(!h.writable()),
		"queue/logical_block_size": strconv.Itoa(max(512, o.BlockBytes)),
		"loop/backing_file":        shown, "loop/autoclear": "1", "loop/partscan": "0",
		"loop/dio": bit(o.DirectIO && m.dio && !m.NoDirectIO), "loop/offset": "0", "loop/sizelimit": "0",
	} {
		if err := n.setAttribute(name, file, content); err != nil {
			return err
		}
	}
	return nil
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// clearLoop makes a loop device free. Its node stays, as it does on Linux.
func (n *Node) clearLoop(name string) {
	if l := n.loops[name]; l != nil {
		delete(n.loops, name)
		var st unix.Stat_t
		if unix.Fstat(int(l.backing.Fd()), &st) == nil && st.Nlink == 0 {
			n.forget(l.ino)
		}
		_ = l.backing.Close()
	}
	at, err := n.resolve("/sys/class/block/"+name, true)
	if err != nil {
		return
	}
	n.must(os.RemoveAll(n.Root + at + "/loop"))
	n.must(n.setAttribute(name, "size", "0"))
	n.must(n.setAttribute(name, "queue/logical_block_size", "512"))
}

// LoopStatus implements host.Kernel.
func (p *process) LoopStatus(path string) (host.LoopStatus, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.LoopStatus{}, err
	}
	name, err := p.loopNamed(path)
	if err != nil {
		return host.LoopStatus{}, pathError("read status of", path, err)
	}
	l := p.node.loop(name)
	return host.LoopStatus{
		BackingDev: l.dev, BackingIno: l.ino,
		AutoClear: p.node.attribute(name, "loop/autoclear") == "1",
		DirectIO:  p.node.attribute(name, "loop/dio") == "1",
	}, nil
}

// loopNamed is the kernel name of an attached loop device.
func (p *process) loopNamed(path string) (string, error) {
	at, err := p.node.existing(path)
	if err != nil {
		return "", err
	}
	name := p.node.blockName(at)
	switch {
	case p.node.euid != 0:
		return "", unix.EACCES
	case !strings.HasPrefix(name, "loop"):
		return "", unix.ENOTTY
	case p.node.loop(name) == nil:
		return "", unix.ENXIO
	}
	return name, nil
}

// LoopDetach implements host.Kernel. A loop in use only becomes autoclear, and
// there is no error.
func (p *process) LoopDetach(path string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	name, err := p.loopNamed(path)
	if err != nil {
		return pathError("detach", path, err)
	}
	return pathError("detach", path, p.act(Op{Name: "loopdetach", Path: path}, func(bool) error {
		if err := p.node.setAttribute(name, "loop/autoclear", "1"); err != nil {
			return err
		}
		p.node.settle()
		return nil
	}))
}
