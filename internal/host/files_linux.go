package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Local returns the machine that this program runs on.
func Local() Host { return Linux() }

// Linux returns the machine that this program runs on, all of it.
func Linux() Host {
	return Host{Files: files{}, Kernel: linux{}, Units: systemdUnits(), Run: programs{}}
}

// files is Files over package os.
type files struct{}

// ReadFile implements Files. os.ReadFile would register each file with the
// poller, at three times the cost; there are hundreds to read in /proc.
func (files) ReadFile(name string, most int64) ([]byte, error) {
	fd := -1
	err := again(func() (err error) {
		fd, err = unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	data := make([]byte, 0, 1024)
	for {
		n := 0
		err := again(func() (err error) {
			n, err = unix.Read(fd, data[len(data):cap(data)])
			return err
		})
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		}
		if data = data[:len(data)+n]; int64(len(data)) > most {
			return nil, TooLarge(name, most)
		}
		if n == 0 {
			return data, nil
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, len(data))
		}
	}
}

// Readlink implements Files.
func (files) Readlink(name string) (string, error) { return os.Readlink(name) }

// EvalSymlinks implements Files.
func (files) EvalSymlinks(name string) (string, error) { return filepath.EvalSymlinks(name) }

// Mkdir implements Files.
func (files) Mkdir(name string, perm fs.FileMode) error {
	return os.Mkdir(name, perm)
}

// Symlink implements Files.
func (files) Symlink(target, name string) error { return os.Symlink(target, name) }

// Remove implements Files.
func (files) Remove(name string) error { return os.Remove(name) }

// RenameNew implements Files.
func (files) RenameNew(from, to string) error {
	err := again(func() error { return unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system, or a kernel before 3.15, that cannot
		if err := os.Link(from, to); err != nil {
			return err
		}
		return os.Remove(from)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// ReadDir implements Files.
func (files) ReadDir(name string) ([]string, error) { return readDir(name, DirLimit) }

func readDir(name string, most int) ([]string, error) {
	d, err := os.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	names, err := d.Readdirnames(most + 1)
	if len(names) > most {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w: more than %d names", ErrTooLarge, most)}
	}
	if errors.Is(err, io.EOF) { // an empty one
		err = nil
	}
	slices.Sort(names)
	return names, err
}

// Stat implements Files.
func (files) Stat(name string) (Stat, error) { return statOf(os.Stat(name)) }

// Lstat implements Files.
func (files) Lstat(name string) (Stat, error) { return statOf(os.Lstat(name)) }

// Open implements Files.
func (files) Open(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return file{f}, nil
}

// SyncDir implements Files.
func (files) SyncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Replace uses one fixed temporary name, so that the next run overwrites the
// leftover of a killed one, instead of adding another.
func (f files) Replace(name string, data []byte, perm fs.FileMode) error {
	return f.replace(name, data, perm, asItIs, os.Rename)
}

// Create implements Files.
func (f files) Create(name string, data []byte, perm fs.FileMode) error {
	return f.replace(name, data, perm, asItIs, f.RenameNew)
}

// asItIs leaves a new file unchanged.
func asItIs(string) error { return nil }

// Rewrite implements Files.
func (f files) Rewrite(name string, old, data []byte) error {
	was, err := f.Lstat(name)
	if err != nil {
		return err
	}
	if !was.Mode.IsRegular() {
		return &fs.PathError{Op: "rewrite", Path: name, Err: errors.New("not a regular file")}
	}
	dress := func(temp string) error {
		return errors.Join(f.giveTo(temp, was), copyAttributes(name, temp), os.Chmod(temp, was.Mode.Perm()))
	}
	return f.replace(name, data, was.Mode.Perm(), dress, func(temp, name string) error {
		return f.exchange(temp, name, old)
	})
}

// exchange renames temp to name, and reverts that if the file that was replaced
// does not contain old: so nothing can change between check and rename.
func (f files) exchange(temp, name string, old []byte) error {
	if err := f.unchanged(name, old); err != nil {
		return err
	}
	swap := func() error {
		return again(func() error { return unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, name, unix.RENAME_EXCHANGE) })
	}
	err := swap()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system, or a kernel, that cannot
		return os.Rename(temp, name)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: temp, New: name, Err: err}
	}
	if err := f.unchanged(temp, old); err != nil {
		return errors.Join(changed(name), swap())
	}
	return os.Remove(temp)
}

