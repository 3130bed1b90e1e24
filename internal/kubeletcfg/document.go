package kubeletcfg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/yamlerr"
)

// document is one YAML document of a file, or a JSON object.
type document struct {
	source string     // the file it stands in
	number int        // in the file, from 1
	root   *yaml.Node // the mapping; nil when there is nothing in the document
}

// maxDepth and maxNodes bound what anchors and aliases unfold to.
const (
	maxDepth = 100
	maxNodes = 100_000
)

// maxFile bounds a file, in bytes. A kubelet's configuration goes through an
// etcd object, which takes less.
const maxFile = 4 << 20

// documents reads all documents of a file.
func documents(s Source) ([]document, error) {
	if len(s.Data) > maxFile {
		return nil, fmt.Errorf("%s: more than %d bytes, which no kubelet's configuration needs", s.Name, maxFile)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(s.Data))
	var all []document
	for number := 1; ; number++ {
		var n yaml.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, syntax(s, number, err)
		}
		d := document{source: s.Name, number: number}
		if len(n.Content) > 0 && (n.Content[0].Kind != yaml.ScalarNode || scalar(n.Content[0]) != nil) {
			d.root = n.Content[0]
		}
		if d.root != nil && d.root.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s:%d:%d: document %d is no object", s.Name, d.root.Line, d.root.Column, number)
		}
		if d.root != nil {
			if _, err := unfold(d.root); err != nil {
				return nil, fmt.Errorf("%s: document %d: %w", s.Name, number, err)
			}
		}
		all = append(all, d)
	}
}

// first is the document that a kubelet reads: it never looks behind the first.
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

// SyntaxError is a file that is not YAML or JSON.
type SyntaxError struct {
	File         string
	Document     int // from 1
	Line, Column int // from 1; Column is 0 when it is not known
	Err          error
}

// Error says where it stands.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: document %d: %v", e.File, e.Line, e.Document, e.Err)
}

// Unwrap returns the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }

func syntax(s Source, number int, err error) error {
	line, reason := yamlerr.Place(s.Data, err)
	return &SyntaxError{File: s.Name, Document: number, Line: max(line, 1), Err: errors.New("not YAML: " + reason)}
}

// unfold makes plain values of a node: maps, lists and scalars. A key that
// stands twice counts as Kubernetes' lenient reader counts it: the last one.
func unfold(n *yaml.Node) (any, error) {
	left := maxNodes
	return unfolder{&left}.value(n, 0)
}

// plain is unfold of a node that documents has let through.
func plain(n *yaml.Node) any {
	if n == nil {
		return nil
	}
	value, err := unfold(n)
	if err != nil {
		return nil
	}
	return value
}

type unfolder struct{ left *int }

func (u unfolder) value(n *yaml.Node, depth int) (any, error) {
	if *u.left--; *u.left < 0 || depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested or repeated beyond reason", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return u.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, element := range n.Content {
			value, err := u.value(element, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.MappingNode:
		return u.mapping(n, depth)
	default:
		return scalar(n), nil
	}
}

func (u unfolder) mapping(n *yaml.Node, depth int) (any, error) {
	object := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		value, err := u.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: a key that is no word", key.Line)
		}
		if key.Tag == "!!merge" {
			mergeKeys(object, value)
			continue
		}
		object[key.Value] = value
	}
	return object, nil
}

// mergeKeys is "<<" as Kubernetes reads it (go.yaml.in/yaml/v2, decode.go,
// merge): what it brings wins over the members above it, which YAML 1.1 does not
// say, and loses to those below. Of several mappings the earlier wins.
func mergeKeys(into map[string]any, value any) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, element := range slices.Backward(list) {
		object, _ := element.(map[string]any)
		maps.Copy(into, object)
	}
}

// member returns the last member of that name, as Kubernetes' lenient reader
// does; nil when there is none.
func member(n *yaml.Node, name string) (key, value *yaml.Node) {
	n = through(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// through follows aliases.
func through(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// words are the strings of a list value.
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
