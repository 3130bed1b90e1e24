// Package limits says what swap limit the kubelet will give every container,
// and why. It is pure: objects in, a plan out; it neither reads files nor asks
// the machine.
package limits

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// Source is the place of an object in the input.
type Source struct {
	File     string // as the user named it; "-" is standard input
	Document int    // from 1
	Item     int    // index in a List, from 0; -1 for a separate object
	Line     int    // line where the object begins, from 1; 0: not known
}

// String is for error messages: "pods.yaml: document 2, item 14 (line 310)".
func (s Source) String() string {
	text := fmt.Sprintf("%s: document %d", s.File, s.Document)
	if s.Item >= 0 {
		text += fmt.Sprintf(", item %d", s.Item)
	}
	if s.Line > 0 {
		text += fmt.Sprintf(" (line %d)", s.Line)
	}
	return text
}

// Object is the relevant part of one object of the input. Exactly one of the
// pointers is set; none for a kind that does not matter to swap.
type Object struct {
	Source     Source
	APIVersion string
	Kind       string // "Pod", "Deployment", "LimitRange", ...
	Namespace  string // empty if the object has none
	Name       string // metadata.name, or metadata.generateName if that is empty
	UID        UID    // of metadata.uid
	Owner      Owner  // the owner with controller: true; without a Kind there is none

	// For an object without pods: where it has something like a pod template,
	// where its kind should have one, and whether its controller makes pods
	// that no manifest contains.
	TemplatePath string
	NoTemplate   string
	Computed     bool

	Pod           *Pod
	LimitRange    *LimitRange
	PriorityClass *PriorityClass
	Node          *NodeObject
}

// Pod is a Pod or the pod template of a workload, reduced to what matters to
// swap. Fields hold what was written: nothing is defaulted.
type Pod struct {
	// Template is true for everything but a bare Pod.
	Template bool
	// Served is true for a Pod with a metadata.uid: an API server has defaulted
	// it, and status.qosClass and spec.priority count as they stand.
	Served bool
	// SpecPath is the path of the pod's spec in the object, for error messages:
	// "spec.template.spec". Empty: the usual one of the kind.
	SpecPath string
	// Replicas is how many copies the workload wants at present (Jobs:
	// parallelism, and no more than what is left to complete); nil if the
	// object does not say.
	Replicas *int64
	// ReplicasPath is the path of that, for error messages.
	ReplicasPath string
	// Before is how many pods the templates before this one want, in an object
	// with several.
	Before int64
	// Wrapper is true for a custom resource without a number of copies of its
	// own: if it owns other workloads of the input, their numbers count.
	Wrapper bool
	// Ended says why no more pods are made from the template.
	Ended Ended

	ConfigSource      *string // annotation kubernetes.io/config.source
	Mirror            bool    // annotation kubernetes.io/config.mirror is there
	Windows           bool    // spec.os.name
	NodeName          string  // spec.nodeName
	NodeSelector      map[string]string
	NodeAffinity      []NodeSelectorTerm // required during scheduling; terms are ORed
	HasNodeAffinity   bool               // there are required terms, perhaps an empty list
	Priority          *int32             // spec.priority
	PriorityClassName string
	QOSClass          string // status.qosClass
	Phase             string // status.phase
	Resize            Resize // of a served pod
	Misspelt          []Misspelling

	Resources  *Resources // spec.resources: pod-level
	Containers []Container
}

// Ended is why a pod or workload is not counted.
type Ended uint8

// The reasons: it has ended, or waits for a person.
const (
	Running   Ended = iota
	Finished        // a pod: Succeeded or Failed
	Complete        // a Job with condition Complete or SuccessCriteriaMet
	Failed          // a Job with condition Failed or FailureTarget
	Suspended       // spec.suspend
	Paused          // spec.paused of a Deployment
)

// String is for a person.
func (e Ended) String() string {
	return [...]string{"", "finished", "complete", "failed", "suspended", "paused"}[e]
}

