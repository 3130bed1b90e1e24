package limits

import (
	"errors"
	"fmt"
	"io"

	"github.com/swapctl/swapctl/internal/fail"
)

// Options say what to plan for.
type Options struct {
	// Nodes are the nodes to plan for. Empty: the Node objects of the input,
	// and if it has none, Default.
	Nodes []Node
	// Default is called for the nodes only if there are no others.
	Default func() ([]Node, error)
	// Base has what a Node object does not say: page size, behavior, cgroup
	// version and swap controller, and swap for a kubelet that does not report
	// it. A KubernetesVersion here overrides the object's kubeletVersion.
	Base Node
	// Namespace is that of objects without one; empty: "default".
	Namespace string
	// Static says that the pods are static pods of a node.
	Static bool
	// SkipInvalid turns the refusal of an object into a warning, unless it is a
	// Node.
	SkipInvalid bool
	// Spool opens a temporary file, called once when the pods do not fit into
	// memory. nil: everything stays in memory.
	Spool func() (Spool, error)
}

// Spool is a temporary file: written to its end, then read from any offset.
type Spool interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// FieldError is an object that cannot be planned, because an API server or a
// kubelet would refuse it.
type FieldError struct {
	Source Source
	Object string // "Pod default/web"
	Field  string // "spec.containers[0].resources.requests[memory]"
	Err    error  // what is wrong, and what was expected
}

// Error names file, document, object and field.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%s: %s: %s: %v", e.Source, e.Object, e.Field, e.Err)
}

// Unwrap returns what is wrong.
func (e *FieldError) Unwrap() error { return e.Err }

// Planner takes the objects of the input, in their order.
type Planner struct {
	options   Options
	converter converter
	scratch   []byte
	pods      int
	nodes     []Node
	warnings  warnings
	plan      Plan // in the making
}

// NewPlanner returns a Planner with nothing in it.
func NewPlanner(o Options) *Planner {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	p := &Planner{options: o}
	p.plan.spool.open = o.Spool
	p.plan.admission.ranges = map[string]*ranges{}
	p.plan.owners = owners{}
	return p
}

// Add takes an object. It keeps no pointer into it, so that the reader may
// reuse it. A *FieldError is for an object that an API server would refuse,
// unless Options.SkipInvalid makes it a warning; other errors are those of the
// spool.
func (p *Planner) Add(o *Object) error {
	var refused *FieldError
	switch {
	case o.Pod != nil:
		pod, err := p.converter.convert(o, p.namespace(o), p.options.Static)
		if refused = err; refused != nil {
			break
		}
		if err := p.keep(pod); err != nil {
			return err
		}
		p.warnings.fractions(pod, p.converter.fractions)
		p.warnings.misspelt(pod, o.Pod.Misspelt)
	case o.LimitRange != nil:
		refused = p.addRange(o)
	case o.PriorityClass != nil:
		refused = p.plan.admission.classes.add(o)
	case o.Node != nil:
		if len(p.options.Nodes) > 0 {
			p.warnings.unusedNodes++
			return nil
		}
		return p.addNode(o) // otherwise another node would be planned for
	default:
		p.warnings.leftOut(o)
	}
	if refused == nil {
		return nil
	}
	return p.refuse(refused)
}

// refuse handles an object that an API server would refuse.
func (p *Planner) refuse(refused *FieldError) error {
	if !p.options.SkipInvalid {
		return refused
	}
	p.warnings.skipped(refused)
	return nil
}

func (p *Planner) namespace(o *Object) string {
	if o.Namespace == "" {
		return p.options.Namespace
	}
	return o.Namespace
}

// keep puts a pod into the spool.
func (p *Planner) keep(one *pod) error {
	one.place = place{
		file: int(p.plan.atoms.put(atomFile, p.converter.object.Source.File)), document: p.converter.object.Source.Document,
		item: p.converter.object.Source.Item, line: p.converter.object.Source.Line,
	}
	p.scratch = appendRecord(p.scratch[:0], one, &p.plan.atoms)
	p.pods++
	p.plan.owners.add(one)
	if err := p.plan.spool.add(p.scratch); err != nil {
		return errSpooling(err)
	}
	return nil
}

