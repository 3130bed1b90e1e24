package kubeletcfg

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text is a YAML or JSON file that is edited in place: whatever is not meant
// keeps its bytes.
type text struct {
	data    []byte
	lines   []int  // where each line begins
	newline string // as the file ends its lines
	json    bool   // its names are in quotes
}

func newText(data []byte) *text {
	t := &text{data: data, lines: []int{0}, newline: "\n"}
	for i := 0; i < len(data); {
		n := breakAt(data[i:])
		if n == 0 {
			i++
			continue
		}
		i += n
		t.lines = append(t.lines, i)
	}
	if bytes.Contains(data, []byte("\r\n")) {
		t.newline = "\r\n"
	}
	t.json = bytes.HasPrefix(bytes.TrimLeft(data, "\ufeff \t\r\n"), []byte("{"))
	return t
}

// breakAt is the length of a line break of YAML 1.1, which knows five of them.
func breakAt(b []byte) int {
	switch {
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

// offset is where a node begins: the parser counts characters, from 1.
func (t *text) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(t.lines) {
		return len(t.data)
	}
	at := t.lines[n.Line-1]
	if at == 0 && bytes.HasPrefix(t.data, []byte("\ufeff")) {
		at = len("\ufeff")
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	return min(at, len(t.data))
}

// splice returns the file with a part of it replaced.
func (t *text) splice(start, end int, by string) []byte {
	out := make([]byte, 0, len(t.data)+len(by))
	out = append(out, t.data[:start]...)
	out = append(out, by...)
	return append(out, t.data[end:]...)
}

// set gives a field a value, making the objects on the way to it. It returns
// several texts, best first, of which not all need to be right: the caller reads
// them back.
func (t *text) set(root *yaml.Node, path []string, value any) ([][]byte, error) {
	n := root
	for i, name := range path {
		if n.Kind == yaml.AliasNode {
			return nil, fmt.Errorf("%s is an alias: write it out", strings.Join(path[:i], "."))
		}
		if at, err := strconv.Atoi(name); err == nil && n.Kind == yaml.SequenceNode && at < len(n.Content) {
			n = n.Content[at]
			continue
		}
		if n.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s: it is %s", strings.Join(path[:i], "."), kindOf(plain(n)))
		}
		key, member := member(n, name)
		rest := path[i+1:]
		switch {
		case member == nil:
			return t.insert(root, n, name, rest, value), nil
		case plain(member) == nil:
			return t.replace(key, member, t.flow(rest, value))
		case len(rest) == 0 && member.Kind == yaml.SequenceNode:
			return t.prepend(member, value)
		case len(rest) == 0:
			return t.replace(key, member, t.flow(rest, value))
		}
		n = member
	}
	return nil, placeless()
}

// replace puts something in the place of a scalar.
func (t *text) replace(key, old *yaml.Node, by string) ([][]byte, error) {
	if old.Kind == yaml.ScalarNode && old.Value == "" && old.Style == 0 && old.Anchor == "" { // "key:"
		_, end, err := t.span(key)
		if err != nil {
			return nil, err
		}
		colon := bytes.IndexByte(t.data[end:], ':')
		if colon < 0 {
			return nil, placeless()
		}
		at := end + colon + 1
		return [][]byte{t.splice(at, at, " "+by)}, nil
	}
	start, end, err := t.span(old)
	if err != nil {
		return nil, err
	}
	return [][]byte{t.splice(start, end, by)}, nil
}

// prepend puts an item before the others of a list.
func (t *text) prepend(list *yaml.Node, value any) ([][]byte, error) {
	added, ok := value.(item)
	if !ok {
		return nil, errors.New("it is a list")
	}
	at := t.offset(list)
	word := t.value(string(added))
	switch {
	case list.Style&yaml.FlowStyle == 0:
		return [][]byte{t.splice(at, at, "- "+word+t.newline+t.indent(at))}, nil
	case len(list.Content) == 0:
		return [][]byte{t.splice(at+1, at+1, word)}, nil
	case list.Content[0].Line != list.Line:
		at = t.offset(list.Content[0])
		return [][]byte{t.splice(at, at, word+","+t.newline+t.indent(at))}, nil
	}
	return [][]byte{t.splice(at+1, at+1, word+", ")}, nil
}

// insert adds a member to a mapping.
func (t *text) insert(root, n *yaml.Node, name string, rest []string, value any) [][]byte {
	if n.Style&yaml.FlowStyle != 0 {
		member := t.word(name) + ": " + t.flow(rest, value)
		at := t.offset(n) + 1
		if len(n.Content) == 0 {
			return [][]byte{t.splice(at, at, member)}
		}
		at = t.offset(n.Content[0])
		separator := ", "
		if n.Content[0].Line != n.Line {
			separator = "," + t.newline + t.indent(at)
		}
		return [][]byte{t.splice(at, at, member+separator)}
	}
	at := t.offset(n.Content[0])
	indent := t.indent(at)
	member := t.block(indent, name, rest, value)
	before := t.splice(at, at, member+t.newline+indent)
	if n != root {
		return [][]byte{before}
	}
	return append(t.append(n, indent+member), before)
}

// append adds a line at the end of a document: before the comments and empty
// lines that end it, or, where these belong to a text, behind them.
func (t *text) append(root *yaml.Node, line string) [][]byte {
	end := len(t.lines)
	for i := root.Line; i < len(t.lines); i++ { // the line behind the first one
		if rest := t.data[t.lines[i]:]; bytes.HasPrefix(rest, []byte("---")) || bytes.HasPrefix(rest, []byte("...")) {
			end = i
			break
		}
	}
	early := end
	for early > root.Line && t.empty(early-1) {
		early--
	}
	var all [][]byte
	for _, at := range []int{early, end} {
		if at < len(t.lines) {
			all = append(all, t.splice(t.lines[at], t.lines[at], line+t.newline))
			continue
		}
		before := ""
		if last := t.lines[len(t.lines)-1]; last < len(t.data) {
			before = t.newline
		}
		all = append(all, t.splice(len(t.data), len(t.data), before+line+t.newline))
	}
	return all
}

// empty reports whether there is nothing but a comment in a line.
func (t *text) empty(line int) bool {
	end := len(t.data)
	if line+1 < len(t.lines) {
		end = t.lines[line+1]
	}
	content := bytes.TrimSpace(t.data[t.lines[line]:end])
	return len(content) == 0 || content[0] == '#'
}

// indent is what stands before a place in its line, with spaces for whatever is
// not white.
func (t *text) indent(at int) string {
	start := at
	for start > 0 && t.data[start-1] != '\n' && t.data[start-1] != '\r' {
		start--
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, strings.TrimPrefix(string(t.data[start:at]), "\ufeff"))
}

// word writes a name or a string.
func (t *text) word(s string) string {
	if t.json {
		return `"` + s + `"`
	}
	return s
}

// value writes a string so that it stays one.
func (t *text) value(s string) string {
	bare := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	if _, stays := scalar(&bare).(string); !stays || strings.ContainsAny(s, " #:,[]{}&*!|>'\"%@`\\") {
		return strconv.Quote(s)
	}
	return t.word(s)
}

// flow writes {a: {b: value}} on one line.
func (t *text) flow(path []string, value any) string {
	if len(path) == 0 {
		switch v := value.(type) {
		case string:
			return t.value(v)
		case item:
			return "[" + t.value(string(v)) + "]"
		}
		return fmt.Sprint(value)
	}
	return "{" + t.word(path[0]) + ": " + t.flow(path[1:], value) + "}"
}

// block writes a member line by line.
func (t *text) block(indent, name string, rest []string, value any) string {
	if len(rest) == 0 {
		return name + ": " + t.flow(nil, value)
	}
	deeper := indent + "  "
	return name + ":" + t.newline + deeper + t.block(deeper, rest[0], rest[1:], value)
}
