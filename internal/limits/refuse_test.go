package limits

import (
	"errors"
	"strings"
	"testing"
)

func TestAPodThatAnAPIServerRefusesIsRefused(t *testing.T) {
	pod := func(spec string) string { return `{"metadata": {"name": "web"}, "spec": {` + spec + `}}` }
	one := func(resources string) string {
		return pod(`"containers": [{"name": "a"}, {"name": "c", "resources": ` + resources + `}]`)
	}
	const c = "spec.containers[1].resources"
	for _, test := range []struct{ name, pod, field, want string }{
		{"negative request", one(`{"requests": {"memory": "-1"}}`), c + ".requests[memory]", "-1: must not be negative"},
		{"negative fraction", one(`{"limits": {"cpu": "-100m"}}`), c + ".limits[cpu]", "-100m: must not be negative"},
		{"beyond 63 bits", one(`{"requests": {"memory": "9223372036854775808"}}`), c + ".requests[memory]", "is too large"},
		{"beyond by a fraction", one(`{"requests": {"memory": "9223372036854775807.5"}}`), c + ".requests[memory]", "is too large"},
		{"far beyond", one(`{"limits": {"memory": "1e30"}}`), c + ".limits[memory]", "is too large"},
		{"more than the limit", one(`{"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}`), c + ".requests[memory]", "2Gi: must be less than or equal to the limit of 1Gi"},
		{"more cpu than the limit", one(`{"requests": {"cpu": "1500m"}, "limits": {"cpu": "1"}}`), c + ".requests[cpu]", "1500m: must be less than or equal to the limit of 1"},
		{"hugepages without limit", one(`{"requests": {"hugepages-2Mi": "2Mi", "cpu": "1"}}`), c + ".limits[hugepages-2Mi]", "is missing"},
		{"hugepages overcommitted", one(`{"requests": {"hugepages-2Mi": "2Mi", "cpu": "1"}, "limits": {"hugepages-2Mi": "4Mi"}}`), c + ".limits[hugepages-2Mi]", "must be equal to the request of 2Mi"},
		{"hugepages alone", one(`{"limits": {"hugepages-2Mi": "4Mi"}}`), c, "hugepages want cpu or memory"},
		{"no name", pod(`"containers": [{}]`), "spec.containers[0].name", "is missing"},
		{"bad name", pod(`"containers": [{"name": "Web_1"}]`), "spec.containers[0].name", `"Web_1": want`},
		{"long name", pod(`"containers": [{"name": "` + strings.Repeat("x", 64) + `"}]`), "spec.containers[0].name", "want at most 63"},
		{"twins", pod(`"initContainers": [{"name": "x"}, {"name": "a"}], "containers": [{"name": "b"}, {"name": "a"}]`), "spec.containers[1].name", `"a": there is another`},
		{"an ephemeral twin", pod(`"containers": [{"name": "b"}], "ephemeralContainers": [{"name": "b"}]`), "spec.ephemeralContainers[0].name", `"b": there is another`},
		{"ephemeral with resources", pod(`"containers": [{"name": "b"}], "ephemeralContainers": [{"name": "e", "resources": {"requests": {"memory": "1"}}}]`), "spec.ephemeralContainers[0].resources", "cannot have resources"},
		{"no containers", pod(`"initContainers": [{"name": "x"}]`), "spec.containers", "is missing"},
		{"no name of its own", `{"spec": {"containers": [{"name": "c"}]}}`, "metadata.name", "is missing"},
		{"a mirror without a node", `{"metadata": {"name": "web", "annotations": {"kubernetes.io/config.mirror": ""}}, "spec": {"containers": [{"name": "c"}]}}`,
			"metadata.annotations[kubernetes.io/config.mirror]", "wants spec.nodeName"},
		{"a QoS class that there is not", `{"metadata": {"name": "web", "uid": "1"}, "status": {"qosClass": "Best"}, "spec": {"containers": [{"name": "c"}]}}`, "status.qosClass", `"Best": want Guaranteed`},
		{"less than its containers", pod(`"resources": {"requests": {"memory": "1Gi"}}, "containers": [{"name": "c", "resources": {"requests": {"memory": "2Gi"}}}]`),
			"spec.resources.requests[memory]", "1Gi: is less than the 2Gi"},
		{"a container above the pod's limit", pod(`"resources": {"limits": {"memory": "1Gi"}}, "containers": [{"name": "c", "resources": {"requests": {"memory": "1Mi"}, "limits": {"memory": "2Gi"}}}]`),
			"spec.containers[0].resources.limits[memory]", "2Gi: is more than the pod's own limit of 1Gi"},
		{"negative in the pod's own", pod(`"resources": {"limits": {"memory": "-1Gi"}}, "containers": [{"name": "c"}]`), "spec.resources.limits[memory]", "must not be negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := podOf(t, test.pod)
			_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{o})
			field, ok := errors.AsType[*FieldError](err)
			if !ok || field.Field != test.field || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%v, want %s: %s", err, test.field, test.want)
			}
			if want := "test: document 1: Pod default/" + o.Name + ": "; !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
			// In a template the same field has another path.
			if !o.Pod.Served && o.Name != "" && !o.Pod.Mirror {
				job := *o
				job.Kind, job.Pod.Template = "CronJob", true
				_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{&job})
				if want := "CronJob default/web: spec.jobTemplate.spec.template." + test.field; err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %s", err, want)
				}
			}
			// --skip-invalid leaves it out, and plans the others.
			plan, err := plannedWith(Options{Nodes: []Node{node16()}, SkipInvalid: true}, []*Object{o, podOf(t, web("{}")), o})
			if err != nil {
				t.Fatal(err)
			}
			if rows := rowsOf(t, plan); len(rows) != 1 || plan.Nodes()[0].Totals.Pods != 1 {
				t.Error(rows)
			}
			if w := plan.Warnings(); len(w) < 2 || !strings.HasPrefix(w[0].Message, "left out: test: document 1: "+test.field) {
				t.Error(w)
			}
		})
	}
}

