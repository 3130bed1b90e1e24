package manifest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonScanner reads JSON: it passes over what is not wanted, looking only at
// its grammar, and copies the rest of one object at a time, which jsontext then
// decodes.
type jsonScanner struct {
	w     *window
	sink  *sink
	open  []byte // brackets of what is passed over
	depth int
	raw   []byte // name of the member at hand, as written
	key   []byte // the same, as meant
	err   error
	out   cut
	item  cut
	doc   document
	dec   *jsontext.Decoder
}

// cut is what is kept of an object, as JSON, with the lines it came from.
type cut struct {
	text  []byte
	lines []lineAt
}

// lineAt says which line the text came from, from this place on.
type lineAt struct{ at, line int }

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
	return &jsonScanner{w: w, sink: s, dec: jsontext.NewDecoder(bytes.NewReader(nil))}
}

// document reads one top-level value, at whose first byte the window stands.
func (s *jsonScanner) document() error {
	line := s.w.lineAt(s.w.pos)
	s.sink.begin(line)
	if s.w.buf[s.w.pos] == '[' {
		return &syntaxError{line, errTopList}
	}
	s.out.reset()
	s.out.lines = append(s.out.lines, lineAt{0, line})
	isList := false
	s.object(s.sink.reader.want, func(name []byte) bool {
		if string(name) != "items" || s.space() != '[' {
			return false
		}
		if isList {
			s.out.text = append(s.out.text, "[]"...) // twice: refused with the head
			s.skip()
			return true
		}
		isList = true
		s.items()
		return true
	})
	if s.err != nil {
		return s.err
	}
	err := s.decode(&s.out, "")
	if isList {
		return s.sink.endList(s.doc.root(), err)
	}
	return s.sink.single(s.doc.root(), err)
}

// items hands on the elements of a List one by one.
func (s *jsonScanner) items() {
	if s.decode(&s.out, "null}") == nil { // what is wrong with it is said in the end
		s.sink.beginList(s.doc.root())
	}
	head := s.out
	s.elements(func() bool {
		s.sink.beginItem()
		s.out = s.item
		s.out.reset()
		s.out.lines = append(s.out.lines, lineAt{0, s.w.lineAt(s.w.pos)})
		s.prune(s.sink.reader.want)
		s.item = s.out
		if s.err == nil {
			s.err = s.sink.item(s.doc.root(), s.decode(&s.item, ""))
		}
		return s.err == nil
	})
	s.out = head
	s.out.text = append(s.out.text, "[]"...)
}

// prune copies what is wanted of the value at hand.
func (s *jsonScanner) prune(w *want) {
	switch s.space() {
	case '{':
		if w.leaf {
			s.skip()
			s.out.text = append(s.out.text, "{}"...)
			return
		}
		s.object(w, nil)
	case '[':
		if w.leaf && !w.many {
			s.skip()
			s.out.text = append(s.out.text, "[]"...)
			return
		}
		s.out.text = append(s.out.text, '[')
		s.elements(func() bool {
			s.out.comma()
			s.out.lines = append(s.out.lines, lineAt{len(s.out.text), s.w.lineAt(s.w.pos)})
			s.prune(w)
			return s.err == nil
		})
		s.out.text = append(s.out.text, ']')
	case '"':
		if w.leaf {
			s.string(&s.out.text)
			return
		}
		s.string(nil)
		s.out.text = append(s.out.text, `""`...)
	default:
		s.scalar(&s.out.text)
	}
	if len(s.out.text) > maxKept && s.err == nil {
		s.err = &syntaxError{s.w.lineAt(s.w.pos), errTooBig}
	}
}

// object copies the wanted members of an object. take may do so itself, for
// which it reports true.
func (s *jsonScanner) object(w *want, take func(name []byte) bool) {
	if !s.deeper() {
		return
	}
	s.w.pos++
	s.out.text = append(s.out.text, '{')
	for first := true; s.err == nil; first = false {
		c := s.space()
		if c == '}' && first {
			break
		}
		if !first {
			if c == '}' {
				break
			}
			s.expect(',', "expected a comma or the end of the object")
			s.space()
		}
		line := s.w.lineAt(s.w.pos)
		s.name()
		child := w.child(s.key)
		if s.err != nil || child == nil {
			s.skip()
			continue
		}
		s.out.comma()
		s.out.lines = append(s.out.lines, lineAt{len(s.out.text), line})
		s.out.text = append(append(s.out.text, s.raw...), ':')
		switch {
		case child.only != "":
			s.guarded(child)
		case take == nil || !take(s.key):
			s.prune(child)
		}
		if w == s.sink.reader.want && bytes.HasSuffix(s.out.text, []byte(beginOfPod)) {
			w = s.sink.reader.wantPod
		}
	}
	s.close()
	s.out.text = append(s.out.text, '}')
}

// beginOfPod is how kubectl begins a Pod.
const beginOfPod = `{"apiVersion":"v1","kind":"Pod"`

// guarded copies what is wanted of a value only where the text is in it that it is
// wanted for: to look for that is faster than to copy.
func (s *jsonScanner) guarded(w *want) {
	s.w.mark = s.w.pos
	s.skip()
	mark := s.w.mark
	s.w.mark = -1
	if s.err == nil && bytes.Contains(s.w.buf[mark:s.w.pos], []byte(w.only)) {
		s.w.pos = mark
		s.prune(w)
		return
	}
	s.out.text = append(s.out.text, "null"...)
}

// elements calls each at the beginning of every element of a list, which each
// has to pass, until it returns false.
func (s *jsonScanner) elements(each func() bool) {
	if !s.deeper() {
		return
	}
	s.w.pos++
	for first := true; s.err == nil; first = false {
		c := s.space()
		if c == ']' {
			break
		}
		if !first {
			s.expect(',', "expected a comma or the end of the list")
			if s.space() == ']' {
				s.fail("expected a value")
			}
		}
		if s.err != nil || !each() {
			break
		}
	}
	s.close()
}

// deeper enters a list or object.
func (s *jsonScanner) deeper() bool {
	if s.depth++; s.depth > maxDepth && s.err == nil {
		s.err = &syntaxError{s.w.lineAt(s.w.pos), errTooDeep}
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

func (c *cut) reset() { c.text, c.lines = c.text[:0], c.lines[:0] }

// comma separates what follows from what is there.
func (c *cut) comma() {
	if n := len(c.text); n > 0 && c.text[n-1] != '{' && c.text[n-1] != '[' {
		c.text = append(c.text, ',')
	}
}
