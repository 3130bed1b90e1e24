package upstream

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	kubectlqos "k8s.io/kubectl/pkg/util/qos"

	"github.com/swapctl/swapctl/internal/limits"
)

const (
	nodeMemory = 7 << 30
	nodeSwap   = 21 << 30
)

// To run more and other rounds: go test -rounds 200000 -seed 7 ./...
var (
	rounds = flag.Int("rounds", 3000, "how many pods each test makes")
	seed   = flag.Uint64("seed", 37, "which pods they are")
)

func planOf(objects ...*limits.Object) (*limits.Plan, error) {
	p := limits.NewPlanner(limits.Options{Nodes: []limits.Node{{
		MemoryBytes: nodeMemory, SwapBytes: nodeSwap, SwapBehavior: "LimitedSwap", SwapController: true, KubernetesVersion: "1.37",
	}}})
	for _, o := range objects {
		if err := p.Add(o); err != nil {
			return nil, err
		}
	}
	return p.Plan()
}

// compare compares a plan of one pod with the pod as an API server has created
// it.
func compare(plan *limits.Plan, created *v1.Pod) error {
	containers := append(append([]v1.Container{}, created.Spec.InitContainers...), created.Spec.Containers...)
	i := 0
	for row, err := range plan.Rows() {
		if err != nil {
			return err
		}
		c := &containers[i]
		i++
		want := swapOf(created, c, nodeMemory, nodeSwap)
		switch {
		case row.Container != c.Name:
			return fmt.Errorf("container %s, want %s", row.Container, c.Name)
		case row.QOSClass != string(created.Status.QOSClass):
			return fmt.Errorf("%s: QoS class %s, want %s", c.Name, row.QOSClass, created.Status.QOSClass)
		case row.MemoryRequestBytes != c.Resources.Requests.Memory().Value(), row.MemoryLimitBytes != c.Resources.Limits.Memory().Value():
			return fmt.Errorf("%s: request %d, limit %d, want %s, %s", c.Name, row.MemoryRequestBytes, row.MemoryLimitBytes,
				c.Resources.Requests.Memory(), c.Resources.Limits.Memory())
		case row.SwapLimitBytes == nil || *row.SwapLimitBytes != want:
			return fmt.Errorf("%s: swap %v (%s), want %d", c.Name, row.SwapLimitBytes, row.Reason, want)
		}
	}
	if i != len(containers) {
		return fmt.Errorf("%d containers, want %d", i, len(containers))
	}
	requests := resourcehelper.PodRequests(created, resourcehelper.PodResourcesOptions{SkipPodLevelResources: true})
	if got, want := plan.Nodes()[0].Totals.MemoryRequestBytes, requests.Memory().Value(); got != want {
		return fmt.Errorf("requests add up to %d, want %d", got, want)
	}
	return nil
}

func TestPodsAreCreatedAsAnAPIServerCreatesThem(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 1))}
	refused, classes := 0, map[v1.PodQOSClass]int{}
	for i := range *rounds {
		pod := g.pod(i)
		objects := []*limits.Object{objectOf(pod, false)}
		var in *v1.LimitRange
		if g.chance(3) {
			in = g.limitRange()
			objects = append(objects, rangeOf(in))
		}
		created, refusal := create(t, pod, in)
		plan, err := planOf(objects...)
		if (err != nil) != (refusal != nil) {
			t.Fatalf("swapctl: %v\nAPI server: %v\n%s", err, refusal, show(pod, in))
		}
		if err != nil {
			refused++
			continue
		}
		classes[created.Status.QOSClass]++
		if err := compare(plan, created); err != nil {
			t.Fatalf("%v\n%s\ncreated:\n%s", err, show(pod, in), show(created, nil))
		}
	}
	t.Logf("%d refused, %v", refused, classes)
	if refused < *rounds/100 || refused > *rounds/2 || len(classes) != 3 {
		t.Error("the generator does not make all sorts of pods")
	}
}

func TestServedPodsHaveTheClassThatKubectlShows(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 2))}
	for i := range *rounds {
		pod, err := create(t, g.pod(i), nil)
		if err != nil {
			continue
		}
		if g.chance(2) {
			pod.Status.QOSClass = ""
		}
		if g.chance(4) {
			priority := int32(g.IntN(2)) + 1_999_999_999
			pod.Spec.Priority = &priority
		}
		plan, err := planOf(objectOf(pod, true))
		if err != nil {
			t.Fatalf("%v\n%s", err, show(pod, nil))
		}
		for row := range plan.Rows() {
			// kubectl ignores pod-level resources that are empty.
			if want := string(kubectlqos.GetPodQOS(pod)); row.QOSClass != want && pod.Spec.Resources == nil {
				t.Fatalf("QoS class %s, want %s\n%s", row.QOSClass, want, show(pod, nil))
			}
		}
		pod.Status.QOSClass = v1.PodQOSClass(firstClass(plan))
		if err := compare(plan, pod); err != nil {
			t.Fatalf("%v\n%s", err, show(pod, nil))
		}
	}
}

func firstClass(plan *limits.Plan) string {
	for row := range plan.Rows() {
		return row.QOSClass
	}
	return ""
}
