package swapfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Remove removes the swap file at path and what a killed Make left beside it,
// durably. It does nothing if there is no file. The errors wrap unix.EPERM
// while the kernel swaps to the file. A loop device on the file does not
// prevent it: the file is removed, and its blocks are freed later.
func Remove(h host.Host, path string) error { return remove(h, path, Temp(path), path) }

// RemoveTemp removes what a killed Make left beside path, durably; the file at path
// stays.
func RemoveTemp(h host.Host, path string) error { return remove(h, path, Temp(path)) }

func remove(h host.Host, path string, names ...string) error {
	removed := false
	for _, name := range names {
		op := "remove " + name
		st, err := h.Files.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue
		}
		if err != nil {
			return fail.New(0, op, err)
		}
		if !st.Mode.IsRegular() {
			return fail.Newf(0, op, "it is %s, not a file", kindOf(st))
		}
		if err := h.Files.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explainRemoval(h, op, name, err)
		}
		removed = true
	}
	if !removed {
		return nil
	}
	return fail.New(0, "remove "+path, h.Files.SyncDir(filepath.Dir(path)))
}

// explainRemoval distinguishes the two reasons of EPERM for root: the kernel
// swaps to the file, or it has the attribute +i of chattr.
func explainRemoval(h host.Host, op, path string, err error) error {
	if !errors.Is(err, unix.EPERM) || h.Kernel.EUID() != 0 {
		return explain(op, path, err)
	}
	if isImmutable(h, path) {
		return fail.Newf(0, op, "it is immutable: %w", err).Hint("chattr -i %s", path)
	}
	return fail.Newf(0, op, "the kernel swaps to it: %w", err).
		Hint("see 'swapon --show'; 'swapoff %s' ends that", path)
}

// CheckRemovable refuses a file that can be neither removed nor written.
func CheckRemovable(h host.Host, path string) error {
	if !isImmutable(h, path) {
		return nil
	}
	return fail.Newf(fail.Usage, "use the swap file "+path, "it is immutable or append-only").
		Hint("chattr -i -a %s", path)
}

// isImmutable reports whether the file has the attribute +i or +a of chattr.
func isImmutable(h host.Host, path string) bool {
	f, err := h.Files.Open(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	flags, err := h.Kernel.InodeFlags(f)
	return err == nil && flags&(host.InodeImmutable|host.InodeAppend) != 0
}
