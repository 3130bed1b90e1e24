package swapfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// maxNameBytes is the longest name of a swap file: 255 bytes less what its
// temporary name adds.
const maxNameBytes = 255 - len(".") - len(TempSuffix)

// Place is a path at which a swap file may be made.
type Place struct {
	Path       string     // as given
	Dir        string     // nearest parent directory that exists
	Missing    []string   // parent directories that do not exist, the highest first
	Exists     bool       // there is a file at Path
	File       host.Stat  // the file, if it exists
	FileSystem FileSystem // how to make a file there
}

// CheckPlace checks whether a swap file may be at path; it changes nothing.
// Only root may be able to replace the file or to read it: so no component of
// the path is a symbolic link, every parent belongs to root and is not writable
// by others (the sticky bit is not enough: others could make the file first),
// and an existing file is a regular file of root with one name. CheckFile
// checks mode, size and blocks of that file.
func CheckPlace(h host.Host, path string) (Place, error) {
	op := "keep a swap file at " + printable(path)
	p := Place{Path: path}
	if err := checkPath(op, path); err != nil {
		return p, err
	}
	if err := p.walk(h, op); err != nil {
		return p, err
	}
	if p.Exists {
		if err := checkExisting(op, path, p.File); err != nil {
			return p, err
		}
	}
	var err error
	if p.FileSystem, err = FileSystemOf(h, path); err != nil {
		return p, err
	}
	st, err := h.Kernel.Statfs(p.Dir)
	if err != nil {
		return p, fail.New(0, op, err)
	}
	if st.ReadOnly {
		return p, fail.Newf(fail.Usage, op, "the file system of %s is mounted read-only", p.Dir).
			Hint("'findmnt -T %s' shows the mount; name another file with --path", p.Dir)
	}
	return p, nil
}

// checkPath checks the text of the path alone.
func checkPath(op, path string) error {
	e := fail.Newf
	switch {
	case path == "":
		return e(fail.Usage, op, "the path is empty").Hint("name a file: --path /swapfile")
	case strings.ContainsFunc(path, unicode.IsControl):
		return e(fail.Usage, op, "the path has a control character").Hint("name another file with --path")
	case !utf8.ValidString(path): // the journal could not contain it
		return e(fail.Usage, op, "the path is not UTF-8").Hint("name another file with --path")
	case !filepath.IsAbs(path):
		return e(fail.Usage, op, "the path is not absolute").Hint("begin it with a slash: --path /%s", filepath.Clean(path))
	case path == "/":
		return e(fail.Usage, op, "it is the root directory").Hint("name a file: --path /swapfile")
	case filepath.Clean(path) != path:
		return e(fail.Usage, op, "the path is not in its shortest form").Hint("write it as --path %s", filepath.Clean(path))
	case len(path) >= unix.PathMax:
		return e(fail.Usage, op, "the path is too long: it has more than %d bytes", unix.PathMax-1).Hint("name a shorter one with --path")
	case len(filepath.Base(path)) > maxNameBytes:
		return e(fail.Usage, op, "the file name has more than %d bytes", maxNameBytes).Hint("name a shorter one with --path")
	}
	return nil
}

// walk checks every component of the path, beginning at the root directory.
func (p *Place) walk(h host.Host, op string) error {
	for _, name := range components(p.Path) {
		st, err := h.Files.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if name != p.Path {
				p.Missing = append(p.Missing, name)
			}
			continue
		case err != nil:
			return fail.New(0, op, err)
		case st.IsSymlink():
			return isLink(h, op, p.Path, name)
		case name == p.Path:
			p.Exists, p.File = true, st
			continue
		}
		if err := checkParent(op, name, st); err != nil {
			return err
		}
		p.Dir = name
	}
	return nil
}

// MountOf returns the mount point of the file system that contains path, or
// will contain it: the last parent directory that is on another device than its
// own parent. It does not read the mount table, and it treats a btrfs subvolume
// as a file system of its own.
func MountOf(h host.Host, path string) (string, error) {
	_, _ = h.Files.Lstat(path) // this mounts what is mounted on first access
	mount, dev := "/", uint64(0)
	all := components(path)
	for _, name := range all[:len(all)-1] {
		st, err := h.Files.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", fail.New(0, "see which file system holds "+printable(path), err)
		}
		if name != "/" && st.Dev != dev {
			mount = name
		}
		dev = st.Dev
	}
	return mount, nil
}

// components returns "/", "/a", "/a/b" for "/a/b".
func components(path string) []string {
	names := []string{"/"}
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			names = append(names, path[:i])
		}
	}
	return append(names, path)
}

// isLink refuses a symbolic link and suggests the path that it stands for.
func isLink(h host.Host, op, path, link string) error {
	err := fail.Newf(fail.Usage, op, "%s is a symbolic link", link)
	if strings.HasPrefix(link, "/dev/") {
		return err.Hint("a device has another flag: --device %s", path)
	}
	if target, evalErr := h.Files.EvalSymlinks(link); evalErr == nil {
		return err.Hint("name the file itself: --path %s", target+strings.TrimPrefix(path, link))
	}
	return err.Hint("name the file itself with --path")
}

// checkParent refuses a directory in which another user could put a file.
func checkParent(op, dir string, st host.Stat) error {
	if !st.Mode.IsDir() {
		return fail.Newf(fail.Usage, op, "%s is %s, not a directory", dir, kindOf(st)).
			Hint("name a file in a directory with --path")
	}
	others := host.OthersChange(dir, dir, st)
	switch {
	case others == nil:
		return nil
	case others.Shared(): // the mode of /tmp must not be changed
		return fail.New(fail.Usage, op, others, "use a directory of root's: --path /var/lib/swapctl/swapfile")
	}
	return fail.New(fail.Usage, op, others, "use another directory, or: "+others.Hint())
}

// checkExisting refuses what exists at the path if it is not a regular file of
// root.
func checkExisting(op, path string, st host.Stat) error {
	switch {
	case st.Mode.IsDir():
		return fail.Newf(fail.Usage, op, "it is a directory").
			Hint("name a file in it: --path %s", filepath.Join(path, "swapfile"))
	case st.IsBlock():
		return fail.Newf(fail.Usage, op, "it is a block device").Hint("name it as one: --device %s", path)
	case !st.Mode.IsRegular():
		return fail.Newf(fail.Usage, op, "it is %s", kindOf(st)).Hint("name another file with --path")
	case st.LinksCount > 1:
		return fail.Newf(fail.Usage, op, "the file has %d names (hard links)", st.LinksCount).
			Hint("name another file with --path; find -L %s -xdev -samefile %s lists the names nearby", filepath.Dir(path), path)
	case st.UID != 0:
		return fail.Newf(fail.Usage, op, "the file belongs to user %d", st.UID).
			Hint("use another path, or: chown root:root %s", path)
	}
	return nil
}

// printable quotes or cuts a path if it would make a message unreadable.
func printable(path string) string {
	const limit = 300
	if len(path) > limit {
		path = path[:limit/2] + "..." + path[len(path)-limit/4:]
	}
	if path == "" || strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Sprintf("%q", path)
	}
	return path
}
