package limits

import (
	"strings"
)

// pod is a Pod in the form in which it is planned: what matters to swap,
// without an allocation for each pod.
type pod struct {
	place     place
	kind      string
	namespace string
	name      string
	specPath  string
	class     string // spec.priorityClassName
	nodeName  string
	workload  string // "Deployment/web"

	served    bool
	mirror    bool
	static    bool // the kubelet has it from a file or URL
	ended     Ended
	windows   bool
	daemonSet bool // a DaemonSet's template, and no node is named in it

	uid     UID   // of a workload
	owner   UID   // its controller
	maker   UID   // the owner of its controller, by name
	wrapper bool  // Pod.Wrapper
	before  int64 // Pod.Before

	wanted      int64    // copies
	replicas    int64    // those of them that are not in the input as pods
	stands      bool     // the QoS class is that of status.qosClass
	qos         qosClass // served: status.qosClass; after admission: the pod's
	written     int32    // spec.priority
	hasWritten  bool
	priority    int32 // that of the admitted pod
	hasPriority bool
	selector    []byte // encoded nodeSelector and node affinity of a DaemonSet

	resizing bool // the allocation of a container differs from its spec
	resize   Resize

	hasLevel   bool // spec.resources is there
	level      demand
	containers []container
}

// place is a Source in numbers.
type place struct{ file, document, item, line int }

// container is a Container in the form in which it is planned.
type container struct {
	name string
	kind containerKind
	from origin // where its request and limit come from
	demand
	desired desired
}

// desired is the memory of a container's spec, if the allocation differs.
type desired struct {
	differs              bool
	restarts             bool // Container.RestartsToResize
	request, limit       amount
	hasRequest, hasLimit bool
}

// containerKind is ContainerType in one byte.
type containerKind uint8

const (
	kindInit containerKind = iota
	kindSidecar
	kindApp
	kindEphemeral
)

func kindOf(t ContainerType) containerKind {
	switch t {
	case Init:
		return kindInit
	case Sidecar:
		return kindSidecar
	case Ephemeral:
		return kindEphemeral
	default:
		return kindApp
	}
}

func (k containerKind) containerType() ContainerType {
	switch k {
	case kindInit:
		return Init
	case kindSidecar:
		return Sidecar
	case kindEphemeral:
		return Ephemeral
	default:
		return App
	}
}

// The two resources that matter to the QoS class, as indexes into a demand.
const (
	cpu = iota
	memory
	resources
)

// resourceName is the name of the resource in manifests.
func resourceName(r int) string {
	if r == cpu {
		return "cpu"
	}
	return "memory"
}

// demand is requests and limits of cpu and memory. A missing one is zero.
type demand struct {
	request, limit       [resources]amount
	hasRequest, hasLimit [resources]bool
	hugepages            bool // hugepages-* are listed
}

// isSet reports whether anything is listed.
func (d *demand) isSet() bool {
	return d.hugepages || d.hasRequest[cpu] || d.hasRequest[memory] || d.hasLimit[cpu] || d.hasLimit[memory]
}

// origin says where memory values of a container come from that nobody wrote.
type origin uint8

const (
	requestFromLimit origin = 1 << iota // the API server copied the limit to the request
	requestFromRange                    // a LimitRange's defaultRequest
	limitFromRange                      // a LimitRange's default
	fromAllocation                      // what the kubelet has allocated, not what the spec says
)

// object is the pod's object for messages: "Deployment default/web".
func (p *pod) object() string { return objectName(p.kind, p.namespace, p.name) }

func objectName(kind, namespace, name string) string {
	if namespace == "" {
		return kind + " " + name
	}
	return kind + " " + namespace + "/" + name
}

// specPathOf is the path of the pod's spec in objects of a kind.
func specPathOf(kind string) string {
	switch kind {
	case "Pod":
		return "spec"
	case "PodTemplate":
		return "template.spec"
	case "CronJob":
		return "spec.jobTemplate.spec.template.spec"
	default:
		return "spec.template.spec"
	}
}

// metadataPath is the field of the metadata beside a spec.
func metadataPath(specPath, field string) string {
	return strings.TrimSuffix(specPath, "spec") + "metadata." + field
}
