package manifest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/limits"
)

// asking is a pod with these resources.
func asking(resources string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    resources: " + resources + "\n"
}

// TestResourcesThatAreNoneAreRefused: names by ValidateContainerResourceName of
// Kubernetes 1.37.
func TestResourcesThatAreNoneAreRefused(t *testing.T) {
	for resources, want := range map[string]string{
		"{requests: {Memory: 1Gi}}":                           "spec.containers[0].resources.requests[Memory]: there is no resource of this name: memory is meant?",
		"{limits: {CPU: 1}}":                                  "spec.containers[0].resources.limits[CPU]: there is no resource of this name: cpu is meant?",
		"{requests: {memmory: 1Gi}}":                          "memory is meant?",
		"{requests: {ephemeral_storage: 1Gi}}":                "ephemeral-storage is meant?",
		"{requests: {gpu: 1}}":                                "or one with a domain such as example.org/gpu",
		"{requests: {storage: 1Gi}}":                          "want memory, cpu, ephemeral-storage, hugepages-SIZE",
		"{requests: {ephemeral-storage: 1Gi, memory: 512Mi}}": "",
		"{limits: {nvidia.com/gpu: 1, memory: 512Mi}}":        "",
	} {
		for form, text := range map[string]string{"a pod": asking(resources), "a template": custom("apps/v1", "Deployment", "{template: {spec: {containers: [{name: c, resources: "+resources+"}]}}}")} {
			_, err := plannedOr(t, text, Options{})
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s, %s: %v, want %q", resources, form, err, want)
			}
		}
	}
	_, err := plannedOr(t, custom("v1", "LimitRange", "{limits: [{type: Container, default: {Memory: 1Gi}}]}"), Options{})
	if err == nil || !strings.Contains(err.Error(), "spec.limits[0].default[Memory]: there is no resource") {
		t.Error(err)
	}
	if _, err := plannedOr(t, custom("v1", "LimitRange", "{limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}"), Options{}); err != nil {
		t.Error(err)
	}
}

func TestFieldsThatAreMisspeltAreNamed(t *testing.T) {
	container := func(text string) string {
		return custom("apps/v1", "Deployment", "{template: {spec: {containers: [{name: c, "+text+"}]}}}")
	}
	for text, want := range map[string]string{
		container("resource: {requests: {memory: 1Gi}}"):                   "spec.template.spec.containers[0].resource: there is no such field, so it counts in nothing: resources is meant?",
		container("Resources: {requests: {memory: 1Gi}}"):                  "containers[0].Resources: there is no such field",
		container("resources: {request: {memory: 1Gi}}"):                   "containers[0].resources.request: there is no such field, so it counts in nothing: requests is meant?",
		container("resources: {limit: {memory: 1Gi}, requests: {cpu: 1}}"): "resources.limit: there is no such field, so it counts in nothing: limits is meant?",
		asking("{}") + "  initContainer: [{name: i}]\n":                    "spec.initContainer: there is no such field",
		asking("{}") + "  priorityClass: high\n":                           "",
		container("resources: {claims: [{name: x}]}, readinessProbe: {}"):  "",
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","resource":{"requests":{"memory":"1Gi"}}}]}}`: "Pod default/p: spec.containers[0].resource: there is no such field",
	} {
		plan := planned(t, text, Options{})
		if want == "" && warned(plan, "no such field") || !warned(plan, want) && want != "" {
			t.Errorf("%s: %+v, want %q", text, plan.Warnings(), want)
		}
	}
}

func TestWindowsHasNoSwap(t *testing.T) {
	const burstable = "    resources: {requests: {memory: 512Mi}}\n"
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n" + burstable
	for text, want := range map[string]string{
		pod:                             "Proportional",
		pod + "  os: {name: linux}\n":   "Proportional",
		pod + "  os: {name: windows}\n": "Windows",
		pod + "  nodeSelector: {kubernetes.io/os: windows}\n":                 "Windows",
		pod + "  os: {name: windows}\n  priorityClassName: system-critical\n": "Windows",
	} {
		plan := planned(t, text, Options{})
		for row := range plan.Rows() {
			if string(row.Reason) != want || (*row.SwapLimitBytes == 0) != (want == "Windows") || row.Detail == "" {
				t.Errorf("%s: %s %d %s", text, row.Reason, *row.SwapLimitBytes, row.Detail)
			}
		}
	}
	node := func(name, more string) string {
		return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name + "}\nstatus: {capacity: {memory: 16Gi}, nodeInfo: {kubeletVersion: v1.34.0, swap: {capacity: 8589934592}" + more + "}}\n"
	}
	planner := limits.NewPlanner(limits.Options{Base: limits.Node{SwapController: true, SwapBehavior: "LimitedSwap"}})
	text := pod + node("l", ", operatingSystem: linux, containerRuntimeVersion: 'containerd://1.7.2'") + node("w", ", operatingSystem: windows, containerRuntimeVersion: 'docker://20.10.9'")
	if err := Read(t.Context(), host.Linux().Files, []string{Stdin}, Options{Stdin: strings.NewReader(text)}, planner.Add); err != nil {
		t.Fatal(err)
	}
	plan, err := planner.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(rows(t, plan), ";"), "l p c ×1 256;w p c ×1 0"; got != want || warned(plan, "docker") {
		t.Errorf("%s, want %s, %+v", got, want, plan.Warnings())
	}
	if explained, err := plan.Explain("default", "p"); err != nil || !strings.Contains(fmt.Sprint(explained), "Does the pod run on Linux?") {
		t.Errorf("%v, %v", explained, err)
	}
}

