package manifest

import (
	"iter"

	"github.com/swapctl/swapctl/internal/limits"
)

// trueConditions yields the conditions of a status that are true.
func (v value) trueConditions() iter.Seq[value] {
	return func(yield func(value) bool) {
		for condition := range v.get("conditions").each() {
			if string(condition.get("status").textOrNone()) == "True" && !yield(condition) {
				return
			}
		}
	}
}

// status reads the state of a resize of a served pod, and the resources that
// its containers run with.
func (d *decoder) status(status value, p *limits.Pod) error {
	for condition := range status.trueConditions() {
		switch string(condition.get("type").textOrNone()) {
		case "PodResizePending":
			p.Resize.Pending = true
			p.Resize.Reason = d.name(condition.get("reason").textOrNone())
			p.Resize.Message = d.name(condition.get("message").textOrNone())
		case "PodResizeInProgress":
			p.Resize.InProgress = true
		}
	}
	// Kubernetes 1.27 to 1.32 (k8s.io/api v0.32, core/v1, PodResizeStatus)
	switch resize := string(status.get("resize").textOrNone()); resize {
	case "Proposed", "Deferred", "Infeasible":
		p.Resize.Pending, p.Resize.Reason = true, resize
	case "InProgress":
		p.Resize.InProgress = true
	}
	for _, list := range [...]string{"containerStatuses", "initContainerStatuses"} {
		all, err := d.elements(status, list)
		if err != nil {
			return err
		}
		for one := range all.each() {
			if err := d.allocation(one, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// allocation reads the status of a container. There are no allocated limits in
// it, only those in force.
func (d *decoder) allocation(status value, p *limits.Pod) error {
	resources := status.get("resources")
	requests := status.get("allocatedResources")
	if resources.kind() != object && requests.kind() != object {
		return nil
	}
	if requests.kind() != object { // none is allocated, or Kubernetes 1.32 leaves it out
		requests = resources.get("requests")
	}
	var a limits.Allocation
	var err error
	if q := requests.get(memory); q.there() {
		a.HasRequest = true
		if a.Request, err = d.quantities.parse(q); err != nil {
			return err
		}
	}
	if q := resources.get("limits").get(memory); q.there() {
		a.HasLimit = true
		if a.Limit, err = d.quantities.parse(q); err != nil {
			return err
		}
	}
	name := status.get("name").textOrNone()
	for i := range p.Containers {
		if c := &p.Containers[i]; c.Type != limits.Ephemeral && c.Name == string(name) {
			d.allocations = append(d.allocations, a)
			c.Allocated = &d.allocations[len(d.allocations)-1]
		}
	}
	return nil
}

// ended reports whether a workload makes no pods any more, or none for now.
func (d *decoder) ended(root value) (limits.Ended, error) {
	w := d.of
	if w.job {
		for condition := range root.get("status").trueConditions() {
			if ended := endedBy(string(condition.get("type").textOrNone())); ended != limits.Running {
				return ended, nil
			}
		}
	}
	if w.phase != nil {
		if ended := endedBy(string(root.at(w.phase...).textOrNone())); ended != limits.Running {
			return ended, nil
		}
	}
	for _, path := range w.suspend {
		if suspended, err := d.bool(root.at(path...)); suspended || err != nil {
			return limits.Suspended, err
		}
	}
	if w.paused {
		paused, err := d.bool(root.at("spec", "paused"))
		if paused || err != nil {
			return limits.Paused, err
		}
	}
	return limits.Running, nil
}

// endedBy is what a condition or a phase means. With the first two conditions a
// Job makes no more pods, the others come when the last pod has gone
// (k8s.io/api v0.37, batch/v1, JobConditionType); Completed and Succeeded are
// JobSet's and Kubeflow's, Terminated and Aborted Volcano's.
func endedBy(word string) limits.Ended {
	switch word {
	case "SuccessCriteriaMet", "Complete", "Completed", "Succeeded":
		return limits.Complete
	case "FailureTarget", "Failed", "Terminated", "Aborted":
		return limits.Failed
	default:
		return limits.Running
	}
}
