package host

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Identify returns what identifies the file or block device of that name. For a
// device, whose number may change at every reboot, that is its number alone. A
// symbolic link is followed to a device (/dev/disk/by-id/...), and to nothing
// else.
func (h Host) Identify(name string) (Identity, error) {
	st, err := h.Files.Stat(name)
	if err != nil {
		return Identity{}, err
	}
	if st.IsBlock() {
		return Identity{Dev: st.Rdev}, nil
	}
	if !st.Mode.IsRegular() { // opening a named pipe would wait for its other end
		return Identity{}, &fs.PathError{Op: "identify", Path: name, Err: errors.New("neither a file nor a block device")}
	}
	f, err := h.Files.Open(name, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return Identity{}, err
	}
	defer f.Close()
	return h.Kernel.Identity(f)
}
