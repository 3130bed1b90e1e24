package upstream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"sigs.k8s.io/yaml"

	"github.com/swapctl/swapctl/internal/limits"
)

func (g generator) labels() map[string]string {
	labels := map[string]string{}
	for _, key := range []string{"pool", "zone", "cores"} {
		if !g.chance(3) {
			labels[key] = g.one("a", "b", "4", "8", "12", "")
		}
	}
	return labels
}

func (g generator) requirement() v1.NodeSelectorRequirement {
	r := v1.NodeSelectorRequirement{Key: g.one("pool", "zone", "cores"), Operator: v1.NodeSelectorOperator(g.one("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))}
	switch r.Operator {
	case "In", "NotIn":
		for range 1 + g.IntN(2) {
			r.Values = append(r.Values, g.one("a", "b", "4", "8"))
		}
	case "Gt", "Lt":
		r.Values = []string{g.one("4", "0", "7")}
	default: // Exists and DoesNotExist have no values
	}
	return r
}

func (g generator) affinity() *v1.Affinity {
	selector := &v1.NodeSelector{}
	for range 1 + g.IntN(3) {
		term := v1.NodeSelectorTerm{}
		for range g.IntN(3) {
			term.MatchExpressions = append(term.MatchExpressions, g.requirement())
		}
		if g.chance(4) {
			term.MatchFields = []v1.NodeSelectorRequirement{{
				Key: "metadata.name", Operator: v1.NodeSelectorOperator(g.one("In", "NotIn")), Values: []string{g.one("node-0", "node-1")},
			}}
		}
		selector.NodeSelectorTerms = append(selector.NodeSelectorTerms, term)
	}
	return &v1.Affinity{NodeAffinity: &v1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: selector}}
}

func TestDaemonSetsGoWhereTheirSelectorsLetThem(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 3))}
	for i := range *rounds / 4 {
		var nodes []v1.Node
		planned := []limits.Node{}
		for j := range 3 {
			name := fmt.Sprintf("node-%d", j)
			nodes = append(nodes, v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: g.labels()}})
			planned = append(planned, limits.Node{
				Name: name, MemoryBytes: nodeMemory, SwapBytes: nodeSwap, SwapBehavior: "LimitedSwap", SwapController: true, Labels: nodes[j].Labels,
			})
		}
		pod := g.pod(i)
		pod.Spec.Resources, pod.Spec.InitContainers, pod.Spec.Containers = nil, nil, []v1.Container{{Name: "c"}}
		if g.chance(2) {
			pod.Spec.NodeSelector = map[string]string{g.one("pool", "zone"): g.one("a", "b")}
		}
		if !g.chance(4) {
			pod.Spec.Affinity = g.affinity()
		}
		var want, got []string
		for j := range nodes {
			if ok, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(&nodes[j]); ok && err == nil {
				want = append(want, nodes[j].Name)
			}
		}
		o := objectOf(pod, false)
		o.Kind, o.Pod.Template = "DaemonSet", true
		p := limits.NewPlanner(limits.Options{Nodes: planned})
		if err := p.Add(o); err != nil {
			t.Fatal(err)
		}
		plan, err := p.Plan()
		if err != nil {
			t.Fatal(err)
		}
		for row := range plan.Rows() {
			got = append(got, row.Node)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("on %v, want %v\n%s%+v", got, want, show(pod, nil), nodes)
		}
	}
}

// show prints objects for a failed test.
func show(p *v1.Pod, in *v1.LimitRange) string {
	text, _ := yaml.Marshal(p)
	if in != nil {
		more, _ := yaml.Marshal(in)
		text = append(append(text, "---\n"...), more...)
	}
	return string(text)
}
