package hosttest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Open implements host.Files.
func (p *process) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	f, err := p.open(name, flag, perm)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return f, nil
}

func (p *process) open(name string, flag int, perm fs.FileMode) (*file, error) {
	n := p.node
	exclusive := flag&(unix.O_CREAT|unix.O_EXCL) == unix.O_CREAT|unix.O_EXCL
	at, st, err := n.found(name, flag&unix.O_NOFOLLOW == 0 && !exclusive)
	if at == "" {
		return nil, err
	}
	f := &file{process: p, name: name, at: at, flag: flag}
	switch {
	case err != nil && !errors.Is(err, unix.ENOENT):
		return nil, err
	case err != nil && flag&unix.O_CREAT == 0:
		return nil, unix.ENOENT
	case err != nil:
		return f, p.create(f, perm)
	case exclusive:
		return nil, unix.EEXIST
	}
	if err := p.mayOpen(at, st, flag); err != nil {
		return nil, err
	}
	if st.IsBlock() {
		return f, p.openBlock(f)
	}
	if err := n.directIO(f); err != nil {
		return nil, err
	}
	if flag&unix.O_TRUNC != 0 && st.Mode.IsRegular() {
		return f, p.truncate(f, st)
	}
	return f, f.openReal(flag)
}

// mayOpen tells why something that is there cannot be opened (may_open in
// fs/namei.c).
func (p *process) mayOpen(at string, st host.Stat, flag int) error {
	n := p.node
	write := flag&unix.O_ACCMODE != unix.O_RDONLY || flag&unix.O_TRUNC != 0
	immutable := false
	if i := n.inodes[st.Ino]; i != nil {
		immutable = i.flags&host.InodeImmutable != 0
	}
	device := st.Mode&fs.ModeDevice != 0
	switch {
	case st.IsSymlink():
		return unix.ELOOP
	case st.Mode.IsDir() && (write || flag&unix.O_CREAT != 0):
		return unix.EISDIR
	case !st.Mode.IsDir() && flag&unix.O_DIRECTORY != 0:
		return unix.ENOTDIR
	case write && !device && n.mountOf(at).ReadOnly:
		return unix.EROFS
	case write && immutable:
		return unix.EPERM
	case flag&unix.O_TRUNC != 0 && n.isSwap(fileIdentity(st.Ino)):
		return unix.ETXTBSY
	}
	if write {
		if err := n.may(st, 2); err != nil {
			return err
		}
	}
	if flag&unix.O_ACCMODE == unix.O_WRONLY {
		return nil
	}
	return n.may(st, 4)
}

// create makes the file: an operation.
func (p *process) create(f *file, perm fs.FileMode) error {
	n := p.node
	if err := n.mayChange(path.Dir(f.at)); err != nil {
		return err
	}
	if err := n.directIO(f); err != nil {
		return err
	}
	return p.act(Op{Name: "create", Path: f.at}, func(bool) error {
		if n.free(n.mountOf(f.at)) == 0 {
			return unix.ENOSPC
		}
		if err := f.openReal(f.flag); err != nil {
			return err
		}
		n.fresh(f.at)
		return f.real.Chmod(perm &^ umask)
	})
}

// truncate empties a file that is there: an operation.
func (p *process) truncate(f *file, st host.Stat) error {
	return p.act(Op{Name: "truncate", Path: f.at}, func(bool) error {
		if err := f.openReal(f.flag); err != nil {
			return err
		}
		if i := p.node.inodes[st.Ino]; i != nil {
			i.allocated, i.zeroed = 0, 0
		}
		p.node.charge(f.at, f.real)
		return nil
	})
}

func (n *Node) directIO(f *file) error {
	if m := n.mountOf(f.at); f.flag&unix.O_DIRECT != 0 && (!m.dio || m.NoDirectIO) {
		return unix.EINVAL
	}
	return nil
}

// openReal opens the file of the test machine that plays this one.
func (f *file) openReal(flag int) error {
	real, err := os.OpenFile(f.process.node.Root+f.at, flag&^(unix.O_DIRECT|unix.O_SYNC), 0o600)
	if err != nil {
		return err
	}
	f.take(real)
	return nil
}

func (f *file) take(real *os.File) {
	f.real = real
	f.process.files[f] = true
}

// openBlock opens a block device; with O_EXCL it claims it. A loop device reads
// and writes its backing file.
func (p *process) openBlock(f *file) error {
	n := p.node
	f.block = n.blockName(f.at)
	if f.flag&unix.O_ACCMODE != unix.O_RDONLY && n.attribute(f.block, "ro") == "1" {
		return unix.EACCES
	}
	if f.flag&unix.O_EXCL != 0 {
		if claim := n.claimed(f.block); claim != "" {
			return unix.EBUSY
		}
		f.claims = true
	}
	clean := f.flag &^ (unix.O_EXCL | unix.O_CREAT | unix.O_TRUNC)
	l := n.loop(f.block)
	if l == nil {
		return f.openReal(clean)
	}
	// By the open file, not by its name: the name may be gone.
	real, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", l.backing.Fd()), clean&^(unix.O_DIRECT|unix.O_NOFOLLOW), 0)
	if err != nil {
		return err
	}
	f.take(real)
	return nil
}
