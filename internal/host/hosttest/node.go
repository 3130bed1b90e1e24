// Package hosttest is a fake node: a host.Host over a temporary directory. It
// refuses what Linux refuses, with the errno that Linux gives, counts every
// change, and can fail, tear or kill a run at any one of them.
//
// What Linux shows in files (procfs, sysfs, /dev, the disks) is kept in files
// under Node.Root and nowhere else, so that all reading code is real and a test
// can look at, or lay out, the directory. What Linux shows in no file is in
// Node: loaded tables, keys, open files and their locks, allocated but
// unwritten blocks, owners (tests need not run as root).
package hosttest

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Node is a machine. Its methods may be called at any time, also between the
// operations of a running Host.
type Node struct {
	// Root is the directory that holds the machine's files.
	Root string

	mu         sync.Mutex
	processes  []*process
	inodes     map[uint64]*inode
	mappings   map[string]*mapping // by name
	loops      map[string]*loop    // by kernel name, attached ones
	keys       map[host.KeyID]*key
	areas      map[string]string // path in /proc/swaps -> identity of the file
	mounts     map[string]FileSystem
	mountText  string // mountinfo as it was parsed last
	mountsRead []mount
	texts      map[string]text   // files that are read all the time
	blocks     map[string]string // block device -> its directory in sysfs, if the fake has made it
	settings   map[string]string // of the kernel, by file, as it comes up
	realDirs   dirs
	detached   map[string]string // mount point unmounted lazily -> its directory

	dir         string // where its processes work; "": relative names lead nowhere
	pageBytes   int
	euid        int
	randomCalls int
	lastKey     host.KeyID
	lastAnon    int
	secrets     []secret
	violations  []string
	missing     missing
	faults      faults
	nodes       map[string]int // mapping name -> looks until /dev/mapper has it
	units       units
	programs    map[string]Program
}

// missing says what the kernel of this machine does not have.
type missing struct {
	deviceMapper, crypt, keyring, loop, freeLoop bool
}

// Option prepares a Node. Methods of Node without arguments are options as
// they stand: New(t, (*Node).NoDeviceMapper).
type Option func(*Node)

// New makes an ordinary Debian node with 8 GiB of memory, no swap, its system
// on /dev/vda1 (ext4), and an empty disk /dev/vdb of 64 MiB.
func New(t testing.TB, opts ...Option) *Node {
	t.Helper()
	n := Bare(t)
	n.must(n.layDefault())
	for _, o := range opts {
		o(n)
	}
	return n
}

// Bare makes a node without a single file.
func Bare(t testing.TB, opts ...Option) *Node {
	t.Helper()
	n := &Node{
		Root:      newRoot(t),
		inodes:    map[uint64]*inode{},
		mappings:  map[string]*mapping{},
		loops:     map[string]*loop{},
		keys:      map[host.KeyID]*key{},
		areas:     map[string]string{},
		mounts:    map[string]FileSystem{},
		detached:  map[string]string{},
		nodes:     map[string]int{},
		texts:     map[string]text{},
		blocks:    map[string]string{},
		settings:  map[string]string{},
		units:     units{active: map[string]bool{}, runs: map[string]int{}},
		programs:  map[string]Program{},
		pageBytes: 4096,
		lastAnon:  40,
	}
	t.Cleanup(n.Close)
	for _, o := range opts {
		o(n)
	}
	return n
}

// newRoot makes a directory in memory, where there is room: a matrix makes
// thousands of files, and a busy disk would set its pace. TMPDIR overrules.
func newRoot(t testing.TB) string {
	t.Helper()
	const memory, room = "/dev/shm", 512 << 20
	var st unix.Statfs_t
	if os.Getenv("TMPDIR") != "" || unix.Statfs(memory, &st) != nil ||
		st.Type != unix.TMPFS_MAGIC || int64(st.Bavail)*st.Bsize < room { //nolint:unconvert // narrower on some machines
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "hosttest-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	root := filepath.Join(dir, "node")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// Host starts a process on the node and returns its view. Two Hosts of one
// Node are two processes: a lock that one holds keeps the other out.
func (n *Node) Host() host.Host { return n.start(false) }

// Other is a Host for another program of the machine (cryptsetup, an
// administrator): its operations are not counted and never made to fail.
func (n *Node) Other() host.Host { return n.start(true) }

func (n *Node) start(outside bool) host.Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := &process{node: n, number: len(n.processes) + 1, outside: outside, files: map[*file]bool{}}
	n.processes = append(n.processes, p)
	return host.Host{Files: p, Kernel: p, Units: p, Run: p}
}

// WorkIn says in which directory of the machine its processes work.
func (n *Node) WorkIn(dir string) { n.dir = dir }

// Path is where the machine's file name lies on this machine, symbolic links
// (also absolute ones) followed inside Root. The file need not exist.
func (n *Node) Path(name string) string {
	at, err := n.resolve(name, true)
	if err != nil {
		return filepath.Join(n.Root, name)
	}
	return n.Root + at
}

// must stops a test whose preparation went wrong: a fake that cannot write its
// own directory has no sensible way on.
func (n *Node) must(err error) {
	if err != nil {
		panic("hosttest: " + err.Error())
	}
}

// Close takes the machine away before the test ends, for tests that make
// hundreds of them. Its processes find themselves killed.
func (n *Node) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.processes {
		p.dead = true
		for f := range p.files {
			_ = f.release()
		}
	}
	for name, l := range n.loops {
		_ = l.backing.Close()
		delete(n.loops, name)
	}
	for _, dir := range []string{n.Root, n.Root + ".detached"} {
		_ = os.RemoveAll(dir)
	}
}

// text is a file as it was read last; it is read again when its stat changes.
type text struct {
	ino     uint64
	size    int64
	changed unix.Timespec
	content string
}

// text reads a file of the machine; "" when there is none.
func (n *Node) text(name string) string {
	var st unix.Stat_t
	if unix.Stat(n.Root+name, &st) != nil {
		return ""
	}
	t, known := n.texts[name]
	if known && t.ino == st.Ino && t.size == st.Size && t.changed == st.Ctim {
		return t.content
	}
	content, _ := slurp(n.Root + name)
	n.texts[name] = text{st.Ino, st.Size, st.Ctim, string(content)}
	return string(content)
}

// put writes a file of the machine, with its directories.
func (n *Node) put(name, content string) error {
	delete(n.texts, name)
	path := n.Root + name
	err := spill(path, content)
	if errors.Is(err, unix.ENOENT) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		err = spill(path, content)
	}
	return err
}

// link makes a symbolic link of the machine, in place of an older one.
func (n *Node) link(name, target string) error {
	n.realDirs.forget(name)
	path := n.Root + name
	err := os.Symlink(target, path)
	if errors.Is(err, unix.ENOENT) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		err = os.Symlink(target, path)
	}
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}
