package swapfile

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// kindOf names the type of a file.
func kindOf(st host.Stat) string {
	switch m := st.Mode; {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a directory"
	case st.IsSymlink():
		return "a symbolic link"
	case st.IsBlock():
		return "a block device"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a character device"
}

// explain wraps err as "cannot op: ..." and explains the errno, for a file or
// device that the kernel swaps to or otherwise uses.
func explain(op, path string, err error) error {
	switch {
	case errors.Is(err, unix.ETXTBSY):
		return fail.Newf(0, op, "the kernel swaps to it: %w", err).
			Hint("see 'swapon --show'; 'swapoff %s' ends that", path)
	case errors.Is(err, unix.EBUSY):
		return fail.Newf(0, op, "it is in use (mounted, swap, or below a mapping or RAID): %w", err).
			Hint("'lsblk %s' shows what uses it", path)
	case errors.Is(err, unix.EROFS):
		return fail.Newf(0, op, "it is read-only: %w", err)
	}
	return fail.New(0, op, err, hintsFor(path, err)...)
}

// hintsFor returns hints for errnos that any operation on a file may return.
func hintsFor(path string, err error) []string {
	switch {
	case errors.Is(err, unix.EIO):
		return []string{"the disk may be failing: dmesg | tail"}
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return []string{"see what forbids it: lsattr -d " + filepath.Dir(path) + "; a security module says so in dmesg | tail"}
	}
	return nil
}
