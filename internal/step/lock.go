package step

import (
	"errors"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// lock keeps a second swapctl from changing the node at the same time. The
// returned function lets go. The lock file is removed on the way out, so a
// process may lock a file that has just lost its name: it then tries again.
func lock(h host.Host, name string) (unlock func(), err error) {
	const op = "lock this node"
	for {
		f, err := h.Files.Open(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fail.New(fail.Failed, op, err, storeHints(name, path.Dir(name), err)...)
		}
		if err := h.Kernel.Lock(f); err != nil {
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, fail.New(fail.Locked, op, errors.New("another swapctl is changing it"),
					"wait for it to end (pgrep -a swapctl), then run the command again")
			}
			return nil, fail.New(fail.Failed, op, err)
		}
		opened, err1 := f.Stat()
		named, err2 := h.Files.Lstat(name)
		if err1 == nil && err2 == nil && opened.SameFile(named) {
			return func() { _ = h.Files.Remove(name); f.Close() }, nil
		}
		f.Close()
	}
}

// storeHints say what to do when the engine cannot read or write a file of its
// own; dir is a directory above it that outlives the run.
func storeHints(name, dir string, err error) []string {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return []string{"free some space: df -h " + dir + "; df -i " + dir}
	case errors.Is(err, unix.EROFS):
		return []string{"it must be writable: findmnt -T " + dir + " shows the mount"}
	}
	return []string{"see what is there: ls -ld " + path.Dir(name) + " " + name + "; dmesg | tail"}
}
