package limits

import (
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// verdict is what the kubelet does with one container.
type verdict struct {
	reason Reason
	swap   allowance
	bytes  int64 // where swap is limited
}

// allowance is the limit that the runtime gets.
type allowance uint8

const (
	limited   allowance = iota // so many bytes of swap
	unlimited                  // the kubelet sets "max" or -1, or the runtime takes it so
	unset                      // the kubelet says nothing
)

// decide runs the kubelet's tests in the kubelet's order
// (pkg/kubelet/kuberuntime/kuberuntime_container_linux.go,
// configureContainerSwapResources, GetContainerSwapBehavior and their
// predecessors before 1.33); the first that fails decides.
func (s *site) decide(p *pod, c *container) verdict {
	if p.windows || s.node.Windows {
		return verdict{reason: Windows}
	}
	for _, step := range s.steps {
		if step.fails {
			return s.forAll(step.test, c)
		}
		if reason := failing(step.test, p, c); reason != "" {
			return verdict{reason: reason}
		}
	}
	return s.share(c)
}

// failing runs a test about a pod or container; empty: it passes.
func failing(test kubeletcfg.Test, p *pod, c *container) Reason {
	switch test {
	case kubeletcfg.TestCritical:
		if p.critical() {
			return CriticalPod
		}
	case kubeletcfg.TestQOS:
		switch p.qos {
		case qosBurstable:
		case qosGuaranteed:
			return QOSGuaranteed
		default:
			return QOSBestEffort
		}
	case kubeletcfg.TestRequest:
		if c.request[memory].isZero() && c.limit[memory].isZero() {
			return NoMemoryRequest
		}
	case kubeletcfg.TestEqual:
		// Exact quantities, although the arithmetic continues with whole bytes.
		if c.request[memory] == c.limit[memory] {
			return RequestEqualsLimit
		}
	default: // the node has passed it
	}
	return ""
}

// critical is pkg/kubelet/types/pod_update.go, IsCriticalPod. The name of the
// class does not matter: admission has replaced it with a priority.
func (p *pod) critical() bool {
	return p.static || p.mirror || p.hasPriority && p.priority >= systemCritical
}

// forAll is the verdict of a test that the node fails.
func (s *site) forAll(test kubeletcfg.Test, c *container) verdict {
	switch test {
	case kubeletcfg.TestController:
		return verdict{reason: NoSwapController, swap: unset}
	case kubeletcfg.TestGate:
		if s.row.GateOff == kubeletcfg.Unset {
			return verdict{reason: FeatureGateOff, swap: unset}
		}
		return verdict{reason: FeatureGateOff}
	case kubeletcfg.TestCgroup:
		return verdict{reason: CgroupV1}
	default:
		return s.withoutShare(c)
	}
}

// withoutShare is the verdict of a swapBehavior that gives no shares.
func (s *site) withoutShare(c *container) verdict {
	switch s.meaning {
	case kubeletcfg.UnlimitedV2:
		if s.node.CgroupVersion == 1 {
			return verdict{reason: CgroupV1}
		}
		return verdict{reason: UnlimitedLegacy, swap: unlimited}
	case kubeletcfg.Unlimited:
		return verdict{reason: UnlimitedLegacy, swap: unlimited}
	case kubeletcfg.MemoryLimit:
		// Memory and swap together are limited to the memory limit; without a
		// memory limit the runtime ignores it.
		if c.limit[memory].isZero() {
			return verdict{reason: LegacyLimited, swap: unlimited}
		}
		return verdict{reason: LegacyLimited}
	default:
		return verdict{reason: BehaviorNoSwap}
	}
}

// share is calcSwapForBurstablePods: request / memory * swap in float64,
// divided first and truncated, so that every byte is the kubelet's, rounding
// errors included. Capacity counts, not allocatable.
func (s *site) share(c *container) verdict {
	request := c.request[memory].bytes()
	switch {
	case request == 0: // there is a limit: only if the request is explicitly 0
		return verdict{reason: NoMemoryRequest}
	case request > s.node.MemoryBytes:
		return verdict{reason: RequestExceedsNode}
	case s.node.SwapBytes == 0:
		return verdict{reason: NodeHasNoSwap}
	}
	return verdict{reason: Proportional, bytes: proportional(request, s.node.MemoryBytes, s.node.SwapBytes)}
}

func proportional(request, memory, swap int64) int64 {
	proportion := float64(request) / float64(memory)
	return int64(proportion * float64(swap))
}

// inPages is what the cgroup file reads: the kernel keeps whole pages
// (mm/page_counter.c, page_counter_memparse).
func inPages(bytes, page int64) int64 { return bytes - bytes%page }
