package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	kubeadmconfig "k8s.io/kubernetes/cmd/kubeadm/app/util/config"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	internalv1beta1 "k8s.io/kubernetes/pkg/kubelet/apis/config/v1beta1"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/kubelet/eviction"
	"sigs.k8s.io/yaml"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

const goldenDir = "../../internal/kubeletcfg/testdata/golden"

// newestRow returns the row of the Kubernetes release that this module is built
// with.
func newestRow(t testing.TB) kubeletcfg.Row {
	t.Helper()
	rows, err := kubeletcfg.Load()
	if err != nil {
		t.Fatal(err)
	}
	row, err := rows.Find("")
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// goldenFiles returns the golden files of the newest minor, by name.
func goldenFiles(t testing.TB, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(goldenDir, newestRow(t).Kubernetes, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden file %s: %v", pattern, err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// asTheKubelet decodes strictly, completes and validates like the kubelet,
// which panics at a gate that cannot be set. The control groups of this machine
// have no effect here.
func asTheKubelet(text string) (config *kubeletconfig.KubeletConfiguration, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	_, codecs, err := scheme.NewSchemeAndCodecs(serializer.EnableStrict)
	if err != nil {
		return nil, err
	}
	object, _, err := codecs.UniversalDecoder().Decode([]byte(text), nil, nil)
	if err != nil {
		return nil, err
	}
	config, ok := object.(*kubeletconfig.KubeletConfiguration)
	if !ok {
		return nil, fmt.Errorf("it is a %T", object)
	}
	if config.FailSwapOn {
		return nil, fmt.Errorf("failSwapOn is true")
	}
	config.FailCgroupV1 = false
	return config, validation.ValidateKubeletConfiguration(config, utilfeature.DefaultFeatureGate)
}

// asKubeadm does what 'kubeadm config validate' does.
func asKubeadm(text string) error {
	return kubeadmconfig.ValidateConfig([]byte(text), false, false)
}

func TestTheKubeletTakesWhatIsWritten(t *testing.T) {
	for _, pattern := range []string{"kubelet-*.yaml", "dropin-*.yaml", "patch-*.yaml"} {
		for name, text := range goldenFiles(t, pattern) {
			config, err := asTheKubelet(text)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !strings.Contains(name, config.MemorySwap.SwapBehavior) || config.MemorySwap.SwapBehavior == "" {
				t.Errorf("%s: swapBehavior %q", name, config.MemorySwap.SwapBehavior)
			}
		}
	}
}

const discovery = `
discovery:
  bootstrapToken:
    token: abcdef.0123456789abcdef
    apiServerEndpoint: "10.0.0.1:6443"
    unsafeSkipCAVerification: true
`

// A JoinConfiguration must say where the cluster is, which swapctl cannot know:
// so kubeadm reads it merged into one that says it.
func joinFiles(t testing.TB) map[string]string {
	t.Helper()
	row := newestRow(t)
	files := map[string]string{}
	for name, text := range goldenFiles(t, "join-*.yaml") {
		files[name] = text + strings.TrimPrefix(discovery, "\n")
		mine := kubeletcfg.Source{Name: "join.yaml", Data: []byte("apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration" + discovery)}
		merged, _, err := row.MergeInto(mine, kubeletcfg.Request{Kind: kubeletcfg.KindJoin, Desired: kubeletcfg.Desired{Behavior: kubeletcfg.LimitedSwap}})
		if err != nil {
			t.Fatal(err)
		}
		files["merged "+name] = string(merged)
	}
	return files
}

func TestKubeadmTakesWhatIsWritten(t *testing.T) {
	files := goldenFiles(t, "init-*.yaml")
	maps.Copy(files, joinFiles(t))
	for name, text := range files {
		if err := asKubeadm(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The test would find each of these mistakes in a golden file.
func TestAWrongGoldenIsFound(t *testing.T) {
	found := 0
	comment := regexp.MustCompile(`(?m)^#.*\n`)
	check := func(name, text string, judge func(string) error, mistakes map[string]string) {
		text = comment.ReplaceAllString(text, "")
		for from, to := range mistakes {
			wrong := strings.Replace(text, from, to, 1)
			if wrong == text {
				continue
			}
			found++
			if err := judge(wrong); err == nil {
				t.Errorf("%s: %q for %q was not found", name, to, from)
			}
		}
	}
	kubelet := map[string]string{
		"failSwapOn:": "failSwapon:", "failSwapOn: false": "failSwapOn: \"false\"", "failSwapOn: false\n": "", "memorySwap:": "memoryswap:",
		"swapBehavior:": "swapBehaviour:", "swapBehavior: LimitedSwap": "swapBehavior: UnlimitedSwap", "swapBehavior: NoSwap": "swapBehavior: noSwap",
		"kind: KubeletConfiguration\n": "kind: KubeletConfiguration\nfeatureGates: {NodeSwap: false}\n", "v1beta1": "v1beta2", "kind: K": "kind: k",
		"memorySwap:\n": "featureGates: {NodeMemorySwap: true}\nmemorySwap:\n", "failCgroupV1": "failCgroupv1",
	}
	for name, text := range goldenFiles(t, "kubelet-*.yaml") {
		check(name, text, func(s string) error { _, err := asTheKubelet(s); return err }, kubelet)
	}
	kubeadm := map[string]string{
		"kubeadm.k8s.io/v1beta4": "kubeadm.k8s.io/v1beta3", "kind: Init": "kind: Start", "kind: Join": "kind: Enter", "ignorePreflightErrors": "ignorePreflightError",
		"kubernetesVersion": "kubernetesVersions", "swapBehavior:": "swapBehaviour:", "failSwapOn:": "failSwapon:", "directory": "dir", "patches:": "patch:",
	}
	files := goldenFiles(t, "init-*.yaml")
	maps.Copy(files, joinFiles(t))
	for name, text := range files {
		check(name, text, asKubeadm, kubeadm)
	}
	if found < 30 {
		t.Errorf("only %d mistakes were made", found)
	}
}

// merged merges --config and --config-dir as cmd/kubelet/app/server.go does
// (loadConfigFile, mergeKubeletConfigurations), which does not export it.
func merged(t *testing.T, config string, dropins []string) *kubeletconfig.KubeletConfiguration {
	t.Helper()
	_, codecs, err := scheme.NewSchemeAndCodecs()
	if err != nil {
		t.Fatal(err)
	}
	object, _, err := codecs.UniversalDecoder().Decode([]byte(config), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	internal := object.(*kubeletconfig.KubeletConfiguration)
	if internal.EvictionHard == nil {
		internal.EvictionHard = eviction.DefaultEvictionHard
	} else if internal.MergeDefaultEvictionSettings {
		for signal, threshold := range eviction.DefaultEvictionHard {
			if _, ok := internal.EvictionHard[signal]; !ok {
				internal.EvictionHard[signal] = threshold
			}
		}
	}
	versioned := &kubeletv1beta1.KubeletConfiguration{}
	if err := internalv1beta1.Convert_config_KubeletConfiguration_To_v1beta1_KubeletConfiguration(internal, versioned, nil); err != nil {
		t.Fatal(err)
	}
	base, err := json.Marshal(versioned)
	if err != nil {
		t.Fatal(err)
	}
	for _, dropin := range dropins {
		patch, err := yaml.YAMLToJSON([]byte(dropin))
		if err != nil {
			t.Fatal(err)
		}
		if base, err = jsonpatch.MergePatch(base, patch); err != nil {
			t.Fatal(err)
		}
	}
	versioned = &kubeletv1beta1.KubeletConfiguration{}
	if err := json.Unmarshal(base, versioned); err != nil {
		t.Fatal(err)
	}
	internalv1beta1.SetDefaults_KubeletConfiguration(versioned)
	result := &kubeletconfig.KubeletConfiguration{}
	if err := internalv1beta1.Convert_v1beta1_KubeletConfiguration_To_config_KubeletConfiguration(versioned, result, nil); err != nil {
		t.Fatal(err)
	}
	return result
}

// With any files, Effective is what the kubelet computes from them.
func TestEffectiveIsWhatTheKubeletMerges(t *testing.T) {
	row := newestRow(t)
	random := rand.New(rand.NewPCG(*seed, 5))
	head := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	lines := []string{
		"failSwapOn: false", "failSwapOn: true", "failSwapOn: no", "failSwapOn: null", "failSwapOn:", "failswapon: true",
		"memorySwap: {swapBehavior: LimitedSwap}", "memorySwap: {swapBehavior: NoSwap}", "memorySwap: {}", "memorySwap: null",
		"memorySwap:\n  swapBehavior: LimitedSwap", "memorySwap: {swapBehavior: null}",
		"featureGates: {NodeSwap: true, MemoryQoS: true}", "featureGates: {MemoryQoS: false}", "featureGates: {}",
		"evictionHard: {memory.available: 200Mi}", "evictionHard: {memory.available: null, pid.available: \"5%\"}", "evictionHard: {}",
		"mergeDefaultEvictionSettings: true", "failCgroupV1: false", "failCgroupV1: true", "evictionSoft: {memory.available: 300Mi}",
		"systemReserved: {memory: 1Gi}", "systemReserved: {cpu: 500m}", "kubeReserved: {memory: 1Gi}", "enforceNodeAllocatable: [none]",
		"memoryThrottlingFactor: 0.5", "memoryReservationPolicy: None", "systemReservedCgroup: /system.slice",
	}
	file := func(dropin bool) string {
		text, seen := head, map[string]bool{}
		for range random.IntN(5) {
			line := lines[random.IntN(len(lines))]
			field, _, _ := strings.Cut(line, ":")
			if !seen[strings.ToLower(field)] && (dropin || !strings.Contains(line, "available: null")) {
				text += line + "\n"
			}
			seen[strings.ToLower(field)] = true
		}
		return text
	}
	for range *rounds / 3 {
		config := file(false)
		var dropins []string
		var sources []kubeletcfg.Source
		for i := range random.IntN(4) {
			dropins = append(dropins, file(true))
			sources = append(sources, kubeletcfg.Source{Name: fmt.Sprintf("%d.conf", i), Data: []byte(dropins[i])})
		}
		want := merged(t, config, dropins)
		got, err := row.Effective(kubeletcfg.Inputs{Config: &kubeletcfg.Source{Name: "config.yaml", Data: []byte(config)}, Dropins: sources})
		if err != nil {
			t.Fatal(err)
		}
		all := config + "---\n" + strings.Join(dropins, "---\n")
		if got.FailSwapOn != want.FailSwapOn || got.SwapBehavior != want.MemorySwap.SwapBehavior || got.FailCgroupV1 != want.FailCgroupV1 ||
			got.SystemReservedCgroup != want.SystemReservedCgroup {
			t.Fatalf("%s\n%+v\nwant failSwapOn %v, %q, failCgroupV1 %v", all, got, want.FailSwapOn, want.MemorySwap.SwapBehavior, want.FailCgroupV1)
		}
		for name, pair := range map[string][2]map[string]string{
			"evictionHard": {got.EvictionHard, want.EvictionHard}, "evictionSoft": {got.EvictionSoft, want.EvictionSoft},
			"systemReserved": {got.SystemReserved, want.SystemReserved}, "kubeReserved": {got.KubeReserved, want.KubeReserved},
		} {
			if len(pair[0])+len(pair[1]) > 0 && !cmp.Equal(pair[0], pair[1]) {
				t.Fatalf("%s\n%s: %s", all, name, cmp.Diff(pair[1], pair[0]))
			}
		}
		if len(got.Gates)+len(want.FeatureGates) > 0 && !cmp.Equal(got.Gates, want.FeatureGates) || !cmp.Equal(got.Enforced, want.EnforceNodeAllocatable) {
			t.Fatalf("%s\n%v, want %v; %v, want %v", all, got.Gates, want.FeatureGates, got.Enforced, want.EnforceNodeAllocatable)
		}
	}
}

// gates.txt has every gate that this kubelet has, and no other.
func TestTheTableOfGatesIsRight(t *testing.T) {
	text, err := os.ReadFile("../../internal/kubeletcfg/gates.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range bytes.Lines(text) {
		words := strings.Fields(string(line))
		if len(words) > 1 && words[0] != "#" && strings.HasSuffix(words[1], "-") {
			known[words[0]] = true
		}
	}
	for name, spec := range utilfeature.DefaultMutableFeatureGate.GetAll() {
		if name == "AllAlpha" || name == "AllBeta" {
			continue
		}
		if !known[string(name)] {
			t.Errorf("gates.txt lacks %s: go run ./facts", name)
		}
		locked := strings.Contains(string(text), fmt.Sprintf("\n%s ", name)) && lockedIn(string(text), string(name))
		if spec.LockToDefault != locked {
			t.Errorf("gates.txt: %s is locked: %v, it is %v", name, locked, spec.LockToDefault)
		}
	}
}

func lockedIn(text, name string) bool {
	_, rest, _ := strings.Cut(text, "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Contains(line, "@")
}
