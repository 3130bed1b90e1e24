package limits

import (
	"math"
	"strings"
	"testing"
)

func TestTotalsAreWhatRunsAtTheSameTime(t *testing.T) {
	c := func(name, request, more string) string {
		return `{"name": "` + name + `", "resources": {"requests": {"memory": "` + request + `"}}` + more + `}`
	}
	pod := func(inits, apps string) string {
		return `{"metadata": {"name": "web"}, "spec": {"initContainers": [` + inits + `], "containers": [` + apps + `]}}`
	}
	always := `, "restartPolicy": "Always"`
	for _, test := range []struct {
		name    string
		pod     string
		request int64 // MiB
	}{
		{"apps add up", pod("", c("a", "100Mi", "")+","+c("b", "50Mi", "")), 150},
		{"a small init container adds nothing", pod(c("i", "80Mi", ""), c("a", "100Mi", "")), 100},
		{"a large one adds what it has more", pod(c("i", "180Mi", ""), c("a", "100Mi", "")), 180},
		{"init containers run one by one", pod(c("i", "80Mi", "")+","+c("j", "90Mi", ""), c("a", "10Mi", "")), 90},
		{"a sidecar runs along", pod(c("s", "30Mi", always), c("a", "100Mi", "")), 130},
		{"and beside init containers after it", pod(c("s", "30Mi", always)+","+c("i", "120Mi", ""), c("a", "100Mi", "")), 150},
		{"but not before", pod(c("i", "120Mi", "")+","+c("s", "30Mi", always), c("a", "100Mi", "")), 130},
	} {
		got := planOf(t, []*Object{podOf(t, test.pod)}).Nodes()[0].Totals
		if got.MemoryRequestBytes != test.request<<20 || got.SwapLimitBytes != test.request<<19 {
			t.Errorf("%s: %d MiB, swap %d MiB, want %d", test.name, got.MemoryRequestBytes>>20, got.SwapLimitBytes>>20, test.request)
		}
	}
}

func TestCopiesMultiplyTotalsAndFinishedPodsAddNothing(t *testing.T) {
	const spec = `"spec": {"containers": [{"name": "c", "resources": {"requests": {"memory": "1Gi"}}}, {"name": "d"}]}`
	web := workload(t, "Deployment", `{"metadata": {"name": "web"}, `+spec+`}`)
	three := int64(3)
	web.Pod.Replicas = &three
	off := workload(t, "StatefulSet", `{"metadata": {"name": "off"}, `+spec+`}`)
	off.Pod.Replicas = new(int64)
	plan := planOf(t, []*Object{
		web, off,
		podOf(t, `{"metadata": {"name": "done", "uid": "1"}, "status": {"phase": "Succeeded"}, `+spec+`}`),
		podOf(t, `{"metadata": {"name": "again", "uid": "2"}, "status": {"phase": "Running"}, `+spec+`}`),
	})
	want := Totals{Pods: 4, Containers: 8, SwappableContainers: 4, MemoryRequestBytes: 4 << 30, SwapLimitBytes: 2 << 30, UnreachableSwapBytes: 6 << 30}
	if got := plan.Nodes()[0].Totals; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	replicas := []int64{3, 3, 0, 0, 1, 1, 1, 1}
	i := 0
	for row := range plan.Rows() {
		if row.Replicas != replicas[i] || row.Finished != (row.Pod == "done") {
			t.Errorf("%s: %d copies, finished %v", row.Pod, row.Replicas, row.Finished)
		}
		if want := map[string]string{"web": "Deployment/web", "off": "StatefulSet/off"}[row.Pod]; row.Workload != want {
			t.Errorf("%s: workload %q", row.Pod, row.Workload)
		}
		i++
	}
	if w := plan.Warnings(); len(w) != 1 || !strings.Contains(w[0].Message, "1 pod finished") {
		t.Error(w)
	}
}

func TestNothingIsUnreachableWhereOneHasNoLimit(t *testing.T) {
	node := node16()
	node.KubernetesVersion, node.SwapBehavior = "1.29", "UnlimitedSwap"
	got := planOf(t, []*Object{podOf(t, web("{}"))}, node).Nodes()[0]
	if got.Unlimited != 1 || got.Totals.UnreachableSwapBytes != 0 || got.Totals.SwappableContainers != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAbsurdTotalsDoNotWrapAround(t *testing.T) {
	o := workload(t, "Deployment", `{"metadata": {"name": "web"}, "spec": {"containers": [
		{"name": "c", "resources": {"requests": {"memory": "8Ei"}}}, {"name": "d", "resources": {"requests": {"memory": "8Ei"}}}]}}`)
	many := int64(math.MaxInt32)
	o.Pod.Replicas = &many
	node := node16()
	node.MemoryBytes = math.MaxInt64 >> 1
	if got := planOf(t, []*Object{o}).Nodes()[0].Totals; got.MemoryRequestBytes != math.MaxInt64 {
		t.Errorf("%+v", got)
	}
}
