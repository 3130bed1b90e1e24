package kubeadmfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// PatchType is a kind of patch that kubeadm applies.
type PatchType string

// The types, as the names of patch files have them.
const (
	StrategicPatch PatchType = "strategic"
	MergePatch     PatchType = "merge"
	JSONPatch      PatchType = "json"
)

// PatchError is a patch that kubeadm cannot apply: it stops.
type PatchError struct {
	Node  *yaml.Node // what of the patch
	Field string     // of the patch: "path", "op"; "" for the patch as a whole
	Err   error
}

// Error says why.
func (e *PatchError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *PatchError) Unwrap() error { return e.Err }

// Apply returns what a patch makes of an object without lists that are merged by a
// key, as a KubeletConfiguration is one (k8s.io/kubernetes v1.37.1,
// cmd/kubeadm/app/util/patches/patches.go, ApplyPatchesToTarget). What comes from
// the patch keeps its nodes. The target is changed.
func Apply(target, patch kubeyaml.Value, typ PatchType) (kubeyaml.Value, error) {
	switch {
	case typ == JSONPatch:
		return operations(target, patch)
	case patch.Kind == kubeyaml.Object && typ == MergePatch:
		merge(&target, patch)
		return target, nil
	case patch.Kind == kubeyaml.Object:
		return strategic(target, patch)
	case patch.Kind == kubeyaml.Null && typ == StrategicPatch:
		return target, nil
	}
	return target, &PatchError{patch.Node, "", fmt.Errorf("expected an object, found %s", patch.Kind)}
}

// merge is a JSON merge patch (RFC 7386; gopkg.in/evanphx/json-patch.v4 v4.13.0,
// merge.go).
func merge(target *kubeyaml.Value, patch kubeyaml.Value) {
	for m := range patch.Each() {
		old := target.Member(m.Name)
		switch {
		case m.Value.Kind == kubeyaml.Null:
			remove(target, m.Name)
		case old != nil && old.Value.Kind == kubeyaml.Object && m.Value.Kind == kubeyaml.Object:
			merge(&old.Value, m.Value)
		case old != nil && old.Value.Kind == kubeyaml.Object:
			set(target, member(m, m.Value))
		default:
			set(target, member(m, without(m.Value, isNull)))
		}
	}
}

// The directives of a strategic merge patch.
const (
	directive  = "$patch"
	retainKeys = "$retainKeys"
	setOrder   = "$setElementOrder/"
	deleteFrom = "$deleteFromPrimitiveList/"
)

// strategic is a strategic merge patch for a type whose lists are replaced
// (k8s.io/apimachinery v0.37.1, pkg/util/strategicpatch/patch.go, mergeMap).
func strategic(target, patch kubeyaml.Value) (kubeyaml.Value, error) {
	if m := patch.Member(directive); m != nil {
		return directed(patch, m)
	}
	if err := retain(&target, patch); err != nil {
		return target, err
	}
	for m := range patch.Each() {
		if err := strategicMember(&target, m); err != nil {
			return target, err
		}
	}
	return target, nil
}

// directed is what "$patch" makes of the object in which it stands.
func directed(patch kubeyaml.Value, m *kubeyaml.Member) (kubeyaml.Value, error) {
	switch m.Value.Text {
	case "replace":
		remove(&patch, directive)
		return patch, nil
	case "delete":
		return kubeyaml.Value{Kind: kubeyaml.Object, Node: patch.Node}, nil
	}
	return patch, &PatchError{m.Value.Node, directive, fmt.Errorf("%s: expected replace or delete, found %q", directive, m.Value.Text)}
}

// retain removes what "$retainKeys" does not name.
func retain(target *kubeyaml.Value, patch kubeyaml.Value) error {
	m := patch.Member(retainKeys)
	if m == nil {
		return nil
	}
	names := func(name string) bool {
		return slices.ContainsFunc(m.Value.Items, func(v kubeyaml.Value) bool { return v.Text == name })
	}
	wrong := m.Value.Kind != kubeyaml.List
	for other := range patch.Each() {
		directs := other.Name == retainKeys || strings.HasPrefix(other.Name, setOrder) || strings.HasPrefix(other.Name, deleteFrom)
		wrong = wrong || !directs && other.Value.Kind != kubeyaml.Null && !names(other.Name)
	}
	if wrong {
		return &PatchError{m.Key, retainKeys, errors.New(retainKeys + ": expected a list with every field of the patch")}
	}
	target.Members = slices.DeleteFunc(target.Members, func(old kubeyaml.Member) bool { return !names(old.Name) })
	return nil
}

