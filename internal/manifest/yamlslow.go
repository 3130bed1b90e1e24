package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// slowDocument reads the document at the mark with the library.
func (s *yamlScanner) slowDocument() error {
	s.again()
	directives := true
	for first := true; s.peek(); first = false {
		mark := isMark(s.text)
		if mark && !first && !directives {
			break
		}
		directives = !mark && directives && len(s.text) > 0 && s.text[0] == '%'
		s.consume()
	}
	if s.err != nil {
		return s.err
	}
	root, err := s.parse("")
	if err != nil {
		return err
	}
	c := converter{doc: &s.doc, base: s.unit - 1}
	if items := root.Get("items"); items != nil && items.Kind == list {
		return s.slowList(c, root, items)
	}
	s.doc.reset()
	err = c.value(root, nil, s.sink.reader.want)
	return s.sink.single(s.doc.root(), err)
}

// slowList hands on a List that is in memory.
func (s *yamlScanner) slowList(c converter, root, items *kubeyaml.Value) error {
	head := func() error {
		s.doc.reset()
		return c.value(root, nil, s.sink.reader.want)
	}
	if head() == nil { // what is wrong with it is said in the end
		s.sink.beginList(s.doc.root())
	}
	if err := s.elements(c, items); err != nil {
		return err
	}
	err := head()
	return s.sink.endList(s.doc.root(), err)
}

// elements hands on items.
func (s *yamlScanner) elements(c converter, items *kubeyaml.Value) error {
	for i := range items.Items {
		s.sink.beginItem()
		s.doc.reset()
		err := c.value(&items.Items[i], nil, s.sink.reader.want)
		if err := s.sink.item(s.doc.root(), err); err != nil {
			return err
		}
	}
	return nil
}

// slowItems reads the item at the mark with the library. Where it ends is not
// sure, if it cannot be parsed: then an entry may begin in the middle of a
// scalar, and more is tried, twice as much each time. The anchors of an item
// may be meant for any that follow.
func (s *yamlScanner) slowItems(indent int) error {
	for least := 0; ; least = 2 * (s.w.pos - s.w.mark) {
		last := s.extend(indent, least)
		if s.err != nil {
			return s.err
		}
		root, err := s.parse("items:\n")
		if !last && (err != nil || root.Anchored()) {
			continue
		}
		if err != nil {
			return err
		}
		return s.slowRest(root)
	}
}

// slowRest hands on items, and what else of a List was parsed with them.
func (s *yamlScanner) slowRest(root *kubeyaml.Value) error {
	c := converter{doc: &s.doc, base: s.unit - 2}
	items := &root.Members[0]
	for items.Before != nil { // toHead refuses it
		items = items.Before
	}
	if err := s.elements(c, &items.Value); err != nil {
		return err
	}
	c.doc = &s.head
	return s.toHead(c, root)
}

// toHead adds what a List says behind its items, which are its first member.
func (s *yamlScanner) toHead(c converter, root *kubeyaml.Value) error {
	rest := root.Members[1:]
	if items := root.Members[0]; items.Before != nil {
		items.Before = nil // those in the head are the others
		rest = append(slices.Clone(rest), items)
	}
	return c.members(root, rest, s.sink.reader.want)
}

// slowTail reads what stands behind the items of a List with the library.
func (s *yamlScanner) slowTail() error {
	for s.peek() && !isMark(s.text) {
		s.consume()
	}
	if s.err != nil {
		return s.err
	}
	root, err := s.parse("items: []\n")
	if err != nil {
		return err
	}
	err = s.toHead(converter{doc: &s.doc, base: s.unit - 2}, root)
	s.levels = append(s.levels[:0], level{node: true})
	return s.finish(func(v value, twice error) error {
		if err != nil {
			twice = err
		}
		return s.sink.endList(v, twice)
	})
}

// extend consumes at least so many bytes from the mark on, to where an entry of
// the sequence may end, and reports whether that is the end of the document.
func (s *yamlScanner) extend(indent, least int) (last bool) {
	for s.peek() && !isMark(s.text) {
		if size := s.w.pos - s.w.mark; size > least && s.indent <= indent && s.something() {
			return false
		}
		s.consume()
	}
	return true
}

// parse reads what is between the mark and the line at hand, with a line put
// before it.
func (s *yamlScanner) parse(before string) (*kubeyaml.Value, error) {
	base := s.unit - 1 - strings.Count(before, "\n")
	data := append([]byte(before), s.w.buf[s.w.mark:s.w.pos]...)
	root, err := kubeyaml.Parse(data)
	if err != nil {
		return nil, &libraryError{err, data, base}
	}
	return &root, nil
}

// libraryError is what is wrong with a text whose first line is base+1.
type libraryError struct {
	err  error
	text []byte
	base int
}

func (e *libraryError) Error() string { return e.err.Error() }

// placed says where the error stands.
func (e *libraryError) placed() error {
	if _, ok := errors.AsType[*kubeyaml.Error](e.err); ok {
		return converter{base: e.base}.placed(e.err)
	}
	line, reason := kubeyaml.Place(e.text, e.err)
	if line > 0 {
		line += e.base
	}
	return &syntaxError{line, reason}
}
