package plan

import (
	"fmt"
	"io"
	"syscall"
	"testing"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// BenchmarkPlanOutput is what a container costs beyond reading: the arithmetic
// and the printing.
func BenchmarkPlanOutput(b *testing.B) {
	const pods = 10_000
	planner := limits.NewPlanner(limits.Options{Nodes: []limits.Node{{
		MemoryBytes: 64 << 30, SwapBytes: 32 << 30, SwapBehavior: "LimitedSwap", SwapController: true,
	}}})
	for i := range pods {
		amount := limits.ResourceList{{Name: "memory", Quantity: bytesize.Quantity{Whole: int64(i%977) << 20}}}
		o := &limits.Object{APIVersion: "v1", Kind: "Pod", Namespace: fmt.Sprintf("ns-%d", i%40), Name: fmt.Sprintf("checkout-6d5f8c9b7-%05d", i), Pod: &limits.Pod{
			Served: true, QOSClass: "Burstable", NodeName: "node",
			Containers: []limits.Container{{Name: "app", Type: limits.App, Resources: limits.Resources{Requests: amount}}, {Name: "proxy", Type: limits.App}},
		}}
		if err := planner.Add(o); err != nil {
			b.Fatal(err)
		}
	}
	plan, err := planner.Plan()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("arithmetic", func(b *testing.B) {
		perContainer := cpuPer(b, 2*pods)
		for b.Loop() {
			for _, err := range plan.Rows() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		perContainer()
	})
	for _, format := range []report.Format{report.JSON, report.YAML, report.CSV, report.Table} {
		b.Run(string(format), func(b *testing.B) {
			perContainer := cpuPer(b, 2*pods)
			a := &cli.App{Process: cli.Process{Out: io.Discard, Err: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }}, Output: format}
			for b.Loop() {
				if err := printPlan(a, &planned{Plan: plan}, &flags{}); err != nil {
					b.Fatal(err)
				}
			}
			perContainer()
		})
	}
}

// cpuPer starts a clock of processor time, which a busy machine does not stretch;
// the function that it returns reports it.
func cpuPer(b *testing.B, containers int) func() {
	now := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	start := now()
	return func() {
		b.ReportMetric(float64(now()-start)/float64(b.N)/float64(containers), "cpu-ns/container")
	}
}
