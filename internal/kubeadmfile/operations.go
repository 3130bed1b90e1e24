package kubeadmfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// operations applies the operations of RFC 6902 as
// gopkg.in/evanphx/json-patch.v4 v4.13.0 does (patch.go): "replace" adds a
// missing member, and a path begins with "/". With strict it does so as
// github.com/evanphx/json-patch/v5 v5.9.11: "replace" and "copy" fail if the
// member is missing.
func operations(target, patch kubeyaml.Value, strict bool) (kubeyaml.Value, error) {
	if patch.Kind != kubeyaml.List && patch.Kind != kubeyaml.Null {
		return target, &PatchError{patch.Node, "", errors.New("expected a list of operations, found " + patch.Kind.String())}
	}
	for i := range patch.Items {
		var err error
		if target, err = operation(target, &patch.Items[i], strict); err != nil {
			return target, err
		}
	}
	return target, nil
}

func operation(target kubeyaml.Value, o *kubeyaml.Value, strict bool) (kubeyaml.Value, error) {
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
		there := kind == "add" || !strict || find(&target, path.Text) != nil
		ok = there && add(&target, path, *value, kind == "add")
	case "remove":
		ok = take(&target, path.Text)
	case "test":
		found := find(&target, path.Text)
		ok = found != nil && same(*found, *value) || found == nil && value.Kind == kubeyaml.Null
	case "move", "copy":
		at = from
		ok = carry(&target, from, path, kind == "move", strict)
	}
	if !ok {
		return target, &PatchError{at.Node, "path", fmt.Errorf("the operation %q does not apply: %s", kind, whyNot(&target, at.Text))}
	}
	return target, nil
}

// carry copies or moves a value. A copy of a missing member is null, and with
// strict an error.
func carry(target, from, path *kubeyaml.Value, move, strict bool) bool {
	var value kubeyaml.Value
	in, _ := container(target, from.Text)
	switch found := find(target, from.Text); {
	case found != nil:
		value = clone(*found)
	case in == nil || in.Kind != kubeyaml.Object || move || strict:
		return false
	}
	return (!move || take(target, from.Text)) && add(target, path, value, true)
}

// whyNot says why a path finds nothing.
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

// container returns the object or list that a path leads into, and the last
// name of the path.
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

// inside returns a member or an item; nil if there is none.
func inside(v *kubeyaml.Value, name string) *kubeyaml.Value {
	if v.Kind != kubeyaml.List {
		return v.Get(name)
	}
	if at, ok := index(v, name, len(v.Items)); ok {
		return &v.Items[at]
	}
	return nil
}

// index parses an index of a list: from 0, or from the end if it is negative.
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
