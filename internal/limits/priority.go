package limits

import "fmt"

// System priorities (pkg/apis/scheduling/v1/helpers.go, pkg/apis/scheduling/types.go).
const (
	systemCritical     = 2_000_000_000 // from here on the kubelet treats a pod as critical
	systemNodeCritical = systemCritical + 1000
	highestOfUsers     = 1_000_000_000
)

// systemClass is the value of a class that every cluster has.
func systemClass(name string) (value int32, ok bool) {
	switch name {
	case "system-cluster-critical":
		return systemCritical, true
	case "system-node-critical":
		return systemNodeCritical, true
	default:
		return 0, false
	}
}

// classes are the PriorityClass objects of the input.
type classes struct {
	value      map[string]int32
	preset     int32 // for pods without a class
	presetName string
}

// add takes a PriorityClass (pkg/apis/scheduling/validation/validation.go).
func (c *classes) add(o *Object) *FieldError {
	refuse := func(field string, err error) *FieldError {
		return &FieldError{Source: o.Source, Object: objectName(o.Kind, "", o.Name), Field: field, Err: err}
	}
	value := o.PriorityClass.Value
	known, system := systemClass(o.Name)
	before, twice := c.value[o.Name]
	switch {
	case o.Name == "":
		return refuse("metadata.name", errMissing)
	case system && value != known:
		return refuse("value", fmt.Errorf("%d: the value of this class is always %d", value, known))
	case !system && value > highestOfUsers:
		return refuse("value", fmt.Errorf("%d: must be at most %d", value, highestOfUsers))
	case twice && before != value:
		return refuse("value", fmt.Errorf("%d, but there is another PriorityClass of this name with %d", value, before))
	}
	if c.value == nil {
		c.value = map[string]int32{}
	}
	c.value[o.Name] = value
	// With several the lowest wins (plugin/pkg/admission/priority/admission.go,
	// getDefaultPriorityClass).
	if o.PriorityClass.GlobalDefault && (c.presetName == "" || value < c.preset) {
		c.preset, c.presetName = value, o.Name
	}
	return nil
}

// lookup returns the priority that the admission plugin computes; known is false
// for a class that is not in the input.
func (c *classes) lookup(class string) (value int32, known bool) {
	if class == "" {
		return c.preset, true
	}
	if value, ok := systemClass(class); ok {
		return value, true
	}
	value, known = c.value[class]
	return value, known
}

// resolve gives a pod its priority (plugin/pkg/admission/priority/admission.go,
// admitPod). If the class is not known, the pod keeps the priority in its spec.
func (c *classes) resolve(p *pod) {
	if value, known := c.lookup(p.class); known {
		p.priority, p.hasPriority = value, true
	}
}
