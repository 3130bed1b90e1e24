package upstream

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	jsonpatch5 "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/kubernetes/cmd/kubeadm/app/componentconfigs"
	kubeadmutil "k8s.io/kubernetes/cmd/kubeadm/app/util"
	kubeadmconfig "k8s.io/kubernetes/cmd/kubeadm/app/util/config"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/patches"
	"sigs.k8s.io/yaml"

	"github.com/swapctl/swapctl/internal/kubeadmfile"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// kubeadmPieces returns the documents that kubeadm's reader finds before its
// first error.
func kubeadmPieces(text string) ([]string, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	var all []string
	for {
		piece, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, string(piece))
	}
}

// A file is split where kubeadm splits it.
func TestFilesAreSplitAsKubeadmSplitsThem(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 9))
	lines := []string{"---", "--- # a comment", "---\t", "---x", "--- a: 1", "# a comment", "", "a: 1", "  b: 2", " ---", "...", "%YAML 1.1", "----"}
	ends := []string{"\n", "\n", "\n", "\r\n"}
	for range *rounds {
		var text strings.Builder
		for range random.IntN(7) {
			text.WriteString(lines[random.IntN(len(lines))] + ends[random.IntN(len(ends))])
		}
		file := text.String()
		if random.IntN(4) == 0 {
			file = strings.TrimRight(file, "\r\n")
		}
		want, wantErr := kubeadmPieces(file)
		pieces, err := kubeadmfile.Split([]byte(file))
		var got []string
		for _, p := range pieces {
			piece := strings.ReplaceAll(string(p.Text), "\r\n", "\n")
			got = append(got, strings.TrimSuffix(piece, "\n")+"\n")
			if lines := strings.Split(file, "\n"); !strings.HasPrefix(string(p.Text), strings.TrimSuffix(lines[p.Line-1], "\r")) {
				t.Fatalf("%q: line %d is not where %q begins", file, p.Line, p.Text)
			}
		}
		if (err == nil) != (wantErr == nil) || !cmp.Equal(got, want) {
			t.Fatalf("%q: %v, %v\n%s", file, err, wantErr, cmp.Diff(want, got))
		}
	}
}

// applied returns a configuration after kubeadm has applied one patch.
func applied(base, patch string, typ types.PatchType) (result any, err error) {
	set, err := patches.CreatePatchSet(patches.KubeletConfiguration, typ, patch)
	if err != nil {
		return nil, err
	}
	target := patches.PatchTarget{Name: patches.KubeletConfiguration, StrategicMergePatchObject: kubeletv1beta1.KubeletConfiguration{}, Data: []byte(base)}
	manager := patches.NewPatchManager([]*patches.PatchSet{set}, patches.KnownTargets(), io.Discard)
	if err := manager.ApplyPatchesToTarget(&target); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(target.Data)))
	decoder.UseNumber()
	return result, decoder.Decode(&result)
}

// appliedByKind returns a configuration after kind has applied one JSON patch
// (kubernetes-sigs/kind c6ef96df, pkg/internal/patch/resource.go,
// apply6902Patch).
func appliedByKind(base, patch string) (result any, err error) {
	target, err := yaml.YAMLToJSON([]byte(base))
	if err != nil {
		return nil, err
	}
	operations, err := yaml.YAMLToJSON([]byte(patch))
	if err != nil {
		return nil, err
	}
	parsed, err := jsonpatch5.DecodePatch(operations)
	if err != nil {
		return nil, err
	}
	if target, err = parsed.Apply(target); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(target)))
	decoder.UseNumber()
	return result, decoder.Decode(&result)
}

// A JSON patch has the same result as in kind, or both refuse it.
func TestPatchesMakeWhatKindMakes(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 12))
	verdicts := map[bool]int{}
	for range *rounds {
		base := "failSwapOn: false\nmemorySwap: {swapBehavior: NoSwap}\nenforceNodeAllocatable: [pods, pods]\nevictionHard: {memory.available: 100Mi}\n"
		patch := randomPatch(random, types.JSONPatchType)
		want, wantErr := appliedByKind(base, patch)
		target, err := kubeyaml.Parse([]byte(base))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := kubeyaml.Parse([]byte(patch))
		if err != nil {
			t.Fatal(err)
		}
		got, err := kubeadmfile.Apply(target, parsed, kubeadmfile.KindPatch)
		verdicts[err == nil]++
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s: %v; kind: %v", patch, err, wantErr)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(want, got.Any()); diff != "" {
			t.Fatalf("%s: %s", patch, diff)
		}
	}
	if verdicts[true] == 0 || verdicts[false] == 0 {
		t.Errorf("%v", verdicts)
	}
}

