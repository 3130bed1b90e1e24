package limits

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// ranges are the LimitRanges of one namespace (plugin/pkg/admission/limitranger).
type ranges struct {
	defaults  demand // what containers get that have no value
	bounds    []bounds
	conflict  bool // two of them have different defaults, and Kubernetes does not say which wins
	firstName string
}

// bounds are min and max of one item, as limits and requests of a demand.
type bounds struct {
	min, max       [resources]amount
	hasMin, hasMax [resources]bool
}

// add takes a LimitRange.
func (in *ranges) add(o *Object) *FieldError {
	var defaults demand
	for i := range o.LimitRange.Items {
		item, err := convertItem(o, i)
		if err != nil {
			return err
		}
		// A later item of one object wins over an earlier one
		// (defaultContainerResourceRequirements).
		for r := range resources {
			if item.hasLimit[r] {
				defaults.limit[r], defaults.hasLimit[r] = item.limit[r], true
			}
			if item.hasRequest[r] {
				defaults.request[r], defaults.hasRequest[r] = item.request[r], true
			}
		}
		in.bounds = append(in.bounds, item.bounds)
	}
	in.merge(&defaults)
	if in.firstName == "" {
		in.firstName = o.Name
	}
	return nil
}

// merge adds the defaults of another LimitRange: the first one with a value
// wins.
func (in *ranges) merge(more *demand) {
	for r := range resources {
		in.fill(&in.defaults.limit[r], &in.defaults.hasLimit[r], more.limit[r], more.hasLimit[r])
		in.fill(&in.defaults.request[r], &in.defaults.hasRequest[r], more.request[r], more.hasRequest[r])
	}
}

func (in *ranges) fill(value *amount, has *bool, more amount, there bool) {
	switch {
	case !there:
	case !*has:
		*value, *has = more, true
	case *value != more:
		in.conflict = true
	}
}

// rangeItem is a LimitRangeItem with its defaults.
type rangeItem struct {
	demand
	bounds
}

// checkRangeNames refuses resources that containers cannot have
// (validateLimitRangeResourceName).
func checkRangeNames(o *Object, index int) *FieldError {
	written := &o.LimitRange.Items[index]
	for field, list := range map[string]ResourceList{"default": written.Default, "defaultRequest": written.DefaultRequest, "max": written.Max, "min": written.Min} {
		for i := range list {
			if name := list[i].Name; name != "memory" && name != "cpu" {
				if err := checkResource(name); err != nil {
					return &FieldError{
						Source: o.Source, Object: objectName(o.Kind, o.Namespace, o.Name),
						Field: fmt.Sprintf("spec.limits[%d].%s[%s]", index, field, name), Err: err,
					}
				}
			}
		}
	}
	return nil
}

// convertItem reads one item and defaults it (pkg/apis/core/v1/defaults.go,
// SetDefaults_LimitRangeItem): default from max, defaultRequest from default,
// then from min.
func convertItem(o *Object, index int) (item rangeItem, refused *FieldError) {
	written := &o.LimitRange.Items[index]
	if refused := checkRangeNames(o, index); refused != nil {
		return item, refused
	}
	for r := range resources {
		for _, list := range []struct {
			field string
			list  ResourceList
			value *amount
			has   *bool
		}{
			{"default", written.Default, &item.limit[r], &item.hasLimit[r]},
			{"defaultRequest", written.DefaultRequest, &item.request[r], &item.hasRequest[r]},
			{"max", written.Max, &item.max[r], &item.hasMax[r]},
			{"min", written.Min, &item.min[r], &item.hasMin[r]},
		} {
			quantity, ok := list.list.Get(resourceName(r))
			if !ok {
				continue
			}
			value, err := rounded(quantity)
			if err != nil {
				return item, &FieldError{
					Source: o.Source, Object: objectName(o.Kind, o.Namespace, o.Name),
					Field: fmt.Sprintf("spec.limits[%d].%s[%s]", index, list.field, resourceName(r)), Err: err,
				}
			}
			*list.value, *list.has = value, true
		}
		if !item.hasLimit[r] && item.hasMax[r] {
			item.limit[r], item.hasLimit[r] = item.max[r], true
		}
		if !item.hasRequest[r] && item.hasLimit[r] {
			item.request[r], item.hasRequest[r] = item.limit[r], true
		}
		if !item.hasRequest[r] && item.hasMin[r] {
			item.request[r], item.hasRequest[r] = item.min[r], true
		}
	}
	return item, nil
}