// Owner is an owner reference.
type Owner struct {
	UID        UID
	Kind, Name string
}

// Misspelling is an unknown member, which Kubernetes ignores.
type Misspelling struct {
	Field string // "spec.containers[0].resource"
	Meant string // "resources"
}

// ContainerType is how a container runs.
type ContainerType string

// The types of containers.
const (
	Init      ContainerType = "init"
	Sidecar   ContainerType = "sidecar" // an init container with restartPolicy Always
	App       ContainerType = "app"
	Ephemeral ContainerType = "ephemeral"
)

// Container is one container of a pod. Order: init and sidecar (as written),
// app, ephemeral.
type Container struct {
	Name      string
	Type      ContainerType
	Resources Resources

	// RestartsToResize is resizePolicy RestartContainer for memory.
	RestartsToResize bool
	// Allocated is what the kubelet has allocated; nil if the status does not
	// say: the container has not been started, or this version cannot resize.
	Allocated *Allocation
}

// Allocation is the memory request and limit with which a container runs, from
// its status. They differ from its spec while a resize is pending
// (k8s.io/kubernetes v1.37, pkg/kubelet/kubelet_pods.go,
// convertToAPIContainerStatuses).
type Allocation struct {
	Request, Limit       bytesize.Quantity
	HasRequest, HasLimit bool
}

// Resize is the state of an in-place resize of a pod: its conditions from
// Kubernetes 1.33 on (beta, on by default), status.resize before (1.27, alpha).
type Resize struct {
	Pending    bool   // the kubelet has not accepted it
	InProgress bool   // the desired resources are allocated, but not all in force yet
	Reason     string // why it is pending: Deferred, Infeasible
	Message    string
}

// Resources are requests and limits.
type Resources struct {
	Requests, Limits ResourceList
}

// ResourceList has cpu, memory and hugepages-*, in the order written; other
// resources do not matter.
type ResourceList []ResourceAmount

// ResourceAmount is one entry of a ResourceList.
type ResourceAmount struct {
	Name     string
	Quantity bytesize.Quantity
}

// Get returns the amount of a resource, and whether it is listed.
func (l ResourceList) Get(name string) (bytesize.Quantity, bool) {
	for i := range l {
		if l[i].Name == name {
			return l[i].Quantity, true
		}
	}
	return bytesize.Quantity{}, false
}

// LimitRange is the part of a LimitRange object about containers: its items of
// type Container, in the order written, not defaulted.
type LimitRange struct {
	Items []LimitRangeItem
}

// LimitRangeItem is one item of type Container.
type LimitRangeItem struct {
	Default, DefaultRequest, Max, Min ResourceList
}

// PriorityClass is a PriorityClass object.
type PriorityClass struct {
	Value         int32
	GlobalDefault bool
}

// NodeObject is the relevant part of a v1 Node. Sizes are bytes; nil if the
// object does not say.
type NodeObject struct {
	Labels         map[string]string
	MemoryCapacity *int64 // status.capacity.memory
	SwapCapacity   *int64 // status.nodeInfo.swap.capacity, Kubernetes 1.33 and later
	KubeletVersion string // status.nodeInfo.kubeletVersion
	Runtime        string // status.nodeInfo.containerRuntimeVersion: "containerd://1.7.2"
	Windows        bool   // status.nodeInfo.operatingSystem
}

// NodeSelectorTerm is a term of a required node affinity; its requirements are
// ANDed.
type NodeSelectorTerm struct {
	MatchExpressions []NodeSelectorRequirement // about labels
	MatchFields      []NodeSelectorRequirement // about metadata.name
}

// NodeSelectorRequirement is one requirement on a label or field.
type NodeSelectorRequirement struct {
	Key      string
	Operator string // In, NotIn, Exists, DoesNotExist, Gt, Lt
	Values   []string
}
