package kubeletcfg

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// merger merges the sources, and records where each value came from:
// "featureGates.NodeSwap" -> "/etc/kubernetes/kubelet.conf.d/50-swap.conf".
type merger struct {
	row      Row
	tree     map[string]any
	from     map[string]string
	sources  []string
	problems []Problem
}

func (m *merger) problem(p Problem) { m.problems = append(m.problems, p) }

// defaultEviction are the kubelet's thresholds if its --config file has no
// evictionHard (pkg/kubelet/eviction/defaults_linux.go).
func defaultEviction() map[string]any {
	return map[string]any{
		"memory.available":   "100Mi",
		"nodefs.available":   "10%",
		"nodefs.inodesFree":  "5%",
		"imagefs.available":  "15%",
		"imagefs.inodesFree": "5%",
	}
}

// config reads the --config file. The kubelet decodes it strictly and, if that
// fails, leniently (pkg/kubelet/kubeletconfig/util/codec): a misspelt field is
// only logged. The default thresholds apply if evictionHard is not set, or if
// mergeDefaultEvictionSettings is (loadConfigFile).
func (m *merger) config(s Source) error {
	d, err := first(s)
	if err != nil {
		return err
	}
	m.document(d)
	return nil
}

// document takes a document as that of --config.
func (m *merger) document(d document) {
	m.identity(d, true)
	tree := m.take(d, false)
	m.lay(tree, d.source)
	hard, named := tree["evictionHard"].(map[string]any)
	merge, _ := tree["mergeDefaultEvictionSettings"].(bool)
	if named && (!merge || !m.row.MergeEviction) {
		return
	}
	whole := defaultEviction()
	for signal := range whole {
		if _, own := hard[signal]; !own {
			m.from["evictionHard."+signal] = Default
		}
	}
	maps.Copy(whole, hard)
	m.tree["evictionHard"] = whole
}

