package limits

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
)

var errMissing = errors.New("is missing")

// converter turns an Object into a pod, and finds what an API server would
// refuse in it without knowing the rest of the input.
type converter struct {
	pod       pod
	object    *Object
	path      string // of the pod's spec
	list      string // the current field: a list of containers, or "" for the pod
	index     int
	fractions []string // memory with a fraction of a byte
}

// here is the current field, ready for a field below it. It is built for errors
// only: there are millions of containers.
func (c *converter) here(field string) string {
	if c.list == "" {
		return field
	}
	return fmt.Sprintf("%s[%d].%s", c.list, c.index, field)
}

// refuse is an error in a field below the pod's spec; one that begins with "."
// is a field of the object.
func (c *converter) refuse(field string, err error) *FieldError {
	path, ok := strings.CutPrefix(field, ".")
	if !ok {
		path = c.path + "." + field
	}
	return &FieldError{Source: c.object.Source, Object: c.pod.object(), Field: path, Err: err}
}

// convert reads an Object with a Pod. Its result is valid until the next call.
func (c *converter) convert(o *Object, namespace string, static bool) (*pod, *FieldError) {
	from := o.Pod
	c.object, c.path, c.fractions = o, from.SpecPath, c.fractions[:0]
	if c.path == "" {
		c.path = specPathOf(o.Kind)
	}
	c.pod = pod{
		kind: o.Kind, namespace: namespace, name: o.Name, specPath: c.path,
		class: from.PriorityClassName, nodeName: from.NodeName,
		served: from.Served, mirror: from.Mirror, static: static || fromKubelet(from),
		ended: from.Ended, windows: from.Windows || from.NodeSelector["kubernetes.io/os"] == "windows",
		wanted: 1, before: from.Before, wrapper: from.Wrapper, containers: c.pod.containers[:0],
		uid: o.UID, owner: o.Owner.UID, maker: makerOf(&o.Owner, namespace),
	}
	p := &c.pod
	if !from.Template && (from.Phase == "Succeeded" || from.Phase == "Failed") {
		p.ended = Finished
	}
	if from.Priority != nil {
		p.written, p.hasWritten = *from.Priority, true
	}
	if refused := c.identity(); refused != nil {
		return nil, refused
	}
	if refused := c.affinity(); refused != nil {
		return nil, refused
	}
	if p.daemonSet = o.Kind == "DaemonSet" && p.nodeName == ""; p.daemonSet {
		p.selector = appendSelector(p.selector[:0], from)
	}
	if from.Resources != nil {
		p.hasLevel = true
		c.list = ""
		if refused := c.demand(&p.level, from.Resources); refused != nil {
			return nil, refused
		}
	}
	return p, c.containers()
}

// fromKubelet recognises a static pod as the kubelet itself lists it (/pods):
// the kubelet writes the pod's source into this annotation, over any value that
// a person wrote (pkg/kubelet/config/config.go). An annotation in a manifest,
// or any other value, does not count.
func fromKubelet(p *Pod) bool {
	return p.Served && p.ConfigSource != nil && (*p.ConfigSource == "file" || *p.ConfigSource == "http")
}

// identity checks everything but resources, containers and affinity.
func (c *converter) identity() *FieldError {
	from, p := c.object.Pod, &c.pod
	if p.name == "" {
		return c.refuse(".metadata.name", errMissing)
	}
	if from.Mirror && from.NodeName == "" && !from.Served {
		// pkg/apis/core/validation/validation.go, ValidatePodSpecificAnnotations
		return c.refuse("."+metadataPath(c.path, "annotations[kubernetes.io/config.mirror]"),
			errors.New("wants spec.nodeName: only a kubelet makes mirror pods"))
	}
	if from.Replicas != nil {
		if p.wanted = *from.Replicas; p.wanted < 0 {
			return c.refuse("."+cmp.Or(from.ReplicasPath, "spec.replicas"), fmt.Errorf("%d: %w", p.wanted, errNegative))
		}
	}
	if from.Served && from.QOSClass != "" {
		class, ok := qosOf(from.QOSClass)
		if !ok {
			return c.refuse(".status.qosClass", fmt.Errorf("%q: want Guaranteed, Burstable or BestEffort", from.QOSClass))
		}
		p.qos = class
	}
	return nil
}

