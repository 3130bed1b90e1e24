package limits

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oneMi, oneGi = int64(1) << 20, int64(1) << 30

// podAsking is a pod with a container for each request; no limits.
func podAsking(name string, requests ...string) *Object {
	pod := &Pod{}
	for i, request := range requests {
		pod.Containers = append(pod.Containers, Container{
			Name: string(rune('a' + i)), Type: App, Resources: Resources{Requests: onlyMemory(request)},
		})
	}
	return &Object{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: name, Pod: pod}
}

// withMemoryLimit gives every container of a pod a memory limit.
func withMemoryLimit(o *Object, limit string) *Object {
	for i := range o.Pod.Containers {
		o.Pod.Containers[i].Resources.Limits = onlyMemory(limit)
	}
	return o
}

// deploymentOf makes a pod a Deployment.
func deploymentOf(o *Object, n int64) *Object {
	o.APIVersion, o.Kind = "apps/v1", "Deployment"
	o.Pod.Template, o.Pod.Replicas = true, &n
	return o
}

func onlyMemory(text string) ResourceList {
	return ResourceList{{Name: "memory", Quantity: quantity(text)}}
}

// sizedNode is a node of this size.
func sizedNode(memory, swap int64) Node {
	return Node{
		Name: "node", MemoryBytes: memory, SwapBytes: swap, PageSizeBytes: 4096,
		SwapBehavior: "LimitedSwap", CgroupVersion: 2, SwapController: true,
	}
}

func plannedOn(t *testing.T, n Node, objects ...*Object) *Plan {
	t.Helper()
	planner := NewPlanner(Options{Nodes: []Node{n}})
	for _, o := range objects {
		if err := planner.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := planner.Plan()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plan.Close() })
	return plan
}

