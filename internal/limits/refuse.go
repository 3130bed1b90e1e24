package limits

import (
	"errors"
	"fmt"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// refused says what an API server would refuse in an admitted pod, once
// LimitRanges and classes are known (pkg/apis/core/validation/validation.go,
// validateResourceRequirements and validatePodResourceConsistency).
func (a *admission) refused(p *pod, level kubeletcfg.PodLevel) (field string, err error) {
	if field, err = a.refusedPriority(p); err != nil {
		return field, err
	}
	var in *ranges
	if !p.served && !p.static {
		in = a.ranges[p.namespace]
	}
	var count counter
	for i := range p.containers {
		c := &p.containers[i]
		list, index := count.next(c.kind)
		if c.kind == kindEphemeral || c.desired.differs { // a request may be allocated before its limit is in force
			continue
		}
		field, err := c.refused(p.served)
		if c.from&limitFromRange != 0 && field == "resources.requests[memory]" {
			err = fmt.Errorf("%w, which a LimitRange sets", err)
		}
		if err == nil && in != nil {
			field, err = "resources", in.refuse(c)
		}
		if err != nil {
			return fmt.Sprintf("%s.%s[%d].%s", p.specPath, list, index, field), err
		}
	}
	if p.served || !p.hasLevel || level == kubeletcfg.PodLevelOff {
		return "", nil
	}
	if field, err = p.refusedLevel(); err != nil {
		field = p.specPath + "." + field
	}
	return field, err
}

// refusedPriority refuses a priority that contradicts the class
// (plugin/pkg/admission/priority/admission.go, admitPod).
func (a *admission) refusedPriority(p *pod) (field string, err error) {
	if p.served || p.static || !p.hasWritten {
		return "", nil
	}
	value, known := a.classes.lookup(p.class)
	switch {
	case !known && p.written > highestOfUsers:
		return p.specPath + ".priority", fmt.Errorf("%d: contradicts PriorityClass %s: no class of users is above %d", p.written, p.class, highestOfUsers)
	case !known, value == p.written:
		return "", nil
	}
	class := "a pod without priorityClassName"
	if p.class != "" {
		class = "PriorityClass " + p.class
	}
	return p.specPath + ".priority", fmt.Errorf("%d: contradicts the %d of %s", p.written, value, class)
}

// refused checks one set of requests and limits.
func (d *demand) refused(served bool) (field string, err error) {
	for r := range resources {
		if !d.hasRequest[r] || !d.hasLimit[r] || d.request[r].cmp(d.limit[r]) <= 0 {
			continue
		}
		// What an API server has stored is rounded; a pod that claims to come
		// from one may not be.
		request, _ := d.request[r].roundedUp()
		limit, _ := d.limit[r].roundedUp()
		if served && request.cmp(limit) <= 0 {
			continue
		}
		name := resourceName(r)
		return fmt.Sprintf("resources.requests[%s]", name), fmt.Errorf("%s: must be less than or equal to the limit of %s",
			d.request[r].quantity(r), d.limit[r].quantity(r))
	}
	if d.hugepages && d.hasRequest == [resources]bool{} && d.hasLimit == [resources]bool{} && !served {
		return "resources", errors.New("hugepages want cpu or memory beside them")
	}
	return "", nil
}

// refusedLevel compares pod-level resources with those of the containers.
func (p *pod) refusedLevel() (field string, err error) {
	if field, err = p.level.refused(false); err != nil {
		return field, err
	}
	requests := p.aggregate(func(d *demand, r int) (amount, bool) { return d.request[r], d.hasRequest[r] })
	for r := range resources {
		if p.level.hasRequest[r] && requests[r].amount.cmp(p.level.request[r]) > 0 {
			return fmt.Sprintf("resources.requests[%s]", resourceName(r)), fmt.Errorf("%s: is less than the %s that the containers request together",
				p.level.request[r].quantity(r), requests[r].amount.quantity(r))
		}
	}
	var count counter
	for i := range p.containers {
		c := &p.containers[i]
		list, index := count.next(c.kind)
		for r := range resources {
			if c.kind == kindApp && c.hasLimit[r] && p.level.hasLimit[r] && c.limit[r].cmp(p.level.limit[r]) > 0 {
				return fmt.Sprintf("%s[%d].resources.limits[%s]", list, index, resourceName(r)), fmt.Errorf("%s: is more than the pod's own limit of %s",
					c.limit[r].quantity(r), p.level.limit[r].quantity(r))
			}
		}
	}
	return "", nil
}
