package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/limits"
)

// TestWhatIsAllocatedIsPlanned reads a pod of a real cluster, Kubernetes 1.37.2:
// 50Mi desired, 38Mi allocated, and memory.swap.max of the container read 20393984
// on a node of 2048672Ki memory with 1073737728 bytes of swap.
func TestWhatIsAllocatedIsPlanned(t *testing.T) {
	planner := limits.NewPlanner(limits.Options{Nodes: []limits.Node{{
		MemoryBytes: 2048672 << 10, SwapBytes: 1073737728, SwapController: true, SwapBehavior: "LimitedSwap", KubernetesVersion: "1.37",
	}}})
	if err := Read(t.Context(), host.Linux().Files, []string{"testdata/pod-infeasible-resize.json"}, Options{}, planner.Add); err != nil {
		t.Fatal(err)
	}
	plan, err := planner.Plan()
	if err != nil {
		t.Fatal(err)
	}
	for row := range plan.Rows() {
		if row.Container == "c" && (*row.MemorySwapMax != 20393984 || row.MemoryRequestBytes != 38<<20) {
			t.Errorf("%d of swap for %d", *row.MemorySwapMax, row.MemoryRequestBytes)
		}
	}
	if !warned(plan, "Pod default/sts-0: a resize is pending (Infeasible: In-place resize of containers with swap is not supported), and what is allocated is planned: container c, request 38Mi instead of 50Mi; the kubelet refuses it") {
		t.Errorf("%+v", plan.Warnings())
	}
}

// resized is a served pod whose spec asks for something else than is allocated.
func resized(spec, allocated, inForce, conditions, more string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"1"},"spec":{"containers":[{"name":"c","resources":%s%s}]},
		"status":{"qosClass":"Burstable","phase":"Running","conditions":[{"type":"Ready","status":"True"}%s],"containerStatuses":[{"name":"c","allocatedResources":%s,"resources":%s}]}}`,
		spec, more, conditions, allocated, inForce)
}

func TestResizes(t *testing.T) {
	const (
		infeasible = `,{"type":"PodResizePending","status":"True","reason":"Infeasible","message":"no."}`
		deferred   = `,{"type":"PodResizePending","status":"True","reason":"Deferred"}`
		inProgress = `,{"type":"PodResizeInProgress","status":"True"}`
		restart    = `,"resizePolicy":[{"resourceName":"memory","restartPolicy":"RestartContainer"}]`
	)
	two := `{"requests":{"memory":"2Gi"},"limits":{"memory":"4Gi"}}`
	for _, test := range []struct {
		name, pod string
		want      string // MiB of swap and reason: half of the request
		warning   string // "": none
		refused   bool
	}{
		{"none", resized(two, `{"memory":"2Gi"}`, two, "", ""), "1024 Proportional", "", false},
		{"a request, refused", resized(two, `{"memory":"1Gi"}`, `{"requests":{"memory":"1Gi"},"limits":{"memory":"4Gi"}}`, infeasible, ""),
			"512 Proportional", "pending (Infeasible: no), and what is allocated is planned: container c, request 1Gi instead of 2Gi", true},
		{"a request that waits", resized(two, `{"memory":"1Gi"}`, `{"requests":{"memory":"1Gi"},"limits":{"memory":"4Gi"}}`, deferred, restart),
			"512 Proportional", "pending (Deferred), and", false},
		{"nobody has looked at it yet", resized(two, `{"memory":"1Gi"}`, `{"requests":{"memory":"1Gi"},"limits":{"memory":"4Gi"}}`, "", ""),
			"512 Proportional", "a resize is pending, and", true},
		{"it would make them equal", resized(`{"requests":{"memory":"2Gi"},"limits":{"memory":"2Gi"}}`, `{"memory":"1Gi"}`, `{"requests":{"memory":"1Gi"},"limits":{"memory":"2Gi"}}`, infeasible, ""),
			"512 Proportional", "request 1Gi instead of 2Gi", true},
		{"it would make them differ", resized(two, `{"memory":"2Gi"}`, `{"requests":{"memory":"2Gi"},"limits":{"memory":"2Gi"}}`, deferred, ""),
			"0 RequestEqualsLimit", "limit 2Gi instead of 4Gi", false},
		{"it would be the first request", resized(two, `null`, `{"limits":{"memory":"4Gi"}}`, infeasible, ""),
			"0 NoMemoryRequest", "request none instead of 2Gi", true},
		{"it would be the first limit", resized(two, `{"memory":"2Gi"}`, `{"requests":{"memory":"2Gi"}}`, infeasible, ""),
			"1024 Proportional", "limit none instead of 4Gi", false},
		{"the limit is not in force yet", resized(two, `{"memory":"2Gi"}`, `{"requests":{"memory":"2Gi"},"limits":{"memory":"2Gi"}}`, inProgress, ""),
			"1024 Proportional", "", false},
		{"a limit that is the pod's", resized(`{"requests":{"memory":"2Gi"},"limits":{"cpu":"1"}}`, `{"memory":"2Gi"}`, `{"requests":{"memory":"2Gi"},"limits":{"cpu":"1","memory":"2Gi"}}`, "", ""),
			"1024 Proportional", "", false},
		{"one is pending, another in progress", resized(`{"requests":{"memory":"3Gi"},"limits":{"memory":"4Gi"}}`, `{"memory":"2Gi"}`, `{"requests":{"memory":"1Gi"},"limits":{"memory":"1Gi"}}`, deferred+inProgress, ""),
			"1024 Proportional", "request 2Gi instead of 3Gi and limit 1Gi instead of 4Gi", true},
		{"before 1.33", strings.Replace(resized(two, `{"memory":"1Gi"}`, `{"requests":{"memory":"1Gi"},"limits":{"memory":"4Gi"}}`, "", ""), `"phase"`, `"resize":"Infeasible","phase"`, 1),
			"512 Proportional", "pending (Infeasible), and", true},
		{"a kubelet that tells nothing", strings.Replace(resized(two, `null`, `null`, "", ""), `"containerStatuses"`, `"others"`, 1), "1024 Proportional", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for form, text := range map[string]string{
				"JSON": test.pod,
				// In another order, and as the slow reader of YAML takes it.
				"YAML":         "# pod\n" + test.pod,
				"without kind": strings.Replace(`{"apiVersion":"v1","items":[`+test.pod+`],"kind":"PodList"}`, `"apiVersion":"v1","kind":"Pod",`, "", 1),
			} {
				plan := planned(t, text, Options{})
				for row := range plan.Rows() {
					if got := fmt.Sprintf("%d %s", *row.SwapLimitBytes>>20, row.Reason); got != test.want {
						t.Errorf("%s: %s, want %s", form, got, test.want)
					}
				}
				if warned(plan, "") != (test.warning != "") || test.warning != "" && !warned(plan, test.warning) || warned(plan, "the kubelet refuses it") != test.refused {
					t.Errorf("%s: %+v", form, plan.Warnings())
				}
			}
		})
	}
}

// TestSidecarsAreResizedEphemeralContainersAreNot also covers a node on which
// nobody swaps, where nothing is refused.
func TestSidecarsAreResizedEphemeralContainersAreNot(t *testing.T) {
	text := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"1"},"spec":{
		"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"memory":"2Gi"}}}],"containers":[{"name":"c"}],"ephemeralContainers":[{"name":"e"}]},
		"status":{"qosClass":"Burstable","containerStatuses":[{"name":"c","resources":{}}],"ephemeralContainerStatuses":[{"name":"e","resources":{}}],
		"initContainerStatuses":[{"name":"s","allocatedResources":{"memory":"1Gi"},"resources":{"requests":{"memory":"1Gi"}}}]}}`
	plan := planned(t, text, Options{})
	want := "p s ×1 512;p c ×1 0;p e ×1 0"
	if got := strings.Join(rows(t, plan), ";"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	planner := limits.NewPlanner(limits.Options{Nodes: []limits.Node{{MemoryBytes: 16 << 30, SwapController: true, SwapBehavior: "NoSwap"}}})
	if err := Read(t.Context(), host.Linux().Files, []string{Stdin}, Options{Stdin: strings.NewReader(text)}, planner.Add); err != nil {
		t.Fatal(err)
	}
	if plan, err := planner.Plan(); err != nil || !warned(plan, "request 1Gi instead of 2Gi") || warned(plan, "refuses") {
		t.Errorf("%+v, %v", plan.Warnings(), err)
	}
	explained, err := plan.Explain("default", "p")
	if err != nil || !strings.Contains(fmt.Sprint(explained), "request 1Gi (allocated)") {
		t.Errorf("%v, %v", explained, err)
	}
}

