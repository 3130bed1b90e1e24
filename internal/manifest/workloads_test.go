package manifest

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
)

// custom is an object of a custom resource; TEMPLATE and PODSPEC in its spec are a
// pod template that asks for 512 MiB, and its spec.
func custom(apiVersion, kind, spec string) string {
	spec = strings.ReplaceAll(spec, "TEMPLATE", "{spec: PODSPEC}")
	spec = strings.ReplaceAll(spec, "PODSPEC", "{containers: [{name: c, resources: {requests: {memory: 512Mi}}}]}")
	return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x}\nspec: " + spec + "\n"
}

// TestCustomResources has the shape that each project's API types give its kinds;
// where they stand is said beside the table in workloads.go.
func TestCustomResources(t *testing.T) {
	for _, test := range []struct {
		text string
		want string
	}{
		{custom("argoproj.io/v1alpha1", "Rollout", "{replicas: 3, template: TEMPLATE}"), "Rollout/x c ×3 256"},
		{custom("apps.openshift.io/v1", "DeploymentConfig", "{replicas: 2, template: TEMPLATE}"), "DeploymentConfig/x c ×2 256"},
		{custom("apps.kruise.io/v1beta1", "StatefulSet", "{replicas: 2, template: TEMPLATE}"), "StatefulSet/x c ×2 256"},
		{custom("apps.kruise.io/v1alpha1", "CloneSet", "{template: TEMPLATE}"), "CloneSet/x c ×1 256"},
		{custom("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "{replicas: 2, leaderWorkerTemplate: {size: 4, leaderTemplate: {spec: {containers: [{name: l}]}}, workerTemplate: TEMPLATE}}"),
			"LeaderWorkerSet/x l ×2 0;LeaderWorkerSet/x c ×6 256"},
		{custom("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "{replicas: 2, leaderWorkerTemplate: {size: 4, workerTemplate: TEMPLATE}}"),
			"LeaderWorkerSet/x c ×2 256;LeaderWorkerSet/x c ×6 256"},
		{custom("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "{leaderWorkerTemplate: {workerTemplate: TEMPLATE}}"),
			"LeaderWorkerSet/x c ×1 256;LeaderWorkerSet/x c ×0 256"},
		{custom("ray.io/v1", "RayCluster", "{headGroupSpec: {template: TEMPLATE}, workerGroupSpecs: [{groupName: small, replicas: 3, template: TEMPLATE}, {groupName: tpu, replicas: 2, numOfHosts: 4, template: TEMPLATE}]}"),
			"RayCluster/x c ×1 256;RayCluster/x-small c ×3 256;RayCluster/x-tpu c ×8 256"},
		{custom("ray.io/v1", "RayJob", "{rayClusterSpec: {headGroupSpec: {template: TEMPLATE}}}"), "RayJob/x c ×1 256"},
		{custom("ray.io/v1", "RayService", "{rayClusterConfig: {workerGroupSpecs: [{groupName: g, template: TEMPLATE}]}}"), "RayService/x-g c ×1 256"},
		{custom("batch.volcano.sh/v1alpha1", "Job", "{tasks: [{name: master, replicas: 1, template: TEMPLATE}, {name: worker, replicas: 5, template: TEMPLATE}]}"),
			"Job/x-master c ×1 256;Job/x-worker c ×5 256"},
		{custom("jobset.x-k8s.io/v1alpha2", "JobSet", "{replicatedJobs: [{name: w, replicas: 2, template: {spec: {parallelism: 3, template: TEMPLATE}}}]}"), "JobSet/x-w c ×6 256"},
		{custom("kubeflow.org/v1", "PyTorchJob", "{pytorchReplicaSpecs: {Worker: {replicas: 4, template: TEMPLATE}, Master: {template: TEMPLATE}}}"),
			"PyTorchJob/x-master c ×1 256;PyTorchJob/x-worker c ×4 256"},
		{custom("kubeflow.org/v1", "Notebook", "{template: TEMPLATE}"), "Notebook/x c ×1 256"},
		{custom("agones.dev/v1", "Fleet", "{replicas: 2, template: {spec: {template: TEMPLATE}}}"), "Fleet/x c ×2 256"},
		{strings.Replace(custom("serving.knative.dev/v1", "Service", "{template: TEMPLATE}"), "name: c, ", "", 1), "Service/x user-container ×1 256;Service/x queue-proxy ×1 0"},
		{custom("serving.knative.dev/v1", "Revision", "PODSPEC"), "Revision/x c ×1 256;Revision/x queue-proxy ×1 0"},
	} {
		t.Run(strings.Fields(test.want)[0], func(t *testing.T) {
			if got := strings.Join(rows(t, planned(t, test.text, Options{})), ";"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestTemplatePaths(t *testing.T) {
	groups := custom("example.org/v1", "Set", "{count: 2, first: TEMPLATE, second: TEMPLATE, groups: [{name: a, size: 3, pod: TEMPLATE}, {pod: TEMPLATE}], roles: {b: {pod: TEMPLATE, many: 2}, a: {pod: TEMPLATE}}}")
	for _, test := range []struct {
		paths []string
		want  string
	}{
		{[]string{"Set=spec.first", "example.org/Set=spec.second"}, "Set/x c ×1 256;Set/x c ×1 256"},
		{[]string{"Set=spec.first", "Set=spec.second"}, "Set/x c ×1 256;Set/x c ×1 256"},
		{[]string{"Set=spec.first:spec.count", "Set=spec.groups[].pod:spec.groups[].size"}, "Set/x c ×2 256;Set/x c ×3 256;Set/x c ×1 256"},
		{[]string{"Set=spec.groups[].pod:spec.count,spec.groups[].size"}, "Set/x c ×6 256;Set/x c ×2 256"},
		{[]string{"Set=spec.roles.*.pod:spec.roles.*.many"}, "Set/x-a c ×1 256;Set/x-b c ×2 256"},
		{[]string{"spec.first", "spec.second"}, "Set/x c ×1 256;Set/x c ×1 256"},
	} {
		if got := strings.Join(rows(t, planned(t, groups, Options{TemplatePaths: test.paths})), ";"); got != test.want {
			t.Errorf("%q: %s, want %s", test.paths, got, test.want)
		}
	}
	mine := planned(t, custom("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "{leaderWorkerTemplate: {size: 4, workerTemplate: TEMPLATE}}"),
		Options{TemplatePaths: []string{"LeaderWorkerSet=spec.leaderWorkerTemplate.workerTemplate:spec.leaderWorkerTemplate.size"}})
	if got, want := strings.Join(rows(t, mine), ";"), "LeaderWorkerSet/x c ×4 256"; got != want {
		t.Errorf("%s, want %s: what a person says goes first", got, want)
	}
	for _, path := range []string{"Set=spec.a[].b[].c", "Set=[].pod", "Set=spec.groups[]", "Set=spec.pod:", "Set=spec.pod:spec.groups[].n", "Set=spec.*.pod:spec.groups[].n"} {
		if _, err := read(t, groups, Options{TemplatePaths: []string{path}}); fail.Code(err) != fail.Usage {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestKindsThatAreLeftOut(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{custom("kubevirt.io/v1", "VirtualMachine", "{template: {spec: {domain: {memory: {guest: 1Gi}}}}}"),
			"1 object of kind VirtualMachine (kubevirt.io) left out: its controller computes the pods, so only those of a cluster can be planned: kubectl get pods -A -o json"},
		{custom("example.org/v1", "Set", "{template: TEMPLATE}"), "1 object of kind Set (example.org) left out: --template-path example.org/Set=spec.template reads them"},
		{custom("example.org/v1", "Set", "{tasks: [{template: TEMPLATE}]}"), "--template-path example.org/Set=spec.tasks[].template reads them"},
		{custom("example.org/v1", "Set", "{pod: TEMPLATE}"), "no pods in them that are known; if they have a pod template, --template-path example.org/Set=PATH reads it"},
		{custom("argoproj.io/v1alpha1", "Rollout", "{workloadRef: {kind: Deployment, name: x}}"), "1 object of kind Rollout (argoproj.io) left out: no pod template at spec.template"},
		{custom("networking.k8s.io/v1", "Ingress", "{}"), "1 object of kind Ingress (networking.k8s.io) left out: no pods in them"},
		{custom("v1", "Service", "{}"), "1 object of kind Service left out: no pods in them"},
	} {
		if plan := planned(t, test.text, Options{}); !warned(plan, test.want) {
			t.Errorf("%+v, want %s", plan.Warnings(), test.want)
		}
	}
}

// TestWhatAnOperatorHasMadeCountsOnce: a LeaderWorkerSet, whose leaders own the
// StatefulSets of their workers, and a Knative Service with an old Revision.
func TestWhatAnOperatorHasMadeCountsOnce(t *testing.T) {
	lws := strings.Replace(owned("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "llm", "", "    replicas: 2\n    leaderWorkerTemplate: {size: 3, workerTemplate: {spec: {containers: [{name: c, resources: {requests: {memory: 512Mi}}}]}}}\n"),
		"    template:\n      spec:\n        containers: [{name: c, resources: {requests: {memory: 512Mi}}}]\n", "", 1)
	pod := func(name, owner string) string { return owned("v1", "Pod", name, owner, "") }
	set := func(name, owner string, replicas string) string {
		return owned("apps/v1", "StatefulSet", name, owner, "    replicas: "+replicas+"\n")
	}
	plan := planned(t, listOf(lws,
		set("llm", "LeaderWorkerSet/llm", "2"), pod("llm-0", "StatefulSet/llm"), pod("llm-1", "StatefulSet/llm"),
		set("llm-0", "Pod/llm-0", "2"), pod("llm-0-1", "StatefulSet/llm-0"), pod("llm-0-2", "StatefulSet/llm-0"),
	), Options{})
	if got, want := totals(plan), "6 pods 3072/1536"; got != want { // four are there, two workers are not
		t.Errorf("%s, want %s", got, want)
	}
	service := planned(t, listOf(
		owned("serving.knative.dev/v1", "Service", "web", "", ""),
		owned("serving.knative.dev/v1", "Configuration", "web", "Service/web", ""),
		strings.Replace(owned("serving.knative.dev/v1", "Revision", "web-1", "Configuration/web", ""), "    template:\n      spec:\n        containers", "    containers", 1),
		owned("apps/v1", "Deployment", "web-1-deployment", "Revision/web-1", "    replicas: 0\n"),
		strings.Replace(owned("serving.knative.dev/v1", "Revision", "web-2", "Configuration/web", ""), "    template:\n      spec:\n        containers", "    containers", 1),
		owned("apps/v1", "Deployment", "web-2-deployment", "Revision/web-2", "    replicas: 1\n"),
	), Options{})
	if got, want := totals(service), "1 pods 512/256"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
