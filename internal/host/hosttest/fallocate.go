package hosttest

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Identity implements host.Kernel. The directory that plays the machine knows
// when its files were made.
func (p *process) Identity(f host.File) (host.Identity, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.Identity{}, err
	}
	h, err := p.handle(f)
	if err != nil {
		return host.Identity{}, pathError("statx", f.Name(), err)
	}
	st, err := h.stat()
	if err != nil {
		return host.Identity{}, pathError("statx", f.Name(), err)
	}
	return host.Identity{Dev: st.Dev, Ino: st.Ino, BirthNS: p.node.inode(st.Ino).bornNS(h.real)}, nil
}

// bornNS is when the file was made, as its first look saw it.
func (i *inode) bornNS(f *os.File) int64 {
	var st unix.Statx_t
	if err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st); i.born == 0 && err == nil {
		i.born = st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
	}
	return i.born
}

// SwappedTo implements host.Kernel.
func (p *process) SwappedTo(f host.File) (bool, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return false, err
	}
	h, err := p.handle(f)
	if err != nil {
		return false, pathError("fallocate", f.Name(), err)
	}
	st, err := h.stat()
	if err != nil || !h.writable() {
		return false, pathError("fallocate", f.Name(), errors.Join(err, unix.EBADF))
	}
	return p.node.isSwap(fileIdentity(st.Ino)), nil
}

// Fallocate implements host.Kernel. Out of space, it leaves what it got so far,
// as ext4 does.
func (p *process) Fallocate(f host.File, size int64) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	h, err := p.handle(f)
	if err != nil {
		return pathError("fallocate", f.Name(), err)
	}
	return pathError("fallocate", h.name, p.fallocate(h, size))
}

func (p *process) fallocate(h *file, size int64) error {
	n := p.node
	m := n.mountOf(h.at)
	st, err := n.mayAllocate(h, 0, size)
	if err != nil {
		return err
	}
	return p.act(Op{Name: "fallocate", Path: h.at}, func(half bool) error {
		reach, short := size, false
		if half {
			reach = size / 2
		}
		if room := n.free(m); reach-st.UsedBytes > room {
			reach, short = st.UsedBytes+room, true
		}
		i := n.inode(st.Ino)
		i.allocated = max(i.allocated, reach)
		if reach > st.SizeBytes {
			if err := h.real.Truncate(reach); err != nil {
				return err
			}
		}
		n.charge(h.at, h.real)
		if short {
			return unix.ENOSPC
		}
		return nil
	})
}

// mayAllocate is what fallocate(2) refuses, whatever is asked of it.
func (n *Node) mayAllocate(h *file, offset, length int64) (host.Stat, error) {
	m := n.mountOf(h.at)
	st, err := h.stat()
	switch {
	case err != nil:
		return st, err
	case !h.writable():
		return st, unix.EBADF
	case offset < 0 || length <= 0:
		return st, unix.EINVAL
	case st.IsBlock():
		return st, unix.EOPNOTSUPP
	case !st.Mode.IsRegular():
		return st, unix.ENODEV
	case !m.fallocate || m.NoFallocate:
		return st, unix.EOPNOTSUPP
	case n.isSwap(fileIdentity(st.Ino)):
		return st, unix.ETXTBSY
	}
	return st, nil
}
