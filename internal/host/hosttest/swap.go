package hosttest

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Swap flags that swapon(2) takes, all of them (SWAP_FLAGS_VALID).
const swapFlags = host.SwapPriorityMask | host.SwapPrefer | host.SwapDiscard | host.SwapDiscardOnce | host.SwapDiscardPages

// SwapOn implements host.Kernel.
func (p *process) SwapOn(path string, flags int) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return pathError("swapon", path, p.swapOn(path, flags))
}

// swapOn checks in the order of swapon(2) in mm/swapfile.c.
func (p *process) swapOn(path string, flags int) error {
	n := p.node
	if flags&^swapFlags != 0 {
		return unix.EINVAL
	}
	if n.euid != 0 {
		return unix.EPERM
	}
	at, err := n.existing(path)
	if err != nil {
		return err
	}
	st, err := n.lstat(at)
	if err != nil {
		return err
	}
	a := area{path: at, kind: "file", identity: n.identify(at)}
	switch {
	case st.Mode.IsDir():
		return unix.EISDIR
	case st.IsBlock():
		a.kind = "partition"
		err = n.swapDevice(n.blockName(at))
	case st.Mode.IsRegular():
		err = n.swapFile(at, st)
	default:
		return unix.EINVAL
	}
	if err != nil {
		return err
	}
	if a.size, err = n.headerSays(at, st); err != nil {
		return err
	}
	return p.act(Op{Name: "swapon", Path: at, Flag: flags}, func(bool) error {
		areas := n.swaps()
		a.priority = flags & host.SwapPriorityMask
		if flags&host.SwapPrefer == 0 {
			a.priority = leastPriority(areas) - 1
		}
		return n.setSwaps(append(areas, a))
	})
}

// leastPriority is the kernel's variable of that name: -1 before the first
// automatic priority, which is -2.
func leastPriority(areas []area) int {
	least := -1
	for _, a := range areas {
		least = min(least, a.priority)
	}
	return least
}

func (n *Node) swapDevice(name string) error {
	if n.claimed(name) != "" {
		return unix.EBUSY
	}
	if n.attribute(name, "ro") == "1" {
		return unix.EACCES
	}
	return nil
}

// swapFile refuses what the file system's swap_activate does.
func (n *Node) swapFile(at string, st host.Stat) error {
	m, i := n.mountOf(at), n.inode(st.Ino)
	switch {
	case i.flags&host.InodeImmutable != 0:
		return unix.EPERM
	case m.ReadOnly:
		return unix.EROFS
	case n.isSwap(fileIdentity(st.Ino)):
		return unix.EBUSY
	case !m.swap:
		return unix.EINVAL
	case m.kind == "btrfs" && (i.flags&host.InodeNoCOW == 0 || len(m.Devices) > 1):
		return unix.EINVAL
	case i.extentFlags&(host.ExtentShared|host.ExtentInline|host.ExtentEncoded) != 0:
		return unix.EINVAL
	}
	f, err := os.Open(n.Root + at)
	if err != nil {
		return err
	}
	defer f.Close()
	reach := int64(0)
	for _, e := range n.layout(f, st) {
		if e.Logical > reach {
			return unix.EINVAL
		}
		reach = e.Logical + e.Length
	}
	if reach < st.SizeBytes&^int64(n.pageBytes-1) {
		return unix.EINVAL
	}
	return nil
}

// headerSays gives the usable KiB by the swap header (read_swap_header).
func (n *Node) headerSays(at string, st host.Stat) (int64, error) {
	f, size, err := n.contents(at, st)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, n.pageBytes)
	if got, _ := f.ReadAt(page, 0); got < len(page) {
		return 0, unix.EINVAL
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if binary.LittleEndian.Uint32(page[1024:]) == 1<<24 {
		order = binary.BigEndian
	}
	last, bad := int64(order.Uint32(page[1028:])), order.Uint32(page[1032:])
	switch {
	case !bytes.HasSuffix(page, []byte("SWAPSPACE2")),
		order.Uint32(page[1024:]) != 1,
		last == 0,
		last+1 > size/int64(n.pageBytes),
		bad > 0 && st.Mode.IsRegular():
		return 0, unix.EINVAL
	}
	return (last - int64(bad)) * int64(n.pageBytes) / 1024, nil
}

// contents opens what a file or device of the machine holds.
func (n *Node) contents(at string, st host.Stat) (*os.File, int64, error) {
	name := n.blockName(at)
	if l := n.loop(name); l != nil {
		f, err := reopen(l.backing, os.O_RDONLY)
		return f, n.blockSize(name), err
	}
	f, err := os.Open(n.Root + at)
	if name != "" {
		return f, n.blockSize(name), err
	}
	return f, st.SizeBytes, err
}

// SwapOffApart implements host.Kernel.
func (p *process) SwapOffApart(ctx context.Context, path string) error { return p.SwapOff(ctx, path) }

// SwapOff implements host.Kernel. It gives ENOMEM when what is swapped out is more
// than MemAvailable, or, with vm.overcommit_memory=2, the area than CommitLimit leaves.
func (p *process) SwapOff(ctx context.Context, path string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return pathError("swapoff", path, p.swapOff(ctx, path))
}

func (p *process) swapOff(ctx context.Context, path string) error {
	n := p.node
	if err := ctx.Err(); err != nil {
		return err
	}
	if n.euid != 0 {
		return unix.EPERM
	}
	at, err := n.existing(path)
	if err != nil {
		return err
	}
	identity, areas := n.identify(at), n.swaps()
	for i, a := range areas {
		if a.identity != identity {
			continue
		}
		strict := strings.TrimSpace(n.text("/proc/sys/vm/overcommit_memory")) == "2"
		if strict && n.meminfo("Committed_AS")+a.size >= n.meminfo("CommitLimit") || a.used > n.meminfo("MemAvailable") {
			return unix.ENOMEM
		}
		if err := p.stuck(ctx, areas, i); err != nil {
			return err
		}
		err := p.act(Op{Name: "swapoff", Path: at}, func(half bool) error {
			if half {
				areas[i].used /= 2
				return n.setSwaps(areas)
			}
			return n.setSwaps(without(areas, i))
		})
		n.settle()
		return err
	}
	return unix.EINVAL
}

// stuck waits for the end of ctx if the test wants a swapoff that takes for
// ever; half of the pages are read back by then.
func (p *process) stuck(ctx context.Context, areas []area, i int) error {
	n := p.node
	if !n.faults.stuckSwapOff || p.outside {
		return nil
	}
	areas[i].used /= 2
	if err := n.setSwaps(areas); err != nil {
		return err
	}
	n.mu.Unlock()
	<-ctx.Done()
	n.mu.Lock()
	return ctx.Err()
}

// without takes an area away; automatic priorities below its own move up.
func without(areas []area, gone int) []area {
	var left []area
	for i, a := range areas {
		if i == gone {
			continue
		}
		if p := areas[gone].priority; p < 0 && a.priority < p {
			a.priority++
		}
		left = append(left, a)
	}
	return left
}
