package hosttest

import (
	"errors"
	"maps"
	"path"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// maxLinks is how many symbolic links Linux follows in one name (MAXSYMLINKS).
const maxLinks = 40

// resolve turns a name of the machine into its real name there, one component
// after the other as path_resolution(7) has it: links are followed inside Root.
// The last component may be missing, and is followed only if follow says so.
func (n *Node) resolve(name string, follow bool) (string, error) {
	at, _, err := n.walk(name, follow)
	return at, err
}

// found resolves a name and describes what is there. It gives the real name also when
// only the last component is missing.
func (n *Node) found(name string, follow bool) (string, host.Stat, error) {
	at, seen, err := n.walk(name, follow)
	if err != nil {
		return "", host.Stat{}, err
	}
	if seen != nil {
		return at, n.describe(at, seen), nil
	}
	st, err := n.lstat(at)
	return at, st, err
}

// walk is resolve, with what it has seen of the file, if it had to look.
func (n *Node) walk(name string, follow bool) (string, *unix.Stat_t, error) {
	if !strings.HasPrefix(name, "/") {
		if n.dir == "" {
			return "", nil, unix.ENOENT
		}
		name = n.dir + "/" + name
	}
	if len(name) >= unix.PathMax {
		return "", nil, unix.ENAMETOOLONG
	}
	if path.Clean(name) == name {
		if seen, real := n.isReal(name, follow); real {
			return name, seen, nil
		}
	}
	parts, at, links := split(name), "", 0
	for len(parts) > 0 {
		part := parts[0]
		parts = parts[1:]
		if part == ".." {
			at = at[:max(0, strings.LastIndexByte(at, '/'))]
			continue
		}
		next := at + "/" + part
		if len(parts) > 0 && n.realDirs.has(next) {
			at = next
			continue
		}
		target, err := readlink(n.Root + next)
		switch {
		case err == nil && (follow || len(parts) > 0):
			if links++; links > maxLinks {
				return "", nil, unix.ELOOP
			}
			if strings.HasPrefix(target, "/") {
				at = ""
			}
			parts = append(split(target), parts...)
			continue
		case errors.Is(err, unix.ENOENT) && len(parts) == 0:
		case err != nil && !errors.Is(err, unix.EINVAL): // EINVAL: there, and not a link
			return "", nil, err
		case len(parts) > 0:
			n.realDirs.add(next)
		}
		at = next
	}
	if at == "" {
		at = "/"
	}
	return at, nil, nil
}

// isReal reports whether a name has no link in it, and is there but for its last
// component, which need not be, and may be a link where that is not followed. It is a
// question to the kernel, where walk asks for each component; false says nothing.
func (n *Node) isReal(name string, follow bool) (*unix.Stat_t, bool) {
	if !n.isRealDir(path.Dir(name)) {
		return nil, false
	}
	var st unix.Stat_t
	switch err := unix.Lstat(n.Root+name, &st); {
	case err == nil:
		return &st, !follow || st.Mode&unix.S_IFMT != unix.S_IFLNK
	default:
		return nil, errors.Is(err, unix.ENOENT)
	}
}

// isRealDir reports whether a directory is there, and its name has no link in it.
func (n *Node) isRealDir(dir string) bool {
	if n.realDirs.has(dir) {
		return true
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, n.Root+dir, &how)
	if err != nil {
		return false
	}
	unix.Close(fd)
	n.realDirs.add(dir)
	return true
}

// dirs are directories whose names have no link in them. That they are still there
// nobody asks again: without them there is nothing below. A link in the place of one
// must be told to forget.
type dirs struct {
	mu    sync.Mutex // Node.Path is called with Node.mu and without
	known map[string]bool
}

func (d *dirs) has(dir string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[dir]
}

func (d *dirs) add(dir string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = map[string]bool{}
	}
	for ; !d.known[dir]; dir = path.Dir(dir) {
		d.known[dir] = true
	}
}

// forget drops a directory and all below it.
func (d *dirs) forget(at string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.known, func(dir string, _ bool) bool { return within(dir, at) })
}

func split(name string) []string {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return parts
}

func readlink(real string) (string, error) {
	buf := make([]byte, 256)
	for {
		got, err := unix.Readlink(real, buf)
		if err != nil {
			return "", err
		}
		if got < len(buf) {
			return string(buf[:got]), nil
		}
		buf = make([]byte, 2*len(buf))
	}
}

// relative is the link text that leads from the directory of link to target,
// both real names of the machine: what sysfs has in its links.
func relative(link, target string) string {
	from, to := split(path.Dir(link)), split(target)
	for len(from) > 0 && len(to) > 0 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}
