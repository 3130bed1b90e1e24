// Package kerneltest puts a machine made of text in the place of the real one:
// a txtar archive of procfs, sysfs and /dev, to read from only.
//
// A section is a file, or, by what stands in its name:
//
//	NAME -> TARGET            a symbolic link
//	NAME = file SIZE DEV INO  a file without content; DEV is "254:1"
//	NAME = block DEV          a block device node
//	NAME = words              a file of its lines, each ended by a zero byte
//	NAME = denied             EACCES for it and everything below it
//	NAME = owner UID          what is there already belongs to somebody else than root
//	NAME = gone               taken away again, for what is added by itself
//	DM NAME                   a mapping: lines of "dmsetup table"
//	LOOP /dev/loopN           what LOOP_GET_STATUS64 says: DEV INO
//	EUID                      who asks; not 0: DM and LOOP are denied, and no device is opened
//	NOSWAP                    "yes": tmpfs takes the option noswap
//	UNIT NAME                 what systemd knows: LOAD ACTIVE SINCE, "loaded active 12s"
//	SWAP NAME                 a file or device begins with a swap header, and behind it
//	                          are "zeros" or "data"; or it holds an "image" of hibernation
//
// As the kernel does, it adds /sys/dev/block, /sys/class/block, /sys/block and
// the node in /dev for each directory below /sys/devices with a "dev" file,
// and "holders" for each link in "slaves".
package kerneltest

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

//go:embed machines
var machines embed.FS

// Names lists the machines that Machine knows.
func Names(t testing.TB) []string {
	t.Helper()
	files, err := fs.Glob(machines, "machines/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".txtar")
	}
	return files
}

// Machine gives a machine by name. More sections add to it, or take the place
// of its own.
func Machine(t testing.TB, name string, more ...string) host.Host {
	t.Helper()
	data, err := machines.ReadFile("machines/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return New(t, append(data, strings.Join(more, "")...))
}

// New makes a machine from a txtar archive.
func New(t testing.TB, archive []byte) host.Host {
	t.Helper()
	tree := newTree()
	k := &Kernel{tables: map[string]host.DMTable{}, loops: map[string]host.LoopStatus{}, units: map[string]host.UnitState{}}
	var gone []string
	for _, f := range sections(string(archive)) {
		if name, ok := strings.CutSuffix(f.name, " = gone"); ok {
			gone = append(gone, "/"+name)
			continue
		}
		taken, err := k.add(f)
		if err == nil && !taken {
			err = tree.section(f)
		}
		if err != nil {
			t.Fatalf("section %q: %v", f.name, err)
		}
	}
	tree.populate()
	for _, name := range gone {
		if tree.nodes[name] == nil {
			t.Fatalf("%s is not there to be gone", name)
		}
		delete(tree.nodes, name)
	}
	tree.euid = k.euid
	return host.Host{Files: tree, Kernel: k, Units: &Units{tree: tree, k: k}}
}

// section is a file of a txtar archive.
type section struct{ name, text string }

// sections cuts an archive at its "-- NAME --" lines; what is before the first
// is a comment.
func sections(archive string) []section {
	var all []section
	for line := range strings.Lines(archive) {
		mark := strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(mark, "-- "); ok && strings.HasSuffix(name, " --") {
			all = append(all, section{name: strings.TrimSuffix(name, " --")})
		} else if len(all) > 0 {
			all[len(all)-1].text += line
		}
	}
	return all
}

// section adds what a section of the archive says.
func (t *Tree) section(f section) error {
	if name, target, ok := strings.Cut(f.name, " -> "); ok {
		t.put("/"+name, &node{mode: fs.ModeSymlink | 0o777, data: []byte(target)})
		return nil
	}
	if name, ok := strings.CutPrefix(f.name, "SWAP "); ok {
		t.contents[path.Clean("/"+name)] = swapContent(strings.TrimSpace(f.text))
		return nil
	}
	name, what, ok := strings.Cut(f.name, " = ")
	if !ok {
		t.put("/"+name, &node{mode: 0o644, data: []byte(f.text)})
		return nil
	}
	words := strings.Fields(what)
	if len(words) == 2 && words[0] == "owner" && t.nodes["/"+name] != nil {
		id, err := strconv.ParseUint(words[1], 10, 32)
		t.nodes["/"+name].uid = uint32(id)
		return err
	}
	n := &node{}
	switch {
	case what == "denied":
		n.denied = true
	case what == "words":
		n.mode, n.data = 0o644, []byte(strings.ReplaceAll(f.text, "\n", "\x00"))
	case words[0] == "block" && len(words) == 2:
		n.mode, n.rdev = fs.ModeDevice|0o660, number(words[1])
	case words[0] == "file" && len(words) == 4:
		n.mode, n.dev = 0o600, number(words[2])
		var err1, err2 error
		n.size, err1 = strconv.ParseInt(words[1], 10, 64)
		n.ino, err2 = strconv.ParseUint(words[3], 10, 64)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("bad number")
		}
	default:
		return fmt.Errorf("not understood")
	}
	t.put("/"+name, n)
	return nil
}

// number parses "254:1"; what is wrong is 0:0, which no fixture wants.
func number(s string) uint64 {
	var major, minor uint32
	if _, err := fmt.Sscanf(s, "%d:%d", &major, &minor); err != nil {
		return 0
	}
	return unix.Mkdev(major, minor)
}

// Files makes a machine of plain files with this content, by absolute path.
func Files(files map[string][]byte) host.Host {
	tree := newTree()
	for name, data := range files {
		tree.put(name, &node{mode: 0o644, data: data})
	}
	return host.Host{Files: tree, Kernel: &Kernel{}}
}