// TestContainerRuntimesThatDropSwapLimits: see kubeletcfg.FindContainerRuntime for
// the sources.
func TestContainerRuntimesThatDropSwapLimits(t *testing.T) {
	for runtime, want := range map[string]string{
		"containerd://1.7.2":      "",
		"containerd://1.6.0":      "",
		"containerd://2.1.9+k3s1": "",
		"containerd://1.5.11":     "node n1: with containerd://1.5.11, which drops the swap limits before 1.6, this plan does not come true: all containers swap without a limit",
		"docker://24.0.7":         "node n1: with docker://24.0.7 (cri-dockerd), which drops the swap limits, this plan does not come true: containers with a memory limit get no swap, all others swap without a limit",
		"cri-o://1.22.3":          "with cri-o://1.22.3, which drops the swap limits before 1.23",
		"cri-o://1.23.0":          "",
		"remote://1.0":            "",
		"containerd://dev":        "",
	} {
		node := "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {capacity: {memory: 16Gi}, nodeInfo: {kubeletVersion: v1.34.0, containerRuntimeVersion: '" + runtime + "'}}\n---\n"
		planner := limits.NewPlanner(limits.Options{Base: limits.Node{SwapController: true, SwapBehavior: "LimitedSwap"}})
		if err := Read(t.Context(), host.Linux().Files, []string{Stdin}, Options{Stdin: strings.NewReader(node + asking("{}"))}, planner.Add); err != nil {
			t.Fatal(err)
		}
		plan, err := planner.Plan()
		if err != nil || warned(plan, "drops") != (want != "") || !warned(plan, want) && want != "" {
			t.Errorf("%s: %+v, %v", runtime, plan.Warnings(), err)
		}
	}
}

// TestOneBadFileAmongMany has what lies beside manifests: a JSON patch, a chart's
// template, and a file of which the second document is broken.
func TestOneBadFileAmongMany(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a-patch.yaml":    "- op: replace\n  path: /spec/replicas\n  value: 3\n",
		"b-template.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n  {{- toYaml . }}\n",
		"c-half.yaml":     asking("{requests: {memory: 512Mi}}") + "---\nkind: [\n",
		"d-good.yaml":     asking("{requests: {memory: 512Mi}}"),
		"e-binary.yaml":   "\xff\xfe\x00",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := readInputs(t, Options{}, dir)
	if fail.Code(err) != fail.Usage || !slices.Contains(fail.Hints(err), "to leave out files like this one, add --skip-invalid") {
		t.Errorf("%v, %q", err, fail.Hints(err))
	}
	var skipped []string
	skip := func(err error) error {
		name, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), dir+"/"), ".yaml")
		skipped = append(skipped, name)
		return nil
	}
	foreign := func(name string, _ error) {
		skipped = append(skipped, strings.TrimSuffix(filepath.Base(name), ".yaml"))
	}
	objects, err := readInputs(t, Options{SkipFile: skip, Foreign: foreign}, dir)
	if want := []string{"a-patch", "b-template", "c-half", "e-binary"}; err != nil || len(objects) != 2 || !slices.Equal(skipped, want) {
		t.Errorf("%d objects, skipped %q, want %q: %v", len(objects), skipped, want, err)
	}
	// One file alone has nobody to go on with, and who takes the objects is not the
	// input.
	if _, err := readInputs(t, Options{SkipFile: skip}, filepath.Join(dir, "a-patch.yaml")); err == nil || slices.ContainsFunc(fail.Hints(err), func(h string) bool { return strings.Contains(h, "--skip-invalid") }) {
		t.Errorf("%v, %q", err, fail.Hints(err))
	}
	full := fail.Newf(fail.Usage, "take it", "no room")
	err = Read(t.Context(), host.Linux().Files, []string{dir}, Options{SkipFile: skip}, func(*limits.Object) error { return full })
	if !errors.Is(err, full) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Read(ctx, host.Linux().Files, []string{dir}, Options{SkipFile: skip}, func(*limits.Object) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
