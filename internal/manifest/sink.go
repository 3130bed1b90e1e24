package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/limits"
)

// sink makes objects from what the scanners cut out, and passes them on.
type sink struct {
	reader *reader
	window *window
	source limits.Source // of what is being read
	list   listKind      // of the List that is being read
	late   lateItems
	nulls  int // documents that are null
}

// listKind is what a List says about its items.
type listKind struct {
	apiVersion, kind string
	told             bool
}

// begin counts a document that has something in it.
func (s *sink) begin(line int) {
	s.window.since = 0
	s.source.Document++
	s.source.Item, s.source.Line = -1, line
	s.list, s.late = listKind{}, lateItems{}
}

// beginList takes what is known of a List before its items.
func (s *sink) beginList(head value) {
	s.source.Item = -1
	s.list = kindOfList(head)
}

func kindOfList(head value) listKind {
	var l listKind
	if v := head.get("kind"); v.kind() == text {
		l.kind, l.told = string(v.text()), true
	}
	if v := head.get("apiVersion"); v.kind() == text {
		l.apiVersion = string(v.text())
	}
	return l
}

// beginItem counts the next item of a List.
func (s *sink) beginItem() {
	s.window.since = 0
	s.source.Item++
}

// item takes the item that was begun.
func (s *sink) item(root value, err error) error {
	if err != nil {
		return s.refuse(root, err)
	}
	if root.kind() != object || root.get("kind").kind() != null {
		return s.object(root, "", "")
	}
	if s.list.told {
		return s.object(root, s.list.apiVersion, s.list.itemKind())
	}
	return s.lateItem(root)
}

// itemKind is the kind of items that do not say theirs: that of a typed list.
func (l listKind) itemKind() string {
	if kind, found := strings.CutSuffix(l.kind, "List"); found {
		return kind
	}
	return ""
}

// endList takes all that a List says besides its items.
func (s *sink) endList(head value, err error) error {
	s.source.Item = -1
	if err == nil {
		err = s.reader.decoder.nonEmpty(head, "apiVersion", "like v1", new(string))
	}
	if err == nil {
		err = s.reader.decoder.nonEmpty(head, "kind", "like List", new(string))
		if _, missing := errors.AsType[*missingError](err); missing {
			return &syntaxError{s.source.Line, errListKind}
		}
	}
	if err != nil {
		return s.refuse(head, err)
	}
	s.list = kindOfList(head)
	return s.lateItemsEnd()
}

// errListKind is a List that does not say that it is one. What kubectl prints
// does so behind the items: that is how YAML that is cut off can be told.
var errListKind = errors.New("kind: is missing, expected List or the like, maybe behind the items: the input may be cut off")

// single takes a document that is no List.
func (s *sink) single(root value, err error) error {
	if err != nil {
		return s.refuse(root, err)
	}
	if root.kind() == null {
		s.nulls++
		return nil // kubectl skips it, too
	}
	switch items := root.get("items"); {
	case items.kind() == list, // [], in YAML
		items.there() && items.kind() == null && bytes.HasSuffix(root.get("kind").textOrNone(), []byte("List")):
		return s.endList(root, nil)
	}
	return s.object(root, "", "")
}

// textOrNone is the text of a string, nothing for everything else.
func (v value) textOrNone() []byte {
	if v.kind() != text {
		return nil
	}
	return v.text()
}

// object decodes one object and passes it on.
func (s *sink) object(root value, apiVersion, kind string) error {
	o, err := s.reader.decoder.decode(root, apiVersion, kind)
	for {
		if err != nil {
			return s.refuse(root, err)
		}
		o.Source = s.source
		o.Source.Line = root.line()
		if err := s.reader.emit(o); err != nil {
			s.reader.foreign = true
			return &emitError{err}
		}
		if !s.reader.decoder.more() {
			return nil
		}
		err = s.reader.decoder.next(root)
	}
}

// line is where a value begins, 0 for one that is not there.
func (v value) line() int {
	if v.i < 0 {
		return 0
	}
	return v.d.nodes[v.i].line
}

// refuse formats the error of an object, and asks whether to continue.
func (s *sink) refuse(root value, err error) error {
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return syntax
	}
	root.d.abandon()
	if s.reader.below && s.isForeign(root) {
		return errForeign
	}
	e := &limits.FieldError{Source: s.source, Object: describe(root), Err: err}
	e.Source.Line = root.line()
	var field *fieldError
	var missing *missingError
	switch {
	case errors.As(err, &field):
		e.Field, e.Err = field.at.path(), field.err
		e.Source.Line = field.at.line()
	case errors.As(err, &missing):
		e.Field, e.Err = missing.field, errors.New(missing.reason())
	}
	if s.reader.options.Invalid == nil {
		return e
	}
	if err := s.reader.options.Invalid(e); err != nil {
		s.reader.foreign = true
		return &emitError{err}
	}
	return nil
}

// isForeign reports whether a document is the first of a file that is no manifest, by
// what every object has: the values of a chart, a kustomization, a file of settings.
func (s *sink) isForeign(root value) bool {
	return s.source.Document == 1 && s.source.Item < 0 && root.kind() == object &&
		root.get("apiVersion").kind() == null && root.get("kind").kind() == null
}

// describe names an object that could not be decoded, as far as it can.
func describe(root value) string {
	kind := string(root.get("kind").textOrNone())
	if kind == "" {
		kind = "object"
	}
	name := shortened(root.get("metadata").get("name").textOrNone())
	if namespace := shortened(root.get("metadata").get("namespace").textOrNone()); namespace != "" && name != "" {
		name = namespace + "/" + name
	}
	return strings.TrimSpace(kind + " " + name)
}

// lateItems are items without a kind, in a List that has its kind after them.
type lateItems struct {
	guessed int        // items taken for Pods
	waiting []document // others
	places  []int      // their places in the List
	bytes   int
}

// maxLate is how many bytes of such items are kept.
const maxLate = 4 << 20

var errKindLate = errors.New("items without a kind stand before the kind of their List")

// lateItem treats what looks like a Pod as one. Everything else waits for the
// kind of the List.
func (s *sink) lateItem(root value) error {
	if len(s.late.waiting) == 0 && root.get("spec").get("containers").kind() == list {
		s.late.guessed++
		return s.object(root, "v1", "Pod")
	}
	s.late.bytes += len(root.d.bytes) + len(root.d.nodes)*nodeBytes
	if s.late.bytes > maxLate {
		return &syntaxError{root.line(), errKindLate}
	}
	s.late.waiting = append(s.late.waiting, root.d.clone())
	s.late.places = append(s.late.places, s.source.Item)
	return nil
}

// nodeBytes is about the size of a node.
const nodeBytes = 80

// lateItemsEnd takes the waiting items, once the kind of the List is known.
func (s *sink) lateItemsEnd() error {
	if s.late.guessed > 0 && (s.list.kind != "PodList" || s.list.apiVersion != "v1") {
		return &syntaxError{s.source.Line, fmt.Errorf("kind: expected a v1 PodList, as Pods without a kind are in it, found %q", strings.TrimSpace(s.list.apiVersion+" "+s.list.kind))}
	}
	for i := range s.late.waiting {
		s.source.Item = s.late.places[i]
		if err := s.object(s.late.waiting[i].root(), s.list.apiVersion, s.list.itemKind()); err != nil {
			return err
		}
	}
	s.source.Item = -1
	return nil
}
