package manifest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/limits"
)

// decoder makes limits objects from documents. Its result is overwritten by the
// next one.
type decoder struct {
	known      known
	quantities quantities
	names      map[string]string // strings that come again and again

	object      limits.Object
	pod         limits.Pod
	class       limits.PriorityClass
	node        limits.NodeObject
	ranges      limits.LimitRange
	amount      []limits.ResourceAmount // what the containers' lists are cut from
	allocations []limits.Allocation
	selector    map[string]string

	// The current workload, while it has several templates.
	of     *workload
	base   string // its name
	before int64  // copies of the templates that have been read
	queue  []waiting
}

func newDecoder(said []workload) *decoder {
	return &decoder{known: newKnown(said), quantities: quantities{}, names: map[string]string{}, selector: map[string]string{}}
}

// decode reads one object; while there is more, next reads further pod
// templates of it. Items of a typed list ("PodList") have neither kind nor
// apiVersion: then the arguments are used.
func (d *decoder) decode(root value, apiVersion, kind string) (*limits.Object, error) {
	d.object, d.queue = limits.Object{APIVersion: apiVersion, Kind: kind}, d.queue[:0]
	o := &d.object
	if root.kind() != object {
		return o, &syntaxError{root.line(), fmt.Errorf("%w, found %s", errNoObject, root.found())}
	}
	if root.get("apiVersion").kind() != null || kind == "" {
		if err := d.nonEmpty(root, "apiVersion", "like v1", &o.APIVersion); err != nil {
			return o, err
		}
	}
	if root.get("kind").kind() != null || kind == "" {
		if err := d.nonEmpty(root, "kind", "like Pod", &o.Kind); err != nil {
			return o, err
		}
	}
	if err := d.identity(root, o); err != nil {
		return o, err
	}
	if items := root.get("items"); items.kind() == list {
		return o, &fieldError{items, errors.New("a List inside a List is not read")}
	}
	return o, d.content(root, o)
}

// nonEmpty reads a string that every object has.
func (d *decoder) nonEmpty(root value, name, like string, into *string) error {
	v, err := d.string(root, name)
	if err == nil && v == "" {
		err = &missingError{name, "a string " + like}
	}
	*into = v
	return err
}

// errNoObject is a document, or an item of a List, that is not an object.
var errNoObject = errors.New("expected an object")

// missingError is a field that must be there, and is not.
type missingError struct{ field, what string }

func (e *missingError) Error() string { return e.field + ": " + e.reason() }

func (e *missingError) reason() string { return "is missing, expected " + e.what }

// identity reads what identifies an object in messages.
func (d *decoder) identity(root value, o *limits.Object) error {
	metadata, err := d.sub(root, "metadata")
	if err != nil {
		return err
	}
	if o.Namespace, err = d.string(metadata, "namespace"); err != nil {
		return err
	}
	if o.Name, err = unique(metadata, "name"); err == nil && o.Name == "" {
		o.Name, err = unique(metadata, "generateName")
	}
	if err != nil {
		return err
	}
	if o.UID, err = uid(metadata); err != nil {
		return err
	}
	o.Owner, err = d.owner(metadata)
	return err
}

// uid is the hash of the UID.
func uid(v value) (limits.UID, error) {
	s, err := typed(v.get("uid"), text, aString)
	if !s.there() {
		return 0, err
	}
	return limits.HashUID(s.text()), nil
}

// owner is the controller among the owners: there is at most one
// (k8s.io/apimachinery v0.37, pkg/api/validation/objectmeta.go).
func (d *decoder) owner(metadata value) (limits.Owner, error) {
	var none limits.Owner
	all, err := d.elements(metadata, "ownerReferences")
	for element := range all.each() {
		v, err := typed(element, object, "an object")
		if err != nil {
			return none, err
		}
		controls, err := d.bool(v.get("controller"))
		if err != nil {
			return none, err
		}
		if !controls {
			continue
		}
		var owner limits.Owner
		if owner.UID, err = uid(v); err != nil {
			return none, err
		}
		if owner.Kind, err = d.string(v, "kind"); err != nil {
			return none, err
		}
		owner.Name, err = d.string(v, "name")
		return owner, err
	}
	return none, err
}

// content reads the fields of the kind.
func (d *decoder) content(root value, o *limits.Object) error {
	group := groupOf(o.APIVersion)
	switch group + "/" + o.Kind {
	case "/Pod":
		return d.barePod(root, o)
	case "/Node":
		return d.nodeObject(root, o)
	case "/LimitRange":
		return d.limitRange(root, o)
	case "scheduling.k8s.io/PriorityClass":
		return d.priorityClass(root, o)
	}
	if computed(group, o.Kind) {
		o.Computed = true
		return nil
	}
	if w := d.known.find(root, group, o.Kind); w != nil {
		return d.workload(root, w, o)
	}
	o.TemplatePath = d.known.suggest(root)
	return nil
}

// aString is what most fields are.
const aString = "a string"

// expected says what a field should be.
func expected(v value, what string) error {
	found := v.found()
	if what == aString && v.kind() == boolean { // maybe written as yes, no, on, off, y or n
		found += " (put it in quotes)"
	}
	return &fieldError{v, fmt.Errorf("expected %s, found %s", what, found)}
}

// found describes a value for a message.
func (v value) found() string {
	switch k := v.kind(); {
	case k == number, k == boolean:
		return shortened(v.text())
	case k == text && len(v.text()) > 0:
		return fmt.Sprintf("the string %q", shortened(v.text()))
	default:
		return k.String()
	}
}

// shortened is a text for a message.
func shortened(b []byte) string {
	const most = 64
	if len(b) <= most {
		return string(b)
	}
	return strings.ToValidUTF8(string(b[:most]), "") + "..."
}

// sub is the member with that name, which must be an object; it may be absent.
func (d *decoder) sub(v value, name string) (value, error) {
	return typed(v.get(name), object, "an object")
}

// elements is the member with that name, which must be a list; it may be
// absent.
func (d *decoder) elements(v value, name string) (value, error) {
	return typed(v.get(name), list, "a list")
}

// typed checks the kind of a value. null counts as absent, as in the API
// server.
func typed(v value, k kind, what string) (value, error) {
	switch v.kind() {
	case k:
		return v, nil
	case null:
		return value{v.d, -1}, nil
	default:
		return value{v.d, -1}, expected(v, what)
	}
}

// string is the member of that name; empty when it is absent.
func (d *decoder) string(v value, name string) (string, error) {
	s, err := typed(v.get(name), text, aString)
	if !s.there() {
		return "", err
	}
	return d.name(s.text()), nil
}

// unique is string for what does not come again.
func unique(v value, name string) (string, error) {
	s, err := typed(v.get(name), text, aString)
	if !s.there() {
		return "", err
	}
	return string(s.text()), nil
}

// name makes a string of b, the same one for repeated values: namespaces,
// nodes, images of the same deployment.
func (d *decoder) name(b []byte) string {
	const enough = 1 << 12
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(d.names) >= enough {
		clear(d.names)
	}
	if len(s) <= 64 {
		d.names[s] = s
	}
	return s
}
