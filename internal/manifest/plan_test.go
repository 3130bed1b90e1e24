package manifest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/limits"
)

// planned plans a text on nodes of 16 GiB and 8 GiB of swap, so that a share is
// half the request.
func planned(t *testing.T, text string, o Options, nodes ...string) *limits.Plan {
	t.Helper()
	plan, err := plannedOr(t, text, o, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func plannedOr(t *testing.T, text string, o Options, nodes ...string) (*limits.Plan, error) {
	t.Helper()
	if len(nodes) == 0 {
		nodes = []string{""}
	}
	var options limits.Options
	for _, name := range nodes {
		options.Nodes = append(options.Nodes, limits.Node{
			Name: name, MemoryBytes: 16 << 30, SwapBytes: 8 << 30, SwapController: true, SwapBehavior: "LimitedSwap",
		})
	}
	planner := limits.NewPlanner(options)
	o.Stdin = strings.NewReader(text)
	if err := Read(t.Context(), host.Linux().Files, []string{Stdin}, o, planner.Add); err != nil {
		return nil, err
	}
	return planner.Plan()
}

// rows is what a person sees: workload or pod, its container, copies, MiB of
// swap, and the note.
func rows(t *testing.T, plan *limits.Plan) []string {
	t.Helper()
	var all []string
	for r, err := range plan.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		name := r.Workload
		if name == "" {
			name = r.Pod
		}
		text := fmt.Sprintf("%s %s ×%d %d %s", name, r.Container, r.Replicas, *r.SwapLimitBytes>>20, r.Note)
		all = append(all, strings.TrimSpace(strings.TrimSpace(r.Node+" "+text)))
	}
	return all
}

// totals are pods, requested MiB and granted MiB of every node.
func totals(plan *limits.Plan) string {
	var all []string
	for _, n := range plan.Nodes() {
		all = append(all, fmt.Sprintf("%d pods %d/%d", n.Totals.Pods, n.Totals.MemoryRequestBytes>>20, n.Totals.SwapLimitBytes>>20))
	}
	return strings.Join(all, ", ")
}

func warned(plan *limits.Plan, text string) bool {
	return slices.ContainsFunc(plan.Warnings(), func(w limits.Warning) bool { return strings.Contains(w.Object+": "+w.Message, text) })
}

// owned is an object that an API server has, with its controller. 512 MiB are
// requested, the share is 256 MiB.
func owned(apiVersion, kind, name, controller string, more string) string {
	template := "spec:\n    template:\n      spec:\n        containers: [{name: c, resources: {requests: {memory: 512Mi}}}]\n"
	switch kind {
	case "Pod":
		template = "spec:\n    containers: [{name: c, resources: {requests: {memory: 512Mi}}}]\n"
	case "CronJob":
		template = "spec:\n    jobTemplate: {spec: {template: {spec: {containers: [{name: c, resources: {requests: {memory: 512Mi}}}]}}}}\n"
	}
	owner := ""
	if of, by, ok := strings.Cut(controller, "/"); ok {
		owner = fmt.Sprintf("    ownerReferences: [{apiVersion: x/v1, kind: %s, name: %s, uid: u-%s-%s, controller: true}]\n", of, by, of, by)
	}
	status := ""
	if kind == "Pod" && !strings.Contains(more, "status:") {
		status = "  status: {qosClass: Burstable, phase: Running}\n"
	}
	return fmt.Sprintf("- apiVersion: %s\n  kind: %s\n  metadata:\n    name: %s\n    namespace: shop\n    uid: u-%s-%s\n%s  %s%s%s",
		apiVersion, kind, name, kind, name, owner, template, more, status)
}

func listOf(objects ...string) string {
	return "apiVersion: v1\nkind: List\nitems:\n" + strings.Join(objects, "")
}

func TestAPodAndItsOwnersCountOnce(t *testing.T) {
	deployment := func(replicas int) string {
		return owned("apps/v1", "Deployment", "web", "", fmt.Sprintf("    replicas: %d\n", replicas))
	}
	replicaSet := func(name string, replicas int) string {
		return owned("apps/v1", "ReplicaSet", name, "Deployment/web", fmt.Sprintf("    replicas: %d\n", replicas))
	}
	pod := func(name, owner string) string { return owned("v1", "Pod", name, owner, "") }
	finished := func(name, owner string) string {
		return owned("v1", "Pod", name, owner, "  status: {qosClass: Burstable, phase: Failed}\n")
	}
	for _, test := range []struct {
		name    string
		objects []string
		want    string // totals: of each pod 512 MiB are requested and 256 granted
		rows    []string
	}{
		{"a Deployment, its ReplicaSet and its pods", []string{deployment(2), replicaSet("web-5d9c7b", 2), pod("web-5d9c7b-a", "ReplicaSet/web-5d9c7b"), pod("web-5d9c7b-b", "ReplicaSet/web-5d9c7b")},
			"2 pods 1024/512", []string{"Deployment/web c ×0 256 counted by its pods", "ReplicaSet/web-5d9c7b c ×0 256 counted by its pods", "web-5d9c7b-a c ×1 256", "web-5d9c7b-b c ×1 256"}},
		{"in the other order", []string{pod("web-5d9c7b-a", "ReplicaSet/web-5d9c7b"), replicaSet("web-5d9c7b", 1), deployment(1)},
			"1 pods 512/256", []string{"web-5d9c7b-a c ×1 256", "ReplicaSet/web-5d9c7b c ×0 256 counted by its pods", "Deployment/web c ×0 256 counted by its pods"}},
		{"one pod is not there yet", []string{deployment(3), replicaSet("web-5d9c7b", 3), pod("web-5d9c7b-a", "ReplicaSet/web-5d9c7b"), pod("web-5d9c7b-b", "ReplicaSet/web-5d9c7b")},
			"3 pods 1536/768", []string{"Deployment/web c ×0 256 counted by its pods", "ReplicaSet/web-5d9c7b c ×1 256 2 of 3 counted by their pods", "web-5d9c7b-a c ×1 256", "web-5d9c7b-b c ×1 256"}},
		{"a rollout, with one pod more than asked for", []string{deployment(2), replicaSet("web-5d9c7b", 1), replicaSet("web-6f8d9c", 2), pod("a", "ReplicaSet/web-5d9c7b"), pod("b", "ReplicaSet/web-6f8d9c"), pod("c", "ReplicaSet/web-6f8d9c")},
			"3 pods 1536/768", nil},
		{"a pod that has failed is replaced", []string{replicaSet("web-5d9c7b", 1), finished("a", "ReplicaSet/web-5d9c7b")},
			"1 pods 512/256", []string{"ReplicaSet/web-5d9c7b c ×1 256", "a c ×1 256 finished"}},
		{"the ReplicaSet was not asked for", []string{deployment(3), pod("a", "ReplicaSet/web-5d9c7b"), pod("b", "ReplicaSet/web-5d9c7b")},
			"3 pods 1536/768", []string{"Deployment/web c ×1 256 2 of 3 counted by their pods", "a c ×1 256", "b c ×1 256"}},
		{"another Deployment's ReplicaSet", []string{deployment(1), pod("a", "ReplicaSet/web-api-5d9c7b"), pod("b", "ReplicaSet/web")},
			"3 pods 1536/768", nil},
		{"an owner of the same name that is gone", []string{owned("apps/v1", "StatefulSet", "db", "", ""), strings.ReplaceAll(pod("db-0", "StatefulSet/db"), "u-StatefulSet-db", "u-gone")},
			"2 pods 1024/512", nil},
		{"a StatefulSet", []string{owned("apps/v1", "StatefulSet", "db", "", "    replicas: 2\n"), pod("db-0", "StatefulSet/db")}, "2 pods 1024/512", nil},
		{"a ReplicationController", []string{owned("v1", "ReplicationController", "old", "", ""), pod("old-x", "ReplicationController/old")}, "1 pods 512/256", nil},
		{"a CronJob, its Job and its pod", []string{owned("batch/v1", "CronJob", "cron", "", ""), owned("batch/v1", "Job", "cron-29000000", "CronJob/cron", ""), pod("cron-29000000-x", "Job/cron-29000000")},
			"1 pods 512/256", nil},
		{"a CronJob and its pod", []string{owned("batch/v1", "CronJob", "cron", "", ""), pod("cron-29000000-x", "Job/cron-29000000")}, "1 pods 512/256", nil},
		{"a CronJob between two runs", []string{owned("batch/v1", "CronJob", "cron", "", ""), owned("batch/v1", "Job", "cron-29000000", "CronJob/cron", "  status: {conditions: [{type: Complete, status: 'True'}]}\n")},
			"1 pods 512/256", nil},
		{"a Rollout", []string{owned("argoproj.io/v1alpha1", "Rollout", "web", "", "    replicas: 2\n"), owned("apps/v1", "ReplicaSet", "web-5d9c7b", "Rollout/web", "    replicas: 2\n"), pod("a", "ReplicaSet/web-5d9c7b"), pod("b", "ReplicaSet/web-5d9c7b")},
			"2 pods 1024/512", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := planned(t, listOf(test.objects...), Options{})
			if got := totals(plan); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if diff := cmp.Diff(test.rows, rows(t, plan)); test.rows != nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestADaemonSetCountsWhereItHasNoPod: with pods on some nodes, and nodes that are
// not planned.
func TestADaemonSetCountsWhereItHasNoPod(t *testing.T) {
	pod := func(name, node string) string {
		return strings.Replace(owned("v1", "Pod", name, "DaemonSet/agent", ""), "spec:\n", "spec:\n    nodeName: "+node+"\n", 1)
	}
	plan := planned(t, listOf(owned("apps/v1", "DaemonSet", "agent", "", ""), pod("agent-a", "n1"), pod("agent-b", "n3")), Options{}, "n1", "n2")
	if got, want := totals(plan), "1 pods 512/256, 1 pods 512/256"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"n2 DaemonSet/agent c ×1 256", "n1 agent-a c ×1 256"}, rows(t, plan)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all := planned(t, listOf(owned("apps/v1", "DaemonSet", "agent", "", ""), pod("agent-a", "n1"), pod("agent-b", "n2")), Options{}, "n1", "n2")
	if warned(all, "admit none") || !warned(all, "1 workload counted by pods") {
		t.Errorf("%+v", all.Warnings())
	}
}

func TestWhatHasEndedCountsInNothing(t *testing.T) {
	condition := func(kind, status string) string {
		return fmt.Sprintf("  status: {conditions: [{type: %s, status: %q}]}\n", kind, status)
	}
	job := func(more string) string { return owned("batch/v1", "Job", "job", "", more) }
	for _, test := range []struct {
		name, object, want, note string
	}{
		{"a Job", job("    parallelism: 3\n    completions: 3\n"), "3 pods 1536/768", ""},
		{"a complete Job", job("    parallelism: 3\n" + condition("Complete", "True")), "0 pods 0/0", "complete"},
		{"a failed Job", job(condition("Failed", "True")), "0 pods 0/0", "failed"},
		{"a Job that ends", job(condition("FailureTarget", "True")), "0 pods 0/0", "failed"},
		{"a condition that is false", job(condition("Complete", "False")), "1 pods 512/256", ""},
		{"a suspended Job", job("    suspend: true\n"), "0 pods 0/0", "suspended"},
		{"a Job with two to go", job("    parallelism: 3\n    completions: 5\n  status: {succeeded: 3}\n"), "2 pods 1024/512", ""},
		{"a work queue that has begun to end", job("    parallelism: 3\n  status: {succeeded: 1, active: 1}\n"), "1 pods 512/256", ""},
		{"a suspended CronJob", owned("batch/v1", "CronJob", "cron", "", "    suspend: true\n"), "0 pods 0/0", "suspended"},
		{"a CronJob of suspended Jobs", strings.Replace(owned("batch/v1", "CronJob", "cron", "", ""), "{spec: {template", "{spec: {suspend: true, template", 1), "0 pods 0/0", "suspended"},
		{"a Deployment of no pods", owned("apps/v1", "Deployment", "web", "", "    replicas: 0\n"), "0 pods 0/0", ""},
		{"a paused Deployment", owned("apps/v1", "Deployment", "web", "", "    paused: true\n"), "0 pods 0/0", "paused"},
		{"a JobSet", owned("jobset.x-k8s.io/v1alpha2", "JobSet", "set", "", "    replicatedJobs: [{name: a, template: {spec: {template: {spec: {containers: [{name: c}]}}}}}]\n"+condition("Completed", "True")), "0 pods 0/0", "complete"},
		{"a Volcano Job", owned("batch.volcano.sh/v1alpha1", "Job", "v", "", "    tasks: [{name: a, template: {spec: {containers: [{name: c}]}}}]\n  status: {state: {phase: Completed}}\n"), "0 pods 0/0", "complete"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := planned(t, listOf(test.object), Options{})
			if got := totals(plan); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if got := rows(t, plan)[0]; !strings.HasSuffix(got, strings.TrimSpace("256 "+test.note)) && test.note != "" && !strings.HasSuffix(got, " 0 "+test.note) {
				t.Errorf("%s, want note %q", got, test.note)
			}
			if test.note != "" && !warned(plan, "1 workload "+test.note+": listed, but in no total") {
				t.Errorf("%+v", plan.Warnings())
			}
			recommended, err := limits.Recommend(plan, limits.Target{Ratio: 0.5})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%d pods", recommended[0].Containers); !strings.HasPrefix(test.want, got) {
				t.Errorf("--recommend: %s, want %s", got, test.want)
			}
		})
	}
}

// TestWhatCountsInNothingIsShownOnce, and not on each of many nodes.
func TestWhatCountsInNothingIsShownOnce(t *testing.T) {
	plan := planned(t, listOf(owned("apps/v1", "Deployment", "web", "", "    paused: true\n"), owned("apps/v1", "StatefulSet", "db", "", "    replicas: 1\n"),
		strings.Replace(owned("v1", "Pod", "db-0", "StatefulSet/db", ""), "spec:\n", "spec:\n    nodeName: n2\n", 1)), Options{}, "n1", "n2", "n3")
	want := []string{"Deployment/web c ×0 256 paused", "StatefulSet/db c ×0 256 counted by its pods", "n2 db-0 c ×1 256"}
	if diff := cmp.Diff(want, rows(t, plan)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
