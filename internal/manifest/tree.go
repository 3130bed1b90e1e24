package manifest

import (
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// kind is the kind of a value, in the terms of JSON.
type kind = kubeyaml.Kind

// The kinds of values.
const (
	null    = kubeyaml.Null
	boolean = kubeyaml.Bool
	number  = kubeyaml.Number
	text    = kubeyaml.String
	list    = kubeyaml.List
	object  = kubeyaml.Object
)

// node is a value in a document.
type node struct {
	kind   kind
	line   int    // from 1
	parent int    // -1 for the root
	end    int    // the first node that is not inside this one
	name   []byte // of a member of an object
	text   []byte // of a scalar: the string itself; others as JSON writes them
}

// document is the part of an object that is kept: its nodes in their order,
// each before its children. It is reused.
type document struct {
	nodes []node
	bytes []byte // what the nodes' names and texts are made of
	open  int    // the node that gets the next child, -1 for none
}

func (d *document) reset() {
	d.nodes, d.bytes, d.open = d.nodes[:0], d.bytes[:0], -1
}

// keep copies b into the document.
func (d *document) keep(b []byte) []byte {
	from := len(d.bytes)
	d.bytes = append(d.bytes, b...)
	return d.bytes[from:len(d.bytes):len(d.bytes)]
}

// add appends a scalar; the document keeps name and text.
func (d *document) add(k kind, line int, name, text []byte) {
	d.nodes = append(d.nodes, node{kind: k, line: line, parent: d.open, end: len(d.nodes) + 1, name: name, text: text})
}

// begin appends a list or object, which contains the following nodes until end.
func (d *document) begin(k kind, line int, name []byte) {
	d.add(k, line, name, nil)
	d.open = len(d.nodes) - 1
}

// end closes the last open one. It refuses a duplicate name: which one counts
// would be a guess.
func (d *document) end() error {
	n := &d.nodes[d.open]
	n.end = len(d.nodes)
	at := value{d, d.open}
	d.open = n.parent
	if n.kind == object {
		return at.refuseTwins()
	}
	return nil
}

// abandon closes everything that is open, to read what is there after an error.
func (d *document) abandon() {
	for ; d.open >= 0; d.open = d.nodes[d.open].parent {
		d.nodes[d.open].end = len(d.nodes)
	}
}

// soFar is the root while it is open.
func (d *document) soFar() value {
	d.nodes[0].end = len(d.nodes)
	return d.root()
}

// root is the document's value.
func (d *document) root() value {
	if len(d.nodes) == 0 {
		return value{d, -1}
	}
	return value{d, 0}
}

// value is a value in a document, or the absence of one.
type value struct {
	d *document
	i int // -1: absent
}

func (v value) there() bool { return v.i >= 0 }

// kind is null for an absent value, as in Kubernetes.
func (v value) kind() kind {
	if v.i < 0 {
		return null
	}
	return v.d.nodes[v.i].kind
}

func (v value) text() []byte { return v.d.nodes[v.i].text }
func (v value) name() []byte { return v.d.nodes[v.i].name }

// each yields the children of a list or object.
func (v value) each() iter.Seq[value] {
	return func(yield func(value) bool) {
		if v.i < 0 {
			return
		}
		for i, end := v.i+1, v.d.nodes[v.i].end; i < end; i = v.d.nodes[i].end {
			if !yield(value{v.d, i}) {
				return
			}
		}
	}
}

// get is the member with this name.
func (v value) get(name string) value {
	if v.kind() == object {
		for i, end := v.i+1, v.d.nodes[v.i].end; i < end; i = v.d.nodes[i].end {
			if string(v.d.nodes[i].name) == name {
				return value{v.d, i}
			}
		}
	}
	return value{v.d, -1}
}

// at follows names from member to member.
func (v value) at(names ...string) value {
	for _, name := range names {
		v = v.get(name)
	}
	return v
}

// few is up to how many members are compared with each other one by one.
const few = 16

// errTwice is a name that an object has twice.
var errTwice = errors.New("duplicate field")

func (v value) refuseTwins() error {
	nodes := v.d.nodes
	begin, end := v.i+1, nodes[v.i].end
	var seen map[string]bool
	count := 0
	for i := begin; i < end; i = nodes[i].end {
		twin := false
		switch count++; {
		case count <= few:
			for j := begin; j < i; j = nodes[j].end {
				twin = twin || string(nodes[i].name) == string(nodes[j].name)
			}
		default:
			if seen == nil {
				seen = map[string]bool{}
				for j := begin; j < i; j = nodes[j].end {
					seen[string(nodes[j].name)] = true
				}
			}
			twin = seen[string(nodes[i].name)]
			seen[string(nodes[i].name)] = true
		}
		if twin {
			return &fieldError{value{v.d, i}, errTwice}
		}
	}
	return nil
}

// path formats the path of a value:
// spec.containers[0].resources.limits[memory].
func (v value) path() string {
	n := &v.d.nodes[v.i]
	if n.parent < 0 {
		return ""
	}
	parent := value{v.d, n.parent}
	before := parent.path()
	switch {
	case parent.kind() == list:
		index := 0
		for other := range parent.each() {
			if other.i == v.i {
				break
			}
			index++
		}
		return before + "[" + strconv.Itoa(index) + "]"
	case before == "":
		return string(n.name)
	case keyed(parent.name()):
		return before + "[" + string(n.name) + "]"
	}
	return before + "." + string(n.name)
}

// keyed reports whether the names of the members are chosen by people.
func keyed(field []byte) bool {
	switch string(field) {
	case "requests", "limits", "capacity", "labels", "annotations", "nodeSelector", "default", "defaultRequest", "max", "min":
		return true
	}
	return false
}

// fieldError is what is wrong with a value.
type fieldError struct {
	at  value
	err error
}

func (e *fieldError) Error() string { return fmt.Sprintf("%s: %v", e.at.path(), e.err) }
func (e *fieldError) Unwrap() error { return e.err }

// clone copies a document, to keep it while the next one is read.
func (d *document) clone() document {
	c := document{nodes: make([]node, 0, len(d.nodes)), bytes: make([]byte, 0, len(d.bytes))}
	for _, n := range d.nodes {
		n.name, n.text = c.keep(n.name), c.keep(n.text)
		c.nodes = append(c.nodes, n)
	}
	return c
}