func TestALimitRangeRefusesWhatIsOutsideOfIt(t *testing.T) {
	for _, test := range []struct{ resources, want string }{
		{`{"requests": {"memory": "1Mi"}}`, "memory request 1Mi is below the 16Mi"},
		{`{"requests": {"memory": "32Mi"}, "limits": {"memory": "2Gi"}}`, "memory limit 2Gi is above the 1Gi"},
		{`{"requests": {"memory": "2Gi"}}`, "2Gi: must be less than or equal to the limit of 1Gi"}, // max is the limit
		{`{"requests": {"memory": "32Mi"}}`, ""},
		{`{}`, ""},
	} {
		// The LimitRange comes last: the pod is refused when the input has ended.
		_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{
			podOf(t, web(test.resources)), rangeObject(LimitRangeItem{Min: memoryList("16Mi"), Max: memoryList("1Gi")}),
		})
		if test.want == "" && err == nil {
			continue
		}
		if err == nil || test.want == "" || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.resources, err, test.want)
		}
	}
}

// Beyond what 63 bits hold of thousandths, an API server compares whole numbers.
func TestALimitThatNobodyWroteIsOfTheLimitRange(t *testing.T) {
	for _, test := range []struct{ resources, want string }{
		{`{"requests": {"memory": "1Gi"}}`, "requests[memory]: 1Gi: must be less than or equal to the limit of 512Mi, which a LimitRange sets"},
		{`{"requests": {"memory": "1Gi"}, "limits": {"memory": "256Mi"}}`, "requests[memory]: 1Gi: must be less than or equal to the limit of 256Mi"},
	} {
		_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{
			podOf(t, web(test.resources)), rangeObject(LimitRangeItem{Default: memoryList("512Mi")}),
		})
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.resources, err, test.want)
		}
	}
}

