package kubeletcfg

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// change sets one field to a bool or a string, or adds an item at the beginning
// of a list. A number in the path is an index in a list.
type change struct {
	path  []string
	value any
}

type item string

// Edit returns a kubelet's configuration file, YAML or JSON, with the fields
// that w needs set in its first document, the only one that a kubelet reads.
// All other bytes stay. It parses the result before it returns: nothing else
// may have changed, and the kubelet of this minor must accept it. The error,
// with exit code fail.Usage, says why that is not possible.
func (r Row) Edit(config []byte, w Desired) ([]byte, error) {
	return r.edit(Source{Name: "the kubelet's configuration", Data: config}, w)
}

func (r Row) edit(source Source, w Desired) ([]byte, error) {
	s, err := r.setting(w)
	if err != nil {
		return nil, err
	}
	d, err := first(source)
	if err == nil {
		source.Data, err = r.editDocument(source, d, s)
	}
	return source.Data, fail.New(fail.Usage, "add swap to "+source.Name, err)
}

// editDocument edits one KubeletConfiguration of a file.
func (r Row) editDocument(source Source, d document, s setting) ([]byte, error) {
	edited := source.Data
	for _, c := range r.changes(s, r.effectiveOf(d)) {
		var err error
		if edited, err = apply(edited, d.number-1, c); err != nil {
			return nil, err
		}
	}
	all, err := documents(Source{source.Name, edited})
	if err != nil {
		return nil, err
	}
	return edited, s.proves(r.effectiveOf(all[d.number-1]))
}

// effectiveOf is Effective for one document as the --config file.
func (r Row) effectiveOf(d document) Effective {
	m := &merger{row: r, tree: map[string]any{}, from: map[string]string{}}
	m.document(d)
	return m.effective()
}

// changes are the fields to change, in the order in which they are written.
func (r Row) changes(s setting, is Effective) []change {
	all := []change{{[]string{"failSwapOn"}, false}}
	switch {
	case s.behavior != "":
		all = append(all, change{[]string{"memorySwap", "swapBehavior"}, s.behavior})
	case is.SwapBehavior != "":
		all = append(all, change{[]string{"memorySwap", "swapBehavior"}, ""})
	}
	explicit, set := is.Gates["NodeSwap"]
	switch gate := []string{"featureGates", "NodeSwap"}; {
	case s.gateOff && is.NodeSwap:
		all = append(all, change{gate, false})
	case s.gateOff:
	case !is.NodeSwap, set && !explicit:
		all = append(all, change{gate, true})
	}
	if s.allowCgroup {
		all = append(all, change{[]string{"failCgroupV1"}, false})
	}
	return all
}

// proves returns an error if a configuration does not do what the setting is
// for.
func (s setting) proves(e Effective) error {
	for _, p := range e.Fatals() {
		return errors.New(p.String())
	}
	switch {
	case e.FailSwapOn:
		return fmt.Errorf("read back, failSwapOn is still true (%s)", e.FailSwapOnFrom)
	case e.SwapBehavior != s.behavior:
		return fmt.Errorf("read back, memorySwap.swapBehavior is %q (%s)", e.SwapBehavior, e.SwapBehaviorFrom)
	case s.allowCgroup && e.FailCgroupV1:
		return fmt.Errorf("read back, failCgroupV1 is still true (%s)", e.FailCgroupV1From)
	}
	return nil
}

// apply makes one change in one document of a file (from 0), and parses the
// result.
func apply(data []byte, number int, c change) ([]byte, error) {
	all, err := documents(Source{Name: "it", Data: data})
	if err != nil {
		return nil, err
	}
	root := all[number].root
	want := root.Any()
	refuse := func(err error) error {
		return fmt.Errorf("line %d: %s: %w", reached(root, c.path).Node.Line, strings.Join(c.path, "."), err)
	}
	if !put(want, c.path, c.value) {
		return nil, refuse(errors.New("it does not fit in: what it belongs into is no object"))
	}
	if reflect.DeepEqual(want, root.Any()) {
		return data, nil
	}
	t := newText(data)
	t.json = t.json || strings.HasPrefix(string(t.data[t.lines.Offset(root.Node):]), `{"`)
	texts, err := t.set(root, c.path, c.value)
	if err != nil {
		return nil, refuse(err)
	}
	for _, edited := range texts {
		if same(edited, all, number, want) {
			return edited, nil
		}
	}
	return nil, refuse(errors.New("it cannot be set without touching something else: write it by hand"))
}

// reached returns the last node that exists on the path to a field.
func reached(root *kubeyaml.Value, path []string) *kubeyaml.Value {
	for _, name := range path {
		next := root.Get(name)
		if next == nil {
			break
		}
		root = next
	}
	return root
}

// same reports whether a text contains these documents, with the value want for
// one of them.
func same(edited []byte, all []document, number int, want any) bool {
	back, err := documents(Source{Data: edited})
	if err != nil || len(back) != len(all) {
		return false
	}
	for i := range all {
		expected := want
		if i != number {
			if (all[i].root == nil) != (back[i].root == nil) {
				return false
			}
			if all[i].root == nil {
				continue
			}
			expected = all[i].root.Any()
		}
		if back[i].root == nil || !reflect.DeepEqual(back[i].root.Any(), expected) {
			return false
		}
	}
	return true
}

// put sets a field in a tree of objects.
func put(tree any, path []string, value any) bool {
	if list, ok := tree.([]any); ok && len(path) > 1 {
		at, err := strconv.Atoi(path[0])
		return err == nil && at < len(list) && put(list[at], path[1:], value)
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return false
	}
	if len(path) == 1 {
		if added, isItem := value.(item); isItem {
			list, _ := object[path[0]].([]any)
			value = append([]any{string(added)}, list...)
		}
		object[path[0]] = value
		return true
	}
	if object[path[0]] == nil {
		object[path[0]] = map[string]any{}
	}
	return put(object[path[0]], path[1:], value)
}
