package limits

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func memoryList(text string) ResourceList {
	return ResourceList{{"memory", quantity(text)}}
}

func rangeObject(items ...LimitRangeItem) *Object {
	return &Object{Source: Source{File: "range.yaml", Document: 1, Item: -1}, Kind: "LimitRange", Name: "range", LimitRange: &LimitRange{Items: items}}
}

// workload is an object with a pod template.
func workload(t testing.TB, kind, text string) *Object {
	o := podOf(t, text)
	o.Kind, o.Pod.Template, o.Pod.Served = kind, true, false
	return o
}

func TestLimitRangesFillInWhatContainersDoNotSay(t *testing.T) {
	for _, test := range []struct {
		name, resources string
		items           []LimitRangeItem
		request, limit  int64
		reason          Reason
	}{
		{"both from default", "{}", []LimitRangeItem{{Default: memoryList("1Gi")}}, 1 << 30, 1 << 30, RequestEqualsLimit},
		{"default and defaultRequest", "{}", []LimitRangeItem{{Default: memoryList("1Gi"), DefaultRequest: memoryList("512Mi")}}, 512 << 20, 1 << 30, Proportional},
		{"max is a default", "{}", []LimitRangeItem{{Max: memoryList("1Gi")}}, 1 << 30, 1 << 30, RequestEqualsLimit},
		{"min is a default request", "{}", []LimitRangeItem{{Min: memoryList("1Gi")}}, 1 << 30, 0, Proportional},
		{"a limit equal to the request takes swap away", `{"requests": {"memory": "1Gi"}}`, []LimitRangeItem{{Default: memoryList("1Gi")}}, 1 << 30, 1 << 30, RequestEqualsLimit},
		{"the limit is copied before", `{"limits": {"memory": "1Gi"}}`, []LimitRangeItem{{DefaultRequest: memoryList("512Mi")}}, 1 << 30, 1 << 30, RequestEqualsLimit},
		{"a later item wins", "{}", []LimitRangeItem{{DefaultRequest: memoryList("1Gi")}, {DefaultRequest: memoryList("2Gi")}}, 2 << 30, 0, Proportional},
		{"cpu alone", "{}", []LimitRangeItem{{DefaultRequest: ResourceList{{"cpu", quantity("1")}}}}, 0, 0, NoMemoryRequest},
	} {
		plan := planOf(t, []*Object{podOf(t, web(test.resources)), rangeObject(test.items...)})
		for row := range plan.Rows() {
			if row.MemoryRequestBytes != test.request || row.MemoryLimitBytes != test.limit || row.Reason != test.reason {
				t.Errorf("%s: %d, %d, %s", test.name, row.MemoryRequestBytes, row.MemoryLimitBytes, row.Reason)
			}
		}
	}
}

func TestALimitRangeIsForItsNamespace(t *testing.T) {
	elsewhere := rangeObject(LimitRangeItem{DefaultRequest: memoryList("1Gi")})
	elsewhere.Namespace = "elsewhere"
	for row := range planOf(t, []*Object{podOf(t, web("{}")), elsewhere}).Rows() {
		if row.Reason != QOSBestEffort {
			t.Error(row.Reason)
		}
	}
}

func TestTheFirstLimitRangeCountsAndThatIsSaid(t *testing.T) {
	plan := planOf(t, []*Object{
		podOf(t, web("{}")),
		rangeObject(LimitRangeItem{DefaultRequest: memoryList("1Gi")}),
		rangeObject(LimitRangeItem{DefaultRequest: memoryList("2Gi")}),
	})
	if rows := rowsOf(t, plan); rows[0] != "n default/web c 536870912 Proportional" {
		t.Error(rows)
	}
	if w := plan.Warnings(); len(w) != 1 || !strings.Contains(w[0].Message, "planned with the first") {
		t.Error(w)
	}
}

