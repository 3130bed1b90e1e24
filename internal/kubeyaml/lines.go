package kubeyaml

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Lines knows where the lines of a text begin.
type Lines struct {
	text   []byte
	Starts []int // in bytes from the beginning of the text
}

// NewLines finds where the lines of a text begin.
func NewLines(text []byte) *Lines {
	l := &Lines{text: text, Starts: []int{0}}
	for i := 0; i < len(text); i++ {
		if n := breakAt(text[i:]); n > 0 {
			i += n - 1
			l.Starts = append(l.Starts, i+1)
		}
	}
	return l
}

// breakAt returns the length of a line break, 0 if there is none: YAML 1.1 has
// five of them.
func breakAt(b []byte) int {
	switch {
	case ' ' <= b[0] && b[0] < utf8.RuneSelf: // nearly all bytes
		return 0
	case bytes.HasPrefix(b, []byte("\r\n")):
		return 2
	case b[0] == '\n' || b[0] == '\r':
		return 1
	case bytes.HasPrefix(b, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(b, []byte("\u2028")), bytes.HasPrefix(b, []byte("\u2029")):
		return 3
	}
	return 0
}

// Offset returns where a node begins, in bytes: the parser counts characters,
// from 1.
func (l *Lines) Offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(l.Starts) {
		return len(l.text)
	}
	at := l.Starts[n.Line-1]
	if at == 0 && bytes.HasPrefix(l.text, []byte("\ufeff")) {
		at = len("\ufeff")
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(l.text[at:])
		at += size
	}
	return min(at, len(l.text))
}