// patchLines are the lines of random patches.
func patchLines() (objects, operations []string) {
	return []string{
			"failSwapOn: false", "failSwapOn: null", "memorySwap: {swapBehavior: LimitedSwap}", "memorySwap: null", "memorySwap: {$patch: delete}",
			"memorySwap: {$patch: replace, swapBehavior: NoSwap}", "memorySwap: {swapBehavior: null, other: {a: null, b: 1}}", "memorySwap: LimitedSwap",
			"evictionHard: {memory.available: 200Mi}", "evictionHard: {memory.available: null, pid.available: 5%}", "evictionHard: {$patch: delete}",
			"evictionHard: {$retainKeys: [pid.available], pid.available: 4%}", "evictionHard: {$retainKeys: [x], pid.available: 4%}", "evictionHard: {$patch: remove}",
			"featureGates: {NodeSwap: true, B: null}", "featureGates: {deeper: {$patch: delete}, A: true}", "enforceNodeAllocatable: [none]", "enforceNodeAllocatable: [none, null, {a: null}]",
			"$deleteFromPrimitiveList/enforceNodeAllocatable: [pods]", "$deleteFromPrimitiveList/allowedUnsafeSysctls: [x]", "unknown: {a: null}", "systemReserved: {a: [{b: null}]}", "$patch: delete", "$patch: replace",
			"$retainKeys: [failSwapOn]", "reservedMemory: [{$patch: delete, numaNode: 0}]", "reservedMemory: [{$patch: replace}, {numaNode: 1}]", "registerWithTaints: [{$patch: delete, key: a}, {key: b, value: null}]",
			"shutdownGracePeriodByPodPriority: [{priority: 1, $retainKeys: [priority]}, null]", "$deleteFromPrimitiveList/reservedMemory: [1]",
			"reservedMemory: [[{$patch: merge}]]", "enforceNodeAllocatable: [{$patch: replace}, pods]",
		}, []string{
			"{op: add, path: /failSwapOn, value: false}", "{op: replace, path: /failSwapOn, value: true}", "{op: replace, path: /missing, value: 1}", "{op: remove, path: /failSwapOn}",
			"{op: add, path: /memorySwap/swapBehavior, value: LimitedSwap}", "{op: add, path: /featureGates, value: {NodeSwap: true}}", "{op: add, path: /featureGates/A, value: false}",
			"{op: remove, path: /memorySwap}", "{op: remove, path: /nothing}", "{op: add, path: failSwapOn, value: false}", "{op: add, path: /enforceNodeAllocatable/0, value: none}",
			"{op: add, path: /enforceNodeAllocatable/-, value: none}", "{op: add, path: /enforceNodeAllocatable/7, value: none}", "{op: replace, path: /enforceNodeAllocatable/-1, value: none}",
			"{op: remove, path: /enforceNodeAllocatable/0}", "{op: test, path: /failSwapOn, value: true}", "{op: test, path: /missing}", "{op: test, path: /evictionHard, value: {memory.available: 100Mi}}",
			"{op: move, from: /failSwapOn, path: /moved}", "{op: copy, from: /memorySwap, path: /copied}", "{op: move, from: /missing, path: /moved}", "{op: set, path: /a, value: 1}",
			"{op: add, path: /evictionHard/a~1b, value: 1Gi}", "{op: replace, path: '', value: {failSwapOn: false}}", "{op: add, path: /a/b/c, value: 1}", "{op: add, value: 1}", "{path: /a, value: 1}",
		}
}

// randomPatch is a patch of some of the lines; no name is in it twice.
func randomPatch(random *rand.Rand, typ types.PatchType) string {
	objects, operations := patchLines()
	if typ == types.JSONPatchType {
		var b strings.Builder
		for range 1 + random.IntN(3) {
			b.WriteString("- " + operations[random.IntN(len(operations))] + "\n")
		}
		return b.String()
	}
	text, seen := "", map[string]bool{}
	for range 1 + random.IntN(4) {
		line := objects[random.IntN(len(objects))]
		name, _, _ := strings.Cut(line, ": ")
		name = strings.TrimPrefix(name, "$deleteFromPrimitiveList/")
		if !seen[name] {
			text += line + "\n"
		}
		seen[name] = true
	}
	return text
}

// A patch has the same result as in kubeadm, or both refuse it.
func TestPatchesMakeWhatKubeadmMakes(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 10))
	bases := []string{
		"memorySwap: {}\n", "failSwapOn: true\nmemorySwap: {swapBehavior: NoSwap}\nevictionHard: {memory.available: 100Mi}\n",
		"reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}, {numaNode: 1}]\nregisterWithTaints: [{key: a}]\nshutdownGracePeriodByPodPriority: [{priority: 2}]\n",
		"enforceNodeAllocatable: [pods, pods]\nfeatureGates: {A: true, B: false}\nevictionHard: {memory.available: 100Mi, nodefs.available: 1Gi}\n",
	}
	kinds := map[types.PatchType]kubeadmfile.PatchType{
		types.JSONPatchType: kubeadmfile.JSONPatch, types.MergePatchType: kubeadmfile.MergePatch, types.StrategicMergePatchType: kubeadmfile.StrategicPatch,
	}
	refused := 0
	for range *rounds {
		base := bases[random.IntN(len(bases))]
		for theirs, ours := range kinds {
			patch := randomPatch(random, theirs)
			want, wantErr := applied(base, patch, theirs)
			target, err := kubeyaml.Parse([]byte(base))
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := kubeyaml.Parse([]byte(patch))
			if err != nil {
				t.Fatal(err)
			}
			got, err := kubeadmfile.Apply(target, parsed, ours)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%s\n%s of\n%s: %v; kubeadm: %v", base, ours, patch, err, wantErr)
			}
			if err != nil {
				refused++
				continue
			}
			if diff := cmp.Diff(want, got.Any()); diff != "" {
				t.Fatalf("%s\n%s of\n%s: %s", base, ours, patch, diff)
			}
		}
	}
	if refused == 0 {
		t.Error("no patch was refused")
	}
}

