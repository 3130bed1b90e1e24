package limits

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// clusterObjects are pods as a cluster has them: 1 to 3 containers, some with a
// sidecar, three quarters served.
func clusterObjects(n int) []*Object {
	random := rand.New(rand.NewPCG(1, 2))
	amount := func(format string, n int) bytesize.Quantity { return quantity(fmt.Sprintf(format, n)) }
	var objects []*Object
	for i := range n {
		p := &Pod{Served: i%4 != 0, NodeName: fmt.Sprintf("node-%d", i%50)}
		if p.Served {
			p.QOSClass, p.Phase, p.Priority = "Burstable", "Running", new(int32)
		}
		for j := range 1 + random.IntN(3) {
			c := Container{Name: fmt.Sprintf("container-%d", j), Type: App}
			if j == 2 {
				c.Type = Sidecar
			}
			memory := 16 << random.IntN(6)
			c.Resources.Requests = ResourceList{{"cpu", amount("%dm", 50+random.IntN(500))}, {"memory", amount("%dMi", memory)}}
			if random.IntN(2) == 0 {
				c.Resources.Limits = ResourceList{{"memory", amount("%dMi", memory*2)}}
			}
			p.Containers = append(p.Containers, c)
		}
		objects = append(objects, &Object{
			Source: Source{File: "pods.json", Document: 1, Item: i, Line: 100 * i}, APIVersion: "v1", Kind: "Pod",
			Namespace: fmt.Sprintf("team-%d", i/25), Name: fmt.Sprintf("web-%d-7d9c5b8f6d-x2x%d", i%300, i), Pod: p,
		})
	}
	return objects
}

func benchmarkNode() Node {
	return Node{Name: "node-0", MemoryBytes: 64 << 30, SwapBytes: 16 << 30, SwapController: true, SwapBehavior: "LimitedSwap"}
}

// BenchmarkPlan is all that is done beyond reading and printing, per container.
func BenchmarkPlan(b *testing.B) {
	objects := clusterObjects(500) // few enough to stay in the cache, as the reader's do
	containers, start := 0, used()
	for b.Loop() {
		p := NewPlanner(Options{Nodes: []Node{benchmarkNode()}})
		for i := range 50_000 {
			if err := p.Add(objects[i%len(objects)]); err != nil {
				b.Fatal(err)
			}
		}
		plan, err := p.Plan()
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range plan.Rows() {
			if err != nil {
				b.Fatal(err)
			}
			containers++
		}
	}
	report(b, start, containers)
}

// BenchmarkRows is one more pass over the plan, as each output makes one.
func BenchmarkRows(b *testing.B) {
	p := NewPlanner(Options{Nodes: []Node{benchmarkNode()}})
	for _, o := range clusterObjects(20_000) {
		if err := p.Add(o); err != nil {
			b.Fatal(err)
		}
	}
	plan, err := p.Plan()
	if err != nil {
		b.Fatal(err)
	}
	containers, start := 0, used()
	for b.Loop() {
		for range plan.Rows() {
			containers++
		}
	}
	report(b, start, containers)
}

// used is the CPU time of this process: on a busy machine the clock says little.
func used() int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

func report(b *testing.B, start int64, containers int) {
	b.ReportMetric(float64(used()-start)/float64(containers), "cpu-ns/container")
}
