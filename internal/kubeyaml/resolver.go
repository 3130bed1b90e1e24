package kubeyaml

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// MaxText is the largest text, in bytes, that callers should read as a whole.
// An object is stored in etcd, which accepts less.
const MaxText = 4 << 20

// Limits of a document.
const (
	// maxDepth is how deep lists and objects may be nested: the limit of
	// encoding/json, which reads the output of sigs.k8s.io/yaml.
	maxDepth = 10_000
	// maxUnfolded is how many values may come from aliases; each costs memory.
	maxUnfolded = 100_000
)

// Errors of documents that Kubernetes refuses, or that nobody needs.
var (
	errDepth   = fmt.Errorf("more than %d lists and objects inside each other", maxDepth)
	errAliases = errors.New("the aliases expand to too many values")
	errKey     = errors.New("a list or an object cannot be the name of a field")
	errMerge   = errors.New("<<: expected an object, or a list of objects")
	errItself  = errors.New("the value of an anchor contains itself")
	errOther   = errors.New("the anchor is one of another document")
)

// resolver converts the nodes of one document into values, in the same steps as
// go.yaml.in/yaml/v2 (decode.go), which counts them.
type resolver struct {
	text  []byte
	lines *Lines // of the text; nil if it contains no tag
	first int    // the line in which the document begins

	open     map[*yaml.Node]bool // the aliases that are being resolved
	depth    int
	steps    int
	unfolded int // steps inside of aliases
}

// step counts one value, key or alias.
func (r *resolver) step(n *yaml.Node) error {
	r.steps++
	if len(r.open) > 0 {
		r.unfolded++
	}
	excessive := r.unfolded > 100 && r.steps > 1000 && float64(r.unfolded)/float64(r.steps) > 0.99
	switch {
	case r.depth > maxDepth:
		return &Error{n.Line, errDepth}
	case excessive, r.unfolded > maxUnfolded:
		return &Error{n.Line, errAliases}
	}
	return nil
}

// follow calls use with the node that an alias refers to.
func (r *resolver) follow(alias *yaml.Node, use func(*yaml.Node) error) error {
	switch {
	case r.open[alias]:
		return &Error{alias.Line, errItself}
	case alias.Alias.Line < r.first:
		return &Error{alias.Line, errOther}
	}
	r.open[alias] = true
	defer delete(r.open, alias)
	return use(alias.Alias)
}

func (r *resolver) value(n *yaml.Node) (v Value, err error) {
	if err := r.step(n); err != nil {
		return v, err
	}
	r.depth++
	switch n.Kind {
	case yaml.AliasNode:
		err = r.follow(n, func(target *yaml.Node) error {
			v, err = r.value(target)
			return err
		})
		v.Node = n
	case yaml.SequenceNode:
		v = Value{Kind: List, Node: n, Items: make([]Value, len(n.Content))}
		for i, element := range n.Content {
			if v.Items[i], err = r.value(element); err != nil {
				return v, err
			}
		}
	case yaml.MappingNode:
		o := object{value: Value{Kind: Object, Node: n, Members: make([]Member, 0, len(n.Content)/2)}}
		err = r.members(n, &o, false)
		v = o.value
	default:
		v, err = r.scalar(n)
	}
	r.depth--
	return v, err
}

// object is an object while its members are set.
type object struct {
	value Value
	at    map[string]int // index in value.Members by name; nil while there are few
}

// few is how many members are compared one by one.
const few = 16

func (o *object) set(m Member) {
	at := o.find(m.Name)
	if at < 0 {
		o.value.Members = append(o.value.Members, m)
		return
	}
	before := o.value.Members[at]
	m.Before = &before
	o.value.Members[at] = m
}

// find returns the index of the member of this name; -1 if it is missing, and
// then the next new member is this one.
func (o *object) find(name string) int {
	all := o.value.Members
	if len(all) < few {
		for i := range all {
			if all[i].Name == name {
				return i
			}
		}
		return -1
	}
	if o.at == nil {
		o.at = map[string]int{}
		for i := range all {
			o.at[all[i].Name] = i
		}
	}
	if at, there := o.at[name]; there {
		return at
	}
	o.at[name] = len(all)
	return -1
}

// members sets the members of a mapping in their order: of several with the
// same name the last one counts, even if it comes from a merge key.
func (r *resolver) members(n *yaml.Node, o *object, merged bool) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if r.isMerge(key) {
			if err := r.merge(value, o); err != nil {
				return err
			}
			continue
		}
		k, err := r.value(key)
		if err != nil {
			return err
		}
		name, err := k.name()
		if errors.Is(err, errKey) {
			return &Error{key.Line, err}
		}
		if err != nil && o.value.Err == nil {
			o.value.Err = &Error{key.Line, err}
		}
		v, err := r.value(value)
		if err != nil {
			return err
		}
		o.set(Member{Name: name, Key: key, Value: v, Merged: merged})
	}
	return nil
}

// merge sets the members of the value of "<<": an object, or a list of objects,
// of which the first has precedence and so is set last.
func (r *resolver) merge(n *yaml.Node, o *object) error {
	all := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		all = n.Content
	}
	for _, one := range slices.Backward(all) {
		if through(one).Kind != yaml.MappingNode {
			return &Error{one.Line, errMerge}
		}
		if err := r.mergeOne(one, o); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) mergeOne(n *yaml.Node, o *object) error {
	if err := r.step(n); err != nil {
		return err
	}
	if n.Kind == yaml.AliasNode {
		return r.follow(n, func(target *yaml.Node) error { return r.mergeOne(target, o) })
	}
	r.depth++
	err := r.members(n, o, true)
	r.depth--
	return err
}

func (r *resolver) isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Tag == "!!merge" || r.loneTag(key))
}

// name returns a value as the name of a field (sigs.k8s.io/yaml,
// convertToJSONableObject).
func (v *Value) name() (string, error) {
	switch {
	case v.Kind == List || v.Kind == Object:
		return "", errKey
	case v.Kind == Null, v.form == unsigned:
		return v.Text, fmt.Errorf("expected the name of a field, found %s", v.found())
	case v.form == floating:
		return floatName(v.Text), nil
	}
	return v.Text, nil
}

func (v *Value) found() string {
	if v.Kind == Null {
		return Null.String()
	}
	return v.Text
}
