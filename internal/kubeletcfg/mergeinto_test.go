package kubeletcfg

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeadmfile"
)

const myKubeadm = `# Our cluster.
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.34.1 # pinned
networking:
    podSubnet: 10.244.0.0/16   # flannel
---
# The kubelets.
kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
cgroupDriver: systemd
memorySwap: {}
# the end
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
`

func TestAMergeKeepsEverythingElse(t *testing.T) {
	rows := load1(t)
	for _, test := range []struct {
		name, version string
		q             Request
		before        string
		changes       [][2]string // text to replace in before, and its replacement
	}{
		{"init", "1.34", Request{Kind: KindInit}, myKubeadm, [][2]string{
			{"memorySwap: {}\n", "memorySwap: {swapBehavior: LimitedSwap}\nfailSwapOn: false\n"},
		}},
		{"init without a kubelet", "1.34", Request{Kind: KindInit}, kubeadmHead("v1beta4", "InitConfiguration") + "# end", [][2]string{
			{"# end", "# end\n---\n" + kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		}},
		{"init of 1.22", "1.22", Request{Kind: KindInit}, kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\nfeatureGates: {NodeSwap: true}\n", [][2]string{
			{"{NodeSwap: true}\n", "{NodeSwap: true}\n---\napiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\nnodeRegistration:\n  ignorePreflightErrors:\n    - Swap\n"},
		}},
		{"init of 1.22 with a list", "1.22", Request{Kind: KindInit}, kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  ignorePreflightErrors: # why\n  - NumCPU # two\n---\n" + kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\nfeatureGates: {NodeSwap: true}\n", [][2]string{
			{"  - NumCPU", "  - Swap\n  - NumCPU"},
		}},
		{"init of 1.22 that ignores all", "1.22", Request{Kind: KindInit}, kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration: {ignorePreflightErrors: [ALL]}\n---\n" + kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\nfeatureGates: {NodeSwap: true}\n", nil},
		{"a flag that contradicts, in a list", "1.34", Request{Kind: KindInit}, kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n  - name: v\n    value: \"2\"\n  - name: fail-swap-on\n    value: \"true\" # old\n---\n" + kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n", [][2]string{
			{`"true" # old`, `"false" # old`},
		}},
		{"a flag that contradicts, in a map", "1.30", Request{Kind: KindInit}, kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs: {v: \"2\", fail-swap-on: 'true'}\n---\n" + kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n", [][2]string{
			{`'true'`, `"false"`},
		}},
		{"join", "1.34", Request{Kind: KindJoin}, kubeadmHead("v1beta4", "JoinConfiguration") + "discovery: {file: {kubeConfigPath: /a}} # mine\n", [][2]string{
			{"# mine\n", "# mine\npatches:\n  directory: /etc/kubernetes/patches\n"},
		}},
		{"join with its own patches", "1.34", Request{Kind: KindJoin}, kubeadmHead("v1beta4", "JoinConfiguration") + "patches: {directory: /p}\n", nil},
		{"join without one", "1.34", Request{Kind: KindJoin}, kubeletHead, [][2]string{
			{kubeletHead, kubeletHead + "---\n" + kubeadmHead("v1beta4", "JoinConfiguration") + "patches:\n  # with kubeletconfiguration+strategic.yaml in it\n  directory: /etc/kubernetes/patches\n"},
		}},
		{"join of 1.24", "1.24", Request{Kind: KindJoin}, kubeadmHead("v1beta3", "JoinConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    feature-gates: \"A=true\"\n", [][2]string{
			{"    feature-gates: \"A=true\"\n", "    fail-swap-on: \"false\"\n    feature-gates: A=true,NodeSwap=true\n"},
		}},
		{"kubelet", "1.34", Request{Kind: KindKubelet}, kubeletHead + "failSwapOn: true # x\nmemorySwap: {}\n", [][2]string{{"true # x\nmemorySwap: {}", "false # x\nmemorySwap: {swapBehavior: LimitedSwap}"}}},
		{"the lines of Windows", "1.34", Request{Kind: KindInit}, strings.ReplaceAll(myKubeadm, "\n", "\r\n"), [][2]string{
			{"memorySwap: {}\r\n", "memorySwap: {swapBehavior: LimitedSwap}\r\nfailSwapOn: false\r\n"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			row, err := rows.Find(test.version)
			if err != nil {
				t.Fatal(err)
			}
			want := test.before
			for _, c := range test.changes {
				if !strings.Contains(want, c[0]) {
					t.Fatalf("%q is not there", c[0])
				}
				want = strings.Replace(want, c[0], c[1], 1)
			}
			test.q.Desired = Desired{LimitedSwap, 2}
			got, notes, err := row.MergeInto(Source{"my.yaml", []byte(test.before)}, test.q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, strings.Replace(string(got), `"A=true,NodeSwap=true"`, "A=true,NodeSwap=true", 1)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if wantNote := strings.Contains(test.name, "own patches"); (len(notes) > 0) != wantNote {
				t.Errorf("notes: %q", notes)
			}
			again, _, err := row.MergeInto(Source{"my.yaml", got}, test.q)
			if err != nil || string(again) != string(got) {
				t.Errorf("a second time: %v\n%s", err, again)
			}
		})
	}
}

func TestAMergeThatCannotBeIsRefused(t *testing.T) {
	rows := load1(t)
	for _, test := range []struct{ version, text, want string }{
		{"1.37", kubeadmHead("v1beta3", "InitConfiguration"), "my.yaml:1: document 1: the kubeadm of Kubernetes 1.37 does not read kubeadm.k8s.io/v1beta3"},
		{"1.34", kubeletHead + "---\n" + kubeletHead, "my.yaml:4: document 2 is a second KubeletConfiguration"},
		{"1.33", kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n  - {name: feature-gates, value: NodeSwap=false}\n", "wins over every file"},
		{"1.34", "a: b: c\n", "my.yaml:1: document 1: invalid YAML"},
		{"1.34", kubeadmHead("v1beta4", "InitConfiguration") + "---\n" + kubeletHead + "memorySwap: [x]\n", "merge swap into my.yaml: line 6: memorySwap.swapBehavior: it does not fit in"},
		{"1.34", kubeadmHead("v1beta4", "JoinConfiguration"), "it is for kubeadm join, which passes over a KubeletConfiguration: use --kind join"},
	} {
		row, err := rows.Find(test.version)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = row.MergeInto(Source{"my.yaml", []byte(test.text)}, Request{Kind: KindInit, Desired: Desired{LimitedSwap, 2}})
		if err == nil || !strings.Contains(err.Error(), test.want) || fail.Code(err) != fail.Usage {
			t.Errorf("%q: %v", test.text, err)
		}
	}
}

// A file that neither kubeadm nor a kubelet reads is refused, and the error
// says what to write in it.
func TestAMergeIntoFilesOfOthersIsRefused(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ text, want, fragment string }{
		{"kubelet-arg:\n- max-pods=200\n", "k3s", "kubelet.conf.d"},
		{"apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n", "kind", "kubeadmConfigPatches:"},
		{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-config}\n", "kubelet-config", "kubelet: |"},
		{"apiVersion: v1\nkind: ConfigMap\n", "v1 ConfigMap", ""},
		{"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n", "EKS", "memorySwap: {swapBehavior: LimitedSwap}"},
		{`{"kubeletconfig": {"failSwapOn": true}}`, "/configz", ""},
		{`{"swapFileSizeMB": 1500}`, "AKS", "failSwapOn"},
		{kubeadmHead("v1beta4", "UpgradeConfiguration"), "UpgradeConfiguration", ""},
		{kubeadmHead("v1beta4", "InitConfiguration") + "---\napiVersion: v1\nkind: Secret\n", "document 2 is of kind v1 Secret", ""},
		{"hosts: [a]\n", "without apiVersion and kind", ""},
	} {
		for _, kind := range []Kind{KindInit, KindJoin, KindKubelet} {
			if kind == KindKubelet && (strings.HasPrefix(test.text, "hosts") || strings.Contains(test.text, "Secret")) {
				continue
			}
			_, _, err := row.MergeInto(Source{"my.yaml", []byte(test.text)}, Request{Kind: kind, Desired: Desired{LimitedSwap, 2}})
			if err == nil || !strings.Contains(err.Error(), test.want) || fail.Code(err) != fail.Usage || len(fail.Hints(err)) == 0 || !strings.Contains(fail.Fragment(err), test.fragment) {
				t.Errorf("%s: %q: %v; %q", kind, test.text, err, fail.Fragment(err))
			}
		}
	}
}

// JSON stays JSON, and so does what is added; kubeadm splits it at ---.
func TestJSONStaysJSON(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	before := `{"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration"}`
	got, _, err := row.MergeInto(Source{"my.json", []byte(before)}, Request{Kind: KindInit, Desired: Desired{LimitedSwap, 2}})
	if err != nil {
		t.Fatal(err)
	}
	pieces, err := kubeadmfile.Split(got)
	if err != nil || len(pieces) != 2 || strings.TrimSpace(string(pieces[0].Text)) != before {
		t.Fatalf("%v\n%s", err, got)
	}
	var added struct {
		Kind       string
		FailSwapOn *bool
		MemorySwap struct{ SwapBehavior string }
	}
	if err := json.Unmarshal(pieces[1].Text, &added); err != nil || added.Kind != ConfigKind || added.FailSwapOn == nil || *added.FailSwapOn || added.MemorySwap.SwapBehavior != LimitedSwap {
		t.Errorf("%v: %+v\n%s", err, added, got)
	}
	if found := Lint([]Source{{"my.json", got}}, LintOptions{Row: row}); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}
