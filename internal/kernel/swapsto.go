package kernel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// SwapsTo reports whether the kernel may be swapping to the very file or device
// at this path. /proc/swaps does not say so: its path may be one of another
// mount namespace. If it cannot be found out, without root or on a file system
// that is read-only by now, the answer is yes.
func SwapsTo(h host.Host, path string) bool {
	st, err := h.Files.Stat(path)
	switch {
	case err != nil:
		return true
	case st.IsBlock():
		f, err := h.Files.Open(path, os.O_RDONLY|unix.O_EXCL, 0) // swapon(2) claims it
		if err == nil {
			f.Close()
		}
		return err != nil
	case !st.Mode.IsRegular():
		return false
	}
	f, err := h.Files.Open(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return !errors.Is(err, unix.ELOOP)
	}
	defer f.Close()
	on, err := h.Kernel.SwappedTo(f)
	return on || err != nil
}
