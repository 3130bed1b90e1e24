package host

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Temp implements Files: in $TMPDIR, else /tmp; and in memory if that is not
// writable, as in a container with a read-only root.
func (files) Temp() (File, error) {
	dir := tempDir()
	f, err := os.OpenFile(dir, os.O_RDWR|unix.O_TMPFILE, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		f, err = unlinked(dir) // a file system that cannot make a file without a name
	}
	if err == nil {
		return file{f}, nil
	}
	fd, memErr := unix.MemfdCreate("swapctl", unix.MFD_CLOEXEC)
	if memErr != nil {
		return nil, err
	}
	return file{os.NewFile(uintptr(fd), "memfd:swapctl")}, nil
}

// tempDir is $TMPDIR; for root only if no other user can remove the file that
// unlinked makes, or serves the file system that it is on.
func tempDir() string {
	const usual = "/tmp"
	dir := os.TempDir()
	if os.Geteuid() != 0 || dir == usual {
		return dir
	}
	err := OnlyRoot(files{}, dir)
	if others, ok := errors.AsType[*OthersError](err); err == nil || ok && others.Shared() {
		return dir
	}
	return usual
}

// unlinked makes a file and removes its name.
func unlinked(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "swapctl-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