func (f files) unchanged(name string, old []byte) error {
	now, err := f.ReadFile(name, int64(len(old)))
	switch {
	case errors.Is(err, ErrTooLarge), err == nil && !bytes.Equal(now, old):
		return changed(name)
	}
	return err
}

func changed(name string) error { return &fs.PathError{Op: "rewrite", Path: name, Err: ErrChanged} }

// giveTo gives a file the owner of another, unless it has that already: our
// service may not change owners.
func (f files) giveTo(name string, like Stat) error {
	now, err := f.Lstat(name)
	if err != nil || now.UID == like.UID && now.GID == like.GID {
		return err
	}
	return os.Lchown(name, int(like.UID), int(like.GID))
}

// replace prepares the new file before it is renamed to name.
func (f files) replace(at string, data []byte, perm fs.FileMode, dress func(temp string) error, name func(temp, at string) error) error {
	temp := ReplaceTemp(at)
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNew(temp, data, perm, dress); err != nil {
		return errors.Join(err, removeIfThere(temp))
	}
	if err := name(temp, at); err != nil {
		return errors.Join(err, removeIfThere(temp))
	}
	return f.SyncDir(filepath.Dir(at))
}

// writeNew makes a new file, with a mode that does not depend on the umask.
func writeNew(name string, data []byte, perm fs.FileMode, dress func(name string) error) error {
	t, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, perm.Perm())
	if err != nil {
		return err
	}
	_, err = t.Write(data)
	return errors.Join(err, t.Chmod(perm), dress(name), t.Sync(), t.Close())
}

// copyAttributes gives a file the extended attributes of another: the SELinux
// label and access lists. A file system without them has none to copy.
func copyAttributes(from, to string) error {
	size, err := unix.Llistxattr(from, nil)
	if errors.Is(err, unix.ENOTSUP) || err == nil && size == 0 {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "listxattr", Path: from, Err: err}
	}
	names := make([]byte, size)
	if size, err = unix.Llistxattr(from, names); err != nil {
		return &fs.PathError{Op: "listxattr", Path: from, Err: err}
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names[:size]), "\x00"), "\x00") {
		if err := copyAttribute(from, to, name); err != nil {
			return &fs.PathError{Op: "copy attribute " + name + " of", Path: from, Err: err}
		}
	}
	return nil
}

func copyAttribute(from, to, name string) error {
	value := make([]byte, 64<<10) // XATTR_SIZE_MAX
	n, err := unix.Lgetxattr(from, name, value)
	if err != nil {
		return err
	}
	return unix.Lsetxattr(to, name, value[:n], 0)
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// file is an open file whose Stat returns this package's type.
type file struct{ *os.File }

// Stat implements File.
func (f file) Stat() (Stat, error) { return statOf(f.File.Stat()) }

func statOf(info fs.FileInfo, err error) (Stat, error) {
	if err != nil {
		return Stat{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Stat{}, &fs.PathError{Op: "stat", Path: info.Name(), Err: errors.ErrUnsupported}
	}
	return Stat{
		Mode: info.Mode(), UID: st.Uid, GID: st.Gid,
		Dev: uint64(st.Dev), Rdev: uint64(st.Rdev), Ino: st.Ino, //nolint:unconvert // narrower on mips
		SizeBytes: st.Size, UsedBytes: st.Blocks * 512,
		LinksCount: uint64(st.Nlink), //nolint:unconvert // narrower on arm64
	}, nil
}
