package hosttest

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// manyZeros is from how many zeros on a write is only noted: a test makes files of
// gigabytes.
const manyZeros = 64 << 10

// isZeros looks piece by piece, each beside the same zeros, which stay in the
// processor's cache.
func isZeros(data []byte) bool {
	for piece := range slices.Chunk(data, len(zeros)) {
		if !bytes.Equal(piece, zeros[:len(piece)]) {
			return false
		}
	}
	return true
}

var zeros [16 << 10]byte

// notesZeros takes a write of zeros as done, where all before it is zeros as well
// and nothing else lies there.
func (n *Node) notesZeros(f *file, data []byte, off int64) (bool, error) {
	if f.block != "" || len(data) < manyZeros || !isZeros(data) {
		return false, nil
	}
	st, err := f.stat()
	if err != nil || !st.Mode.IsRegular() || off > n.inode(st.Ino).zeroed {
		return false, err
	}
	return n.zero(f, st, off, off+int64(len(data)))
}

// zero makes the bytes of a file written zeros, if they continue those at its
// start, and nothing else lies there.
func (n *Node) zero(f *file, st host.Stat, from, to int64) (bool, error) {
	if data, _, ok := nextData(f.real, from, st.SizeBytes); ok && data < to {
		return false, nil
	}
	if to > st.SizeBytes {
		if err := f.real.Truncate(to); err != nil {
			return false, err
		}
	}
	i := n.inode(st.Ino)
	i.zeroed = max(i.zeroed, to)
	return true, nil
}

// WriteZeroes implements host.Kernel, for what swapctl makes of it: bytes that
// follow those zeroed before, in an allocated file.
func (p *process) WriteZeroes(f host.File, offset, length int64) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	h, err := p.handle(f)
	if err != nil {
		return pathError("write zeroes to", f.Name(), err)
	}
	return pathError("write zeroes to", h.name, p.writeZeroes(h, offset, length))
}

func (p *process) writeZeroes(h *file, offset, length int64) error {
	n := p.node
	st, err := n.mayAllocate(h, offset, length)
	switch {
	case err != nil:
		return err
	case !n.mountOf(h.at).WriteZeroes:
		return unix.EOPNOTSUPP
	case offset > n.inode(st.Ino).zeroed || offset+length > n.inode(st.Ino).allocated:
		return errors.New("the fake node zeroes only allocated files, from their start on")
	}
	return p.act(Op{Name: "writezeroes", Path: h.at}, func(half bool) error {
		if half {
			length /= 2
		}
		done, err := n.zero(h, st, offset, offset+length)
		if err == nil && !done {
			err = errors.New("the fake node zeroes nothing that was written")
		}
		n.charge(h.at, h.real)
		return err
	})
}
