package upstream

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	kubeqos "k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"
	"k8s.io/kubernetes/pkg/kubelet/allocation"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	kubelettypes "k8s.io/kubernetes/pkg/kubelet/types"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/manifest"
)

var update = flag.Bool("update", false, "write the vectors of resizes anew")

// resizeVectors is the file with the answers below, for the tests of the main
// module.
const resizeVectors = "../../internal/manifest/testdata/resize-v1.37.1.json"

// resizeVector is a pod as an API server serves it, and the kubelet's answers.
type resizeVector struct {
	Pod     *v1.Pod          `json:"pod"`
	Swap    map[string]int64 `json:"swap"`    // by container
	Refused bool             `json:"refused"` // the resize, because of swap
}

// swapRuntime is the kubelet's container runtime; it has only the methods that
// are called.
type swapRuntime struct{ kubecontainer.Runtime }

func (swapRuntime) GetContainerSwapBehavior(p *v1.Pod, c *v1.Container) kubelettypes.SwapBehavior {
	request, limit := c.Resources.Requests.Memory(), c.Resources.Limits.Memory()
	switch {
	case kubelettypes.IsCriticalPod(p), kubeqos.GetPodQOS(p) != v1.PodQOSBurstable,
		request.IsZero() && limit.IsZero(), request.Cmp(*limit) == 0:
		return kubelettypes.NoSwap
	}
	return kubelettypes.LimitedSwap
}

// resize changes the memory of some containers. A resize removes nothing and
// does not change the QoS class (ValidatePodResize).
func (g generator) resize(allocated *v1.Pod) *v1.Pod {
	desired := allocated.DeepCopy()
	for _, list := range [][]v1.Container{desired.Spec.InitContainers, desired.Spec.Containers} {
		for i := range list {
			r := &list[i].Resources
			for _, of := range []*v1.ResourceList{&r.Requests, &r.Limits} {
				if _, ok := (*of)[v1.ResourceMemory]; !ok && !g.chance(4) || g.chance(3) {
					continue
				}
				more := g.resources()
				if q, ok := more.Limits[v1.ResourceMemory]; ok {
					if *of == nil {
						*of = v1.ResourceList{}
					}
					(*of)[v1.ResourceMemory] = q
				}
			}
			if g.chance(4) {
				list[i].ResizePolicy = []v1.ContainerResizePolicy{{ResourceName: v1.ResourceMemory, RestartPolicy: v1.RestartContainer}}
			}
		}
	}
	return desired
}

// answer asks the kubelet's own code whether it does a resize from allocated to
// desired, and returns the pod that an API server then serves.
func answer(t *testing.T, allocated, desired *v1.Pod) (resizeVector, *v1.Pod) {
	t.Helper()
	manager := allocation.NewInMemoryManager(klog.Background(), nil, nil, nil, nil, nil, nil)
	if err := manager.SetAllocatedResources(klog.Background(), allocated); err != nil {
		t.Fatal(err)
	}
	runs, pending := manager.UpdatePodFromAllocation(desired)
	served := desired.DeepCopy()
	served.Kind, served.APIVersion, served.UID = "Pod", "v1", types.UID("uid-"+served.Name)
	served.Status.Phase = v1.PodRunning
	refused := false
	if pending {
		handler := allocation.NewPodResizesAdmitHandler(cm.NewStubContainerManager(), swapRuntime{}, manager)
		result := handler.Admit(t.Context(), &lifecycle.PodAdmitAttributes{Pod: desired, Operation: lifecycle.ResizeOperation})
		refused = strings.Contains(result.Message, "with swap")
		reason, message := v1.PodReasonDeferred, "Node didn't have enough resource: memory"
		if !result.Admit {
			reason, message = result.Reason, result.Message
		}
		served.Status.Conditions = []v1.PodCondition{{Type: v1.PodResizePending, Status: v1.ConditionTrue, Reason: reason, Message: message}}
	}
	// pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses
	status := func(list []v1.Container) (all []v1.ContainerStatus) {
		for _, c := range list {
			all = append(all, v1.ContainerStatus{Name: c.Name, AllocatedResources: c.Resources.Requests, Resources: &c.Resources})
		}
		return all
	}
	served.Status.InitContainerStatuses, served.Status.ContainerStatuses = status(runs.Spec.InitContainers), status(runs.Spec.Containers)
	v := resizeVector{Pod: served, Swap: map[string]int64{}, Refused: refused}
	for _, c := range append(slices.Clone(runs.Spec.InitContainers), runs.Spec.Containers...) {
		v.Swap[c.Name] = swapOf(runs, &c, nodeMemory, nodeSwap)
	}
	return v, runs
}

