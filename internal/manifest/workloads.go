package manifest

import (
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// workload says where a kind keeps what is asked of it.
type workload struct {
	group     string // anyGroup for --template-path without a group
	kind      string // empty: any that swapctl does not know
	templates []template
	suspend   []path     // true: no pod is made
	phase     path       // of the status, where conditions do not say that it has ended
	job       bool       // it ends, and a condition says so
	paused    bool       // spec.paused: no pod is made by it (its ReplicaSets go on)
	foreign   bool       // a kind of others than Kubernetes
	said      bool       // by --template-path: the template must be there
	container string     // name of a container that is written without one
	alongside *alongside // what the project's controller adds to each pod
}

// alongside is a container that nobody writes.
type alongside struct {
	name string
	cpu  bytesize.Quantity // requested
}

// anyGroup is the group of a template path that names none.
const anyGroup = "*"

// path leads from the root of an object to a member. anyElement stands for each
// element of a list, anyMember for each member of an object; a path has at most
// one of them.
type path []string

const (
	anyElement = "[]"
	anyMember  = "*"
)

// parsePath reads "spec.tasks[].template". An empty one is the object itself.
func parsePath(text string) path {
	if text == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(text, "[]", ".[]"), ".")
}

// split cuts a path behind its anyElement or anyMember.
func (p path) split() (before, after path) {
	for i, name := range p {
		if name == anyElement || name == anyMember {
			return p[:i+1], p[i+1:]
		}
	}
	return nil, p
}

// String is the path as --template-path takes it.
func (p path) String() string {
	return strings.ReplaceAll(strings.Join(p, "."), ".[]", "[]")
}

// template is where a workload has a pod template.
type template struct {
	path     path
	replicas []path // multiplied; none: the kind has no such number
	less     []path // of the copies, to take away again
	most     path   // no more copies than this are ever started
	name     path   // behind an element: what becomes part of the pods' names
	instead  path   // where it stands when it is not at path
}

// pods is a template at one place, with the numbers that are multiplied.
func pods(at string, replicas ...string) template {
	t := template{path: parsePath(at)}
	for _, text := range replicas {
		t.replicas = append(t.replicas, parsePath(text))
	}
	return t
}

// named has a member of the element in the names of the pods.
func (t template) named(member string) template {
	t.name = parsePath(member)
	return t
}

// kubernetes are the kinds of Kubernetes that have a pod template (k8s.io/api
// v0.37: core/v1, apps/v1, batch/v1; extensions/v1beta1 is what some of them were
// called before 1.16).
func kubernetes() []workload {
	replicated := []template{pods("spec.template", "spec.replicas")}
	plain := []template{pods("spec.template")}
	job := pods("spec.template", "spec.parallelism")
	job.most = parsePath("spec.completions")
	cronJob := pods("spec.jobTemplate.spec.template", "spec.jobTemplate.spec.parallelism")
	cronJob.most = parsePath("spec.jobTemplate.spec.completions")
	suspend := []path{parsePath("spec.suspend")}
	return []workload{
		{kind: "PodTemplate", templates: []template{pods("template")}},
		{kind: "ReplicationController", templates: replicated},
		{group: "apps", kind: "Deployment", templates: replicated, paused: true},
		{group: "apps", kind: "ReplicaSet", templates: replicated},
		{group: "apps", kind: "StatefulSet", templates: replicated},
		{group: "apps", kind: "DaemonSet", templates: plain},
		{group: "extensions", kind: "Deployment", templates: replicated, paused: true},
		{group: "extensions", kind: "ReplicaSet", templates: replicated},
		{group: "extensions", kind: "DaemonSet", templates: plain},
		{group: "batch", kind: "Job", templates: []template{job}, suspend: suspend, job: true},
		// The Jobs of a CronJob whose jobTemplate is suspended are suspended when they are made.
		{group: "batch", kind: "CronJob", templates: []template{cronJob}, suspend: append(suspend, parsePath("spec.jobTemplate.spec.suspend"))},
	}
}

