package limits

import (
	"errors"
	"iter"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// Rows yields every container: pods in the order of the input, for each pod its
// nodes in their order, for each node the containers in the pod's order. The
// Row is overwritten by the next one. It may be called several times, also
// concurrently. An error ends it and can only come from the spool.
func (p *Plan) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		var row rowSpace
		err := p.visit(func(on *site, one *pod) bool {
			row.pod(on, one)
			for i := range one.containers {
				row.container(on, one, &one.containers[i])
				if !yield(&row.Row, nil) {
					return false
				}
			}
			return true
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// visit calls do for every pod on every node that it is for, admitted and
// valid, until do returns false.
func (p *Plan) visit(do func(*site, *pod) bool) error {
	w := p.walk()
	for {
		err := w.next()
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, on := range w.sites() {
			w.admit(on)
			if p.someRefused {
				if _, err := p.admission.refused(&w.pod, on.row.PodLevelResources); err != nil {
					break
				}
			}
			if !do(on, &w.pod) {
				return nil
			}
		}
	}
}

// walker reads the pods of a plan.
type walker struct {
	plan    *Plan
	records records
	record  []byte
	reading reading
	pod     pod
	level   kubeletcfg.PodLevel // for which the pod is admitted; "" for none
	one     [1]*site
	some    []*site
}

func (p *Plan) walk() *walker {
	return &walker{plan: p, records: records{spool: &p.spool}, reading: reading{atoms: p.atoms.text}}
}

// next reads a pod, or a workload with its missing copies; errEnd after the
// last.
func (w *walker) next() error {
	err := w.read()
	if err == nil {
		w.plan.owners.lack(&w.pod)
	}
	return err
}

// read reads it unchanged from the input.
func (w *walker) read() (err error) {
	if w.record, err = w.records.next(); err != nil {
		return err
	}
	w.reading.read(w.record, &w.pod)
	w.level = ""
	return nil
}

// admit completes the pod for a node's version. Nodes of the same version share
// the work.
func (w *walker) admit(on *site) {
	level := on.row.PodLevelResources
	if w.level == level {
		return
	}
	if w.level != "" {
		w.reading.read(w.record, &w.pod)
		w.plan.owners.lack(&w.pod)
	}
	w.level = level
	w.plan.admission.admit(&w.pod, level)
}

// sites are the nodes that the pod is for.
func (w *walker) sites() []*site {
	all := w.plan.sites
	switch {
	case w.pod.daemonSet:
		selector, there := readSelector(w.pod.selector), w.plan.owners[w.pod.uid]
		w.some = w.some[:0]
		for _, on := range all {
			if !there.has(on.index) && selector.admits(&on.node) {
				w.some = append(w.some, on)
			}
		}
		return w.some
	case w.pod.nodeName == "" && w.pod.counted(): // shown once, whatever the number of nodes
		return all[:1]
	case len(all) == 1 || w.pod.nodeName == "":
		return all
	default:
		if w.one[0] = w.plan.byName[w.pod.nodeName]; w.one[0] == nil {
			return nil
		}
		return w.one[:]
	}
}

// rowSpace is a Row and the numbers that it points to.
type rowSpace struct {
	Row
	priority       int32
	limit, inPages int64
}

// pod fills in what all containers of a pod share.
func (r *rowSpace) pod(on *site, p *pod) {
	r.Node, r.Namespace, r.Pod, r.Workload = on.node.Name, p.namespace, p.name, p.workload
	r.Replicas, r.QOSClass = p.replicas, p.qos.String()
	r.Priority, r.Critical = nil, p.critical()
	if r.Note, r.Finished = p.note(), p.counted(); r.Finished && p.nodeName == "" && !on.alone {
		r.Node = "" // it is on none
	}
	if p.hasPriority {
		r.priority = p.priority
		r.Priority = &r.priority
	}
}

func (r *rowSpace) container(on *site, p *pod, c *container) {
	v := on.decide(p, c)
	r.Container, r.Type = c.name, c.kind.containerType()
	r.MemoryRequestBytes, r.MemoryLimitBytes = c.request[memory].bytes(), c.limit[memory].bytes()
	r.Reason, r.Detail = v.reason, on.detail(v, p, c)
	r.SwapLimitBytes, r.MemorySwapMax = nil, nil
	if v.swap == limited {
		r.limit, r.inPages = v.bytes, inPages(v.bytes, on.node.PageSizeBytes)
		r.SwapLimitBytes, r.MemorySwapMax = &r.limit, &r.inPages
	}
}
