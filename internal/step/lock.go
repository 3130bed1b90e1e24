package step

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// lock keeps a second swapctl from changing the node at the same time. The
// returned function unlocks. What is locked is the directory of the journal: a
// file could be deleted, and the next run would lock another one; the directory
// exists as long as there is a journal in it. Whoever has the lock of an empty
// directory removes it at the end, so a process may lock a directory that has
// just lost its name: it then tries again.
func lock(h host.Host, dir string) (unlock func(), err error) {
	for {
		f, err := openDir(h, dir)
		if err != nil {
			return nil, fail.New(fail.Failed, lockOp, err, storeHints(dir, path.Dir(dir), err)...)
		}
		if err := flock(h, f); err != nil {
			return nil, err
		}
		opened, err1 := f.Stat()
		named, err2 := h.Files.Lstat(dir)
		if err1 == nil && err2 == nil && opened.SameFile(named) {
			return func() {
				_ = h.Files.Remove(dir) // fails unless it is empty, as it should
				f.Close()
			}, nil
		}
		f.Close()
	}
}

const lockOp = "lock this node"

// openDir opens a directory, and makes it if it is missing.
func openDir(h host.Host, dir string) (host.File, error) {
	for {
		f, err := h.Files.Open(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if err := h.Files.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
}

// flock closes a file that it cannot lock.
func flock(h host.Host, f host.File) error {
	err := h.Kernel.Lock(f)
	if err == nil {
		return nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fail.New(fail.Locked, lockOp, errors.New("another swapctl is changing it"),
			"wait for it to end (pgrep -a swapctl), then run the command again")
	}
	return fail.New(fail.Failed, lockOp, err)
}

// lockOld keeps out a swapctl of before format 2, which locks a file that it
// makes and removes. One that starts later refuses the journal.
func lockOld(h host.Host, name string) (unlock func(), err error) {
	f, err := h.Files.Open(name, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fail.New(fail.Failed, lockOp, err, storeHints(name, path.Dir(name), err)...)
	}
	if err := flock(h, f); err != nil {
		return nil, err
	}
	return func() { _ = h.Files.Remove(name); f.Close() }, nil
}

// storeHints are the hints if the engine cannot read or write its own files;
// dir is a directory above them that always exists.
func storeHints(name, dir string, err error) []string {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return []string{"free some space: df -h " + dir + "; df -i " + dir}
	case errors.Is(err, unix.EROFS):
		return []string{"it must be writable: findmnt -T " + dir + " shows the mount"}
	}
	return []string{"see what is there: ls -ld " + path.Dir(name) + " " + name + "; dmesg | tail"}
}
