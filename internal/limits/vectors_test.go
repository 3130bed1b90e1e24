package limits

import (
	"encoding/json"
	"os"
	"testing"
)

// vectors are answers of a real kubelet; the file says how they were made.
type vectors struct {
	PriorityClasses map[string]int32
	Scenarios       []struct {
		Name                 string
		NodeMemory, NodeSwap int64
		SwapBehavior         string
		CgroupVersion        int
	}
	Pods    []jsonPod
	Answers map[string]map[string]struct {
		QOSClass   string
		Critical   bool
		Priority   *int32
		Containers [][4]any
		Swap       map[string][]int64
	}
}

func readVectors(t testing.TB) *vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/limitedswap-v1.37.1.json")
	if err != nil {
		t.Fatal(err)
	}
	v := &vectors{}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryContainerGetsWhatTheKubeletGivesIt(t *testing.T) {
	v := readVectors(t)
	for _, view := range []string{"raw", "api"} {
		for _, scenario := range v.Scenarios {
			t.Run(view+"/"+scenario.Name, func(t *testing.T) {
				p := NewPlanner(Options{Nodes: []Node{{
					MemoryBytes: scenario.NodeMemory, SwapBytes: scenario.NodeSwap, SwapController: true,
					SwapBehavior: scenario.SwapBehavior, CgroupVersion: scenario.CgroupVersion, KubernetesVersion: "1.37",
				}}})
				pods := 0
				for i := range v.Pods {
					j := &v.Pods[i]
					if _, ok := v.Answers[view][j.Metadata.Namespace+"/"+j.Metadata.Name]; !ok {
						continue
					}
					pods++
					if err := p.Add(j.object(view == "raw")); err != nil {
						t.Fatal(err)
					}
				}
				for name, value := range v.PriorityClasses { // after the pods, as it may be
					o := &Object{Kind: "PriorityClass", Name: name, PriorityClass: &PriorityClass{Value: value}}
					if err := p.Add(o); err != nil {
						t.Fatal(err)
					}
				}
				plan, err := p.Plan()
				if err != nil {
					t.Fatal(err)
				}
				if pods < 137 {
					t.Errorf("%d pods", pods)
				}
				compareWithAnswers(t, plan, v, view, scenario.Name)
			})
		}
	}
}

func compareWithAnswers(t *testing.T, plan *Plan, v *vectors, view, scenario string) {
	t.Helper()
	at := map[string]int{}
	for row, err := range plan.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		key := row.Namespace + "/" + row.Pod
		want := v.Answers[view][key]
		i := at[key]
		at[key]++
		if i >= len(want.Containers) {
			t.Errorf("%s: container %d is too much", key, i)
			continue
		}
		c, swap := want.Containers[i], want.Swap[scenario][i]
		if row.Container != c[0] || string(row.Type) != c[1] || float64(row.MemoryRequestBytes) != c[2] || float64(row.MemoryLimitBytes) != c[3] {
			t.Errorf("%s: %s %s %d %d, want %v", key, row.Container, row.Type, row.MemoryRequestBytes, row.MemoryLimitBytes, c)
		}
		if row.SwapLimitBytes == nil || *row.SwapLimitBytes != swap || *row.MemorySwapMax != swap-swap%4096 {
			t.Errorf("%s: %s: swap %v, want %d (%s)", key, row.Container, row.SwapLimitBytes, swap, row.Reason)
		}
		if row.QOSClass != want.QOSClass || row.Critical != want.Critical {
			t.Errorf("%s: %s, critical %v, want %s, %v", key, row.QOSClass, row.Critical, want.QOSClass, want.Critical)
		}
		if (row.Priority == nil) != (want.Priority == nil) || row.Priority != nil && *row.Priority != *want.Priority {
			t.Errorf("%s: priority %v, want %v", key, row.Priority, want.Priority)
		}
		if (swap > 0) != (row.Reason == Proportional && swap > 0) {
			t.Errorf("%s: swap %d, but %s", key, swap, row.Reason)
		}
	}
	for key, want := range v.Answers[view] {
		if at[key] != len(want.Containers) {
			t.Errorf("%s: %d containers, want %d", key, at[key], len(want.Containers))
		}
	}
}
