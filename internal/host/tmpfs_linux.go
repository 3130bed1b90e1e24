package host

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// closing closes a file that was only read: an error of Close loses nothing.
func closing(fd int) { _ = unix.Close(fd) }

// TmpfsNoswap implements Kernel with the mount API of Linux 5.2: the option is
// checked when it is set (mm/shmem.c, shmem_parse_one), so nothing has to be
// mounted and nothing can be left. A kernel without that API is older than the
// option.
func (linux) TmpfsNoswap() (bool, error) {
	fd, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	switch {
	case errors.Is(err, unix.ENOSYS):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("fsopen tmpfs: %w", err)
	}
	defer closing(fd)
	err = unix.FsconfigSetFlag(fd, "noswap")
	if err == nil {
		err = unix.FsconfigCreate(fd)
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, unix.EINVAL):
		return false, nil
	}
	return false, fmt.Errorf("make a tmpfs with noswap: %w", err)
}