func strategicMember(target *kubeyaml.Value, m *kubeyaml.Member) error {
	if m.Name == retainKeys || strings.HasPrefix(m.Name, setOrder) {
		return nil
	}
	if name, ok := strings.CutPrefix(m.Name, deleteFrom); ok {
		if old := target.Member(name); old != nil {
			old.Value.Items = slices.DeleteFunc(old.Value.Items, func(v kubeyaml.Value) bool {
				return slices.ContainsFunc(m.Value.Items, func(d kubeyaml.Value) bool { return d.Kind == v.Kind && d.Text == v.Text })
			})
		}
		return nil
	}
	old := target.Member(m.Name)
	switch {
	case m.Value.Kind == kubeyaml.Null:
		remove(target, m.Name)
	case old == nil || old.Value.Kind != m.Value.Kind:
		if m.Value.Member(directive) != nil {
			remove(target, m.Name)
			return nil
		}
		set(target, member(m, without(m.Value, func(inner *kubeyaml.Member) bool { return isNull(inner) || inner.Value.Member(directive) != nil })))
	case m.Value.Kind == kubeyaml.Object:
		value, err := strategic(old.Value, m.Value)
		if err != nil {
			return err
		}
		set(target, member(m, value))
	default:
		set(target, member(m, m.Value))
	}
	return nil
}

// operations are those of RFC 6902, as gopkg.in/evanphx/json-patch.v4 v4.13.0 takes
// them (patch.go): "replace" adds what is not there, and a path begins with "/".
func operations(target, patch kubeyaml.Value) (kubeyaml.Value, error) {
	if patch.Kind != kubeyaml.List && patch.Kind != kubeyaml.Null {
		return target, &PatchError{patch.Node, "", errors.New("expected a list of operations, found " + patch.Kind.String())}
	}
	for i := range patch.Items {
		var err error
		if target, err = operation(target, &patch.Items[i]); err != nil {
			return target, err
		}
	}
	return target, nil
}

func operation(target kubeyaml.Value, o *kubeyaml.Value) (kubeyaml.Value, error) {
	op, path, from := o.Get("op"), o.Get("path"), o.Get("from")
	kind := ""
	if op != nil {
		kind = op.Text
	}
	needs := map[string]*kubeyaml.Value{"path": path}
	switch kind {
	case "add", "replace", "remove", "test":
	case "move", "copy":
		needs["from"] = from
	case "":
		return target, &PatchError{o.Node, "op", errors.New("an operation needs op and path")}
	default:
		return target, &PatchError{op.Node, "op", fmt.Errorf("there is no operation %q", kind)}
	}
	for field, v := range needs {
		if v == nil || v.Kind != kubeyaml.String {
			return target, &PatchError{o.Node, field, fmt.Errorf("the operation %q needs a %s", kind, field)}
		}
	}
	value, ok := o.Get("value"), true
	if value == nil {
		value = &kubeyaml.Value{Node: o.Node}
	}
	at := path
	switch kind {
	case "add", "replace":
		if path.Text == "" && kind == "replace" {
			return *value, nil
		}
		ok = add(&target, path, *value, kind == "add")
	case "remove":
		ok = take(&target, path.Text)
	case "test":
		found := find(&target, path.Text)
		ok = found != nil && same(*found, *value) || found == nil && value.Kind == kubeyaml.Null
	case "move", "copy":
		at = from
		ok = carry(&target, from, path, kind == "move")
	}
	if !ok {
		return target, &PatchError{at.Node, "path", fmt.Errorf("the operation %q does not apply: %s", kind, whyNot(&target, at.Text))}
	}
	return target, nil
}

// carry copies or moves a value. A copy of a member that is not there is null.
func carry(target, from, path *kubeyaml.Value, move bool) bool {
	var value kubeyaml.Value
	in, _ := container(target, from.Text)
	switch found := find(target, from.Text); {
	case found != nil:
		value = clone(*found)
	case in == nil || in.Kind != kubeyaml.Object || move:
		return false
	}
	return (!move || take(target, from.Text)) && add(target, path, value, true)
}

// whyNot says why nothing is found by a path.
func whyNot(target *kubeyaml.Value, path string) string {
	if !strings.HasPrefix(path, "/") {
		return "a path begins with a /"
	}
	names := strings.Split(path, "/")[1:]
	for i := range names[:len(names)-1] {
		if find(target, "/"+strings.Join(names[:i+1], "/")) == nil {
			return fmt.Sprintf("the configuration has no /%s", strings.Join(names[:i+1], "/"))
		}
	}
	return "the configuration has no such " + path
}

