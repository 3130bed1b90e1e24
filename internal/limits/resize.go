package limits

import (
	"fmt"
	"strings"
)

// resized warns of a pod that runs with other resources than its spec says, on
// the node for which it is admitted.
func (w *warnings) resized(on *site, p *pod) {
	if !p.resizing {
		return
	}
	var changes []string
	refused := false
	for i := range p.containers {
		c := &p.containers[i]
		if !c.desired.differs {
			continue
		}
		changes = append(changes, c.change())
		refused = refused || on.refusesResize(p, c)
	}
	text := "a resize is " + p.resize.state() + ", and what is allocated is planned: " + strings.Join(changes, "; ")
	if refused {
		text += "; the kubelet refuses it, because a container that may swap cannot change its memory request in place: let memory have the resizePolicy RestartContainer, or make the pod anew"
	}
	w.sort("resize", p.object(), text)
}

// state is the state of a resize.
func (r *Resize) state() string {
	switch {
	case r.Pending && r.Message != "":
		return fmt.Sprintf("pending (%s: %s)", r.Reason, strings.TrimSuffix(r.Message, "."))
	case r.Pending && r.Reason != "":
		return "pending (" + r.Reason + ")"
	case r.InProgress && !r.Pending:
		return "in progress"
	default:
		return "pending"
	}
}

// change is what is allocated and what is desired.
func (c *container) change() string {
	var parts []string
	size := func(value amount, there bool) string {
		if !there {
			return "none"
		}
		return value.quantity(memory)
	}
	if d := &c.desired; c.request[memory] != d.request {
		parts = append(parts, fmt.Sprintf("request %s instead of %s", size(c.request[memory], c.hasRequest[memory]), size(d.request, d.hasRequest)))
	}
	if d := &c.desired; c.limit[memory] != d.limit {
		parts = append(parts, fmt.Sprintf("limit %s instead of %s", size(c.limit[memory], c.hasLimit[memory]), size(d.limit, d.hasLimit)))
	}
	return "container " + c.name + ", " + strings.Join(parts, " and ")
}

// refusesResize is pkg/kubelet/allocation/handlers.go,
// disallowResizeForSwappableContainers (v1.37): a memory request cannot change
// in place if the container could swap before or after.
func (s *site) refusesResize(p *pod, c *container) bool {
	if !s.row.RefusesResize || c.request[memory] == c.desired.request || c.desired.restarts {
		return false
	}
	after := *c
	after.request[memory], after.limit[memory] = c.desired.request, c.desired.limit
	return s.maySwap(p, c) || s.maySwap(p, &after)
}

// maySwap is GetContainerSwapBehavior being LimitedSwap: all tests are passed.
func (s *site) maySwap(p *pod, c *container) bool {
	for _, step := range s.steps {
		if step.fails || failing(step.test, p, c) != "" {
			return false
		}
	}
	return true
}
