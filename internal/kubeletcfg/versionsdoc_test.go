package kubeletcfg

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const versionsHead = `# What each Kubernetes version does with swap

Made from internal/kubeletcfg/versions.yaml; 'go test ./internal/kubeletcfg -update'
writes it anew. Every row was read from the source of the releases named last.

## The kubelet
`

// versionsDoc writes docs/kubernetes-versions.md.
func versionsDoc(rows Versions) string {
	var b strings.Builder
	b.WriteString(versionsHead + "\n")
	table(&b, rows, []string{"version", "gate NodeSwap", "swapBehavior: what containers get", "cgroup v1", "`--config-dir`", "memory-backed volumes", "metrics of swap"}, func(r Row) []string {
		return []string{
			r.Kubernetes, gateWords(r.Gate), behaviorWords(r), cgroupWords(r), dropinWords(r.DropinDir),
			choose(r.NoswapTmpfs, "never swap", "may swap"), choose(len(r.Metrics) == 0, "none", fmt.Sprint(len(r.Metrics))),
		}
	})
	b.WriteString(`
The gate's name is NodeSwap in every version: a kubelet panics at NodeMemorySwap.

Static pods, mirror pods and pods of a priority of 2000000000 and more get no swap
from the version on in whose row "critical" stands among the tests of versions.yaml:
` + firstWith(rows, func(r Row) bool { return slices.Contains(r.Tests, TestCritical) }) + `. Nodes report
their swap (status.nodeInfo.swap.capacity) from ` + firstWith(rows, func(r Row) bool { return r.ReportsSwap }) + ` on, and mergeDefaultEvictionSettings is
known from ` + firstWith(rows, func(r Row) bool { return r.MergeEviction }) + ` on. The gate MemoryQoS is on by default from ` + firstWith(rows, func(r Row) bool { return r.MemoryQoS.Default }) + ` on.

## kubeadm

`)
	table(&b, rows, []string{"version", "kubeadm.k8s.io", "kubeletExtraArgs", "swap at preflight", "cgroup v1 at preflight", "patch kubeletconfiguration", "config validate"}, func(r Row) []string {
		api, _ := r.Kubeadm.API(r.Kubeadm.Config)
		return []string{
			r.Kubernetes, apiWords(r.Kubeadm), string(api.ExtraArgs), string(r.Kubeadm.Preflight), string(r.Kubeadm.CgroupV1),
			choose(r.Kubeadm.Patches, "yes", "no"), choose(r.Kubeadm.Validate, "yes", "no"),
		}
	})
	b.WriteString("\n## Sources\n\n")
	for _, r := range rows {
		var releases []string
		for release := range strings.SplitSeq(r.Source, ", ") {
			releases = append(releases, fmt.Sprintf("[%s](https://github.com/kubernetes/kubernetes/tree/%s)", release, release))
		}
		fmt.Fprintf(&b, "- %s: %s\n", r.Kubernetes, strings.Join(releases, ", "))
	}
	return b.String()
}

func table(b *strings.Builder, rows Versions, head []string, cells func(Row) []string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, r := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells(r), " | "))
	}
}

func choose(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func gateWords(g Gate) string {
	return g.Stage + ", " + choose(g.Default, "on", "off") + choose(g.Locked, ", locked", "")
}

func behaviorWords(r Row) string {
	words := map[Meaning]string{
		None: "none", Share: "a share", Unlimited: "all", UnlimitedV2: "all (none on cgroup v1)",
		MemoryLimit: "memory and swap up to the memory limit", Unset: "the runtime decides",
	}
	var parts []string
	for _, name := range append(r.LegalBehaviors(), "") {
		parts = append(parts, choose(name == "", "unset", name)+": "+words[r.Behaviors[name]])
	}
	if !r.Gate.Locked {
		parts = append(parts, "gate off: "+words[r.GateOff])
	}
	return strings.Join(parts, "<br>")
}

func cgroupWords(r Row) string {
	return choose(r.FailCgroupV1, "refused, unless failCgroupV1 is false", "taken")
}

func dropinWords(d DropinDir) string {
	return map[DropinSupport]string{DropinNone: "none", DropinEnv: "with " + d.Env, DropinFlag: "yes", DropinGA: "yes, GA"}[d.Support] +
		map[MergeWay]string{"": "", MergeNonZero: "; a file cannot say false", MergeOver: "; null takes nothing away", MergePatch: ""}[d.Merge]
}

func apiWords(k Kubeadm) string {
	var words []string
	for _, api := range k.APIVersions {
		words = append(words, choose(api.State == APICurrent, "**"+api.Name+"**", api.Name+" ("+string(api.State)+")"))
	}
	return strings.Join(words, ", ")
}

func firstWith(rows Versions, has func(Row) bool) string {
	i := slices.IndexFunc(rows, has)
	if i < 0 {
		return "no version"
	}
	return rows[i].Kubernetes
}

func TestTheDocumentOfVersionsIsWhatTheTableSays(t *testing.T) {
	const path = "../../docs/kubernetes-versions.md"
	want := versionsDoc(load1(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("-file +table (go test ./internal/kubeletcfg -update fixes it):\n%s", diff)
	}
}
