package manifest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/limits"
)

// known are the kinds with a pod template, by group and kind.
type known struct {
	said    []workload // by --template-path
	builtIn map[[2]string]*workload
}

func newKnown(said []workload) known {
	k := known{said, map[[2]string]*workload{}}
	for _, all := range [][]workload{foreign(), kubernetes()} {
		for i := range all {
			k.builtIn[[2]string{all[i].group, all[i].kind}] = &all[i]
		}
	}
	return k
}

// find is the workload of a kind. Kubernetes' own kinds cannot be changed; for
// all others, a template path of the user overrides a built-in one.
func (k known) find(root value, group, kind string) *workload {
	builtIn := k.builtIn[[2]string{group, kind}]
	if builtIn != nil && !builtIn.foreign {
		return builtIn
	}
	for _, name := range []string{kind, ""} {
		one := workload{foreign: true, said: name != ""} // without a kind, only where it is
		for i := range k.said {
			w := &k.said[i]
			if w.kind == name && (w.group == anyGroup || w.group == group) && (name != "" || w.present(root, "spec")) {
				one.templates = append(one.templates, w.templates...)
			}
		}
		if one.templates != nil {
			return &one
		}
		if builtIn != nil {
			return builtIn
		}
	}
	return nil
}

// present reports whether a template of the workload exists and contains this.
func (w *workload) present(root value, member ...string) bool {
	for _, t := range w.templates {
		for _, at := range t.path.places(root) {
			if at.value.at(member...).there() {
				return true
			}
		}
	}
	return false
}

// suggest is where an object of an unknown kind has something like a pod
// template; "" if nowhere.
func (k known) suggest(root value) string {
	var found []string
	for _, w := range k.builtIn {
		if w.foreign && w.present(root, "spec", "containers") {
			for _, t := range w.templates {
				found = append(found, t.path.String())
			}
		}
	}
	found = slices.DeleteFunc(found, func(at string) bool { return at == "" })
	if len(found) == 0 {
		return ""
	}
	return slices.MinFunc(found, func(a, b string) int { return len(a) - len(b) })
}

// spot is where a path leads in an object.
type spot struct {
	element value // of a list, or member of an object; absent if the path has none
	value   value
}

// places are all of them. A value of a wrong kind counts as absent.
func (p path) places(root value) []spot {
	before, after := p.split()
	if before == nil {
		return []spot{{value{root.d, -1}, root.at(p...)}}
	}
	var all []spot
	for element := range root.at(before[:len(before)-1]...).each() {
		all = append(all, spot{element, element.at(after...)})
	}
	if before[len(before)-1] == anyMember { // the order of an object's members means nothing
		slices.SortStableFunc(all, func(a, b spot) int { return bytes.Compare(a.element.name(), b.element.name()) })
	}
	return all
}

// at follows a path within the same element.
func (p path) at(root, element value) value {
	if before, after := p.split(); before != nil {
		return element.at(after...)
	}
	return root.at(p...)
}

// waiting is a pod template that is still to be read.
type waiting struct {
	template *template
	element  value
	value    value
}

// workload reads the first of its templates; the others wait for more.
func (d *decoder) workload(root value, w *workload, o *limits.Object) error {
	d.of, d.base, d.before, d.queue = w, o.Name, 0, d.queue[:0]
	for i := range w.templates {
		t := &w.templates[i]
		if err := d.typed(root, t.path); err != nil {
			return err
		}
		for _, at := range t.path.places(root) {
			if !at.value.there() && t.instead != nil {
				at.value = root.at(t.instead...)
			}
			d.queue = append(d.queue, waiting{t, at.element, at.value})
		}
	}
	if w.foreign && !w.said { // what has none refers to something else for it
		d.queue = slices.DeleteFunc(d.queue, func(one waiting) bool { return !one.value.get("spec").there() })
	}
	if len(d.queue) == 0 {
		if w.said {
			return &missingError{w.templates[0].path.String(), missingTemplate}
		}
		o.NoTemplate = w.templates[0].path.String()
		return nil
	}
	return d.next(root)
}

const missingTemplate = "a pod template, as --template-path says"

// typed refuses a path through a value of a wrong kind.
func (d *decoder) typed(root value, p path) error {
	v := root
	for i, name := range p {
		switch {
		case name == anyElement || name == anyMember:
			return nil
		case i+1 < len(p) && p[i+1] == anyElement:
			_, err := d.elements(v, name)
			return err
		}
		var err error
		if v, err = d.sub(v, name); err != nil {
			return err
		}
	}
	return nil
}

// more reports whether templates of the object are still to be read.
func (d *decoder) more() bool { return len(d.queue) > 0 }

