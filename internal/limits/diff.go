package limits

import (
	"cmp"
	"iter"
	"slices"
)

// Change is a container that differs between two plans.
type Change struct {
	Kind      ChangeKind
	Namespace string
	Pod       string
	Workload  string
	Container string
	Type      ContainerType
	Before    *Outcome // nil for Added
	After     *Outcome // nil for Removed
}

// ChangeKind says how a container differs.
type ChangeKind string

// The kinds of a Change.
const (
	Same    ChangeKind = "same" // equal: Diff yields it so that its caller can count
	Changed ChangeKind = "changed"
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
)

// Outcome is what a container gets in one of two plans.
type Outcome struct {
	Node               string
	Replicas           int64
	MemoryRequestBytes int64
	SwapLimitBytes     *int64 // nil: no limit is set
	MemorySwapMax      *int64
	Reason             Reason
}

// identity decides which containers of two plans are the same one. Its node
// does not count, so that a pod that moved is one change.
type identity struct {
	namespace, pod, workload, container string
	kind                                ContainerType
}

// Diff compares two plans container by container and yields all but those of
// pods that have finished. It reads both at the same time and keeps only
// containers without a counterpart so far: next to nothing for the same input
// on two node sizes. Containers that look alike (copies on several nodes) are
// paired in their order. The Change is overwritten by the next one; an error
// ends it and is that of a plan.
func Diff(before, after *Plan) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		nextOld, stopOld := iter.Pull2(before.Rows())
		defer stopOld()
		nextNew, stopNew := iter.Pull2(after.Rows())
		defer stopNew()
		d := differ{yield: yield}
		more := true
		for more {
			more = false
			for _, side := range []struct {
				next      func() (*Row, error, bool)
				mine, its *waiting
			}{{nextOld, &d.old, &d.new}, {nextNew, &d.new, &d.old}} {
				row, err, ok := side.next()
				if err != nil {
					yield(nil, err)
					return
				}
				if ok && !row.Finished && !d.meet(row, side.mine, side.its) {
					return
				}
				more = more || ok
			}
		}
		_ = d.rest(&d.old) && d.rest(&d.new)
	}
}

// differ pairs the rows of two plans.
type differ struct {
	yield    func(*Change, error) bool
	old, new waiting
	change   Change
}

// waiting are rows of one plan whose counterpart has not come yet.
type waiting struct {
	first map[identity][]entry
	count int
}

// entry is a waiting row; number keeps the order of those that stay.
type entry struct {
	number  int
	outcome Outcome
}

// meet pairs a row with its waiting counterpart, or adds it to those that wait.
func (d *differ) meet(r *Row, mine, its *waiting) bool {
	id := identity{r.Namespace, r.Pod, r.Workload, r.Container, r.Type}
	queue := its.first[id]
	if len(queue) == 0 {
		mine.add(id, outcomeOf(r))
		return true
	}
	other := queue[0].outcome
	if len(queue) == 1 {
		delete(its.first, id)
	} else {
		its.first[id] = queue[1:]
	}
	this := outcomeOf(r)
	if mine == &d.old {
		return d.tell(id, &this, &other)
	}
	return d.tell(id, &other, &this)
}

func (w *waiting) add(id identity, o Outcome) {
	if w.first == nil {
		w.first = map[identity][]entry{}
	}
	w.first[id] = append(w.first[id], entry{w.count, o})
	w.count++
}

// rest yields the rows without a counterpart, in the order of their plan.
func (d *differ) rest(w *waiting) bool {
	type leftover struct {
		id identity
		entry
	}
	var left []*leftover
	for id, queue := range w.first {
		for _, e := range queue {
			left = append(left, &leftover{id, e})
		}
	}
	slices.SortFunc(left, func(a, b *leftover) int { return cmp.Compare(a.number, b.number) })
	for i := range left {
		before, after := &left[i].outcome, (*Outcome)(nil)
		if w == &d.new {
			before, after = after, before
		}
		if !d.tell(left[i].id, before, after) {
			return false
		}
	}
	return true
}

func (d *differ) tell(id identity, before, after *Outcome) bool {
	kind := Changed
	switch {
	case before == nil:
		kind = Added
	case after == nil:
		kind = Removed
	case before.Node == after.Node && before.Replicas == after.Replicas &&
		before.MemoryRequestBytes == after.MemoryRequestBytes && before.Reason == after.Reason &&
		equal(before.SwapLimitBytes, after.SwapLimitBytes) && equal(before.MemorySwapMax, after.MemorySwapMax):
		kind = Same
	}
	d.change = Change{
		Kind: kind, Namespace: id.namespace, Pod: id.pod, Workload: id.workload,
		Container: id.container, Type: id.kind, Before: before, After: after,
	}
	return d.yield(&d.change, nil)
}

func outcomeOf(r *Row) Outcome {
	return Outcome{
		Node: r.Node, Replicas: r.Replicas, MemoryRequestBytes: r.MemoryRequestBytes,
		SwapLimitBytes: kept(r.SwapLimitBytes), MemorySwapMax: kept(r.MemorySwapMax), Reason: r.Reason,
	}
}

// kept copies a number of a Row, which the next row overwrites.
func kept(p *int64) *int64 {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func equal(a, b *int64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