func errSpooling(err error) error {
	return fail.New(fail.Failed, "keep the pods in a temporary file", err,
		"make room there, or name another directory in TMPDIR")
}

func (p *Planner) addRange(o *Object) *FieldError {
	namespace := p.namespace(o)
	in := p.plan.admission.ranges[namespace]
	if in == nil {
		in = &ranges{}
		p.plan.admission.ranges[namespace] = in
	}
	before := in.conflict
	refused := in.add(o)
	if in.conflict && !before {
		p.warnings.add(objectName(o.Kind, namespace, o.Name),
			"another LimitRange of the namespace has other defaults, and Kubernetes does not say which one counts: planned with the first")
	}
	return refused
}

func (p *Planner) addNode(o *Object) error {
	node, warnings, err := NodeFromObject(o, p.options.Base)
	if err != nil {
		return err
	}
	for i := range warnings {
		p.warnings.add(warnings[i].Object, warnings[i].Message)
	}
	p.nodes = append(p.nodes, node)
	return nil
}

// Plan ends the input. Errors are *FieldError for pods that can be refused only
// when the whole input is known (a LimitRange may come last), and fail.Error
// for nodes on which no kubelet would run.
func (p *Planner) Plan() (*Plan, error) {
	plan := &p.plan
	if err := plan.spool.end(); err != nil {
		return nil, errSpooling(err)
	}
	if err := p.prepareSites(); err != nil {
		return nil, err
	}
	if err := plan.countOwned(); err != nil {
		return nil, err
	}
	if err := p.total(); err != nil {
		return nil, err
	}
	if p.pods == 0 {
		p.warnings.add("", "there are no pods in the input")
	}
	plan.warnings = p.warnings.all(plan)
	return plan, nil
}

// prepareSites finds the nodes.
func (p *Planner) prepareSites() error {
	nodes := p.options.Nodes
	if len(nodes) == 0 {
		nodes = p.nodes
	}
	if len(nodes) == 0 {
		if p.options.Default == nil {
			return fail.Newf(fail.Usage, "plan", "there is no node").
				Hint("say its size: --node-memory 16Gi --node-swap 8Gi")
		}
		var err error
		if nodes, err = p.options.Default(); err != nil {
			return err
		}
	}
	if err := checkNames(nodes); err != nil {
		return err
	}
	p.plan.byName = make(map[string]*site, len(nodes))
	for i := range nodes {
		on, err := newSite(nodes[i])
		if err != nil {
			return err
		}
		on.index, on.alone = len(p.plan.sites), len(nodes) == 1
		p.plan.sites = append(p.plan.sites, on)
		p.plan.byName[on.node.Name] = on
	}
	return nil
}

// total reads all pods once: it finds what is wrong with them, and sums them
// up.
func (p *Planner) total() error {
	plan := &p.plan
	plan.sums = make([]sums, len(plan.sites))
	w := plan.walk()
	for {
		err := w.next()
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return errSpooling(err)
		}
		on := w.sites()
		p.warnings.pod(plan, &w.pod, on)
		for i, on := range on {
			w.admit(on)
			if i == 0 {
				p.warnings.resized(on, &w.pod)
			}
			if field, err := plan.admission.refused(&w.pod, on.row.PodLevelResources); err != nil {
				if err := p.refuse(w.fieldError(field, err)); err != nil {
					return err
				}
				plan.someRefused = true
				break
			}
			plan.sums[on.index].add(on, &w.pod)
		}
	}
}

// fieldError is an error in the pod that is being read.
func (w *walker) fieldError(field string, err error) *FieldError {
	at := w.reading.place()
	return &FieldError{
		Source: Source{File: w.reading.atoms[at.file], Document: at.document, Item: at.item, Line: at.line},
		Object: w.pod.object(), Field: field, Err: err,
	}
}
