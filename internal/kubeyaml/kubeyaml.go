// Package kubeyaml reads YAML as Kubernetes does, and knows the line of each
// value and of each error.
//
// Kubernetes reads YAML with sigs.k8s.io/yaml v1.6, which converts it to JSON,
// on top of go.yaml.in/yaml/v2 v2.4, which is YAML 1.1 with rules of its own.
// Neither says where a value is. So go.yaml.in/yaml/v3 parses here, and the
// rules are applied to its nodes; a fuzz target checks that the result equals
// that of sigs.k8s.io/yaml.
package kubeyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Kind is the JSON type of a value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// String is the kind in messages: "expected a number, found a list".
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// Value is a value as Kubernetes reads it: aliases are followed, merge keys are
// merged, scalars are resolved.
type Value struct {
	Kind    Kind
	Text    string     // of a string: its content; of other scalars: their JSON
	Items   []Value    // of a list
	Members []Member   // of an object: each name once, in the order in which they first appear
	Node    *yaml.Node // its node; for an alias, that of the alias
	Err     error      // an *Error if JSON cannot express it; values inside have their own

	form numeric
}

// Member is a member of an object.
type Member struct {
	Name   string
	Key    *yaml.Node
	Value  Value
	Merged bool    // it comes from a merge key
	Before *Member // the earlier member of this name that it replaces; strict decoding refuses that
}

// Error is the error of text that is YAML, but that Kubernetes refuses.
type Error struct {
	Line int // from 1
	Err  error
}

// Error returns the line and the reason.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Parse parses the first document of a text, like sigs.k8s.io/yaml, which
// ignores the others. An empty text is null. Place finds where an error is.
//
// A value that JSON cannot express is no error here, but has an Err: the caller
// may not need every part of a document.
func Parse(text []byte) (Value, error) {
	root, err := newStream(text).next()
	if errors.Is(err, io.EOF) {
		return Value{}, nil
	}
	return root, err
}

// Documents parses all documents of a text, and refuses values that JSON cannot
// express. With an error it returns the documents before it.
func Documents(text []byte) ([]Value, error) {
	s := newStream(text)
	var all []Value
	for {
		root, err := s.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err == nil {
			err = root.Check()
		}
		if err != nil {
			return all, err
		}
		all = append(all, root)
	}
}

// stream is the documents of a text.
type stream struct {
	text    []byte
	lines   *Lines // nil if there is no tag in the text
	decoder *yaml.Decoder
}

func newStream(text []byte) stream {
	s := stream{text: text, decoder: yaml.NewDecoder(bytes.NewReader(text))}
	if bytes.IndexByte(text, '!') >= 0 {
		s.lines = NewLines(text)
	}
	return s
}

func (s stream) next() (Value, error) {
	var document yaml.Node
	if err := s.decoder.Decode(&document); err != nil {
		return Value{}, err
	}
	if len(document.Content) == 0 {
		return Value{}, nil
	}
	r := resolver{text: s.text, lines: s.lines, first: document.Line, steps: 1, open: map[*yaml.Node]bool{}}
	return r.value(document.Content[0])
}

// Check returns the first error of a value and of the values inside.
func (v *Value) Check() error {
	if v.Err != nil {
		return v.Err
	}
	for i := range v.Items {
		if err := v.Items[i].Check(); err != nil {
			return err
		}
	}
	for i := range v.Members {
		if err := v.Members[i].Value.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Member returns the member with this name; nil if there is none.
func (v *Value) Member(name string) *Member {
	for m := range v.Each() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Each yields the members; none if the value is not an object.
func (v *Value) Each() iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		if v == nil {
			return
		}
		for i := range v.Members {
			if !yield(&v.Members[i]) {
				return
			}
		}
	}
}

// Get follows a path of names; nil if there is no such member.
func (v *Value) Get(names ...string) *Value {
	for _, name := range names {
		m := v.Member(name)
		if m == nil {
			return nil
		}
		v = &m.Value
	}
	return v
}

// Content returns the node of a value, or the one that its alias refers to; nil
// for an empty document.
func (v *Value) Content() *yaml.Node { return through(v.Node) }

// Line is where the content begins, from 1.
func (v *Value) Line() int {
	if v.Node == nil {
		return 1
	}
	return v.Content().Line
}

// Anchored reports whether a value contains an anchor or an alias: these may
// refer to, or be used by, text outside of the value.
func (v *Value) Anchored() bool { return v.Node != nil && anchored(v.Node) }

func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, anchored)
}

func through(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// Word follows names like Get, and returns the string there; "" if nothing is there,
// or something else.
func (v *Value) Word(names ...string) string {
	if w := v.Get(names...); w != nil && w.Kind == String {
		return w.Text
	}
	return ""
}

// Any returns a value as encoding/json decodes it with UseNumber; nil if there
// is no value.
func (v *Value) Any() any {
	if v == nil {
		return nil
	}
	switch v.Kind {
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case List:
		list := make([]any, len(v.Items))
		for i := range v.Items {
			list[i] = v.Items[i].Any()
		}
		return list
	case Object:
		object := make(map[string]any, len(v.Members))
		for i := range v.Members {
			object[v.Members[i].Name] = v.Members[i].Value.Any()
		}
		return object
	default:
		return nil
	}
}
