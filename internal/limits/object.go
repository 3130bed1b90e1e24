// Package limits says what swap limit the kubelet will give every container,
// and why. It is pure: objects in, a plan out; it neither reads files nor asks
// the machine.
package limits

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// Source says where an object stands in what was read.
type Source struct {
	File     string // as the user named it; "-" is standard input
	Document int    // from 1
	Item     int    // place in a List, from 0; -1 for an object of its own
	Line     int    // where the object begins, from 1; 0: not known
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

// Object is what matters of one object of the input. Exactly one of the
// pointers is set; none for a kind that says nothing about swap.
type Object struct {
	Source     Source
	APIVersion string
	Kind       string // "Pod", "Deployment", "LimitRange", ...
	Namespace  string // empty where the object has none
	Name       string // metadata.name, or metadata.generateName where that is empty
	UID        UID    // of metadata.uid
	Owner      Owner  // the one with controller: true; no Kind: there is none

	// Of an object without pods: where it has what looks like a pod template,
	// where its kind should have one, and whether its controller makes pods that
	// nobody has written down.
	TemplatePath string
	NoTemplate   string
	Computed     bool

	Pod           *Pod
	LimitRange    *LimitRange
	PriorityClass *PriorityClass
	Node          *NodeObject
}

// Pod is a Pod or the pod template of a workload, reduced to what decides over
// swap. Fields hold what was written: nothing is defaulted.
type Pod struct {
	// Template is true for everything but a bare Pod.
	Template bool
	// Served is true for a Pod with a metadata.uid: an API server has defaulted
	// it, and status.qosClass and spec.priority count as they stand.
	Served bool
	// SpecPath is where the pod's spec stands in the object, for error messages:
	// "spec.template.spec". Empty: where objects of this kind have it.
	SpecPath string
	// Replicas is how many copies the workload wants at present (Jobs:
	// parallelism, and no more than there is to complete); nil where the object
	// does not say.
	Replicas *int64
	// ReplicasPath is where that stands, for error messages.
	ReplicasPath string
	// Before is how many pods the templates before this one want, in an object
	// with several.
	Before int64
	// Wrapper is true for a kind of others that has no number of copies of its
	// own: where other workloads of the input are made by it, they say all.
	Wrapper bool
	// Ended says why no pod is made from the template any more.
	Ended Ended

	ConfigSource      *string // annotation kubernetes.io/config.source
	Mirror            bool    // annotation kubernetes.io/config.mirror is there
	Windows           bool    // spec.os.name
	NodeName          string  // spec.nodeName
	NodeSelector      map[string]string
	NodeAffinity      []NodeSelectorTerm // required during scheduling; terms are ORed
	HasNodeAffinity   bool               // required terms are there, even if there are none of them
	Priority          *int32             // spec.priority
	PriorityClassName string
	QOSClass          string // status.qosClass
	Phase             string // status.phase
	Resize            Resize // of a served pod
	Misspelt          []Misspelling

	Resources  *Resources // spec.resources: pod-level
	Containers []Container
}

// Ended is why a pod or workload counts in nothing.
type Ended uint8

// What has ended, or waits for a person.
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

// Misspelling is a member that Kubernetes has none of, and so passes over.
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

// Container is one container of a pod. Containers stand in the order init and
// sidecar (as written), app, ephemeral.
type Container struct {
	Name      string
	Type      ContainerType
	Resources Resources

	// RestartsToResize is resizePolicy RestartContainer for memory.
	RestartsToResize bool
	// Allocated is what the kubelet has allocated; nil where it does not say: the
	// container has not been started, or its Kubernetes resizes nothing.
	Allocated *Allocation
}

// Allocation is a memory request and limit by which a container runs: those of
// its status. They differ from its spec while a resize waits
// (k8s.io/kubernetes v1.37, pkg/kubelet/kubelet_pods.go,
// convertToAPIContainerStatuses).
type Allocation struct {
	Request, Limit       bytesize.Quantity
	HasRequest, HasLimit bool
}

// Resize is how far an in-place resize of a pod is: its conditions from
// Kubernetes 1.33 on (beta, on by default), status.resize before (1.27, alpha).
type Resize struct {
	Pending    bool   // the kubelet has not accepted it
	InProgress bool   // what is desired is allocated, and not all of it in force yet
	Reason     string // why it is pending: Deferred, Infeasible
	Message    string
}

// Resources are requests and limits.
type Resources struct {
	Requests, Limits ResourceList
}

// ResourceList holds cpu, memory and hugepages-*, in the order written; other
// resources decide nothing.
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

// LimitRange is what a LimitRange object says about containers: its items of
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

// NodeObject is what matters of a v1 Node. Sizes are bytes; nil where the
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
