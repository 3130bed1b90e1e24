package kubeletcfg

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// text is a YAML or JSON file that is edited in place: all other bytes stay.
type text struct {
	data    []byte
	lines   *kubeyaml.Lines
	newline string // the line ending of the file
	json    bool   // its names are quoted
}

func newText(data []byte) *text {
	t := &text{data: data, lines: kubeyaml.NewLines(data), newline: "\n"}
	if bytes.Contains(data, []byte("\r\n")) {
		t.newline = "\r\n"
	}
	t.json = bytes.HasPrefix(bytes.TrimLeft(data, "\ufeff \t\r\n"), []byte("{"))
	return t
}

// splice returns the file with a part of it replaced.
func (t *text) splice(start, end int, by string) []byte {
	out := make([]byte, 0, len(t.data)+len(by))
	out = append(out, t.data[:start]...)
	out = append(out, by...)
	return append(out, t.data[end:]...)
}

// set sets a field to a value, and adds missing objects around it. It returns
// several texts, best first, some of which may be wrong: the caller parses
// them.
func (t *text) set(root *kubeyaml.Value, path []string, value any) ([][]byte, error) {
	v := root
	for i, name := range path {
		if v.Node.Kind == yaml.AliasNode {
			return nil, fmt.Errorf("%s is an alias: write it out", strings.Join(path[:i], "."))
		}
		if at, err := strconv.Atoi(name); err == nil && v.Kind == kubeyaml.List && at < len(v.Items) {
			v = &v.Items[at]
			continue
		}
		if v.Kind != kubeyaml.Object {
			return nil, fmt.Errorf("%s: it is %s", strings.Join(path[:i], "."), v.Kind)
		}
		m := v.Member(name)
		rest := path[i+1:]
		switch {
		case m == nil, m.Merged && m.Before == nil: // a new field below the merge key overrides it
			return t.insert(root.Node, v.Node, name, rest, value), nil
		case m.Value.Kind == kubeyaml.Null:
			return t.replace(m.Key, m.Value.Node, t.flow(rest, value))
		case len(rest) == 0 && m.Value.Node.Kind == yaml.SequenceNode:
			return t.prepend(m.Value.Node, value)
		case len(rest) == 0:
			return t.replace(m.Key, m.Value.Node, t.flow(rest, value))
		}
		v = &m.Value
	}
	return nil, errPlace()
}

// replace replaces a scalar.
func (t *text) replace(key, old *yaml.Node, by string) ([][]byte, error) {
	if old.Kind == yaml.ScalarNode && old.Value == "" && old.Style == 0 && old.Anchor == "" { // "key:" without a value
		_, end, err := t.span(key)
		if err != nil {
			return nil, err
		}
		colon := bytes.IndexByte(t.data[end:], ':')
		if colon < 0 {
			return nil, errPlace()
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

// prepend adds an item at the beginning of a list.
func (t *text) prepend(list *yaml.Node, value any) ([][]byte, error) {
	added, ok := value.(item)
	if !ok {
		return nil, errors.New("it is a list")
	}
	at := t.lines.Offset(list)
	word := t.value(string(added))
	switch {
	case list.Style&yaml.FlowStyle == 0:
		return [][]byte{t.splice(at, at, "- "+word+t.newline+t.indent(at))}, nil
	case len(list.Content) == 0:
		return [][]byte{t.splice(at+1, at+1, word)}, nil
	case list.Content[0].Line != list.Line:
		at = t.lines.Offset(list.Content[0])
		return [][]byte{t.splice(at, at, word+","+t.newline+t.indent(at))}, nil
	}
	return [][]byte{t.splice(at+1, at+1, word+", ")}, nil
}

// insert adds a member to a mapping.
func (t *text) insert(root, n *yaml.Node, name string, rest []string, value any) [][]byte {
	if n.Style&yaml.FlowStyle != 0 {
		member := t.word(name) + ": " + t.flow(rest, value)
		at := t.lines.Offset(n) + 1
		if len(n.Content) == 0 {
			return [][]byte{t.splice(at, at, member)}
		}
		at = t.lines.Offset(n.Content[0])
		separator := ", "
		if n.Content[0].Line != n.Line {
			separator = "," + t.newline + t.indent(at)
		}
		return [][]byte{t.splice(at, at, member+separator)}
	}
	at := t.lines.Offset(n.Content[0])
	indent := t.indent(at)
	member := t.block(indent, name, rest, value)
	before := t.splice(at, at, member+t.newline+indent)
	if n != root {
		return [][]byte{before}
	}
	return append(t.append(n, indent+member), before)
}

// append adds a line at the end of a document: before the comments and empty
// lines at its end or, if these are part of a string, after them.
func (t *text) append(root *yaml.Node, line string) [][]byte {
	end := len(t.lines.Starts)
	for i := root.Line; i < len(t.lines.Starts); i++ { // the line after the first one
		if rest := t.data[t.lines.Starts[i]:]; bytes.HasPrefix(rest, []byte("---")) || bytes.HasPrefix(rest, []byte("...")) {
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
		if at < len(t.lines.Starts) {
			all = append(all, t.splice(t.lines.Starts[at], t.lines.Starts[at], line+t.newline))
			continue
		}
		before := ""
		if last := t.lines.Starts[len(t.lines.Starts)-1]; last < len(t.data) {
			before = t.newline
		}
		all = append(all, t.splice(len(t.data), len(t.data), before+line+t.newline))
	}
	return all
}

// empty reports whether a line contains nothing but a comment.
func (t *text) empty(line int) bool {
	end := len(t.data)
	if line+1 < len(t.lines.Starts) {
		end = t.lines.Starts[line+1]
	}
	content := bytes.TrimSpace(t.data[t.lines.Starts[line]:end])
	return len(content) == 0 || content[0] == '#'
}

// indent returns what is before a place in its line, with spaces for all that
// is not white space.
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

// word formats a name or a string.
func (t *text) word(s string) string {
	if t.json {
		return `"` + s + `"`
	}
	return s
}

// value formats a string so that it is parsed as a string.
func (t *text) value(s string) string {
	if kind, _, _ := kubeyaml.Resolve([]byte(s)); kind != kubeyaml.String || strings.ContainsAny(s, " #:,[]{}&*!|>'\"%@`\\") {
		return strconv.Quote(s)
	}
	return t.word(s)
}

// flow formats {a: {b: value}} on one line.
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

// block formats a member line by line.
func (t *text) block(indent, name string, rest []string, value any) string {
	if len(rest) == 0 {
		return name + ": " + t.flow(nil, value)
	}
	deeper := indent + "  "
	return name + ":" + t.newline + deeper + t.block(deeper, rest[0], rest[1:], value)
}
