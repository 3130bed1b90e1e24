package limits

// Row is what one container gets. Its strings may be kept; the numbers that it
// points to are overwritten with it.
type Row struct {
	Node      string        `json:"node"`
	Namespace string        `json:"namespace"`
	Pod       string        `json:"pod"`      // the object's name
	Workload  string        `json:"workload"` // "Deployment/web"; empty for a bare Pod
	Replicas  int64         `json:"replicas"` // copies on this node
	Container string        `json:"container"`
	Type      ContainerType `json:"type"`
	QOSClass  string        `json:"qosClass"` // Guaranteed, Burstable, BestEffort
	Priority  *int32        `json:"priority"` // nil: not known, or a served pod without one

	MemoryRequestBytes int64  `json:"memoryRequestBytes,omitzero"` // rounded up to bytes; 0: none
	MemoryLimitBytes   int64  `json:"memoryLimitBytes,omitzero"`   // the container's own; 0: none
	SwapLimitBytes     *int64 `json:"swapLimitBytes"`              // passed to the runtime; nil: no limit is set
	MemorySwapMax      *int64 `json:"memorySwapMax"`               // what the cgroup file reads, whole pages; nil: "max", or not known
	Reason             Reason `json:"reason"`
	Detail             string `json:"detail"` // one sentence: the reason, and what to change for the other result

	Critical bool   `json:"-"` // the kubelet treats the pod as critical
	Finished bool   `json:"-"` // in no sum: it has ended, or its pods count
	Note     string `json:"-"` // why, or why not all copies count; "" for all others
}

// Reason is why a container gets the swap it gets: a fixed word for scripts.
type Reason string

// The reasons, in the order in which the kubelet tests them.
const (
	Windows            Reason = "Windows"            // the pod or the node runs Windows
	NoSwapController   Reason = "NoSwapController"   // the kernel does not limit swap: the kubelet sets nothing
	FeatureGateOff     Reason = "FeatureGateOff"     // feature gate NodeSwap is off
	UnlimitedLegacy    Reason = "UnlimitedLegacy"    // 1.22 to 1.29 can let containers swap without limit
	LegacyLimited      Reason = "LegacyLimited"      // 1.22 to 1.27: memory and swap together up to the memory limit
	BehaviorNoSwap     Reason = "BehaviorNoSwap"     // swapBehavior is not LimitedSwap
	CgroupV1           Reason = "CgroupV1"           // the node does not run cgroup v2
	CriticalPod        Reason = "CriticalPod"        // static, mirror or of a system priority
	QOSBestEffort      Reason = "QOSBestEffort"      // the pod is BestEffort
	QOSGuaranteed      Reason = "QOSGuaranteed"      // the pod is Guaranteed
	NoMemoryRequest    Reason = "NoMemoryRequest"    // the container requests no memory
	RequestEqualsLimit Reason = "RequestEqualsLimit" // memory request and limit are equal
	RequestExceedsNode Reason = "RequestExceedsNode" // the container requests more than the node has
	NodeHasNoSwap      Reason = "NodeHasNoSwap"      // the share of nothing is nothing
	Proportional       Reason = "Proportional"       // a share of the node's swap: request / memory * swap
)
