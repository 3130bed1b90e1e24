package hosttest

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links Linux follows in one name (MAXSYMLINKS).
const maxLinks = 40

// resolve turns a name of the machine into its real name there, one component
// after the other as path_resolution(7) has it: links are followed inside Root.
// The last component may be missing, and is followed only if follow says so.
func (n *Node) resolve(name string, follow bool) (string, error) {
	if !strings.HasPrefix(name, "/") {
		if n.dir == "" {
			return "", unix.ENOENT
		}
		name = n.dir + "/" + name
	}
	if len(name) >= unix.PathMax {
		return "", unix.ENAMETOOLONG
	}
	if path.Clean(name) == name && n.isReal(name, follow) {
		return name, nil
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
		target, err := readlink(n.Root + next)
		switch {
		case err == nil && (follow || len(parts) > 0):
			if links++; links > maxLinks {
				return "", unix.ELOOP
			}
			if strings.HasPrefix(target, "/") {
				at = ""
			}
			parts = append(split(target), parts...)
			continue
		case errors.Is(err, unix.ENOENT) && len(parts) == 0:
		case err != nil && !errors.Is(err, unix.EINVAL): // EINVAL: there, and not a link
			return "", err
		}
		at = next
	}
	if at == "" {
		at = "/"
	}
	return at, nil
}

// isReal reports whether a name has no link in it, and is there but for its last
// component, which need not be, and may be a link where that is not followed. It is a
// question or two to the kernel, where resolve asks for each component; false says
// nothing.
func (n *Node) isReal(name string, follow bool) bool {
	err := n.lookUp(name, follow)
	return err == nil || errors.Is(err, unix.ENOENT) && n.lookUp(path.Dir(name), true) == nil
}

// lookUp finds a name that has no links in it.
func (n *Node) lookUp(name string, follow bool) error {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	if !follow {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat2(unix.AT_FDCWD, n.Root+name, &how)
	if err == nil {
		unix.Close(fd)
	}
	return err
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