// container is the object or list that a path leads into, and what the last name of
// the path is in there.
func container(target *kubeyaml.Value, path string) (in *kubeyaml.Value, name string) {
	names := strings.Split(path, "/")
	if len(names) < 2 {
		return nil, ""
	}
	decode := strings.NewReplacer("~1", "/", "~0", "~").Replace
	for _, part := range names[1 : len(names)-1] {
		if target = inside(target, decode(part)); target == nil {
			return nil, ""
		}
	}
	if target.Kind != kubeyaml.Object && target.Kind != kubeyaml.List {
		return nil, ""
	}
	return target, decode(names[len(names)-1])
}

// inside is a member or an item; nil when there is none.
func inside(v *kubeyaml.Value, name string) *kubeyaml.Value {
	if v.Kind != kubeyaml.List {
		return v.Get(name)
	}
	if at, ok := index(v, name, len(v.Items)); ok {
		return &v.Items[at]
	}
	return nil
}

// index reads a place in a list, from 0, or from the end when it is negative.
func index(list *kubeyaml.Value, name string, limit int) (int, bool) {
	at, err := strconv.Atoi(name)
	if at < 0 {
		at += limit
	}
	return at, err == nil && list != nil && at >= 0 && at < limit
}

func find(target *kubeyaml.Value, path string) *kubeyaml.Value {
	if path == "" {
		return target
	}
	in, name := container(target, path)
	if in == nil {
		return nil
	}
	return inside(in, name)
}

func add(target *kubeyaml.Value, path *kubeyaml.Value, value kubeyaml.Value, insert bool) bool {
	in, name := container(target, path.Text)
	switch {
	case in == nil:
		return false
	case in.Kind == kubeyaml.Object:
		set(in, kubeyaml.Member{Name: name, Key: path.Node, Value: value})
		return true
	case !insert:
		at, ok := index(in, name, len(in.Items))
		if ok {
			in.Items[at] = value
		}
		return ok
	case name == "-":
		in.Items = append(in.Items, value)
		return true
	}
	at, ok := index(in, name, len(in.Items)+1)
	if ok {
		in.Items = slices.Insert(in.Items, at, value)
	}
	return ok
}

func take(target *kubeyaml.Value, path string) bool {
	in, name := container(target, path)
	switch {
	case in == nil:
		return false
	case in.Kind == kubeyaml.Object:
		return remove(in, name)
	}
	at, ok := index(in, name, len(in.Items))
	if ok {
		in.Items = slices.Delete(in.Items, at, at+1)
	}
	return ok
}

// set gives an object a member, in the place of one with this name.
func set(object *kubeyaml.Value, m kubeyaml.Member) {
	if old := object.Member(m.Name); old != nil {
		*old = m
		return
	}
	object.Members = append(object.Members, m)
}

func remove(object *kubeyaml.Value, name string) bool {
	before := len(object.Members)
	object.Members = slices.DeleteFunc(object.Members, func(m kubeyaml.Member) bool { return m.Name == name })
	return len(object.Members) < before
}

// member is a member with another value. What it took the place of in its own
// patch is still known.
func member(m *kubeyaml.Member, v kubeyaml.Value) kubeyaml.Member {
	copied := *m
	copied.Value = v
	return copied
}

func isNull(m *kubeyaml.Member) bool { return m.Value.Kind == kubeyaml.Null }

// without is a value without some of the members in it, however deep.
func without(v kubeyaml.Value, drop func(*kubeyaml.Member) bool) kubeyaml.Value {
	v = clone(v)
	v.Members = slices.DeleteFunc(v.Members, func(m kubeyaml.Member) bool { return drop(&m) })
	for i := range v.Members {
		v.Members[i].Value = without(v.Members[i].Value, drop)
	}
	for i := range v.Items {
		v.Items[i] = without(v.Items[i], drop)
	}
	return v
}

// clone copies the lists and objects of a value.
func clone(v kubeyaml.Value) kubeyaml.Value {
	v.Items, v.Members = slices.Clone(v.Items), slices.Clone(v.Members)
	for i := range v.Items {
		v.Items[i] = clone(v.Items[i])
	}
	for i := range v.Members {
		v.Members[i].Value = clone(v.Members[i].Value)
	}
	return v
}

func same(a, b kubeyaml.Value) bool {
	if a.Kind != b.Kind || a.Kind != kubeyaml.List && a.Kind != kubeyaml.Object {
		return a.Kind == b.Kind && a.Text == b.Text
	}
	if len(a.Items) != len(b.Items) || len(a.Members) != len(b.Members) {
		return false
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for m := range a.Each() {
		other := b.Member(m.Name)
		if other == nil || !same(m.Value, other.Value) {
			return false
		}
	}
	return true
}
