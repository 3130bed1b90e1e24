// Package kubeyaml reads YAML as Kubernetes does, and knows the line of each value
// and of each fault.
//
// Kubernetes reads YAML with sigs.k8s.io/yaml v1.6, which makes JSON of it, on
// go.yaml.in/yaml/v2 v2.4, which is YAML 1.1 with rules of its own. Neither says
// where a value stands. So go.yaml.in/yaml/v3 parses here, and the rules are
// applied to its nodes; a fuzz target holds the result equal to sigs.k8s.io/yaml.
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

// Kind is what a value is, in the terms of JSON.
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

// String is for messages: "expected a number, found a list".
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// Value is a value as Kubernetes reads it: aliases are followed, merge keys are
// merged, scalars are resolved.
type Value struct {
	Kind    Kind
	Text    string     // of a string: itself; of other scalars: as JSON writes them
	Items   []Value    // of a list
	Members []Member   // of an object, each name once, in the order of the first of each
	Node    *yaml.Node // where it is written: for an alias, the alias
	Err     error      // why JSON has no word for it, a *Error; what is inside has its own

	form numeric
}

// Member is a member of an object.
type Member struct {
	Name   string
	Key    *yaml.Node
	Value  Value
	Merged bool    // a merge key has brought it
	Before *Member // the one of this name that it takes the place of, which strict decoding refuses
}

// Error is text that Kubernetes refuses though it is YAML.
type Error struct {
	Line int // from 1
	Err  error
}

// Error says where and why.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads the first document of a text, as sigs.k8s.io/yaml does, which never
// looks behind it. A text without one is null. Place says where an error is.
//
// What JSON has no word for is no error here, but the value's Err: not all of a
// document may be asked for.
func Parse(text []byte) (Value, error) {
	root, err := newStream(text).next()
	if errors.Is(err, io.EOF) {
		return Value{}, nil
	}
	return root, err
}

// Documents reads all documents of a text, and refuses what JSON has no word for.
// With an error it returns those before it.
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
	lines   *Lines // nil when there is no tag in the text
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

// Check returns the first error of a value and of what is inside.
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

// Member returns the member with this name; nil when there is none.
func (v *Value) Member(name string) *Member {
	for m := range v.Each() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Each yields the members; none of what is no object.
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

// Get follows names from member to member; nil when there is none.
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

// Content is the node of a value behind any alias; nil for a document without one.
func (v *Value) Content() *yaml.Node { return through(v.Node) }

// Line is where the content begins, from 1.
func (v *Value) Line() int {
	if v.Node == nil {
		return 1
	}
	return v.Content().Line
}

// Anchored reports whether there is an anchor or an alias in a value: one may
// belong to text before or behind it.
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

// Any is a value as encoding/json decodes it with UseNumber; nil for none.
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
