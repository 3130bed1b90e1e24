package limits

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// node16 is a node with 16 GiB and 8 GiB of swap: a share is half the request.
func node16() Node {
	return Node{Name: "n", MemoryBytes: 16 << 30, SwapBytes: 8 << 30, SwapController: true, SwapBehavior: "LimitedSwap"}
}

// planOf plans objects on nodes; none: node16.
func planOf(t testing.TB, objects []*Object, nodes ...Node) *Plan {
	t.Helper()
	if len(nodes) == 0 {
		nodes = []Node{node16()}
	}
	plan, err := plannedWith(Options{Nodes: nodes}, objects)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func plannedWith(o Options, objects []*Object) (*Plan, error) {
	p := NewPlanner(o)
	for _, object := range objects {
		if err := p.Add(object); err != nil {
			return nil, err
		}
	}
	return p.Plan()
}

// rowsOf is every row in a line: "node namespace/pod container swap reason".
func rowsOf(t testing.TB, p *Plan) []string {
	t.Helper()
	var lines []string
	for r, err := range p.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		swap := "unlimited"
		if r.SwapLimitBytes != nil {
			swap = fmt.Sprint(*r.SwapLimitBytes)
		}
		lines = append(lines, fmt.Sprintf("%s %s/%s %s %s %s", r.Node, r.Namespace, r.Pod, r.Container, swap, r.Reason))
	}
	return lines
}

// web is a pod of one container with these resources, as JSON.
func web(resources string) string {
	return `{"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "resources": ` + resources + `}]}}`
}

