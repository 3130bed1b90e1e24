package manifest

import (
	"bytes"
	"errors"
	"fmt"
)

// jsonScanner reads JSON: it passes over what is not wanted, looking only at
// its grammar, and makes a document of the rest, one object at a time.
type jsonScanner struct {
	w     *window // its line is that of pos: only blank passes over ends of lines
	sink  *sink
	doc   *document // one of these
	one   document
	head  document // what a List says besides its items
	open  []byte   // brackets of what is passed over
	depth int
	raw   []byte // a name or string that is not in one piece in the window
	wrong error  // what is wrong with the document; the grammar is looked at all the same
	err   error  // why reading ends
}

// What bounds an object. The API server takes objects of at most 3 MiB, and
// stores 1.5 MiB (k8s.io/apiserver v0.37, MaxRequestBodyBytes; etcd).
const (
	maxKept  = 1 << 20 // bytes of what is wanted
	maxDepth = 10000   // as encoding/json
)

var (
	errTopList = fmt.Errorf("%w, found a list", errNoObject)
	errTooBig  = errors.New("an object with more than 1 MiB of names, resources and selectors: no API server takes that")
	errTooDeep = errors.New("more than 10000 lists and objects inside each other")
)

func newJSONScanner(w *window, s *sink) *jsonScanner {
	return &jsonScanner{w: w, sink: s}
}

// document reads one top-level value, at whose first byte the window stands.
func (s *jsonScanner) document() error {
	line := s.w.lineAt(s.w.pos)
	s.sink.begin(line)
	if s.w.buf[s.w.pos] == '[' {
		return &syntaxError{line, errTopList}
	}
	isList := false
	s.begin(&s.head)
	s.doc.begin(object, line, nil)
	s.members(s.sink.reader.want, func(name []byte, line int) bool {
		if string(name) != "items" || s.space() != '[' {
			return false
		}
		if isList { // twice: refused with the head
			s.skip()
		} else {
			isList = true
			s.items()
		}
		if s.wrong == nil {
			s.doc.add(list, line, s.doc.keep([]byte("items")), nil)
		}
		return true
	})
	s.end()
	switch {
	case s.err != nil:
		return s.err
	case isList:
		return s.sink.endList(s.doc.root(), s.wrong)
	}
	return s.sink.single(s.doc.root(), s.wrong)
}

// begin begins a document.
func (s *jsonScanner) begin(d *document) {
	d.reset()
	s.doc, s.wrong = d, nil
}

// items hands on the elements of a List one by one.
func (s *jsonScanner) items() {
	wrong := s.wrong
	if wrong == nil && s.doc.soFar().refuseTwins() == nil { // what is wrong with it is said in the end
		s.sink.beginList(s.doc.root())
	}
	s.elements(func() bool {
		s.sink.beginItem()
		s.begin(&s.one)
		s.value(s.sink.reader.want, nil, s.w.line)
		if s.err == nil {
			s.err = s.sink.item(s.doc.root(), s.wrong)
		}
		return s.err == nil
	})
	s.doc, s.wrong = &s.head, wrong
}

// value keeps what is wanted of the value at hand, the member of that name.
func (s *jsonScanner) value(w *want, name []byte, line int) {
	if s.wrong != nil {
		s.skip()
		return
	}
	switch c := s.space(); c {
	case '{':
		s.doc.begin(object, line, name)
		if w.leaf {
			s.skip()
		} else {
			s.members(w, nil)
		}
		s.end()
	case '[':
		s.doc.begin(list, line, name)
		if w.leaf && !w.many {
			s.skip()
		} else {
			s.elements(func() bool {
				s.value(w, nil, s.w.line)
				return s.err == nil
			})
		}
		s.end()
	case '"':
		var t []byte
		if w.leaf {
			t = s.doc.keep(s.quoted())
		} else { // any string would be wrong here
			s.string(nil)
		}
		s.doc.add(text, line, name, t)
	default:
		if token := s.scalar(); s.err == nil {
			s.doc.add(kindOf(token), line, name, s.doc.keep(token))
		}
	}
	if len(s.doc.bytes)+4*len(s.doc.nodes) > maxKept && s.err == nil { // each has quotes, a colon or a comma
		s.err = &syntaxError{s.w.line, errTooBig}
	}
}