// foreign are kinds of widely used projects. Beside each stands the file that
// says where its templates are.
func foreign() []workload {
	simple := []template{pods("spec.template", "spec.replicas")}
	suspend := []path{parsePath("spec.suspend")}
	ray := func(before string) []template {
		return []template{
			pods(before + ".headGroupSpec.template"),
			pods(before+".workerGroupSpecs[].template", before+".workerGroupSpecs[].replicas", before+".workerGroupSpecs[].numOfHosts").named("groupName"),
		}
	}
	leaders := pods("spec.leaderWorkerTemplate.leaderTemplate", "spec.replicas")
	leaders.instead = parsePath("spec.leaderWorkerTemplate.workerTemplate")
	workers := pods("spec.leaderWorkerTemplate.workerTemplate", "spec.replicas", "spec.leaderWorkerTemplate.size")
	workers.less = []path{parsePath("spec.replicas")} // a group of size counts its leader
	knative := workload{
		group: "serving.knative.dev", templates: []template{pods("spec.template")}, container: "user-container",
		// pkg/deployment/config.go: QueueSidecarCPURequestDefault, and no memory
		alongside: &alongside{"queue-proxy", bytesize.Quantity{Text: "25m", Nanos: 25_000_000}},
	}
	training := func(kind, specs string) workload { // trainer, pkg/apis/kubeflow.org/v1/*_types.go and common_types.go
		return workload{
			group: "kubeflow.org", kind: kind, suspend: []path{parsePath("spec.runPolicy.suspend")}, job: true,
			templates: []template{pods("spec."+specs+".*.template", "spec."+specs+".*.replicas")},
		}
	}
	all := []workload{
		// argo-rollouts, pkg/apis/rollouts/v1alpha1/types.go
		{group: "argoproj.io", kind: "Rollout", templates: simple},
		// openshift/api, apps/v1/types.go
		{group: "apps.openshift.io", kind: "DeploymentConfig", templates: simple},
		// openkruise/kruise-api, apps/v1alpha1 and v1beta1
		{group: "apps.kruise.io", kind: "CloneSet", templates: simple},
		{group: "apps.kruise.io", kind: "StatefulSet", templates: simple},
		{group: "apps.kruise.io", kind: "DaemonSet", templates: []template{pods("spec.template")}},
		// kubernetes-sigs/lws, api/leaderworkerset/v1/leaderworkerset_types.go
		{group: "leaderworkerset.x-k8s.io", kind: "LeaderWorkerSet", templates: []template{leaders, workers}},
		// kubernetes-sigs/jobset, api/jobset/v1alpha2/jobset_types.go
		{group: "jobset.x-k8s.io", kind: "JobSet", suspend: suspend, job: true, templates: []template{
			pods("spec.replicatedJobs[].template.spec.template", "spec.replicatedJobs[].replicas", "spec.replicatedJobs[].template.spec.parallelism").named("name"),
		}},
		// kuberay, ray-operator/apis/ray/v1/raycluster_types.go, rayjob_types.go, rayservice_types.go
		{group: "ray.io", kind: "RayCluster", suspend: suspend, templates: ray("spec")},
		{group: "ray.io", kind: "RayJob", suspend: suspend, phase: parsePath("status.jobDeploymentStatus"), templates: ray("spec.rayClusterSpec")},
		{group: "ray.io", kind: "RayService", templates: ray("spec.rayClusterConfig")},
		// volcano-sh/apis, pkg/apis/batch/v1alpha1/job.go
		{group: "batch.volcano.sh", kind: "Job", phase: parsePath("status.state.phase"), templates: []template{
			pods("spec.tasks[].template", "spec.tasks[].replicas").named("name"),
		}},
		training("PyTorchJob", "pytorchReplicaSpecs"),
		training("TFJob", "tfReplicaSpecs"),
		training("MPIJob", "mpiReplicaSpecs"),
		training("XGBoostJob", "xgbReplicaSpecs"),
		training("PaddleJob", "paddleReplicaSpecs"),
		training("JAXJob", "jaxReplicaSpecs"),
		// kubeflow, components/notebook-controller/api/v1/notebook_types.go
		{group: "kubeflow.org", kind: "Notebook", templates: []template{pods("spec.template")}},
		// agones, pkg/apis/agones/v1/fleet.go, gameserverset.go, gameserver.go
		{group: "agones.dev", kind: "Fleet", templates: []template{pods("spec.template.spec.template", "spec.replicas")}},
		{group: "agones.dev", kind: "GameServerSet", templates: []template{pods("spec.template.spec.template", "spec.replicas")}},
		{group: "agones.dev", kind: "GameServer", templates: []template{pods("spec.template")}},
	}
	// knative/serving, pkg/apis/serving/v1/service_types.go, configuration_types.go, revision_types.go
	for _, of := range [][2]string{{"Service", "spec.template"}, {"Configuration", "spec.template"}, {"Revision", ""}} {
		k := knative
		k.kind, k.templates = of[0], []template{pods(of[1])}
		all = append(all, k)
	}
	for i := range all {
		all[i].foreign = true
	}
	return all
}

// computed are kinds whose pods their project makes without a template that
// says all: only the pods themselves can be planned.
func computed(group, kind string) bool {
	kinds, ok := map[string][]string{
		// kubevirt, pkg/virt-controller/services/template.go: the request is that of the guest and an overhead
		"kubevirt.io": {"VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceReplicaSet"},
		// flink-kubernetes-operator: FlinkDeploymentSpec, jobManager.resource and taskManager.resource
		"flink.apache.org": {"FlinkDeployment", "FlinkSessionJob"},
		// spark-operator, api/v1beta2/sparkapplication_types.go: driver.memory, executor.memory and overheads
		"sparkoperator.k8s.io": {"SparkApplication", "ScheduledSparkApplication"},
		// argo-workflows, pkg/apis/workflow/v1alpha1/workflow_types.go: which steps run at a time is not told
		"argoproj.io": {"Workflow", "CronWorkflow", "WorkflowTemplate", "ClusterWorkflowTemplate"},
		// tektoncd/pipeline, pkg/pod/pod.go
		"tekton.dev": {"Pipeline", "PipelineRun", "Task", "TaskRun"},
	}[group]
	return ok && slices.Contains(kinds, kind)
}