func TestTheReasonIsTheFirstTestThatFails(t *testing.T) {
	const burstable = `{"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}`
	critical := strings.Replace(web(burstable), `"spec": {`, `"spec": {"priorityClassName": "system-node-critical", `, 1)
	for _, test := range []struct {
		name, pod string
		node      func(*Node)
		want      Reason
		swap      int64 // -1: no limit is set
	}{
		{"a share", web(burstable), nil, Proportional, 512 << 20},
		{"no controller goes first", critical, func(n *Node) { n.SwapController, n.SwapBehavior = false, "" }, NoSwapController, -1},
		{"then the behavior", critical, func(n *Node) { n.SwapBehavior, n.CgroupVersion = "NoSwap", 1 }, BehaviorNoSwap, 0},
		{"no behavior is no swap", web(burstable), func(n *Node) { n.SwapBehavior = "" }, BehaviorNoSwap, 0},
		{"then cgroup v1", critical, func(n *Node) { n.CgroupVersion = 1 }, CgroupV1, 0},
		{"then criticality", strings.Replace(critical, burstable, "{}", 1), nil, CriticalPod, 0},
		{"then QoS", web("{}"), nil, QOSBestEffort, 0},
		{"Guaranteed", web(`{"limits": {"memory": "1Gi", "cpu": "1"}}`), nil, QOSGuaranteed, 0},
		{"then the request", web(`{"requests": {"cpu": "1"}}`), nil, NoMemoryRequest, 0},
		{"a limit alone becomes the request", web(`{"limits": {"memory": "1Gi"}}`), nil, RequestEqualsLimit, 0},
		{"a request of 0", web(`{"requests": {"memory": "0"}, "limits": {"memory": "1Gi"}}`), nil, NoMemoryRequest, 0},
		{"a request of the whole node", web(`{"requests": {"memory": "16Gi"}}`), nil, Proportional, 8 << 30},
		{"a request of more", web(`{"requests": {"memory": "17179869185"}}`), nil, RequestExceedsNode, 0},
		{"half a byte more is a byte more", web(`{"requests": {"memory": "17179869184.5"}}`), nil, RequestExceedsNode, 0},
		{"no swap to share", web(burstable), func(n *Node) { n.SwapBytes = 0 }, NodeHasNoSwap, 0},
		{"too large without swap, too", web(`{"requests": {"memory": "20Gi"}}`), func(n *Node) { n.SwapBytes = 0 }, RequestExceedsNode, 0},
		{"less than a page", web(`{"requests": {"memory": "8191"}}`), nil, Proportional, 4095},

		{"1.31 asks for cgroup v2 first", critical, func(n *Node) { n.KubernetesVersion, n.CgroupVersion = "1.31", 1 }, CgroupV1, 0},
		{"1.31 asks for criticality before the behavior", critical, func(n *Node) { n.KubernetesVersion, n.SwapBehavior = "1.31", "NoSwap" }, CriticalPod, 0},
		{"1.31 with NoSwap on cgroup v1", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior, n.CgroupVersion = "1.31", "NoSwap", 1 }, BehaviorNoSwap, 0},
		{"1.30 knows no critical pods", critical, func(n *Node) { n.KubernetesVersion = "1.30" }, Proportional, 512 << 20},
		{"1.30 with the gate off", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior, n.Gate = "1.30", "", new(bool) }, FeatureGateOff, 0},
		{"1.33 asks for the behavior before the gate", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior, n.Gate = "1.33", "", new(bool) }, BehaviorNoSwap, 0},
		{"1.28 out of the box", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior = "1.28", "" }, FeatureGateOff, 0},
		{"1.28 with LimitedSwap", web(burstable), func(n *Node) { n.KubernetesVersion = "1.28" }, Proportional, 512 << 20},
		{"1.28 with the gate alone", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior, n.Gate = "1.28", "", yes() }, UnlimitedLegacy, -1},
		{"1.29 with UnlimitedSwap", critical, func(n *Node) { n.KubernetesVersion, n.SwapBehavior = "1.29", "UnlimitedSwap" }, UnlimitedLegacy, -1},
		{"1.29 with UnlimitedSwap on cgroup v1", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior, n.CgroupVersion = "1.29", "UnlimitedSwap", 1 }, CgroupV1, 0},
		{"1.29 asks for QoS before cgroup v2", web("{}"), func(n *Node) { n.KubernetesVersion, n.CgroupVersion = "1.29", 1 }, QOSBestEffort, 0},
		{"1.29 asks for cgroup v2 before equality", web(`{"limits": {"memory": "1Gi"}}`), func(n *Node) { n.KubernetesVersion, n.CgroupVersion = "1.29", 1 }, CgroupV1, 0},
		{"1.27 out of the box", web(burstable), func(n *Node) { n.KubernetesVersion, n.SwapBehavior = "1.27", "" }, FeatureGateOff, -1},
		{"1.27 with LimitedSwap", web(burstable), func(n *Node) { n.KubernetesVersion = "1.27" }, LegacyLimited, 0},
		{"1.27 without a memory limit", web(`{"requests": {"memory": "1Gi"}}`), func(n *Node) { n.KubernetesVersion = "1.27" }, LegacyLimited, -1},
		{"1.22 with the gate alone", web("{}"), func(n *Node) { n.KubernetesVersion, n.SwapBehavior, n.Gate = "1.22", "", yes() }, LegacyLimited, -1},
		{"1.22 with UnlimitedSwap", critical, func(n *Node) { n.KubernetesVersion, n.SwapBehavior = "1.22", "UnlimitedSwap" }, UnlimitedLegacy, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			node := node16()
			if test.node != nil {
				test.node(&node)
			}
			plan := planOf(t, []*Object{podOf(t, test.pod)}, node)
			for row := range plan.Rows() {
				if row.Reason != test.want {
					t.Errorf("%s, want %s", row.Reason, test.want)
				}
				if (row.SwapLimitBytes == nil) != (test.swap < 0) || row.SwapLimitBytes != nil && *row.SwapLimitBytes != test.swap {
					t.Errorf("swap %v, want %d", row.SwapLimitBytes, test.swap)
				}
				if row.SwapLimitBytes != nil && *row.MemorySwapMax != test.swap/4096*4096 {
					t.Errorf("memory.swap.max %d", *row.MemorySwapMax)
				}
				if !strings.HasSuffix(row.Detail, ".") || len(row.Detail) < 30 {
					t.Errorf("detail %q", row.Detail)
				}
			}
			walked, err := plan.Explain("default", "web")
			if err != nil || len(walked) != 1 || len(walked[0].Tests) == 0 {
				t.Fatalf("%v, %v", walked, err)
			}
			for i, one := range walked[0].Tests {
				last := i == len(walked[0].Tests)-1
				wins := walked[0].Row.Reason == Proportional && *walked[0].Row.MemorySwapMax > 0
				if one.Passed == (last && !wins) || one.Question == "" || one.Answer == "" || one.Source == "" {
					t.Errorf("test %d: %+v", i, one)
				}
			}
		})
	}
}

func yes() *bool { on := true; return &on }