func TestALimitRangeComparesLargeAmountsAsAnAPIServerDoes(t *testing.T) {
	for _, test := range []struct{ resources, want string }{
		{`{"requests": {"memory": "100m"}, "limits": {"memory": "10Pi"}}`, ""},
		{`{"requests": {"memory": "100m"}, "limits": {"memory": "1Pi"}}`, "memory request 100m is below the 1 "},
	} {
		_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{
			podOf(t, web(test.resources)), rangeObject(LimitRangeItem{Min: memoryList("1")}),
		})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.resources, err, test.want)
		}
	}
}

func TestNoClassOfUsersIsCritical(t *testing.T) {
	pod := func(priority string) []*Object {
		return []*Object{podOf(t, `{"metadata": {"name": "web"}, "spec": {"priorityClassName": "gold", "priority": `+priority+`, "containers": [{"name": "c"}]}}`)}
	}
	if _, err := plannedWith(Options{Nodes: []Node{node16()}}, pod("1000000000")); err != nil {
		t.Error(err)
	}
	_, err := plannedWith(Options{Nodes: []Node{node16()}}, pod("2000000000"))
	if err == nil || !strings.Contains(err.Error(), "spec.priority: 2000000000: contradicts PriorityClass gold") {
		t.Error(err)
	}
}

func TestAffinityThatAnAPIServerRefusesIsRefused(t *testing.T) {
	for _, test := range []struct {
		r     NodeSelectorRequirement
		field bool
		want  string
	}{
		{NodeSelectorRequirement{"a", "In", nil}, false, "wants values"},
		{NodeSelectorRequirement{"a", "Exists", []string{"x"}}, false, "takes no values"},
		{NodeSelectorRequirement{"a", "Gt", []string{"x"}}, false, "wants a whole number"},
		{NodeSelectorRequirement{"a", "Lt", nil}, false, "wants one value"},
		{NodeSelectorRequirement{"a", "Like", nil}, false, "want In, NotIn"},
		{NodeSelectorRequirement{"", "Exists", nil}, false, "key is missing"},
		{NodeSelectorRequirement{"spec.x", "In", []string{"x"}}, true, "want metadata.name"},
		{NodeSelectorRequirement{"metadata.name", "Exists", nil}, true, "want In or NotIn"},
		{NodeSelectorRequirement{"metadata.name", "In", []string{"a", "b"}}, true, "wants one value"},
	} {
		o := podOf(t, web("{}"))
		term, list := NodeSelectorTerm{MatchExpressions: []NodeSelectorRequirement{test.r}}, "matchExpressions"
		if test.field {
			term, list = NodeSelectorTerm{MatchFields: []NodeSelectorRequirement{test.r}}, "matchFields"
		}
		o.Pod.NodeAffinity = []NodeSelectorTerm{term}
		_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{o})
		if err == nil || !strings.Contains(err.Error(), "nodeSelectorTerms[0]."+list+"[0]: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.r, err)
		}
	}
}

func TestNegativeReplicasAreRefused(t *testing.T) {
	minus := int64(-1)
	for kind, field := range map[string]string{"Deployment": "spec.replicas", "Job": "spec.parallelism", "CronJob": "spec.jobTemplate.spec.parallelism"} {
		o := workload(t, kind, web("{}"))
		o.Pod.Replicas, o.Pod.ReplicasPath = &minus, field
		if _, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{o}); err == nil || !strings.Contains(err.Error(), field+": -1: must not") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestABadLimitRangeIsRefused(t *testing.T) {
	_, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{rangeObject(LimitRangeItem{}, LimitRangeItem{Max: memoryList("-1")})})
	if err == nil || !strings.Contains(err.Error(), "range.yaml: document 1: LimitRange range: spec.limits[1].max[memory]: -1: must not") {
		t.Error(err)
	}
}