// TestResizesArePlannedAsTheKubeletAllocates: resizes that are pending,
// Deferred, Infeasible or finished, and pods without one.
func TestResizesArePlannedAsTheKubeletAllocates(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 3))}
	var kept []resizeVector
	count := map[string]int{}
	for i := range *rounds {
		allocated, err := create(t, g.pod(i), nil)
		if err != nil {
			continue
		}
		desired := g.resize(allocated)
		if kubeqos.ComputePodQOS(desired) != allocated.Status.QOSClass {
			continue
		}
		if g.chance(5) { // the resize has finished
			allocated = desired
		}
		v, runs := answer(t, allocated, desired)
		text, err := json.Marshal(v.Pod)
		if err != nil {
			t.Fatal(err)
		}
		planner := limits.NewPlanner(limits.Options{Nodes: []limits.Node{{
			MemoryBytes: nodeMemory, SwapBytes: nodeSwap, SwapBehavior: "LimitedSwap", SwapController: true, KubernetesVersion: "1.37",
		}}})
		if err := manifest.Read(t.Context(), host.Linux().Files, []string{manifest.Stdin}, manifest.Options{Stdin: bytes.NewReader(text)}, planner.Add); err != nil {
			t.Fatalf("%v\n%s", err, show(v.Pod, nil))
		}
		plan, err := planner.Plan()
		if err != nil { // a request above its limit, which no API server serves
			count["not served"]++
			continue
		}
		if err := compare(plan, runs); err != nil {
			t.Fatalf("%v\n%s\nallocated:\n%s", err, show(v.Pod, nil), show(runs, nil))
		}
		says := slices.ContainsFunc(plan.Warnings(), func(w limits.Warning) bool { return strings.Contains(w.Message, "the kubelet refuses it") })
		if says != v.Refused {
			t.Fatalf("refused %v, swapctl says %v\n%s", v.Refused, says, show(v.Pod, nil))
		}
		kind := fmt.Sprintf("pending %v, refused %v", len(v.Pod.Status.Conditions) > 0, v.Refused)
		if count[kind]++; count[kind] <= 20 {
			kept = append(kept, v)
		}
	}
	t.Log(count)
	if kinds := slices.Sorted(maps.Keys(count)); len(kinds) < 3 || count["not served"] > *rounds/2 {
		t.Errorf("the generator does not make all sorts of resizes: %v", count)
	}
	if *update {
		writeResizeVectors(t, kept)
	}
}

func writeResizeVectors(t *testing.T, vectors []resizeVector) {
	t.Helper()
	text, err := json.MarshalIndent(map[string]any{
		"description": "What a Kubernetes v1.37.1 kubelet gives containers while a resize of their pod is pending, after it, and without one. Computed by the kubelet's own code (pkg/kubelet/allocation) in test/upstream, resize_test.go, which also writes this file: go test -run Resizes -update. 'swap' is bytes by container; 'refused': the kubelet refuses the resize because of swap.",
		"nodeMemory":  nodeMemory, "nodeSwap": nodeSwap, "kubernetes": "v1.37.1", "vectors": vectors,
	}, "", " ")
	if err == nil {
		err = os.WriteFile(resizeVectors, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