func TestRecommendationsNameWhoDecides(t *testing.T) {
	shop := []*Object{
		deploymentOf(podAsking("web", "2Gi", "1Gi"), 3),
		podAsking("tiny", "64Mi"),
		withMemoryLimit(podAsking("database", "4Gi"), "4Gi"), // Burstable without cpu, but equal
	}
	tests := []struct {
		name   string
		node   Node
		target Target
		want   Recommendation
	}{
		{
			name: "a size for each", node: sizedNode(32*oneGi, 16*oneGi), target: Target{PerContainerBytes: 512 * oneMi},
			want: Recommendation{
				Containers: 7, ReachedContainers: 6, SwapNeededBytes: new(256 * oneGi),
				Needs: []Need{
					{50, 6, 16 * oneGi}, // the three with 1Gi decide over this half
					{90, 7, 256 * oneGi}, {100, 7, 256 * oneGi},
				},
				AsksMost:             &Demand{"shop", "tiny", "a", 64 * oneMi},
				UnreachableSwapBytes: 16*oneGi - (3*3*oneGi+64*oneMi)/2,
				Waste: []Waste{
					{NotRequested, 0, 16*oneGi - (3*3*oneGi+64*oneMi)/2 - 2*oneGi},
					{RequestEqualsLimit, 1, 2 * oneGi},
				},
			},
		},
		{
			name: "a share for each", node: sizedNode(32*oneGi, 8*oneGi), target: Target{Ratio: 0.5},
			want: Recommendation{
				Containers: 7, ReachedContainers: 0, SwapNeededBytes: new(16 * oneGi),
				Needs:                []Need{{50, 6, 16 * oneGi}, {90, 7, 16 * oneGi}, {100, 7, 16 * oneGi}},
				UnreachableSwapBytes: 8*oneGi - (3*3*oneGi+64*oneMi)/4,
				Waste: []Waste{
					{NotRequested, 0, 8*oneGi - (3*3*oneGi+64*oneMi)/4 - oneGi},
					{RequestEqualsLimit, 1, oneGi},
				},
			},
		},
		{
			name: "a file of that size has a page less", node: sizedNode(32*oneGi, 16*oneGi-4096), target: Target{Ratio: 0.5},
			want: Recommendation{Containers: 7, ReachedContainers: 7, SwapNeededBytes: new(16 * oneGi),
				Needs: []Need{{50, 6, 16 * oneGi}, {90, 7, 16 * oneGi}, {100, 7, 16 * oneGi}}},
		},
		{
			name: "no swap yet", node: sizedNode(32*oneGi, 0), target: Target{PerContainerBytes: oneMi},
			want: Recommendation{
				Containers: 7, ReachedContainers: 0, SwapNeededBytes: new(512 * oneMi),
				Needs:    []Need{{50, 6, 32 * oneMi}, {90, 7, 512 * oneMi}, {100, 7, 512 * oneMi}},
				AsksMost: &Demand{"shop", "tiny", "a", 64 * oneMi}, Waste: []Waste{},
			},
		},
		{
			name: "more than any disk", node: sizedNode(1<<45, 0), target: Target{PerContainerBytes: 1 << 42},
			want: Recommendation{
				Containers: 7, Needs: []Need{{50, 6, 1 << 57}},
				AsksMost: &Demand{"shop", "tiny", "a", 64 * oneMi}, Waste: []Waste{},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Recommend(plannedOn(t, test.node, shop...), test.target)
			if err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
			test.want.Name, test.want.MemoryBytes, test.want.SwapBytes = "node", test.node.MemoryBytes, test.node.SwapBytes
			if test.want.Waste == nil { // of no interest here
				got[0].Waste, got[0].UnreachableSwapBytes = nil, 0
			}
			if diff := cmp.Diff(test.want, got[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNobodyIsRecommendedSwapThatNobodyCanUse(t *testing.T) {
	for _, test := range []struct {
		name   string
		node   Node
		object *Object
		reason Reason
	}{
		{"equal", sizedNode(8*oneGi, 4*oneGi), withMemoryLimit(podAsking("a", "1Gi"), "1Gi"), RequestEqualsLimit},
		{"behaviour", func() Node { n := sizedNode(8*oneGi, 4*oneGi); n.SwapBehavior = "NoSwap"; return n }(), podAsking("a", "1Gi"), BehaviorNoSwap},
		{"too large", sizedNode(8*oneGi, 4*oneGi), podAsking("a", "9Gi"), RequestExceedsNode},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Recommend(plannedOn(t, test.node, test.object), Target{Ratio: 1})
			if err != nil {
				t.Fatal(err)
			}
			r := got[0]
			if r.Containers != 0 || r.SwapNeededBytes != nil || len(r.Needs) > 0 {
				t.Errorf("recommends %+v", r)
			}
			if len(r.Waste) == 0 || r.Waste[0].Reason != test.reason && r.Waste[len(r.Waste)-1].Reason != test.reason {
				t.Errorf("wasted by %+v, want %s among them", r.Waste, test.reason)
			}
			var sum int64
			for _, w := range r.Waste {
				sum += w.SwapBytes
			}
			if sum != r.UnreachableSwapBytes {
				t.Errorf("the waste adds up to %d of %d", sum, r.UnreachableSwapBytes)
			}
		})
	}
}

// TestWhatIsRecommendedIsEnoughAndNotMore plans again with the size that was
// recommended, and with a page less.
func TestWhatIsRecommendedIsEnoughAndNotMore(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 37)) //nolint:gosec // the same numbers each time
	for range 200 {
		memory := (1 + random.Int64N(1<<18)) << 20
		request := strconv.FormatInt(1+random.Int64N(memory), 10)
		target := Target{PerContainerBytes: 1 + random.Int64N(1<<32)}
		got, err := Recommend(plannedOn(t, sizedNode(memory, 0), podAsking("a", request)), target)
		if err != nil {
			t.Fatal(err)
		}
		needed := got[0].SwapNeededBytes
		if needed == nil || *needed%4096 != 0 {
			continue // more than any disk
		}
		for _, test := range []struct {
			swap   int64
			enough bool
		}{{*needed, true}, {*needed - 4096, false}} {
			for row, err := range plannedOn(t, sizedNode(memory, test.swap), podAsking("a", request)).Rows() {
				if err != nil {
					t.Fatal(err)
				}
				if enough := *row.MemorySwapMax >= target.PerContainerBytes; enough != test.enough {
					t.Errorf("memory %d, request %s, target %d: with %d of swap it may swap %d",
						memory, request, target.PerContainerBytes, test.swap, *row.MemorySwapMax)
				}
			}
		}
	}
}
