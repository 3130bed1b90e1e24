package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// converter makes a document of what go.yaml.in/yaml/v3 has parsed, with the
// meaning that sigs.k8s.io/yaml gives it. That v3 is a parser of YAML 1.2 does
// not matter: what a scalar is, is said by resolve.
type converter struct {
	doc   *document
	base  int // what its line numbers lack
	depth int
	nodes int // made so far, aliases unfolded
}

// maxNodes bounds what aliases unfold to. An object that the API server takes
// has room for fewer.
const maxNodes = 200_000

var errUnfolds = errors.New("the aliases unfold to more than any API server takes")

// value adds a value, the member of that name.
func (c *converter) value(n *yaml.Node, name []byte, w *want) error {
	c.nodes++
	c.depth++
	defer func() { c.depth-- }()
	if c.nodes > maxNodes || c.depth > maxDepth/10 {
		return &syntaxError{c.base + n.Line, errUnfolds}
	}
	line := c.base + n.Line
	switch n.Kind {
	case yaml.AliasNode:
		return c.value(n.Alias, name, w)
	case yaml.MappingNode:
		c.doc.begin(object, line, name)
		if w.leaf {
			return c.doc.end()
		}
		if err := c.members(n, w); err != nil {
			return err
		}
		return c.doc.end()
	case yaml.SequenceNode:
		c.doc.begin(list, line, name)
		for _, element := range n.Content {
			if w.leaf && !w.many {
				break
			}
			if err := c.value(element, nil, w); err != nil {
				return err
			}
		}
		return c.doc.end()
	default:
		return c.scalar(n, line, name, w)
	}
}

func (c *converter) scalar(n *yaml.Node, line int, name []byte, w *want) error {
	k, t, err := scalarOf(n)
	if err != nil {
		return &syntaxError{line, err}
	}
	if k == text && !w.leaf {
		t = nil
	}
	c.doc.add(k, line, name, c.doc.keep(t))
	return nil
}

// members adds the wanted members of a mapping.
func (c *converter) members(n *yaml.Node, w *want) error {
	all, err := c.pairs(n, 0)
	if err != nil {
		return err
	}
	for _, p := range all {
		key, err := keyOf(p.key)
		if err != nil {
			return &syntaxError{c.base + p.key.Line, err}
		}
		if child := w.child(key); child != nil {
			if err := c.value(p.value, c.doc.keep(key), child); err != nil {
				return err
			}
		}
	}
	return nil
}

// pair is a member of a mapping.
type pair struct {
	key, value *yaml.Node
	merged     bool // it comes from a mapping that "<<" names
}

// pairs are the members of a mapping, with those that "<<" brings in. As in
// go.yaml.in/yaml/v2, what is written later wins over what was merged, and what
// is merged later over all.
func (c *converter) pairs(n *yaml.Node, depth int) ([]pair, error) {
	all := make([]pair, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isMerge(key) {
			all = slices.DeleteFunc(all, func(p pair) bool { return p.merged && p.key.Value == key.Value })
			all = append(all, pair{key: key, value: value})
			continue
		}
		merged, err := c.merged(value, depth+1)
		if err != nil {
			return nil, err
		}
		for _, m := range merged {
			all = slices.DeleteFunc(all, func(p pair) bool { return p.key.Value == m.key.Value })
			all = append(all, pair{m.key, m.value, true})
		}
	}
	return all, nil
}

// merged are the members of what "<<" names: a mapping, or several, of which
// the first wins.
func (c *converter) merged(n *yaml.Node, depth int) ([]pair, error) {
	if c.nodes++; c.nodes > maxNodes || depth > few {
		return nil, &syntaxError{c.base + n.Line, errUnfolds}
	}
	switch n.Kind {
	case yaml.AliasNode:
		return c.merged(n.Alias, depth)
	case yaml.MappingNode:
		c.nodes += len(n.Content)
		return c.pairs(n, depth)
	case yaml.SequenceNode:
		var all []pair
		for _, element := range slices.Backward(n.Content) {
			more, err := c.merged(element, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	default:
		return nil, &syntaxError{c.base + n.Line, errors.New("<<: expected a mapping, or a list of mappings")}
	}
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Style == 0 || key.Tag == "!!merge")
}

// keyOf is the name of a member. Names that are no strings become such, as
// sigs.k8s.io/yaml v1.6 has it (convertToJSONableObject).
func keyOf(n *yaml.Node) ([]byte, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return nil, errors.New("expected the name of a field, found a mapping or a list")
	}
	k, t, err := scalarOf(n)
	switch {
	case err != nil:
		return nil, err
	case k == null:
		return nil, errors.New("expected the name of a field, found null")
	case k == number:
		if _, err := strconv.ParseInt(string(t), 10, 64); err != nil {
			f, err := strconv.ParseFloat(string(t), 64)
			return strconv.AppendFloat(nil, f, 'g', -1, 32), err
		}
	}
	return t, nil
}

// scalarOf is what a scalar is, as JSON has it.
func scalarOf(n *yaml.Node) (kind, []byte, error) {
	tagged := n.Style&yaml.TaggedStyle != 0
	if n.Style&^yaml.TaggedStyle != 0 && !tagged || n.Tag == "!!str" && tagged {
		return text, []byte(n.Value), nil
	}
	k, t, ok := resolve([]byte(n.Value))
	switch {
	case tagged:
		return taggedScalar(n, k, t, ok)
	case !ok:
		return null, nil, fmt.Errorf("%s is not a number that JSON can have", n.Value)
	}
	return k, t, nil
}

// taggedScalar is a scalar with an explicit tag.
func taggedScalar(n *yaml.Node, k kind, t []byte, ok bool) (kind, []byte, error) {
	wanted, known := map[string]kind{"!!null": null, "!!bool": boolean, "!!int": number, "!!float": number}[n.Tag]
	switch {
	case !known:
		return text, []byte(n.Value), nil
	case !ok || k != wanted:
		return null, nil, fmt.Errorf("%s is not what its tag %s says", shortened([]byte(n.Value)), n.Tag)
	}
	return k, t, nil
}