// containers reads and checks the containers (validateInitContainers,
// validateContainers, validateEphemeralContainers).
func (c *converter) containers() *FieldError {
	written := c.object.Pod.Containers
	var count counter
	for i := range written {
		kind := kindOf(written[i].Type)
		c.list, c.index = count.next(kind)
		c.pod.containers = append(c.pod.containers, container{name: written[i].Name, kind: kind})
		if refused := c.container(&written[i]); refused != nil {
			return refused
		}
	}
	if count[kindApp] == 0 {
		return c.refuse("containers", errMissing)
	}
	return c.twins()
}

// counter counts containers in their lists.
type counter [kindEphemeral + 1]int

// next returns the field of the next container of a kind.
func (c *counter) next(kind containerKind) (list string, index int) {
	if kind == kindSidecar {
		kind = kindInit // they stand in one list
	}
	index = c[kind]
	c[kind]++
	switch kind {
	case kindInit:
		return "initContainers", index
	case kindEphemeral:
		return "ephemeralContainers", index
	default:
		return "containers", index
	}
}

func (c *converter) container(written *Container) *FieldError {
	if written.Name == "" {
		return c.refuse(c.here("name"), errMissing)
	}
	if !isLabel(written.Name) {
		return c.refuse(c.here("name"), fmt.Errorf("%q: want at most 63 of a-z, 0-9 and '-', and no '-' at an end", written.Name))
	}
	if written.Type == Ephemeral {
		if len(written.Resources.Requests)+len(written.Resources.Limits) > 0 {
			return c.refuse(c.here("resources"), errors.New("an ephemeral container cannot have resources"))
		}
		return nil
	}
	one := &c.pod.containers[len(c.pod.containers)-1]
	if refused := c.demand(&one.demand, &written.Resources); refused != nil || written.Allocated == nil || !c.pod.served {
		return refused
	}
	return c.allocate(one, written)
}

// allocate sets the resources of a container of a served pod to what the
// kubelet has allocated: with these it is created, and gets its swap limit
// (k8s.io/kubernetes v1.37, pkg/kubelet/allocation/allocation_manager.go,
// UpdatePodFromAllocation, with which pkg/kubelet/kubelet.go, SyncPod, begins).
func (c *converter) allocate(one *container, written *Container) *FieldError {
	a := written.Allocated
	was := desired{
		differs: true, restarts: written.RestartsToResize,
		request: one.request[memory], hasRequest: one.hasRequest[memory],
		limit: one.limit[memory], hasLimit: one.hasLimit[memory],
	}
	request, limit, err := c.allocated(a)
	if err != nil {
		return c.refuse(c.here("resources"), fmt.Errorf("as allocated in the status: %w", err))
	}
	one.request[memory], one.hasRequest[memory] = request, a.HasRequest
	// A resize cannot remove a limit, so a container without one in its spec
	// has none (its status then shows the pod's). The status shows the limits
	// in force: what is in progress is allocated already.
	resize := &c.object.Pod.Resize
	if was.hasLimit && (resize.Pending || !resize.InProgress) {
		one.limit[memory], one.hasLimit[memory] = limit, a.HasLimit
	}
	if one.request[memory] == was.request && one.limit[memory] == was.limit {
		return nil
	}
	one.desired, one.from = was, one.from|fromAllocation
	c.pod.resizing, c.pod.resize = true, *resize
	return nil
}

func (c *converter) allocated(a *Allocation) (request, limit amount, err error) {
	if a.HasRequest {
		if request, err = c.exactly(a.Request); err != nil {
			return request, limit, err
		}
	}
	if a.HasLimit {
		limit, err = c.exactly(a.Limit)
	}
	return request, limit, err
}

