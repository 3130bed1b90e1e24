package ownfile

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// MissingDirs are the missing directories of the path dir, outermost first.
func MissingDirs(h host.Host, dir string) []string {
	var missing []string
	for ; dir != "/"; dir = path.Dir(dir) {
		if _, err := h.Files.Lstat(dir); err == nil {
			break
		}
		missing = append([]string{dir}, missing...)
	}
	return missing
}

// MakeDirs makes directories that were missing, outermost first.
func MakeDirs(h host.Host, dirs []string, perm fs.FileMode) error {
	for _, dir := range dirs {
		if err := h.Files.Mkdir(dir, perm); err != nil && !errors.Is(err, fs.ErrExist) {
			return fail.New(fail.Failed, "make the directory "+dir, err)
		}
	}
	return nil
}

// RemoveEmpty removes directories that were made for a file, innermost first,
// if nothing else is in them.
func RemoveEmpty(h host.Host, dirs []string) error {
	for _, dir := range slices.Backward(dirs) {
		err := h.Files.Remove(dir)
		switch {
		case err == nil, errors.Is(err, fs.ErrNotExist): // maybe a killed run did
		case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EBUSY): // somebody else's by now
		default:
			return fail.New(fail.Failed, "remove the directory "+dir, err)
		}
	}
	return nil
}