// lintFinds reports whether lint finds one of these faults in a file.
func lintFinds(t *testing.T, name, text string, rules ...string) bool {
	t.Helper()
	for _, f := range kubeletcfg.Lint([]kubeletcfg.Source{{Name: name, Data: []byte(text)}}, kubeletcfg.LintOptions{Row: newestRow(t)}) {
		for _, rule := range rules {
			if f.Rule == rule && !f.Warning {
				return true
			}
		}
	}
	return false
}

// Lint refuses a file if kubeadm cannot split it into documents, and no other
// file.
func TestLintRefusesWhatKubeadmCannotSplit(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 11))
	kubelet := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	parts := []string{
		"---\n", "---\n", "--- # next\n", "--- x: 1\n", "# a comment\n", "\n", kubelet, kubelet + "failSwapOn: false\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n", "apiVersion: kubelet.config.k8s.io/v1beta1\n",
	}
	verdicts := map[bool]int{}
	for range *rounds / 3 {
		file := "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n---\n"
		if random.IntN(4) == 0 {
			file = append(parts, "%YAML 1.1\n---\n")[random.IntN(len(parts)+1)] + file
		}
		for range random.IntN(4) {
			file += parts[random.IntN(len(parts))]
			if random.IntN(2) == 0 {
				file += "---\n"
			}
		}
		_, err := kubeadmutil.SplitConfigDocuments([]byte(file))
		if err != nil && !lintFinds(t, "kubeadm.yaml", file, "kubeadm-documents", "kind", "syntax") {
			t.Fatalf("%s\nnot found; kubeadm: %v", file, err)
		}
		if err == nil && lintFinds(t, "kubeadm.yaml", file, "kubeadm-documents") {
			t.Fatalf("%s\nkubeadm takes it", file)
		}
		verdicts[err == nil]++
	}
	if verdicts[true] == 0 || verdicts[false] == 0 {
		t.Errorf("%v", verdicts)
	}
}

// Lint refuses a JSON patch if kubeadm cannot apply it to the configuration
// that it generates, and no other patch.
func TestLintRefusesWhatKubeadmCannotApply(t *testing.T) {
	cfg, err := kubeadmconfig.DefaultedStaticInitConfiguration()
	if err != nil {
		t.Fatal(err)
	}
	base, err := cfg.ComponentConfigs[componentconfigs.KubeletGroup].Marshal()
	if err != nil {
		t.Fatal(err)
	}
	_, operations := patchLines()
	for _, field := range []string{"failSwapOn", "failCgroupV1", "evictionHard", "systemReserved", "featureGates", "memorySwap", "logging", "clusterDNS", "enforceNodeAllocatable"} {
		for _, op := range []string{"remove", "replace", "test", "add"} {
			operations = append(operations, "{op: "+op+", path: /"+field+", value: null}", "{op: "+op+", path: /"+field+"/swapBehavior, value: NoSwap}")
		}
	}
	for _, line := range operations {
		_, err := applied(string(base), "- "+line, types.JSONPatchType)
		if found := lintFinds(t, "kubeletconfiguration+json.yaml", "- "+line, "patch-file"); found != (err != nil) {
			t.Errorf("%s: found: %v; kubeadm: %v", line, found, err)
		}
	}
}

// kubeadm can split a JSON file to which a document was added.
func TestKubeadmSplitsWhatWasAddedToJSON(t *testing.T) {
	for _, newline := range []string{"", "\n", "\r\n"} {
		file := kubeletcfg.Source{Name: "kubeadm.json", Data: []byte(`{"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "InitConfiguration"}` + newline)}
		row := newestRow(t)
		text, _, err := row.MergeInto(file, kubeletcfg.Request{Kind: kubeletcfg.KindInit, Desired: kubeletcfg.Desired{Behavior: kubeletcfg.LimitedSwap}})
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := kubeadmutil.SplitConfigDocuments(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		kinds := map[string]bool{}
		for gvk, piece := range pieces {
			kinds[gvk.Kind] = json.Valid(piece)
		}
		if !cmp.Equal(kinds, map[string]bool{"InitConfiguration": true, "KubeletConfiguration": true}) {
			t.Errorf("%s: %v", text, kinds)
		}
		if lintFinds(t, file.Name, string(text), "kubeadm-documents", "syntax", "kind") {
			t.Errorf("lint refuses %s", text)
		}
	}
}