// dropins reads the files of --config-dir.
func (m *merger) dropins(files []Source) error {
	var all []document
	for _, s := range files {
		d, err := first(s)
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	m.dropinDocuments(all)
	return nil
}

// dropinDocuments merges them in the way of this minor.
func (m *merger) dropinDocuments(all []document) {
	over := &merger{tree: map[string]any{}, from: map[string]string{}}
	for _, d := range all {
		m.identity(d, m.row.DropinDir.Merge != MergeOver)
		tree := m.take(d, true)
		if m.row.DropinDir.Merge != "" {
			m.sources = append(m.sources, d.source)
		}
		switch m.row.DropinDir.Merge {
		case MergeNonZero:
			m.layNonZero(tree, d.source)
		case MergeOver:
			over.patch(over.tree, tree, "", d.source)
		case MergePatch:
			m.patch(m.tree, tree, "", d.source)
		default:
			m.problem(Problem{
				Severity: Fatal, Source: d.source, Message: "the kubelet of " + m.row.Kubernetes + " has no --config-dir",
				Fix: "write it into the file of --config",
			})
		}
	}
	m.overlay(m.tree, over.tree, over.from, "")
}

// identity finds a document that the kubelet does not recognise as its own.
func (m *merger) identity(d document, version bool) {
	for _, want := range []struct{ field, value string }{{"apiVersion", GroupVersion}, {"kind", ConfigKind}} {
		if want.field == "apiVersion" && !version {
			continue
		}
		value := d.root.Get(want.field)
		if value != nil && value.Kind == kubeyaml.String && value.Text == want.value {
			continue
		}
		p := Problem{Severity: Fatal, Source: d.source, Line: d.root.Node.Line, Column: d.root.Node.Column, Field: want.field, Message: "it is missing", Fix: want.field + ": " + want.value}
		if value != nil {
			p.Line, p.Column = place(value.Node)
			p.Message = fmt.Sprintf("%q is not a kubelet's", value.Content().Value)
		}
		m.problem(p)
	}
}

// take returns the fields of a document that affect swap. In a drop-in file
// their names may be in any case: the kubelet decodes it with encoding/json.
func (m *merger) take(d document, dropin bool) map[string]any {
	known := decides()
	tree := map[string]any{}
	all, _ := d.root.Any().(map[string]any)
	for name, value := range all {
		want, ok := known[name]
		for field := range known {
			if dropin && strings.EqualFold(field, name) {
				want, ok = known[field], true
			}
		}
		if !ok {
			continue
		}
		if wrong := want.wrong(value); wrong != "" {
			n := d.root.Get(name)
			p := Problem{Severity: Fatal, Source: d.source, Field: name, Message: "the kubelet cannot decode it: " + wrong, Fix: want.fix()}
			p.Line, p.Column = place(written(n))
			m.problem(p)
			continue
		}
		tree[name] = value
	}
	return tree
}

// lay applies a whole file; null is the same as a missing field.
func (m *merger) lay(tree map[string]any, source string) {
	m.sources = append(m.sources, source)
	for name, value := range tree {
		if value == nil {
			continue
		}
		m.tree[name] = clone(value)
		m.mark(name, value, source)
	}
}

// mark records where a value, and the values in it, came from.
func (m *merger) mark(path string, value any, source string) {
	m.from[path] = source
	object, _ := value.(map[string]any)
	for name, v := range object {
		m.mark(path+"."+name, v, source)
	}
}

// clear removes a field.
func (m *merger) clear(field string) {
	delete(m.tree, field)
	for path := range m.from {
		if path == field || strings.HasPrefix(path, field+".") {
			delete(m.from, path)
		}
	}
}

// patch applies a JSON merge patch (RFC 7386).
func (m *merger) patch(target, patch map[string]any, prefix, source string) {
	for name, value := range patch {
		path := prefix + name
		object, isObject := value.(map[string]any)
		old, wasObject := target[name].(map[string]any)
		switch {
		case value == nil:
			delete(target, name)
		case isObject:
			if !wasObject {
				old = map[string]any{}
				target[name] = old
			}
			m.from[path] = source
			m.patch(old, object, path+".", source)
		default:
			target[name] = value
			m.mark(path, value, source)
		}
	}
}

// overlay decodes into an existing object as encoding/json does: it adds to
// maps, and replaces everything else.
func (m *merger) overlay(target, over map[string]any, from map[string]string, prefix string) {
	for name, value := range over {
		path := prefix + name
		m.from[path] = from[path]
		object, isObject := value.(map[string]any)
		if !isObject {
			target[name] = value
			continue
		}
		old, wasObject := target[name].(map[string]any)
		if !wasObject {
			old = map[string]any{}
			target[name] = old
		}
		m.overlay(old, object, from, path+".")
	}
}

// layNonZero merges as mergo does, with a file that was completed with all
// defaults before.
func (m *merger) layNonZero(tree map[string]any, source string) {
	if _, said := tree["failSwapOn"].(bool); !said {
		tree["failSwapOn"] = true
	}
	if _, said := tree["evictionHard"]; !said {
		tree["evictionHard"] = defaultEviction()
	}
	if text, _ := tree[runtimeField].(string); text == "" {
		tree[runtimeField] = containerdEndpoint
	}
	for name, value := range tree {
		switch value {
		case nil, false, "":
			delete(tree, name)
		}
	}
	if object, ok := tree["memorySwap"].(map[string]any); ok && object["swapBehavior"] == any("") {
		delete(object, "swapBehavior")
	}
	m.patch(m.tree, tree, "", source)
}

func clone(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	copied := make(map[string]any, len(object))
	for name, v := range object {
		if v != nil {
			copied[name] = clone(v)
		}
	}
	return copied
}

// lookup returns a field of the merged configuration. Only drop-in files may
// spell names in another case; encoding/json reads these in their order, and
// the last one wins.
func (m *merger) lookup(field string) any {
	value := m.tree[field]
	for _, name := range slices.Sorted(maps.Keys(m.tree)) {
		if name > field && strings.EqualFold(name, field) {
			value = m.tree[name]
			m.from[field] = m.from[name]
		}
	}
	return value
}

// place returns where a node is.
func place(n *yaml.Node) (line, column int) {
	if n == nil {
		return 0, 0
	}
	return n.Line, n.Column
}
