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

// maxNameBytes leaves room, in the 255 bytes of a file name, for what the
// temporary name adds.
const maxNameBytes = 255 - len(".") - len(TempSuffix)

// Place is a path that a swap file may be kept at.
type Place struct {
	Path       string     // as given
	Dir        string     // nearest parent directory that exists
	Missing    []string   // parent directories that do not exist, outermost first
	Exists     bool       // a file is there
	File       host.Stat  // the file, if it exists
	FileSystem FileSystem // how a file is made there
}

// CheckPlace judges whether a swap file can be kept at path, changing nothing.
// Nobody but root may be able to put another file in its place or to look into
// it: so no component is a symbolic link, every parent belongs to root and is
// not writable by others (the sticky bit does not help: it lets others make the
// file first), and a file already there is a plain one of root's with one name.
// Mode, size and blocks of that file are for CheckFile.
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

// checkPath judges the spelling alone.
func checkPath(op, path string) error {
	e := fail.Newf
	switch {
	case path == "":
		return e(fail.Usage, op, "the path is empty").Hint("name a file: --path /swapfile")
	case strings.ContainsFunc(path, unicode.IsControl):
		return e(fail.Usage, op, "the path has a control character").Hint("name another file with --path")
	case !utf8.ValidString(path): // the journal could not say it
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

// walk looks at every component of the path from the root down.
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

// MountOf returns where the file system is mounted that holds path, or would:
// the last of the directories above it that lies on another device than the one
// before. It does not ask the mount table, and tells a btrfs subvolume from what
// is around it.
func MountOf(h host.Host, path string) (string, error) {
	_, _ = h.Files.Lstat(path) // what is mounted when it is needed is so from here on
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

// components are "/", "/a", "/a/b" for "/a/b".
func components(path string) []string {
	names := []string{"/"}
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			names = append(names, path[:i])
		}
	}
	return append(names, path)
}

// isLink refuses a symbolic link and offers the path that it stands for.
func isLink(h host.Host, op, path, link string) error {
	err := fail.Newf(fail.Usage, op, "%s is a symbolic link", link)
	if target, evalErr := h.Files.EvalSymlinks(link); evalErr == nil {
		return err.Hint("name the file itself: --path %s", target+strings.TrimPrefix(path, link))
	}
	return err.Hint("name the file itself with --path")
}

// checkParent refuses a directory in which somebody else could put another file.
func checkParent(op, dir string, st host.Stat) error {
	if !st.Mode.IsDir() {
		return fail.Newf(fail.Usage, op, "%s is %s, not a directory", dir, kindOf(st)).
			Hint("name a file in a directory with --path")
	}
	others := host.OthersChange(dir, dir, st)
	switch {
	case others == nil:
		return nil
	case others.Shared(): // /tmp must stay as it is
		return fail.New(fail.Usage, op, others, "use a directory of root's: --path /var/lib/swapctl/swapfile")
	}
	return fail.New(fail.Usage, op, others, "use another directory, or: "+others.Hint())
}

// checkExisting refuses what is there when it is not a plain file of root's.
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

// printable quotes or cuts a path only where it would spoil a message.
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