// kindOf tells scalars that are no strings by how they begin.
func kindOf(token []byte) kind {
	switch token[0] {
	case 'n':
		return null
	case 't', 'f':
		return boolean
	}
	return number
}

// end ends the list or object that was begun last.
func (s *jsonScanner) end() {
	if s.err == nil && s.wrong == nil {
		s.wrong = s.doc.end()
	}
}

// members keeps the wanted members of an object. take may see to one itself, for
// which it reports true.
func (s *jsonScanner) members(w *want, take func(name []byte, line int) bool) {
	if !s.deeper() {
		return
	}
	s.w.pos++
	for more := s.space() != '}'; more && s.err == nil; more = s.more('}', "expected a comma or the end of the object") {
		line := s.w.line
		name := s.name()
		if s.err != nil {
			break
		}
		child := w.child(name)
		if child == nil || s.wrong != nil {
			s.skip()
			continue
		}
		name = s.doc.keep(name)
		switch {
		case child.only != "":
			s.guarded(child, name, line)
		case take == nil || !take(name, line):
			s.value(child, name, line)
		}
		if w == s.sink.reader.want && s.doc.beginsAsPod() {
			w = s.sink.reader.wantPod
		}
	}
	s.close()
}

// beginsAsPod reports whether this is what is kept of an object so far: that is
// how kubectl begins a Pod.
func (d *document) beginsAsPod() bool {
	return len(d.nodes) == 3 && string(d.nodes[1].name) == "apiVersion" && string(d.nodes[1].text) == "v1" &&
		string(d.nodes[2].name) == "kind" && string(d.nodes[2].text) == "Pod"
}

// guarded keeps what is wanted of a value only where the text is in it that it is
// wanted for: to look for that is faster than to keep.
func (s *jsonScanner) guarded(w *want, name []byte, line int) {
	before := s.w.line
	s.w.mark = s.w.pos
	s.skip()
	mark := s.w.mark
	s.w.mark = -1
	if s.err == nil && bytes.Contains(s.w.buf[mark:s.w.pos], []byte(w.only)) {
		s.w.passed(mark, before)
		s.value(w, name, line)
		return
	}
	s.doc.add(null, line, name, nil)
}

// elements calls each at the beginning of every element of a list, which each
// has to pass, until it returns false.
func (s *jsonScanner) elements(each func() bool) {
	if !s.deeper() {
		return
	}
	s.w.pos++
	for more := s.space() != ']'; more && s.err == nil; more = s.more(']', "expected a comma or the end of the list") {
		if s.w.buf[s.w.pos] == ']' {
			s.fail("expected a value")
		}
		if s.err != nil || !each() {
			break
		}
	}
	s.close()
}

// more goes from a value to the next one, and reports whether there is one before
// the bracket.
func (s *jsonScanner) more(bracket byte, wanted string) bool {
	w := s.w
	buf := w.buf[:w.end]
	if at := w.pos; at < len(buf) && buf[at] == ',' { // nearly always
		if at, line := blank(buf, at+1, w.line); at < len(buf) {
			w.passed(at, line)
			return true
		}
	}
	switch s.space() {
	case ',':
		s.w.pos++
		return s.space() != 0
	case bracket:
	default:
		s.unexpected(wanted)
	}
	return false
}

// deeper enters a list or object.
func (s *jsonScanner) deeper() bool {
	if s.depth++; s.depth > maxDepth && s.err == nil {
		s.err = &syntaxError{s.w.line, errTooDeep}
	}
	return s.err == nil
}

// close leaves a list or object at its bracket.
func (s *jsonScanner) close() {
	s.depth--
	if s.err == nil {
		s.w.pos++
	}
}
