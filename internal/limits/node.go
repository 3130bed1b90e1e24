package limits

// Node is a node to plan for.
type Node struct {
	Name              string            `json:"name"`
	MemoryBytes       int64             `json:"memoryBytes"`       // status.capacity.memory = MemTotal
	SwapBytes         int64             `json:"swapBytes"`         // status.nodeInfo.swap.capacity = SwapTotal
	PageSizeBytes     int64             `json:"pageSizeBytes"`     // 0: 4096
	KubernetesVersion string            `json:"kubernetesVersion"` // "1.34"; empty: the newest known
	SwapBehavior      string            `json:"swapBehavior"`      // memorySwap.swapBehavior as written in the kubelet's configuration; empty is a value of its own
	CgroupVersion     int               `json:"cgroupVersion"`     // 1 or 2; 0: 2
	SwapController    bool              `json:"-"`                 // the kubelet's cgroup has memory.swap.max (memory.memsw.limit_in_bytes on version 1); false: swap is not limited
	Runtime           string            `json:"-"`                 // the container runtime, as in a Node object: "containerd://1.7.2"; empty: one that passes swap limits on
	Windows           bool              `json:"-"`                 // the kubelet limits no swap there
	Labels            map[string]string `json:"-"`                 // nil: not known, every DaemonSet is admitted
	Gate              *bool             `json:"-"`                 // featureGates.NodeSwap; nil: not set, which means the version's default, or true if swapBehavior is set and the kubelet would not start otherwise
}

// Totals are the sums over the pods of a node. Each copy of a workload counts;
// an init container adds only what it uses beyond the containers that run
// later; pods that have finished add nothing.
type Totals struct {
	Pods                 int64 `json:"pods"`
	Containers           int64 `json:"containers"`          // of every type
	SwappableContainers  int64 `json:"swappableContainers"` // that can swap at least one page
	MemoryRequestBytes   int64 `json:"memoryRequestBytes"`
	SwapLimitBytes       int64 `json:"swapLimitBytes"`       // without containers that have no limit
	UnreachableSwapBytes int64 `json:"unreachableSwapBytes"` // swap that no container may use; 0 as soon as one has no limit
}

// NodeTotals is a node and the sums over its pods.
type NodeTotals struct {
	Node
	Totals    Totals `json:"totals"`
	Unlimited int64  `json:"-"` // containers without a limit
}
