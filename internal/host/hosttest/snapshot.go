package hosttest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Snapshot is a machine at one moment: path -> kind, mode, owner, size and
// contents, and "kernel: ..." entries for what no file shows. Two that are
// equal are machines that nobody can tell apart, but by file times.
type Snapshot map[string]string

// Snapshot looks at the whole machine, but for what is under the given paths,
// free loop devices (Linux keeps those that were used once), and keys, which end
// with their process; CheckInvariants looks after those.
func (n *Node) Snapshot(except ...string) Snapshot {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Snapshot{}
	n.must(n.visit("/", func(at string, st *unix.Stat_t) error {
		if n.volatile(at) || slices.ContainsFunc(except, func(e string) bool { return within(at, e) }) {
			return fs.SkipDir
		}
		var err error
		s[at], err = n.look(at, st)
		return err
	}))
	for name, m := range n.mappings {
		if m.live == nil {
			s["kernel: mapping "+name] = "no live table"
		} else {
			s["kernel: mapping "+name] = m.live.target + " " + m.live.params
		}
	}
	return s
}

func (n *Node) volatile(at string) bool {
	name := filepath.Base(at)
	if at == "/proc/keys" {
		return true
	}
	inSys := strings.HasPrefix(at, "/sys/")
	if inSys && strings.HasPrefix(name, "7:") { // /sys/dev/block/7:0
		name = "loop" + name[2:]
	}
	if number := strings.TrimPrefix(name, "loop"); number == name || strings.Trim(number, "0123456789") != "" || number == "" {
		return false
	}
	return (inSys || at == "/dev/"+name) && n.attribute(name, "loop/backing_file") == ""
}

func (n *Node) look(at string, real *unix.Stat_t) (string, error) {
	st := n.describe(at, real)
	head := fmt.Sprintf("%v %d:%d", st.Mode, st.UID, st.GID)
	switch {
	case st.IsSymlink():
		target, err := readlink(n.Root + at)
		return "link " + target, err
	case st.Mode.IsDir():
		return head, nil
	}
	sum, err := hashOf(n.Root+at, real.Size)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s %d bytes %s", head, real.Size, sum)
	if i := n.inodes[st.Ino]; i != nil && (i.allocated != 0 || i.zeroed != 0 || i.flags != 0) {
		line += fmt.Sprintf(" allocated %d flags %#x zeroed %d", i.allocated, i.flags, i.zeroed)
	}
	return line, nil
}

// hashOf is the hash of a file's contents; zeros written count as a hole.
func hashOf(name string, size int64) (string, error) {
	const page, small = 4096, 16 << 10
	h, zero := sha256.New(), [page]byte{}
	add := func(at int64, data []byte) {
		if string(data) != string(zero[:len(data)]) {
			fmt.Fprintf(h, "%d:", at)
			h.Write(data)
		}
	}
	if size <= small {
		data, err := slurp(name)
		at := int64(0)
		for part := range slices.Chunk(data, page) {
			add(at, part)
			at += page
		}
		return fmt.Sprintf("%x", h.Sum(nil)[:8]), err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data := make([]byte, page)
	for at := int64(0); ; {
		from, to, ok := nextData(f, at, size)
		if !ok {
			return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
		}
		for from -= from % page; from < to; from += page {
			got, _ := f.ReadAt(data, from)
			add(from, data[:got])
		}
		at = to
	}
}

// Diff lists what is different from s to after, one line each: "+ path",
// "- path", "~ path: was -> is". It is empty when nothing is.
func (s Snapshot) Diff(after Snapshot) string {
	paths := maps.Clone(s)
	maps.Copy(paths, after)
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		was, had := s[p]
		is, has := after[p]
		switch {
		case !had:
			fmt.Fprintf(&b, "+ %s: %s\n", p, is)
		case !has:
			fmt.Fprintf(&b, "- %s: %s\n", p, was)
		case was != is:
			fmt.Fprintf(&b, "~ %s: %s -> %s\n", p, was, is)
		}
	}
	return b.String()
}