// twins refuses containers with the same name, of any kind.
func (c *converter) twins() *FieldError {
	all := c.pod.containers
	var seen map[string]bool
	if len(all) > 16 { // for fewer, comparing is faster than a map
		seen = make(map[string]bool, len(all))
	}
	var count counter
	for i := range all {
		c.list, c.index = count.next(all[i].kind)
		twin := seen[all[i].name]
		if seen == nil {
			for j := range i {
				twin = twin || all[j].name == all[i].name
			}
		} else {
			seen[all[i].name] = true
		}
		if twin {
			return c.refuse(c.here("name"), fmt.Errorf("%q: there is another container of this name", all[i].name))
		}
	}
	return nil
}

// demand reads requests and limits. For a pod that does not exist yet they are
// rounded up to thousandths, as an API server would.
func (c *converter) demand(d *demand, from *Resources) *FieldError {
	if refused := c.side("requests", from.Requests, &d.request, &d.hasRequest, &d.hugepages); refused != nil {
		return refused
	}
	if refused := c.side("limits", from.Limits, &d.limit, &d.hasLimit, &d.hugepages); refused != nil {
		return refused
	}
	if d.hugepages {
		return c.hugepages(from)
	}
	return nil
}

func (c *converter) side(name string, list ResourceList, value *[resources]amount, has *[resources]bool, hugepages *bool) *FieldError {
	for i := range list {
		entry := &list[i]
		exact, err := c.exactly(entry.Quantity)
		if err != nil {
			field := c.here(fmt.Sprintf("resources.%s[%s]", name, entry.Name))
			return c.refuse(field, err)
		}
		switch entry.Name {
		case "cpu":
			value[cpu], has[cpu] = exact, true
		case "memory":
			value[memory], has[memory] = exact, true
			if exact.nanos != 0 {
				c.fractions = append(c.fractions, entry.Quantity.Text)
			}
		default:
			if err := checkResource(entry.Name); err != nil {
				return c.refuse(c.here(fmt.Sprintf("resources.%s[%s]", name, entry.Name)), err)
			}
			*hugepages = true
		}
	}
	return nil
}

// checkResource refuses an unknown resource without a domain in its name
// (pkg/apis/core/validation/validation.go, ValidateContainerResourceName).
func checkResource(name string) error {
	if strings.HasPrefix(name, "hugepages-") {
		return nil
	}
	known := []string{"memory", "cpu", "ephemeral-storage"}
	if near := fail.Nearest(name, known); near != "" && (near != "cpu" || strings.EqualFold(name, near)) { // a gpu is something else
		return fmt.Errorf("there is no resource of this name: %s is meant?", near)
	}
	return fmt.Errorf("there is no resource of this name: want %s, hugepages-SIZE, or one with a domain such as example.org/%s", strings.Join(known, ", "), name)
}

// exactly is a quantity as the API server stores it, or will store it.
func (c *converter) exactly(q bytesize.Quantity) (amount, error) {
	if !c.pod.served {
		return rounded(q)
	}
	return exactly(q)
}

// hugepages cannot be overcommitted: request and limit are the same
// (validateResourceRequirements).
func (c *converter) hugepages(from *Resources) *FieldError {
	for i := range from.Requests {
		entry := &from.Requests[i]
		if entry.Name == "cpu" || entry.Name == "memory" {
			continue
		}
		limit, ok := from.Limits.Get(entry.Name)
		field := c.here(fmt.Sprintf("resources.limits[%s]", entry.Name))
		if !ok {
			return c.refuse(field, errors.New("is missing: hugepages cannot be overcommitted"))
		}
		if entry.Quantity.Whole != limit.Whole || entry.Quantity.Nanos != limit.Nanos {
			return c.refuse(field, fmt.Errorf("%s: must be equal to the request of %s", limit.Text, entry.Quantity.Text))
		}
	}
	return nil
}

// isLabel reports whether a name is a DNS label (RFC 1123).
func isLabel(name string) bool {
	if len(name) > 63 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for i := range len(name) {
		if b := name[i]; (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
			return false
		}
	}
	return true
}
