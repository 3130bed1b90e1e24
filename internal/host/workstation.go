package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
)

// workstation is Files by package os alone, on every system that Go knows: there
// swapctl reads and writes files of the person who runs it, and is never root on a
// node. It is compiled everywhere, so that it is tested on Linux too.
type workstation struct{}

// ReadFile implements Files.
func (w workstation) ReadFile(name string, most int64) ([]byte, error) {
	f, err := w.Open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, name, most)
}

// ReadDir implements Files.
func (workstation) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	if len(entries) > DirLimit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w: more than %d names", ErrTooLarge, DirLimit)}
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	slices.Sort(names)
	return names, err
}

// Readlink implements Files.
func (workstation) Readlink(name string) (string, error) { return os.Readlink(name) }

// EvalSymlinks implements Files.
func (workstation) EvalSymlinks(name string) (string, error) { return filepath.EvalSymlinks(name) }

// Stat implements Files.
func (workstation) Stat(name string) (Stat, error) { return plainStat(os.Stat(name)) }

// Lstat implements Files.
func (workstation) Lstat(name string) (Stat, error) { return plainStat(os.Lstat(name)) }

// Open implements Files.
func (workstation) Open(name string, flag int, perm fs.FileMode) (File, error) {
	if runtime.GOOS == "windows" {
		flag &^= syscall.O_NONBLOCK // a number that Go has invented for Windows
	}
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return plainFile{f}, nil
}

// Temp implements Files. Windows removes no file that is open, so there Close does.
func (workstation) Temp() (File, error) {
	f, err := os.CreateTemp("", "swapctl-*")
	if err != nil {
		return nil, err
	}
	if os.Remove(f.Name()) == nil {
		return plainFile{f}, nil
	}
	return tempFile{plainFile{f}}, nil
}

// Mkdir implements Files.
func (workstation) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(name, perm) }

// Symlink implements Files.
func (workstation) Symlink(target, name string) error { return os.Symlink(target, name) }

// Remove implements Files.
func (workstation) Remove(name string) error { return os.Remove(name) }

// RenameNew implements Files, where the file system has hard links.
func (workstation) RenameNew(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

// SyncDir implements Files. Windows has no such call: there the journal of the file
// system keeps the order.
func (workstation) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Replace implements Files.
func (w workstation) Replace(name string, data []byte, perm fs.FileMode) error {
	return w.replace(name, data, perm, os.Rename)
}

// Create implements Files.
func (w workstation) Create(name string, data []byte, perm fs.FileMode) error {
	return w.replace(name, data, perm, w.RenameNew)
}

// Rewrite implements Files, without attributes and owner: the file is that of the
// person who runs swapctl.
func (w workstation) Rewrite(name string, old, data []byte) error {
	was, err := w.Lstat(name)
	if err != nil {
		return err
	}
	if !was.Mode.IsRegular() {
		return &fs.PathError{Op: "rewrite", Path: name, Err: errors.New("not a regular file")}
	}
	return w.replace(name, data, was.Mode.Perm(), func(temp, name string) error {
		now, err := w.ReadFile(name, int64(len(old)))
		if errors.Is(err, ErrTooLarge) || err == nil && !bytes.Equal(now, old) {
			err = &fs.PathError{Op: "rewrite", Path: name, Err: ErrChanged}
		}
		if err != nil {
			return err
		}
		return os.Rename(temp, name)
	})
}

// replace writes a new file beside name, which rename then gives that name.
func (w workstation) replace(name string, data []byte, perm fs.FileMode, rename func(temp, name string) error) error {
	temp := ReplaceTemp(name)
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm.Perm())
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = errors.Join(os.Chmod(temp, perm.Perm()), rename(temp, name))
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	return w.SyncDir(filepath.Dir(name))
}

// plainFile is an open file, whose Stat has what every system tells.
type plainFile struct{ *os.File }

// Stat implements File.
func (f plainFile) Stat() (Stat, error) { return plainStat(f.File.Stat()) }

func plainStat(info fs.FileInfo, err error) (Stat, error) {
	if err != nil {
		return Stat{}, err
	}
	return Stat{Mode: info.Mode(), SizeBytes: info.Size(), UsedBytes: info.Size(), LinksCount: 1, info: info}, nil
}

// tempFile is gone once it is closed.
type tempFile struct{ plainFile }

// Close implements File.
func (f tempFile) Close() error { return errors.Join(f.plainFile.Close(), os.Remove(f.Name())) }
