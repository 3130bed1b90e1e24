package manifest

import (
	"bytes"
	"errors"
	"io"
)

// yamlScanner reads YAML line by line, in the plain block style that kubectl
// prints and most people write: it knows by indentation what is not wanted, and
// makes a document of the rest. It checks every line; where it is not sure what
// a line means, it is unsure about the whole item of a List or the whole
// document, which then goes through kubeyaml (yamlslow.go).
type yamlScanner struct {
	w    *window
	sink *sink
	doc  document
	head document // what a List says besides its items

	text   []byte // the line at hand, without its end
	rest   []byte // and without its indentation
	indent int    // how deep it is indented
	next   int    // where the next line begins in the window
	at     int    // the number of the line at hand
	unit   int    // the number of the line at the window's mark
	seen   bool   // text and next are of the line at hand

	levels []level
	plain  int // how many levels were open at a plain scalar that may go on; 0: none may
	err    error
}

// level is a block mapping or sequence that is open.
type level struct {
	indent int
	seq    bool
	want   *want // of its members or elements; nil: all of it is passed over
	node   bool  // it is open in the document, too

	awaits bool // an entry's value may come on the next lines
	name   []byte
	value  *want // what is wanted of that
	line   int
}

func newYAMLScanner(w *window, s *sink) *yamlScanner {
	return &yamlScanner{w: w, sink: s}
}

// document reads one document, at whose first line the window stands.
func (s *yamlScanner) document() error {
	s.at = s.w.lineAt(s.w.pos)
	s.sink.begin(s.at)
	s.doc.reset()
	s.begin()
	defer func() { s.w.mark = -1 }()
	for first := true; s.peek() && (first || !isMark(s.text)); first = false {
		if first && isMark(s.text) || !s.line() {
			if s.err == nil {
				s.err = s.slowDocument()
			}
			return s.err
		}
		if s.atItems() && s.dashFollows() {
			return s.list()
		}
	}
	if s.err != nil {
		return s.err
	}
	return s.finish(s.sink.single)
}

// begin starts something that can be read anew, by the other way, from here.
func (s *yamlScanner) begin() {
	s.w.mark, s.unit = s.w.pos, s.at
	s.levels, s.plain, s.seen = s.levels[:0], 0, false
}

// again goes back to where begin was.
func (s *yamlScanner) again() {
	s.w.pos, s.at, s.seen = s.w.mark, s.unit, false
}

// finish hands on what was read.
func (s *yamlScanner) finish(take func(value, error) error) error {
	var err error
	for len(s.levels) > 0 && err == nil {
		err = s.close()
	}
	return take(s.doc.root(), err)
}

// atItems reports whether the line just read is the "items:" of a List.
func (s *yamlScanner) atItems() bool {
	return len(s.levels) == 1 && s.levels[0].indent == 0 && s.levels[0].awaits && string(s.levels[0].name) == "items"
}

// dashFollows reports whether the next line with something in it begins an
// entry of a sequence; it passes over the lines before.
func (s *yamlScanner) dashFollows() bool {
	for s.peek() {
		if s.something() {
			return isDash(s.rest)
		}
		s.consume()
	}
	return false
}

// list reads the items of a List one by one, then the rest of its fields.
func (s *yamlScanner) list() error {
	indent := s.indent
	s.levels[0].awaits = false
	s.doc.add(list, s.at, s.doc.keep([]byte("items")), nil)
	// The head stays open: more of it comes after the items.
	s.head, s.doc = s.doc, s.head
	s.sink.beginList(s.head.root())
	for s.err == nil && s.peek() && !isMark(s.text) {
		switch {
		case !s.something():
			s.consume()
			continue
		case s.indent < indent, s.indent == indent && !isDash(s.rest):
			s.doc, s.head = s.head, s.doc
			return s.tail()
		}
		s.begin()
		if sure := s.item(indent); s.err != nil {
			break
		} else if sure {
			s.sink.beginItem()
			s.err = s.finish(s.sink.item)
		} else {
			s.again()
			s.err = s.slowItems(indent)
		}
	}
	if s.err != nil {
		return s.err
	}
	s.doc, s.head = s.head, s.doc
	s.levels = append(s.levels[:0], level{node: true})
	return s.finish(s.sink.endList)
}

// item reads the lines of one item; false when it is not sure.
func (s *yamlScanner) item(indent int) bool {
	s.doc.reset()
	s.levels = append(s.levels, level{indent: indent, seq: true, want: s.sink.reader.want})
	for first := true; s.peek(); first = false {
		if !first && s.indent <= indent && s.something() {
			break
		}
		if !s.line() {
			return false
		}
	}
	return s.err == nil
}

// tail reads the fields of a List that stand behind its items.
func (s *yamlScanner) tail() error {
	s.begin()
	s.levels = append(s.levels, level{want: s.sink.reader.want, node: true})
	for before := len(s.doc.nodes); s.peek() && !isMark(s.text); {
		if !s.line() {
			if s.err == nil {
				s.doc.nodes, s.doc.open = s.doc.nodes[:before], 0
				s.again()
				s.err = s.slowTail()
			}
			return s.err
		}
	}
	if s.err != nil {
		return s.err
	}
	return s.finish(s.sink.endList)
}

// peek looks at the next line; false at the end of the input or after an error.
func (s *yamlScanner) peek() bool {
	if s.seen {
		return true
	}
	for from := s.w.pos; s.err == nil; {
		if i := bytes.IndexByte(s.w.buf[from:s.w.end], '\n'); i >= 0 {
			s.next = from + i + 1
			s.split(s.w.buf[s.w.pos : from+i])
			return true
		}
		behind := s.w.end - s.w.pos
		if s.w.fill() {
			from = s.w.pos + behind
			continue
		}
		if !errors.Is(s.w.err, io.EOF) {
			s.err = &syntaxError{s.at, s.w.err}
			return false
		}
		if s.next = s.w.end; s.w.pos < s.w.end {
			s.split(s.w.buf[s.w.pos:s.w.end])
			return true
		}
		return false
	}
	return false
}

// split looks at a line.
func (s *yamlScanner) split(line []byte) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	s.text, s.rest, s.indent, s.seen = line, line[n:], n, true
}

// something reports whether the line at hand is neither blank nor a comment.
func (s *yamlScanner) something() bool { return len(s.rest) > 0 && s.rest[0] != '#' }

// consume goes to the next line.
func (s *yamlScanner) consume() {
	s.w.pos, s.seen = s.next, false
	s.at++
}

// isDash reports whether a line, without its indentation, begins an entry of a
// sequence.
func isDash(rest []byte) bool {
	return len(rest) > 0 && rest[0] == '-' && (len(rest) == 1 || rest[1] == ' ')
}