// next reads the next one into the same object.
func (d *decoder) next(root value) error {
	at, o := d.queue[0], &d.object
	d.queue = d.queue[1:]
	p := d.newPod(o)
	p.Template = true
	if _, err := typed(at.value, object, "an object"); err != nil {
		return err
	}
	if !at.value.there() && d.of.said {
		return &missingError{at.template.path.String(), missingTemplate}
	}
	p.SpecPath = d.specPath(at)
	o.Name = d.base
	if suffix, ok := at.suffix(); ok {
		o.Name += "-" + suffix
	}
	if err := d.numbers(root, at, p); err != nil {
		return err
	}
	var err error
	if p.Ended, err = d.ended(root); err != nil {
		return err
	}
	if err := d.fillPod(at.value, p); err != nil {
		return err
	}
	d.complete(p)
	return nil
}

// specPath is the path of the pod's spec.
func (d *decoder) specPath(at waiting) string {
	switch path := at.template.path; {
	case len(path) == 0:
		return "spec"
	case at.value.there():
		return at.value.path() + ".spec"
	default:
		return path.String() + ".spec"
	}
}

// suffix is what an element adds to the names of its pods.
func (at waiting) suffix() (string, bool) {
	switch {
	case !at.element.there():
		return "", false
	case at.template.name != nil:
		name := at.element.at(at.template.name...).textOrNone()
		return string(name), len(name) > 0
	default:
		name := at.element.name()
		return strings.ToLower(string(name)), len(name) > 0
	}
}

// numbers reads how many copies run at a time.
func (d *decoder) numbers(root value, at waiting, p *limits.Pod) error {
	t := at.template
	p.Wrapper = d.of.foreign && t.replicas == nil
	p.Before = d.before
	if len(t.replicas) > 0 {
		p.ReplicasPath = t.replicas[0].String()
	}
	n, err := d.product(root, at.element, t.replicas)
	if err != nil {
		return err
	}
	less, err := d.product(root, at.element, t.less)
	if err != nil {
		return err
	}
	if n != nil || less != nil {
		left := orOne(n)
		if t.less != nil {
			left -= orOne(less)
		}
		n = &left
	}
	if t.less != nil && n == nil {
		n = new(int64)
	}
	if t.most != nil {
		if n, err = d.toComplete(root, t, n); err != nil {
			return err
		}
	}
	p.Replicas = n
	d.before += max(0, orOne(n))
	return nil
}

func orOne(n *int64) int64 {
	if n == nil {
		return 1
	}
	return *n
}

// product multiplies numbers; a missing one is 1. nil: all are missing.
func (d *decoder) product(root, element value, factors []path) (*int64, error) {
	var n *int64
	for _, factor := range factors {
		i, err := d.integer(factor.at(root, element), 32)
		switch {
		case err != nil:
			return nil, err
		case i == nil:
		case n == nil:
			n = i
		case *n > 0 && *i > math.MaxInt64 / *n:
			*n = math.MaxInt64
		default:
			*n *= *i
		}
	}
	return n, nil
}

// toComplete is how many pods a Job runs at a time
// (k8s.io/kubernetes v1.37, pkg/controller/job/job_controller.go, manageJob): no
// more than there is left to complete; one without a number of completions starts
// no more once a pod has succeeded.
func (d *decoder) toComplete(root value, t *template, n *int64) (*int64, error) {
	most, err := d.integer(root.at(t.most...), 32)
	if err != nil {
		return nil, err
	}
	status := root.get("status")
	succeeded, err := d.integer(status.get("succeeded"), 32)
	if err != nil {
		return nil, err
	}
	active, err := d.integer(status.get("active"), 32)
	switch {
	case err != nil:
		return nil, err
	case most == nil && (succeeded == nil || *succeeded == 0):
		return n, nil
	case most == nil && active == nil:
		return new(int64), nil
	case most == nil:
		most = active
	case succeeded != nil:
		*most = max(0, *most-*succeeded)
	}
	if *most < orOne(n) {
		return most, nil
	}
	return n, nil
}

// complete does what the controllers of other projects do to a template.
func (d *decoder) complete(p *limits.Pod) {
	w := d.of
	if !w.foreign {
		return
	}
	name := w.container
	if name == "" {
		name = "container"
	}
	number := 0
	for i := range p.Containers {
		c := &p.Containers[i]
		if c.Type != limits.App {
			continue
		}
		if c.Name == "" && number == 0 {
			c.Name = name
		} else if c.Name == "" {
			c.Name = fmt.Sprintf("%s-%d", name, number)
		}
		number++
	}
	if w.alongside == nil || number == 0 {
		return
	}
	p.Containers = append(p.Containers, limits.Container{Name: w.alongside.name, Type: limits.App, Resources: limits.Resources{
		Requests: limits.ResourceList{{Name: cpu, Quantity: w.alongside.cpu}},
	}})
}
