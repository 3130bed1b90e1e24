package kerneltest

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Tree is a file tree in memory, as host.Files; it cannot be changed.
type Tree struct {
	nodes    map[string]*node  // by clean absolute path
	contents map[string][]byte // of what can be opened, by the same
	euid     int
}

func newTree() *Tree {
	return &Tree{nodes: map[string]*node{"/": {mode: fs.ModeDir | 0o755}}, contents: map[string][]byte{}}
}

type node struct {
	mode           fs.FileMode
	data           []byte
	size           int64
	dev, rdev, ino uint64
	denied         bool
	uid            uint32
}

// put adds a node and the directories above it.
func (t *Tree) put(name string, n *node) {
	t.nodes[name] = n
	for dir := path.Dir(name); t.nodes[dir] == nil; dir = path.Dir(dir) {
		t.nodes[dir] = &node{mode: fs.ModeDir | 0o755}
	}
}

// populate adds what the kernel and devtmpfs add for each block device.
func (t *Tree) populate() {
	for _, name := range t.names() {
		dir, isDev := strings.CutSuffix(name, "/dev")
		if !isDev || !strings.HasPrefix(name, "/sys/devices/") {
			continue
		}
		dev := strings.TrimSpace(string(t.nodes[name].data))
		link := &node{mode: fs.ModeSymlink | 0o777, data: []byte(strings.Replace(dir, "/sys", "../..", 1))}
		t.put("/sys/dev/block/"+dev, link)
		t.put("/sys/class/block/"+path.Base(dir), link)
		if t.nodes[dir+"/partition"] == nil {
			t.put("/sys/block/"+path.Base(dir), &node{mode: link.mode, data: []byte(strings.Replace(dir, "/sys", "..", 1))})
		}
		for _, sub := range []string{"/slaves", "/holders"} {
			if t.nodes[dir+sub] == nil {
				t.put(dir+sub, &node{mode: fs.ModeDir | 0o755})
			}
		}
		t.put("/dev/"+strings.ReplaceAll(path.Base(dir), "!", "/"), &node{mode: fs.ModeDevice | 0o660, rdev: number(dev)})
	}
	for _, name := range t.names() {
		dir, slave, isSlave := strings.Cut(name, "/slaves/")
		if real, err := t.resolve(name, true); isSlave && slave != "" && err == nil {
			t.put(real+"/holders/"+path.Base(dir), &node{mode: fs.ModeSymlink | 0o777, data: []byte(dir)})
		}
	}
}

func (t *Tree) names() []string {
	var names []string
	for name := range t.nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// resolve follows symbolic links, that in the last component only if last.
func (t *Tree) resolve(name string, last bool) (string, error) {
	rest := strings.Split(strings.Trim(name, "/"), "/")
	at := "/"
	for hops := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		next := path.Join(at, part)
		n := t.nodes[next]
		if n == nil {
			return next, unix.ENOENT
		}
		if n.denied {
			return next, unix.EACCES
		}
		if n.mode&fs.ModeSymlink == 0 || len(rest) == 0 && !last {
			at = next
			continue
		}
		if hops++; hops > 40 {
			return next, unix.ELOOP
		}
		target := string(n.data)
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
	}
	return at, nil
}

func (t *Tree) get(op, name string, last bool) (string, *node, error) {
	real, err := t.resolve(name, last)
	if err != nil {
		return "", nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return real, t.nodes[real], nil
}

// ReadFile implements host.Files.
func (t *Tree) ReadFile(name string, most int64) ([]byte, error) {
	_, n, err := t.get("open", name, true)
	if err != nil {
		return nil, err
	}
	if n.mode.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: unix.EISDIR}
	}
	if int64(len(n.data)) > most {
		return nil, host.TooLarge(name, most)
	}
	return n.data, nil
}

// ReadDir implements host.Files.
func (t *Tree) ReadDir(name string) ([]string, error) {
	real, n, err := t.get("open", name, true)
	if err != nil {
		return nil, err
	}
	if !n.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: unix.ENOTDIR}
	}
	var names []string
	for entry := range t.nodes {
		if entry != "/" && path.Dir(entry) == real {
			names = append(names, path.Base(entry))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Readlink implements host.Files.
func (t *Tree) Readlink(name string) (string, error) {
	_, n, err := t.get("readlink", name, false)
	if err != nil {
		return "", err
	}
	if n.mode&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: unix.EINVAL}
	}
	return string(n.data), nil
}

// EvalSymlinks implements host.Files.
func (t *Tree) EvalSymlinks(name string) (string, error) {
	real, _, err := t.get("lstat", name, true)
	return real, err
}

// Stat implements host.Files.
func (t *Tree) Stat(name string) (host.Stat, error) { return t.stat("stat", name, true) }

// Lstat implements host.Files.
func (t *Tree) Lstat(name string) (host.Stat, error) { return t.stat("lstat", name, false) }

func (t *Tree) stat(op, name string, last bool) (host.Stat, error) {
	_, n, err := t.get(op, name, last)
	if err != nil {
		return host.Stat{}, err
	}
	return host.Stat{
		Mode: n.mode, UID: n.uid, Dev: n.dev, Rdev: n.rdev, Ino: n.ino, LinksCount: 1,
		SizeBytes: max(n.size, int64(len(n.data))),
	}, nil
}

var errReadOnly = errors.New("a machine of kerneltest cannot be changed")

// Mkdir implements host.Files.
func (t *Tree) Mkdir(string, fs.FileMode) error { return errReadOnly }

// Remove implements host.Files.
func (t *Tree) Remove(string) error { return errReadOnly }

// RenameNew implements host.Files.
func (t *Tree) RenameNew(string, string) error { return errReadOnly }

// SyncDir implements host.Files.
func (t *Tree) SyncDir(string) error { return errReadOnly }

// Temp implements host.Files.
func (t *Tree) Temp() (host.File, error) { return nil, errReadOnly }

// Replace implements host.Files.
func (t *Tree) Replace(string, []byte, fs.FileMode) error { return errReadOnly }

// Symlink implements host.Files.
func (t *Tree) Symlink(string, string) error { return errReadOnly }

// Rewrite implements host.Files.
func (t *Tree) Rewrite(string, []byte, []byte) error { return errReadOnly }

// Create implements host.Files.
func (t *Tree) Create(string, []byte, fs.FileMode) error { return errReadOnly }
