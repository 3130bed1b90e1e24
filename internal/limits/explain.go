package limits

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// Test is one question that the kubelet asks before it lets a container swap.
type Test struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Passed   bool   `json:"passed"` // false on the last test only: the container gets no share of swap
	Source   string `json:"source"` // where Kubernetes does this test: file, function and release
}

// Explanation is the kubelet's tests for one container, up to the one that
// decides, and the arithmetic if all are passed.
type Explanation struct {
	Row   Row    `json:"row"`
	Tests []Test `json:"tests"`
}

// Explain runs the kubelet's tests for every container of the pods and
// workloads with this namespace and name ("web" or "Deployment/web"), on every
// node, in the plan's order. It is an error if nothing has the name.
func (p *Plan) Explain(namespace, name string) ([]Explanation, error) {
	var list []Explanation
	err := p.visit(func(on *site, one *pod) bool {
		if one.namespace != namespace || one.name != name && one.workload != name {
			return true
		}
		for i := range one.containers {
			var row rowSpace
			row.pod(on, one)
			row.container(on, one, &one.containers[i])
			list = append(list, Explanation{Row: row.Row, Tests: on.explain(one, &one.containers[i])})
		}
		return true
	})
	switch {
	case err != nil:
		return nil, errSpooling(err)
	case len(list) == 0:
		return nil, fmt.Errorf("there is no pod or workload %q in namespace %q on any node of the plan", name, namespace)
	}
	return list, nil
}

// explain runs a container's tests one by one.
func (s *site) explain(p *pod, c *container) []Test {
	if p.windows || s.node.Windows {
		return []Test{{
			Question: "Does the pod run on Linux?", Answer: "it runs on Windows",
			Source: "pkg/kubelet/kuberuntime/kuberuntime_container_windows.go GetContainerSwapBehavior (" + s.row.Source + ")",
		}}
	}
	var tests []Test
	for _, test := range s.row.Tests {
		if test == kubeletcfg.TestCgroup && s.meaning != kubeletcfg.Share {
			continue
		}
		_, fails := s.ask(test)
		one := s.question(test, p, c)
		one.Passed = !fails && failing(test, p, c) == ""
		one.Source = s.source(test)
		tests = append(tests, one)
		if !one.Passed {
			return tests
		}
	}
	return append(tests, s.arithmetic(c)...)
}

// source is where a test is in the source of the release that the row was read
// from.
func (s *site) source(test kubeletcfg.Test) string {
	file := s.row.Files[0]
	switch test {
	case kubeletcfg.TestCritical:
		file = "pkg/kubelet/types/pod_update.go IsCriticalPod"
	case kubeletcfg.TestQOS:
		file = "pkg/apis/core/v1/helper/qos/qos.go GetPodQOS"
	default:
	}
	return file + " (" + s.row.Source + ")"
}

func (s *site) question(test kubeletcfg.Test, p *pod, c *container) Test {
	switch test {
	case kubeletcfg.TestController:
		file := "memory.swap.max"
		if s.node.CgroupVersion == 1 {
			file = "memory.memsw.limit_in_bytes"
		}
		return Test{Question: "Can the kernel limit swap?", Answer: "the kubelet's cgroup " + has(s.node.SwapController) + " " + file}
	case kubeletcfg.TestGate:
		return Test{Question: "Is feature gate NodeSwap on?", Answer: fmt.Sprintf("it is %s (%s in Kubernetes %s)", onOff(s.gate), s.row.Gate.Stage, s.row.Kubernetes)}
	case kubeletcfg.TestBehavior:
		return Test{Question: "Does the kubelet's swapBehavior give containers a share?", Answer: s.behavior()}
	case kubeletcfg.TestCgroup:
		return Test{Question: "Does the node run cgroup v2?", Answer: fmt.Sprintf("it runs cgroup v%d", s.node.CgroupVersion)}
	case kubeletcfg.TestCritical:
		return Test{Question: "Is the pod an ordinary one, not critical?", Answer: p.importance()}
	case kubeletcfg.TestQOS:
		return Test{Question: "Is the pod Burstable?", Answer: p.qosSource(s.row.PodLevelResources)}
	case kubeletcfg.TestRequest:
		return Test{Question: "Does the container have a memory request or limit?", Answer: c.memory()}
	default:
		return Test{Question: "Do memory request and limit differ?", Answer: c.memory()}
	}
}

