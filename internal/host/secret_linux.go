package host

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Secret is memory for a key: never swapped out, not in core dumps or child
// processes, outside of Go's garbage collector, and zeroed by Wipe.
type Secret struct{ buf []byte }

// NewSecret makes a secret of size zero bytes. It fails with ENOMEM or EPERM
// when memory may not be locked (RLIMIT_MEMLOCK).
func NewSecret(size int) (*Secret, error) {
	buf, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("map memory for a key: %w", err)
	}
	if err := unix.Mlock(buf); err != nil {
		_ = unix.Munmap(buf)
		return nil, fmt.Errorf("lock memory for a key: %w", err)
	}
	// Advice only: old kernels know just one of the two.
	_ = unix.Madvise(buf, unix.MADV_DONTDUMP)
	_ = unix.Madvise(buf, unix.MADV_DONTFORK)
	return &Secret{buf: buf}, nil
}

// Bytes is the memory itself. It must not be used after Wipe.
func (s *Secret) Bytes() []byte { return s.buf }

// Wipe zeroes the memory and unmaps it. It may be called again.
func (s *Secret) Wipe() {
	if s.buf == nil {
		return
	}
	clear(s.buf)
	runtime.KeepAlive(s.buf)
	_ = unix.Munmap(s.buf)
	s.buf = nil
}
