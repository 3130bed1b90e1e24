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
	n.must(filepath.WalkDir(n.Root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := "/" + strings.TrimPrefix(strings.TrimPrefix(path, n.Root), "/")
		if n.volatile(at) || slices.ContainsFunc(except, func(e string) bool { return within(at, e) }) {
			if st, err := os.Lstat(path); err == nil && st.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		s[at], err = n.look(path, at)
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

func (n *Node) look(path, at string) (string, error) {
	st, err := n.lstat(at)
	if err != nil {
		return "", err
	}
	head := fmt.Sprintf("%v %d:%d", st.Mode, st.UID, st.GID)
	switch {
	case st.IsSymlink():
		target, err := os.Readlink(path)
		return "link " + target, err
	case st.Mode.IsDir():
		return head, nil
	}
	real, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	sum, err := hashOf(path, real.Size())
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s %d bytes %s", head, real.Size(), sum)
	if i := n.inodes[st.Ino]; i != nil && (i.allocated != 0 || i.zeroed != 0 || i.flags != 0) {
		line += fmt.Sprintf(" allocated %d flags %#x zeroed %d", i.allocated, i.flags, i.zeroed)
	}
	return line, nil
}

// hashOf is the hash of a file's contents; zeros written count as a hole.
func hashOf(path string, size int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const page = 4096
	zero, data := [page]byte{}, make([]byte, page)
	h := sha256.New()
	for at := int64(0); ; {
		from, to, ok := nextData(f, at, size)
		if !ok {
			return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
		}
		for from -= from % page; from < to; from += page {
			got, _ := f.ReadAt(data, from)
			if string(data[:got]) != string(zero[:got]) {
				fmt.Fprintf(h, "%d:", from)
				h.Write(data[:got])
			}
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
