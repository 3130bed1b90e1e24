package kubeletcfg

import (
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// document is one YAML document of a file, or a JSON object.
type document struct {
	source string          // the name of its file
	number int             // in the file, from 1
	root   *kubeyaml.Value // the object; nil if the document is empty
	prefix string          // path of the field that contains it, if it is part of a larger document
}

// documents reads all documents of a file.
func documents(s Source) ([]document, error) {
	values, err := values(s)
	if err != nil {
		return nil, err
	}
	var all []document
	for i := range values {
		d := document{source: s.Name, number: i + 1}
		switch v := &values[i]; v.Kind {
		case kubeyaml.Null:
		case kubeyaml.Object:
			d.root = v
		default:
			return nil, &SyntaxError{s.Name, d.number, v.Node.Line, v.Node.Column, fmt.Errorf("expected an object, found %s", v.Kind)}
		}
		all = append(all, d)
	}
	return all, nil
}

func values(s Source) ([]kubeyaml.Value, error) {
	if len(s.Data) > kubeyaml.MaxText {
		return nil, fmt.Errorf("%s: more than %d bytes, which no kubelet's configuration needs", s.Name, kubeyaml.MaxText)
	}
	all, err := kubeyaml.Documents(s.Data)
	if err != nil {
		return nil, syntax(s, len(all)+1, err)
	}
	return all, nil
}

// first returns the first document of a file: a kubelet ignores the others.
func first(s Source) (document, error) {
	all, err := documents(s)
	switch {
	case err != nil:
		return document{}, err
	case len(all) == 0 || all[0].root == nil:
		return document{}, fmt.Errorf("%s: there is nothing in it", s.Name)
	}
	return all[0], nil
}

// SyntaxError is the error of a file that is not YAML or JSON, or that contains
// something other than objects.
type SyntaxError struct {
	File         string
	Document     int // from 1
	Line, Column int // from 1; Column is 0 if it is not known
	Err          error
}

// Error returns the reason and where it is.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: document %d: %v", e.File, e.Line, e.Document, e.Err)
}

// Unwrap returns the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }

func syntax(s Source, number int, err error) error {
	line, reason := kubeyaml.Place(s.Data, err)
	return &SyntaxError{File: s.Name, Document: number, Line: max(line, 1), Err: reason}
}

// member returns the member with that name, and the last one of several, as
// Kubernetes' lenient decoder does; nil if there is none.
func member(v *kubeyaml.Value, name string) (key *yaml.Node, value *kubeyaml.Value) {
	if m := v.Member(name); m != nil {
		return m.Key, &m.Value
	}
	return nil, nil
}

// written returns the node of a value; nil if there is no value.
func written(v *kubeyaml.Value) *yaml.Node {
	if v == nil {
		return nil
	}
	return v.Node
}

// kindOf returns the JSON type of a value.
func kindOf(value any) kubeyaml.Kind {
	switch value.(type) {
	case nil:
		return kubeyaml.Null
	case bool:
		return kubeyaml.Bool
	case json.Number:
		return kubeyaml.Number
	case string:
		return kubeyaml.String
	case []any:
		return kubeyaml.List
	}
	return kubeyaml.Object
}

// words returns the strings in a list.
func words(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, element := range list {
		if s, ok := element.(string); ok {
			all = append(all, s)
		}
	}
	return slices.Clip(all)
}