func TestPrioritiesComeFromClasses(t *testing.T) {
	class := func(name string, value int32, preset bool) *Object {
		return &Object{Kind: "PriorityClass", Name: name, PriorityClass: &PriorityClass{value, preset}}
	}
	pod := func(spec string) *Object {
		return podOf(t, `{"metadata": {"name": "web"}, "spec": {`+spec+`"containers": [{"name": "c"}]}}`)
	}
	for _, test := range []struct {
		objects []*Object
		want    string
	}{
		{[]*Object{pod("")}, "0"},
		{[]*Object{pod(`"priority": 0, `)}, "0"},
		{[]*Object{pod(`"priorityClassName": "gold", `), class("gold", 5, false)}, "5"},
		{[]*Object{pod(`"priorityClassName": "gold", "priority": 5, `), class("gold", 5, false)}, "5"},
		{[]*Object{pod(`"priorityClassName": "system-node-critical", "priority": 2000001000, `)}, "2000001000"},
		{[]*Object{pod(""), class("a", 9, true), class("b", 7, true), class("c", 1, false)}, "7"},
		{[]*Object{pod(`"priorityClassName": "unknown", `)}, "not known"},
		{[]*Object{pod(`"priorityClassName": "unknown", "priority": 12, `)}, "12"},
		{[]*Object{pod(`"priority": 12, `)}, "refused"},
		{[]*Object{pod(`"priority": 0, `), class("a", 9, true)}, "refused"},
		{[]*Object{class("gold", 1_000_000_001, false)}, "refused"},
		{[]*Object{class("gold", 1, false), class("gold", 2, false)}, "refused"},
		{[]*Object{class("system-node-critical", 2, false)}, "refused"},
	} {
		plan, err := plannedWith(Options{Nodes: []Node{node16()}}, test.objects)
		got := "refused"
		if err == nil {
			for row := range plan.Rows() {
				got = "not known"
				if row.Priority != nil {
					got = fmt.Sprint(*row.Priority)
				}
			}
		}
		if got != test.want {
			t.Errorf("%s (%v), want %s", got, err, test.want)
		}
	}
}

