package swapfile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// openForWriting opens a file, or a block device that is not in use. Only the
// path of a device may be a symbolic link (/dev/disk/by-id/...).
func openForWriting(h host.Host, path string) (host.File, error) {
	return openStorage(h, path, os.O_RDWR|unix.O_NOFOLLOW, os.O_RDWR|unix.O_EXCL)
}

// openForReading opens a file or a block device, in use or not.
func openForReading(h host.Host, path string) (host.File, error) {
	return openStorage(h, path, os.O_RDONLY, os.O_RDONLY)
}

// openStorage checks the type of a path before it opens it: opening a named
// pipe would wait for its other end, and opening some devices has an effect.
func openStorage(h host.Host, path string, fileFlags, deviceFlags int) (host.File, error) {
	st, err := h.Files.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case st.IsBlock():
		return h.Files.Open(path, deviceFlags, 0)
	case st.Mode.IsRegular():
		return h.Files.Open(path, fileFlags, 0)
	}
	return nil, fmt.Errorf("it is %s, neither a file nor a block device", kindOf(st))
}

// sizeOf returns the length of an open file or block device, in bytes, and
// whether the device is read-only.
func sizeOf(h host.Host, f host.File) (size int64, readOnly bool, err error) {
	st, err := f.Stat()
	if err != nil || !st.IsBlock() {
		return st.SizeBytes, false, err
	}
	dev, err := h.Kernel.BlockDevice(f)
	return dev.SizeBytes, dev.ReadOnly, err
}

// readAtMost reads from offset until buf is full or the file ends.
func readAtMost(f host.File, buf []byte, offset int64) (int, error) {
	n, err := f.ReadAt(buf, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