// TestResizesOfTheKubelet holds the plan against vectors.
func TestResizesOfTheKubelet(t *testing.T) {
	text, err := os.ReadFile("testdata/resize-v1.37.1.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		NodeMemory, NodeSwap int64
		Vectors              []struct {
			Pod     json.RawMessage
			Swap    map[string]int64
			Refused bool
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, v := range file.Vectors {
		planner := limits.NewPlanner(limits.Options{Nodes: []limits.Node{{
			MemoryBytes: file.NodeMemory, SwapBytes: file.NodeSwap, SwapController: true, SwapBehavior: "LimitedSwap", KubernetesVersion: "1.37",
		}}})
		if err := Read(t.Context(), host.Linux().Files, []string{Stdin}, Options{Stdin: bytes.NewReader(v.Pod)}, planner.Add); err != nil {
			t.Fatal(err)
		}
		plan, err := planner.Plan()
		if err != nil {
			t.Fatal(err)
		}
		for row := range plan.Rows() {
			if want := v.Swap[row.Container]; *row.SwapLimitBytes != want {
				t.Errorf("%s: %d, want %d\n%s", row.Container, *row.SwapLimitBytes, want, v.Pod)
			}
		}
		if warned(plan, "the kubelet refuses it") != v.Refused {
			t.Errorf("refused is %v: %+v\n%s", v.Refused, plan.Warnings(), v.Pod)
		}
		if v.Refused {
			refused++
		}
	}
	if len(file.Vectors) < 50 || refused < 15 {
		t.Errorf("%d vectors, %d refused", len(file.Vectors), refused)
	}
}