// arithmetic is the computation after all tests are passed.
func (s *site) arithmetic(c *container) []Test {
	request := c.request[memory].bytes()
	source := "pkg/kubelet/kuberuntime/kuberuntime_container_linux.go calcSwapForBurstablePods (" + s.row.Source + ")"
	within := Test{
		Question: "Is the request within the node's memory?",
		Answer:   fmt.Sprintf("%d of %d bytes", request, s.node.MemoryBytes),
		Passed:   request <= s.node.MemoryBytes, Source: source,
	}
	if !within.Passed {
		return []Test{within}
	}
	bytes := proportional(request, s.node.MemoryBytes, s.node.SwapBytes)
	return []Test{within, {
		Question: "Is its share of the node's swap a page or more?",
		Answer: fmt.Sprintf("%d / %d * %d = %d bytes, %d in whole pages of %d",
			request, s.node.MemoryBytes, s.node.SwapBytes, bytes, inPages(bytes, s.node.PageSizeBytes), s.node.PageSizeBytes),
		Passed: bytes >= s.node.PageSizeBytes, Source: source,
	}}
}

// behavior is swapBehavior in words.
func (s *site) behavior() string {
	written := s.node.SwapBehavior
	if written == "" {
		written = "not set"
	}
	switch s.meaning {
	case kubeletcfg.Share:
		return written
	case kubeletcfg.Unlimited, kubeletcfg.UnlimitedV2:
		return written + ": without limit"
	case kubeletcfg.MemoryLimit:
		return written + ": memory and swap together up to the memory limit"
	default:
		return written + ": no swap"
	}
}

// importance is why a pod is critical or not.
func (p *pod) importance() string {
	switch {
	case p.static:
		return "it is a static pod"
	case p.mirror:
		return "annotation kubernetes.io/config.mirror makes it a mirror pod"
	case !p.hasPriority && p.class != "":
		return "PriorityClass " + p.class + " is not known, but no class of a user's is critical"
	case !p.hasPriority:
		return "it has no priority"
	}
	class := ""
	if p.class != "" {
		class = " (" + p.class + ")"
	}
	return fmt.Sprintf("its priority is %d%s; critical from %d on", p.priority, class, systemCritical)
}

// qosSource is the QoS class and where it comes from.
func (p *pod) qosSource(level kubeletcfg.PodLevel) string {
	switch {
	case p.stands:
		return fmt.Sprintf("status.qosClass is %s", p.qos)
	case p.levelCounts(level):
		return fmt.Sprintf("it is %s, by its own requests and limits", p.qos)
	default:
		return fmt.Sprintf("it is %s, by its containers' requests and limits", p.qos)
	}
}

// memory is request and limit in words.
func (c *container) memory() string {
	request, limit := "no request", "no limit"
	if c.hasRequest[memory] {
		request = "request " + c.request[memory].quantity(memory)
	}
	if c.hasLimit[memory] {
		limit = "limit " + c.limit[memory].quantity(memory)
	}
	if c.from&requestFromLimit != 0 {
		request += " (from the limit)"
	}
	if c.from&fromAllocation != 0 {
		request, limit = request+" (allocated)", limit+" (allocated)"
	}
	if c.from&requestFromRange != 0 {
		request += " (from a LimitRange)"
	}
	if c.from&limitFromRange != 0 {
		limit += " (from a LimitRange)"
	}
	return request + ", " + limit
}

func has(there bool) string {
	if there {
		return "has"
	}
	return "does not have"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
