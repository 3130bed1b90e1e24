package hosttest

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Extents implements host.Kernel.
func (p *process) Extents(f host.File) ([]host.Extent, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	h, err := p.handle(f)
	if err == nil {
		err = p.ruled("extents", h.at)
	}
	if err != nil {
		return nil, pathError("read extents of", f.Name(), err)
	}
	st, err := h.stat()
	if err != nil {
		return nil, pathError("read extents of", f.Name(), err)
	}
	if m := p.node.mountOf(h.at); !st.Mode.IsRegular() || !m.fiemap || m.NoExtents {
		return nil, pathError("read extents of", f.Name(), unix.EOPNOTSUPP)
	}
	return p.node.layout(h.real, st), nil
}

// layout lists the pieces of a file that have disk: what was written, and what
// fallocate got and nobody has written yet.
func (n *Node) layout(f *os.File, st host.Stat) []host.Extent {
	i := n.inode(st.Ino)
	var all []host.Extent
	add := func(from, to int64, flags uint32) {
		if from < to {
			all = append(all, host.Extent{
				Logical: from, Physical: int64(st.Ino)<<32 + from, Length: to - from, Flags: flags | i.extentFlags,
			})
		}
	}
	page := int64(n.pageBytes)
	allocated := (i.allocated + page - 1) / page * page
	written := (i.zeroed + page - 1) / page * page // end of what was written so far
	add(0, written, 0)
	for {
		from, to, ok := nextData(f, written, st.SizeBytes)
		if !ok {
			break
		}
		from, to = from/page*page, (to+page-1)/page*page
		add(written, min(from, allocated), host.ExtentUnwritten)
		add(max(from, written), to, 0)
		written = to
	}
	add(written, allocated, host.ExtentUnwritten)
	if len(all) > 0 {
		all[len(all)-1].Flags |= host.ExtentLast
	}
	return all
}

// nextData finds the next piece of a file, from an offset on, that is no hole.
func nextData(f *os.File, at, size int64) (from, to int64, ok bool) {
	if at >= size {
		return 0, 0, false
	}
	from, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return 0, 0, false
	}
	if err != nil {
		return at, size, true // a file system without holes
	}
	to, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE)
	if err != nil {
		to = size
	}
	return from, to, true
}