func TestANodeThatNoKubeletRunsOnIsRefused(t *testing.T) {
	for want, change := range map[string]func(*Node){
		"there is no cgroup version 3":               func(n *Node) { n.CgroupVersion = 3 },
		"its memory is 0 bytes":                      func(n *Node) { n.MemoryBytes = 0 },
		"its swap is -1 bytes":                       func(n *Node) { n.SwapBytes = -1 },
		"more than any machine has":                  func(n *Node) { n.SwapBytes = 1<<62 + 1 },
		"its pages are -1 bytes":                     func(n *Node) { n.PageSizeBytes = -1 },
		`swapBehavior "UnlimitedSwap": want Limited`: func(n *Node) { n.SwapBehavior = "UnlimitedSwap" },
		`swapBehavior "NoSwap": want LimitedSwap or`: func(n *Node) { n.SwapBehavior, n.KubernetesVersion = "NoSwap", "1.28" },
		`swapBehavior "Limited"`:                     func(n *Node) { n.SwapBehavior = "Limited" },
		"Kubernetes 1.21 is not known":               func(n *Node) { n.KubernetesVersion = "1.21" },
		"it is locked to on":                         func(n *Node) { n.Gate = new(bool) },
		"NodeSwap off and swapBehavior LimitedSwap":  func(n *Node) { n.Gate, n.KubernetesVersion = new(bool), "1.30" },
	} {
		node := node16()
		change(&node)
		_, err := plannedWith(Options{Nodes: []Node{node}}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "plan for node n") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestTheAPIServersDefaultsAreForPodsThatItHasNotSeen(t *testing.T) {
	const limitOnly = `{"limits": {"memory": "1Gi"}}`
	served := strings.Replace(web(limitOnly), `"metadata": {`, `"metadata": {"uid": "1", `, 1)
	for pod, want := range map[string]string{
		web(limitOnly): "n default/web c 0 RequestEqualsLimit",
		served:         "n default/web c 0 NoMemoryRequest", // no request, and nobody copies the limit
		strings.Replace(web(`{"requests": {"memory": "1Gi"}}`), `"metadata": {"name": "web"}`,
			`"metadata": {"name": "web", "uid": "1"}, "status": {"qosClass": "Guaranteed"}`, 1): "n default/web c 0 QOSGuaranteed",
		// Rounded up to thousandths, request and limit are equal.
		web(`{"requests": {"memory": "1073741823.9999"}, "limits": {"memory": "1Gi"}}`): "n default/web c 0 RequestEqualsLimit",
		strings.Replace(web(`{"requests": {"memory": "1073741823.9999"}, "limits": {"memory": "1Gi"}}`), `"metadata": {`,
			`"metadata": {"uid": "1", `, 1): "n default/web c 536870912 Proportional",
	} {
		if got := rowsOf(t, planOf(t, []*Object{podOf(t, pod)})); len(got) != 1 || got[0] != want {
			t.Errorf("%v, want %s, for %s", got, want, pod)
		}
	}
}

func TestWhatMakesAPodCritical(t *testing.T) {
	const resources = `{"requests": {"memory": "1Gi"}}`
	add := func(metadata, spec string) string {
		return `{"metadata": {"name": "web"` + metadata + `}, "spec": {` + spec + `"containers": [{"name": "c", "resources": ` + resources + `}]}}`
	}
	for _, test := range []struct {
		name, pod string
		static    bool
		want      bool
	}{
		{"nothing", add("", ""), false, false},
		{"--static", add("", ""), true, true},
		{"the class", add("", `"priorityClassName": "system-cluster-critical", `), false, true},
		{"the class of a served pod is only a name", add(`, "uid": "1"`, `"priorityClassName": "system-cluster-critical", `), false, false},
		{"the priority of a served pod", add(`, "uid": "1"`, `"priority": 2000000000, `), false, true},
		{"one less", add(`, "uid": "1"`, `"priority": 1999999999, `), false, false},
		{"a mirror", add(`, "uid": "1", "annotations": {"kubernetes.io/config.mirror": ""}`, ""), false, true},
		{"a mirror that has yet to be created", add(`, "annotations": {"kubernetes.io/config.mirror": "x"}`, `"nodeName": "n", `), false, true},
		{"a static pod from the kubelet's own list", add(`, "uid": "1", "annotations": {"kubernetes.io/config.source": "file"}`, ""), false, true},
		{"from the API server", add(`, "uid": "1", "annotations": {"kubernetes.io/config.source": "api"}`, ""), false, false},
		{"what a person wrote there", add(`, "annotations": {"kubernetes.io/config.source": "file"}`, ""), false, false},
		{"the namespace", add(`, "namespace": "kube-system"`, ""), false, false},
		{"the old annotation", add(`, "annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}`, ""), false, false},
	} {
		plan, err := plannedWith(Options{Nodes: []Node{node16()}, Static: test.static}, []*Object{podOf(t, test.pod)})
		if err != nil {
			t.Fatal(err)
		}
		for row := range plan.Rows() {
			if row.Critical != test.want || (row.Reason == CriticalPod) != test.want {
				t.Errorf("%s: critical %v, %s", test.name, row.Critical, row.Reason)
			}
		}
	}
}

func TestNoStaticPodIsAdmittedByPlugins(t *testing.T) {
	objects := []*Object{
		podOf(t, `{"metadata": {"name": "web"}, "spec": {"priorityClassName": "gold", "priority": 7, "containers": [{"name": "c"}]}}`),
		{Kind: "PriorityClass", Name: "gold", PriorityClass: &PriorityClass{Value: 100}},
		rangeObject(LimitRangeItem{DefaultRequest: memoryList("1Gi")}),
	}
	plan, err := plannedWith(Options{Nodes: []Node{node16()}, Static: true}, objects)
	if err != nil {
		t.Fatal(err)
	}
	for row := range plan.Rows() {
		if row.QOSClass != "BestEffort" || *row.Priority != 7 || row.Reason != CriticalPod {
			t.Errorf("%+v", row)
		}
	}
	// Created through an API server, the same pod is refused.
	_, err = plannedWith(Options{Nodes: []Node{node16()}}, objects)
	field, ok := errors.AsType[*FieldError](err)
	if !ok || field.Field != "spec.priority" || !strings.Contains(err.Error(), "contradicts the 100 of PriorityClass gold") {
		t.Error(err)
	}
}
