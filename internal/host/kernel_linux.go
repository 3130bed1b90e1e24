package host

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// linux is Kernel over system calls.
type linux struct{}

// PageSize implements Kernel.
func (linux) PageSize() int { return os.Getpagesize() }

// EUID implements Kernel.
func (linux) EUID() int { return os.Geteuid() }

// Random implements Kernel.
func (linux) Random(buf []byte) error {
	for len(buf) > 0 {
		n, err := unix.Getrandom(buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("getrandom: %w", err)
		}
		buf = buf[n:]
	}
	return nil
}

// Lock implements Kernel.
func (linux) Lock(f File) error {
	err := again(func() error { return unix.Flock(fd(f), unix.LOCK_EX|unix.LOCK_NB) })
	return pathError("flock", f.Name(), err)
}

// Statfs implements Kernel.
func (linux) Statfs(path string) (Statfs, error) {
	var st unix.Statfs_t
	if err := again(func() error { return unix.Statfs(path, &st) }); err != nil {
		return Statfs{}, pathError("statfs", path, err)
	}
	unit := int64(st.Frsize) //nolint:unconvert // narrower on 32-bit machines
	if unit == 0 {
		unit = int64(st.Bsize) //nolint:unconvert // same
	}
	return Statfs{
		Type:           int64(st.Type), //nolint:unconvert // same
		TotalBytes:     int64(st.Blocks) * unit,
		AvailableBytes: int64(st.Bavail) * unit,
		ReadOnly:       st.Flags&unix.ST_RDONLY != 0,
	}, nil
}

// fd is f's descriptor in the type that package unix takes.
func fd(f File) int { return int(f.Fd()) }

// again repeats a system call that a signal interrupted. The Go runtime itself
// sends signals to its threads, so this is ordinary.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// ioctl calls ioctl(2) with a pointer argument.
func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg))
		if errno == 0 {
			return nil
		}
		if errno != unix.EINTR {
			return errno
		}
	}
}

// ioctlValue calls ioctl(2) with a number for its argument.
func ioctlValue(fd int, request uint, arg int) (int, error) {
	for {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg))
		if errno == 0 {
			return int(n), nil
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}

// pathError says what failed on which path, as package os does.
func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: op, Path: path, Err: err}
}

// nodeWait is the longest time to wait for a device node. devtmpfs makes it
// before the system call returns; in a /dev that something else fills, it may
// come late.
const nodeWait = 2 * time.Second

// waitForNode waits until a path exists.
func waitForNode(path string) error {
	for end := time.Now().Add(nodeWait); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Lstat(path)
		if err == nil || !errors.Is(err, os.ErrNotExist) || time.Now().After(end) {
			return err
		}
	}
}
