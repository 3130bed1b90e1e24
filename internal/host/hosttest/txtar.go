package hosttest

import (
	"bytes"
	"os"
	"path"
	"strings"
	"testing"
)

// FromTxtar is New with the files of a txtar archive laid over the default
// tree. See Txtar.
func FromTxtar(t testing.TB, data []byte, opts ...Option) *Node {
	t.Helper()
	return New(t, append([]Option{Txtar(data)}, opts...)...)
}

// Txtar lays the files of a txtar archive over the tree, in the place of what
// is there. A section "-- /a --" is a file, "-- /a -> b --" a symbolic link,
// and "-- /a/ --" a directory. A block device is whatever /dev/NAME has a
// /sys/class/block/NAME/dev; loops and mappings are found by their sysfs files.
func Txtar(data []byte) Option {
	return func(n *Node) {
		for _, s := range parseTxtar(data) {
			n.must(n.laySection(s))
		}
	}
}

func (n *Node) laySection(s section) error {
	from, target, isLink := strings.Cut(s.name, " -> ")
	isDir := strings.HasSuffix(from, "/")
	at := path.Clean("/" + from)
	if parent, err := n.resolve(path.Dir(at), true); err == nil {
		at = path.Join(parent, path.Base(at)) // through links that are there, such as /sys/block/vda
	}
	switch {
	case isLink:
		return n.link(at, target)
	case isDir:
		return os.MkdirAll(n.Root+at, 0o755)
	default:
		return n.put(at, string(s.data))
	}
}

type section struct {
	name string
	data []byte
}

// parseTxtar splits a txtar archive; what stands before the first section is a
// comment.
func parseTxtar(data []byte) []section {
	var sections []section
	for line := range bytes.Lines(data) {
		text := strings.TrimRight(string(line), "\n")
		if name, ok := strings.CutPrefix(text, "-- "); ok && strings.HasSuffix(name, " --") {
			sections = append(sections, section{name: strings.TrimSpace(strings.TrimSuffix(name, " --"))})
			continue
		}
		if len(sections) > 0 {
			last := &sections[len(sections)-1]
			last.data = append(last.data, line...)
		}
	}
	return sections
}