func TestPodLevelResourcesDecideOnlyTheQoSClass(t *testing.T) {
	pod := func(level, container string) string {
		return `{"metadata": {"name": "web"}, "spec": {"resources": ` + level + `, "containers": [{"name": "c", "resources": ` + container + `}]}}`
	}
	for _, test := range []struct{ version, pod, class string }{
		{"1.37", pod(`{"requests": {"memory": "2Gi", "cpu": "1"}, "limits": {"memory": "2Gi", "cpu": "1"}}`, `{"requests": {"memory": "1Gi"}}`), "Guaranteed"},
		{"1.33", pod(`{"requests": {"memory": "2Gi", "cpu": "1"}, "limits": {"memory": "2Gi", "cpu": "1"}}`, `{"requests": {"memory": "1Gi"}}`), "Burstable"},
		{"1.37", pod(`{}`, `{"requests": {"memory": "1Gi"}}`), "Burstable"},
		{"1.36", pod(`{}`, `{"requests": {"memory": "1Gi"}}`), "BestEffort"},
		// The pod's limit is filled in only from 1.37 on.
		{"1.37", pod(`{"requests": {"memory": "1Gi", "cpu": "1"}}`, `{"limits": {"memory": "1Gi", "cpu": "1"}}`), "Guaranteed"},
		{"1.36", pod(`{"requests": {"memory": "1Gi", "cpu": "1"}}`, `{"limits": {"memory": "1Gi", "cpu": "1"}}`), "Burstable"},
		// An explicit 0 of a container is the pod's request; a missing one is not.
		{"1.37", pod(`{"limits": {"memory": "1Gi", "cpu": "1"}}`, `{"requests": {"cpu": "0"}}`), "Burstable"},
		{"1.37", pod(`{"limits": {"memory": "1Gi", "cpu": "1"}}`, `{}`), "Guaranteed"},
	} {
		node := node16()
		node.KubernetesVersion = test.version
		for row := range planOf(t, []*Object{podOf(t, test.pod)}, node).Rows() {
			if row.QOSClass != test.class {
				t.Errorf("%s: %s, want %s: %s", test.version, row.QOSClass, test.class, test.pod)
			}
		}
	}
	// A mixed fleet: each node has its own answer.
	old, today := node16(), node16()
	old.Name, old.KubernetesVersion, today.Name = "old", "1.33", "today"
	again := node16()
	again.Name, again.KubernetesVersion = "again", "1.33"
	plan := planOf(t, []*Object{podOf(t, pod(`{"requests": {"memory": "2Gi", "cpu": "1"}, "limits": {"memory": "2Gi", "cpu": "1"}}`, `{"requests": {"memory": "1Gi"}}`))}, old, today, again)
	want := []string{"old default/web c 536870912 Proportional", "today default/web c 0 QOSGuaranteed", "again default/web c 536870912 Proportional"}
	if got := rowsOf(t, plan); !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestPodsGoToTheirNodes(t *testing.T) {
	a, b := node16(), node16()
	a.Name, b.Name, b.SwapBytes = "a", "b", 4<<30
	a.Labels, b.Labels = map[string]string{"pool": "x"}, map[string]string{"pool": "y"}
	const spec = `"containers": [{"name": "c", "resources": {"requests": {"memory": "1Gi"}}}]}}`
	objects := []*Object{
		podOf(t, `{"metadata": {"name": "bound"}, "spec": {"nodeName": "b", `+spec),
		podOf(t, `{"metadata": {"name": "pending"}, "spec": {`+spec),
		podOf(t, `{"metadata": {"name": "stranger"}, "spec": {"nodeName": "c", `+spec),
		workload(t, "DaemonSet", `{"metadata": {"name": "agent"}, "spec": {"nodeSelector": {"pool": "y"}, `+spec),
		workload(t, "DaemonSet", `{"metadata": {"name": "nowhere"}, "spec": {"nodeSelector": {"pool": "z"}, `+spec),
		workload(t, "Deployment", `{"metadata": {"name": "web"}, "spec": {"nodeSelector": {"pool": "z"}, `+spec),
	}
	plan := planOf(t, objects, a, b)
	want := []string{
		"b default/bound c 268435456 Proportional",
		"a default/pending c 536870912 Proportional", "b default/pending c 268435456 Proportional",
		"b default/agent c 268435456 Proportional",
		"a default/web c 536870912 Proportional", "b default/web c 268435456 Proportional",
	}
	if got := rowsOf(t, plan); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	var said []string
	for _, w := range plan.Warnings() {
		said = append(said, w.Object+": "+w.Message)
	}
	wantSaid := []string{
		"DaemonSet default/nowhere: its nodeSelector and node affinity admit none of the nodes",
		": 1 pod left out: on node c, which is not planned",
	}
	if !slices.Equal(said, wantSaid) {
		t.Error(said)
	}
	if nodes := plan.Nodes(); nodes[0].Totals.Pods != 2 || nodes[1].Totals.Pods != 4 {
		t.Errorf("%+v", nodes)
	}
	// The only node takes them all, and says so.
	plan = planOf(t, objects[:3])
	if len(rowsOf(t, plan)) != 3 || len(plan.Warnings()) != 1 || !strings.Contains(plan.Warnings()[0].Message, "2 pods planned on node n, although bound to another") {
		t.Error(rowsOf(t, plan), plan.Warnings())
	}
	// A node whose labels nobody knows takes DaemonSets, too.
	if rows := rowsOf(t, planOf(t, objects[4:5])); len(rows) != 1 {
		t.Error(rows)
	}
}

func TestNodesComeFromTheInput(t *testing.T) {
	bytes := func(n int64) *int64 { return &n }
	object := func(name string, n *NodeObject) *Object {
		return &Object{Source: Source{File: "nodes.json", Document: 1, Item: 0}, Kind: "Node", Name: name, Node: n}
	}
	base := Node{SwapController: true, SwapBehavior: "LimitedSwap", PageSizeBytes: 65536}
	plan, err := plannedWith(Options{Base: base}, []*Object{
		object("new", &NodeObject{MemoryCapacity: bytes(16 << 30), SwapCapacity: bytes(8 << 30), KubeletVersion: "v1.34.2"}),
		object("bare", &NodeObject{MemoryCapacity: bytes(16 << 30), KubeletVersion: "v1.34.2"}),
		object("old", &NodeObject{MemoryCapacity: bytes(16 << 30), KubeletVersion: "v1.31.0"}),
		object("future", &NodeObject{MemoryCapacity: bytes(16 << 30), KubeletVersion: "v1.99.0"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range plan.Nodes() {
		got = append(got, fmt.Sprintf("%s %s %d %d", n.Name, n.KubernetesVersion, n.SwapBytes, n.PageSizeBytes))
	}
	want := []string{"new 1.34 8589934592 65536", "bare 1.34 0 65536", "old 1.31 0 65536", "future 1.37 0 65536"}
	if !slices.Equal(got, want) {
		t.Error(got)
	}
	if w := plan.Warnings(); len(w) != 3 || w[0].Object != "Node old" || w[1].Object != "Node future" {
		t.Error(w)
	}
	base.KubernetesVersion, base.SwapBytes = "1.30", 1<<30 // said by a person: they win
	plan, err = plannedWith(Options{Base: base}, []*Object{object("old", &NodeObject{MemoryCapacity: bytes(16 << 30), KubeletVersion: "v1.31.0"})})
	if err != nil || plan.Nodes()[0].KubernetesVersion != "1.30" || plan.Nodes()[0].SwapBytes != 1<<30 {
		t.Error(plan.Nodes(), err)
	}
	for field, o := range map[string]*Object{
		"status.capacity.memory":           object("n", &NodeObject{SwapCapacity: bytes(1)}),
		"status.nodeInfo.swap.capacity":    object("n", &NodeObject{MemoryCapacity: bytes(1), SwapCapacity: bytes(-1)}),
		"status.nodeInfo.kubeletVersion":   object("n", &NodeObject{MemoryCapacity: bytes(1), KubeletVersion: "v1.9.0"}),
		"metadata.name":                    object("", &NodeObject{MemoryCapacity: bytes(1)}),
		"status.capacity.memory: 0: must ": object("n", &NodeObject{MemoryCapacity: bytes(0)}),
	} {
		if _, err := plannedWith(Options{}, []*Object{o}); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	same := object("n", &NodeObject{MemoryCapacity: bytes(1 << 30)})
	if _, err := plannedWith(Options{}, []*Object{same, same}); err == nil || !strings.Contains(err.Error(), "it is there twice") {
		t.Error(err)
	}
}
