package manifest

import (
	"bytes"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// line reads the line at hand, and those that a scalar in it goes on into;
// false when it is not sure about it, or after an error.
func (s *yamlScanner) line() bool {
	if !printable(s.rest, false) {
		return false
	}
	indent, rest := s.indent, s.rest
	switch {
	case len(rest) == 0:
		s.consume()
		return true
	case rest[0] == '#':
		s.plain = 0 // a comment ends it
		s.consume()
		return true
	}
	if !s.to(indent, rest) {
		return s.goesOn(indent, rest)
	}
	s.plain = 0
	if s.top().seq {
		return s.dash(indent, rest)
	}
	return s.member(rest)
}

func (s *yamlScanner) top() *level { return &s.levels[len(s.levels)-1] }

// to closes and opens levels, so that the top is the one that the line at hand
// has an entry of; false when there is none.
func (s *yamlScanner) to(indent int, rest []byte) bool {
	dash := isDash(rest)
	if len(s.levels) == 0 {
		if dash {
			return false
		}
		s.doc.begin(object, s.at, nil)
		s.levels = append(s.levels, level{indent: indent, want: s.sink.reader.want, node: true})
		return true
	}
	for len(s.levels) > 1 {
		top := s.top()
		if top.indent < indent || top.indent == indent && (!top.seq || dash) {
			break
		}
		if s.close() != nil {
			return false
		}
	}
	top := s.top()
	switch {
	case top.indent == indent && top.seq == dash:
		s.settle(top)
		return true
	case !top.awaits, top.indent > indent, top.indent == indent && !dash:
		return false
	}
	s.open(indent, dash)
	return true
}

// settle ends an entry whose value did not come: null.
func (s *yamlScanner) settle(l *level) {
	if l.awaits && l.value != nil {
		s.doc.add(null, l.line, l.name, nil)
	}
	l.awaits = false
}

// close closes the top level.
func (s *yamlScanner) close() error {
	top := s.top()
	s.settle(top)
	node := top.node
	s.levels = s.levels[:len(s.levels)-1]
	if node {
		return s.doc.end()
	}
	return nil
}

// open opens the level that the top awaits as a value.
func (s *yamlScanner) open(indent int, seq bool) {
	top := s.top()
	top.awaits = false
	l := level{indent: indent, seq: seq, want: top.value}
	if l.want != nil {
		k := object
		if seq {
			k = list
		}
		s.doc.begin(k, top.line, top.name)
		if l.want.leaf && (!seq || !l.want.many) { // of a wrong kind: that is all that matters
			s.doc.open = s.doc.nodes[s.doc.open].parent
			l.want = nil
		}
		l.node = l.want != nil
	}
	s.levels = append(s.levels, l)
}

// await has the next level be the value of an entry of the top.
func (s *yamlScanner) await(name []byte, value *want) {
	top := s.top()
	top.awaits, top.name, top.value, top.line = true, name, value, s.at
}

// dash reads an entry of a sequence.
func (s *yamlScanner) dash(indent int, rest []byte) bool {
	content := bytes.TrimLeft(rest[1:], " ")
	if len(content) == 0 || content[0] == '#' {
		s.await(nil, s.top().want)
		s.consume()
		return true
	}
	column := indent + len(rest) - len(content)
	nested := isDash(content)
	if !nested {
		if _, _, isKey := splitKey(content); !isKey {
			return s.scalar(content, nil, s.top().want)
		}
	}
	s.await(nil, s.top().want)
	s.open(column, nested)
	if nested {
		return s.dash(column, content)
	}
	return s.member(content)
}

// member reads an entry of a mapping.
func (s *yamlScanner) member(rest []byte) bool {
	key, content, isKey := splitKey(rest)
	if !isKey {
		return false
	}
	child := s.top().want.child(key)
	var name []byte
	if child != nil {
		if rest[0] != '"' && rest[0] != '\'' {
			if k, _, _ := kubeyaml.Resolve(key); k != text {
				return false // true, 12 and the like become strings by rules of their own
			}
		}
		name = s.doc.keep(key)
	}
	if len(content) == 0 || content[0] == '#' {
		s.await(name, child)
		s.consume()
		return true
	}
	return s.scalar(content, name, child)
}

// maxSimpleKey is how long the name of a member may be in YAML 1.1, and still be
// written without a question mark.
const maxSimpleKey = 1000

// splitKey cuts a member into its name and what is behind the colon; false for
// what is no member, or not surely one.
func splitKey(rest []byte) (key, content []byte, isKey bool) {
	var end int
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		i := bytes.IndexByte(rest[1:], c)
		if i < 0 {
			return nil, nil, false
		}
		key, end = rest[1:1+i], i+2
		if bytes.IndexByte(key, '\\') >= 0 && c == '"' || end >= len(rest) || rest[end] != ':' {
			return nil, nil, false
		}
	case isWord(c):
		for end = 1; ; end++ {
			i := bytes.IndexByte(rest[end:], ':')
			if i < 0 {
				return nil, nil, false
			}
			end += i
			if end == len(rest)-1 || rest[end+1] == ' ' {
				break
			}
		}
		key = rest[:end]
		if key[end-1] == ' ' || bytes.Contains(key, []byte(" #")) {
			return nil, nil, false
		}
	default:
		return nil, nil, false
	}
	if len(key) > maxSimpleKey || end+1 < len(rest) && rest[end+1] != ' ' {
		return nil, nil, false
	}
	return key, bytes.TrimLeft(rest[end+1:], " "), true
}

// isWord reports whether a plain scalar may begin with c without a doubt.
func isWord(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '/' || c == '$' || c == '(' || c == '+'
}
