package limits

// detail is one sentence for the user: the reason, and what to change for the
// other result. The sentences are constants, because there are millions of
// containers.
func (s *site) detail(v verdict, p *pod, c *container) string {
	switch v.reason {
	case Proportional:
		return s.proportionalDetail(v, c)
	case Windows:
		return windowsDetail(p)
	case NoSwapController:
		return "The kernel does not limit swap, so the kubelet sets nothing and the container may use all of it: turn the memory controller's swap accounting on (kernel parameter swapaccount=1, CONFIG_SWAP)."
	case FeatureGateOff:
		return "Feature gate NodeSwap is off: set featureGates NodeSwap to true and memorySwap.swapBehavior to LimitedSwap in the kubelet's configuration."
	case UnlimitedLegacy:
		return "This Kubernetes version lets every container swap without limit: set memorySwap.swapBehavior to LimitedSwap."
	case LegacyLimited:
		return legacyDetail(v)
	case BehaviorNoSwap:
		return "The kubelet gives no container swap: set memorySwap.swapBehavior to LimitedSwap in its configuration."
	case CgroupV1:
		return "The node runs cgroup v1, where the kubelet limits no swap: boot it with cgroup v2 (systemd.unified_cgroup_hierarchy=1)."
	case CriticalPod:
		return criticalDetail(p)
	case QOSBestEffort:
		return bestEffortDetail(p)
	case QOSGuaranteed:
		return "The pod is Guaranteed, requests and limits are equal throughout: request less memory than the limit, or leave the limit out."
	case NoMemoryRequest:
		return noRequestDetail(p, c)
	case RequestEqualsLimit:
		return equalDetail(c)
	case RequestExceedsNode:
		return "The container requests more memory than the node has: request less, or use a larger node."
	case NodeHasNoSwap:
		return "The container would have its share, but the node has no swap: make some with 'swapctl setup'."
	default:
		return ""
	}
}

func (s *site) proportionalDetail(v verdict, c *container) string {
	switch {
	case v.bytes < s.node.PageSizeBytes:
		return "Its share of the node's swap is less than one page, so it cannot swap: request more memory, or make the node's swap larger."
	case c.from&requestFromRange != 0:
		return "It has its share of the node's swap for a request that a LimitRange gives it: request / node memory * node swap."
	default:
		return "It has its share of the node's swap, request / node memory * node swap: a limit equal to the request would take it away."
	}
}

func legacyDetail(v verdict) string {
	if v.swap == unlimited {
		return "This Kubernetes version limits memory and swap together to the memory limit, and there is none, so the container may swap without limit: set a memory limit."
	}
	return "This Kubernetes version limits memory and swap together to the memory limit, so nothing is left for swap: use Kubernetes 1.28 or later."
}

func windowsDetail(p *pod) string {
	if p.windows {
		return "It is a pod for Windows (spec.os or its nodeSelector), where the kubelet gives no container swap of the node."
	}
	return "The node runs Windows, where the kubelet gives no container swap of the node."
}

func criticalDetail(p *pod) string {
	switch {
	case p.static:
		return "Static pods are critical and never swap: let an API server have the pod, for example from a DaemonSet."
	case p.mirror:
		return "The pod mirrors a static pod (annotation kubernetes.io/config.mirror); these are critical and never swap."
	default:
		return "The pod's priority is 2000000000 or more, which makes it critical: use a priorityClassName that is not a system class."
	}
}

func bestEffortDetail(p *pod) string {
	if p.hasLevel && p.level.isSet() {
		return "The pod is BestEffort because its own resources name neither cpu nor memory: request memory there and in the container."
	}
	return "The pod is BestEffort, no container requests anything: request memory, less than its limit."
}

func noRequestDetail(p *pod, c *container) string {
	switch {
	case c.kind == kindEphemeral:
		return "Ephemeral containers have no resources, so their share is 0."
	case !c.limit[memory].isZero():
		return "The memory request is 0, and so is its share of the node's swap: request memory, less than the limit."
	case p.hasLevel && p.level.isSet():
		return "The pod has resources of its own, but swap goes by the container's: request memory in the container."
	default:
		return "The container requests no memory: request some, less than its limit."
	}
}

func equalDetail(c *container) string {
	switch {
	case c.from&requestFromLimit != 0:
		return "Only a memory limit is set, and an API server makes it the request, too: request less than the limit."
	case c.from&limitFromRange != 0:
		return "A LimitRange makes the memory limit equal to the request: set a limit above it, or change the LimitRange."
	case c.from&requestFromRange != 0:
		return "A LimitRange makes the memory request equal to the limit: request less than the limit."
	default:
		return "Memory request and limit are equal: request less than the limit, or leave the limit out."
	}
}
