package kubeadmfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// PatchType is a kind of patch that kubeadm applies.
type PatchType string

// The types, as in the names of patch files.
const (
	StrategicPatch PatchType = "strategic"
	MergePatch     PatchType = "merge"
	JSONPatch      PatchType = "json"
	// KindPatch is a JSON patch that kind applies, and kubeadm does not see.
	KindPatch PatchType = "kind"
)

// PatchError is the error of a patch that kubeadm cannot apply: kubeadm stops.
type PatchError struct {
	Node  *yaml.Node // the node of the patch that is wrong
	Field string     // of the patch: "path", "op"; "" for the whole patch
	Err   error
}

// Error says why.
func (e *PatchError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *PatchError) Unwrap() error { return e.Err }

// Apply applies a patch to an object whose lists are not merged by a key, such
// as a KubeletConfiguration (k8s.io/kubernetes v1.37.1,
// cmd/kubeadm/app/util/patches/patches.go, ApplyPatchesToTarget). Values from
// the patch keep their nodes. It changes the target.
func Apply(target, patch kubeyaml.Value, typ PatchType) (kubeyaml.Value, error) {
	switch {
	case typ == JSONPatch, typ == KindPatch:
		return operations(target, patch, typ == KindPatch)
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

// merge applies a JSON merge patch (RFC 7386; gopkg.in/evanphx/json-patch.v4
// v4.13.0, merge.go).
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
			set(target, member(m, without(m.Value, isNull, nil)))
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

// strategic applies a strategic merge patch to a type whose lists are replaced
// (k8s.io/apimachinery v0.37.1, pkg/util/strategicpatch/patch.go, mergeMap). It
// ignores the order of list items in "$setElementOrder", which only programs
// write.
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

// directed applies the "$patch" of an object.
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

// retain removes the members that "$retainKeys" does not list.
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

// deleteItems removes the items that a directive lists from a list of scalars,
// all of one kind.
func deleteItems(old, m *kubeyaml.Member) error {
	if old == nil || old.Value.Kind != kubeyaml.List || m.Value.Kind != kubeyaml.List {
		return nil
	}
	all := slices.Concat(old.Value.Items, m.Value.Items)
	kind := func(v kubeyaml.Value) bool {
		return v.Kind == kubeyaml.Object || v.Kind == kubeyaml.List || v.Kind != all[0].Kind
	}
	if len(all) == 0 || slices.ContainsFunc(all, kind) {
		return &PatchError{m.Key, m.Name, errors.New(deleteFrom + ": expected lists of scalars of one kind")}
	}
	old.Value.Items = slices.DeleteFunc(old.Value.Items, func(v kubeyaml.Value) bool {
		return slices.ContainsFunc(m.Value.Items, func(d kubeyaml.Value) bool { return d.Text == v.Text })
	})
	return nil
}

func strategicMember(target *kubeyaml.Value, m *kubeyaml.Member) error {
	if m.Name == retainKeys || strings.HasPrefix(m.Name, setOrder) {
		return nil
	}
	if name, ok := strings.CutPrefix(m.Name, deleteFrom); ok {
		return deleteItems(target.Member(name), m)
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
		directs := func(v *kubeyaml.Value) bool { return v.Member(directive) != nil }
		set(target, member(m, without(m.Value, func(inner *kubeyaml.Member) bool { return isNull(inner) || directs(&inner.Value) }, directs)))
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

// set sets a member of an object, replacing one with the same name.
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

// member is a member with another value. What it replaced in its own patch is
// kept.
func member(m *kubeyaml.Member, v kubeyaml.Value) kubeyaml.Member {
	copied := *m
	copied.Value = v
	return copied
}

func isNull(m *kubeyaml.Member) bool { return m.Value.Kind == kubeyaml.Null }

// without returns a value without some of the members and items in it, at any
// depth.
func without(v kubeyaml.Value, drop func(*kubeyaml.Member) bool, dropItem func(*kubeyaml.Value) bool) kubeyaml.Value {
	v = clone(v)
	v.Items = slices.DeleteFunc(v.Items, func(item kubeyaml.Value) bool { return dropItem != nil && dropItem(&item) })
	v.Members = slices.DeleteFunc(v.Members, func(m kubeyaml.Member) bool { return drop(&m) })
	for i := range v.Members {
		v.Members[i].Value = without(v.Members[i].Value, drop, dropItem)
	}
	for i := range v.Items {
		v.Items[i] = without(v.Items[i], drop, dropItem)
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