// rounded is a quantity as an API server stores it.
func rounded(q bytesize.Quantity) (amount, error) {
	value, err := exactly(q)
	if err != nil {
		return amount{}, err
	}
	value, ok := value.roundedUp()
	if !ok {
		return amount{}, refused(q, errTooLarge)
	}
	return value, nil
}

// apply sets what containers leave out (mergePodResourceRequirements).
func (in *ranges) apply(p *pod) {
	for i := range p.containers {
		c := &p.containers[i]
		if c.kind == kindEphemeral {
			continue
		}
		for r := range resources {
			if !c.hasLimit[r] && in.defaults.hasLimit[r] {
				c.limit[r], c.hasLimit[r] = in.defaults.limit[r], true
				if r == memory {
					c.from |= limitFromRange
				}
			}
			if !c.hasRequest[r] && in.defaults.hasRequest[r] {
				c.request[r], c.hasRequest[r] = in.defaults.request[r], true
				if r == memory {
					c.from |= requestFromRange
				}
			}
		}
	}
}

// refuse says what of a container is out of bounds (PodValidateLimitFunc,
// minConstraint, maxConstraint).
func (in *ranges) refuse(c *container) error {
	for i := range in.bounds {
		b := &in.bounds[i]
		for r := range resources {
			if b.hasMin[r] {
				if err := refuseBelow(c, r, b.min[r]); err != nil {
					return err
				}
			}
			if b.hasMax[r] {
				if err := refuseAbove(c, r, b.max[r]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func refuseBelow(c *container, r int, least amount) error {
	name := resourceName(r)
	request, limit, bound := asCompared(c.request[r], c.limit[r], least)
	switch {
	case !c.hasRequest[r]:
		return fmt.Errorf("no %s request, but a LimitRange wants at least %s", name, least.quantity(r))
	case request.cmp(bound) < 0:
		return fmt.Errorf("%s request %s is below the %s of a LimitRange", name, c.request[r].quantity(r), least.quantity(r))
	case c.hasLimit[r] && limit.cmp(bound) < 0:
		return fmt.Errorf("%s limit %s is below the %s of a LimitRange", name, c.limit[r].quantity(r), least.quantity(r))
	}
	return nil
}

func refuseAbove(c *container, r int, most amount) error {
	name := resourceName(r)
	request, limit, bound := asCompared(c.request[r], c.limit[r], most)
	switch {
	case !c.hasLimit[r]:
		return fmt.Errorf("no %s limit, but a LimitRange wants at most %s", name, most.quantity(r))
	case limit.cmp(bound) > 0:
		return fmt.Errorf("%s limit %s is above the %s of a LimitRange", name, c.limit[r].quantity(r), most.quantity(r))
	case c.hasRequest[r] && request.cmp(bound) > 0:
		return fmt.Errorf("%s request %s is above the %s of a LimitRange", name, c.request[r].quantity(r), most.quantity(r))
	}
	return nil
}

// asCompared returns amounts as they are compared with a bound: in thousandths,
// but all rounded up to whole numbers if one of them has more thousandths than
// fit into 63 bits (requestLimitEnforcedValues).
func asCompared(request, limit, bound amount) (_, _, _ amount) {
	for _, a := range []amount{request, limit, bound} {
		if a.bytes() > maxMilli {
			return amount{whole: request.bytes()}, amount{whole: limit.bytes()}, amount{whole: bound.bytes()}
		}
	}
	return request, limit, bound
}
