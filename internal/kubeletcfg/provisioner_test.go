package kubeletcfg

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/swapctl/swapctl/internal/provisioner"
)

// toolFile is a file of a provisioner with one fault, at the «; without « it is
// correct.
type toolFile struct {
	name, system, text, rule, field string
}

// zipped compresses a text with gzip and encodes it in base64.
func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // a bytes.Buffer never returns an error
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// archive returns user data with a script and another part.
func archive(kind, text string) string {
	return "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"//\"\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho a: b: c\n\n--//\nContent-Type: " + kind + "\n\n" + text + "\n--//--\n"
}

func shifted(text, indent string) string {
	return indent + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+indent) + "\n"
}

func toolFiles() []toolFile {
	nodeConfig := "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet:\n"
	kind := "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n"
	json6902 := "kubeadmConfigPatchesJSON6902:\n- group: kubelet.config.k8s.io\n  version: v1beta1\n  kind: KubeletConfiguration\n"
	capi := "apiVersion: bootstrap.cluster.x-k8s.io/v1beta2\nkind: KubeadmConfig\nspec:\n  joinConfiguration:\n    patches: {directory: /etc/kubernetes/patches}\n"
	limited := "apiVersion: " + GroupVersion + "\nkind: " + ConfigKind + "\nmemorySwap: {swapBehavior: Limited}\n"
	machine := "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nspec:\n  config:\n    storage:\n      files:\n      - path: /etc/openshift/kubelet.conf.d/99-swap.conf\n        contents:\n          source: "
	return []toolFile{
		{"kind", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  memorySwap:\n    swapBehavior: «Limited\n", "swap-behavior", "kubeadmConfigPatches[0].memorySwap.swapBehavior"},
		{"a node of kind", "kind", kind + "nodes:\n- role: worker\n  kubeadmConfigPatches:\n  - |\n    kind: KubeletConfiguration\n    featureGates:\n      «NodeMemorySwap: true\n", "feature-gate", "nodes[0].kubeadmConfigPatches[0].featureGates.NodeMemorySwap"},
		{"kind has failSwapOn", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  memorySwap: {swapBehavior: LimitedSwap}\n", "", ""},
		{"flags in Cluster API", "Cluster API", "apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\nkind: KubeadmConfigTemplate\nspec:\n  template:\n    spec:\n      joinConfiguration:\n        nodeRegistration:\n          kubeletExtraArgs:\n            fail-swap-on: «\"true\"\n", "extra-args", "spec.template.spec.joinConfiguration.nodeRegistration.kubeletExtraArgs.fail-swap-on"},
		{"a list of flags in Cluster API", "Cluster API", "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlane\nspec:\n  kubeadmConfigSpec:\n    initConfiguration:\n      nodeRegistration:\n        kubeletExtraArgs:\n        - name: feature-gates\n          value: «NodeMemorySwap=true\n", "feature-gate", "spec.kubeadmConfigSpec.initConfiguration.nodeRegistration.kubeletExtraArgs[0].NodeMemorySwap"},
		{"a patch in Cluster API", "Cluster API", "apiVersion: bootstrap.cluster.x-k8s.io/v1beta2\nkind: KubeadmConfig\nspec:\n  joinConfiguration: {patches: {directory: /etc/kubernetes/patches/}}\n  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration+strategic.yaml\n    content: |\n      failSwapOn: false\n      memorySwap: {«swapBehaviour: LimitedSwap}\n", "unknown-field", "spec.files[0].memorySwap.swapBehaviour"},
		{"other files of Cluster API", "Cluster API", "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlaneTemplate\nspec:\n  template:\n    spec:\n      kubeadmConfigSpec:\n        files:\n        - path: /etc/motd\n          content: \"a: b: c\"\n", "", ""},
		{"kubelet-config", "kubelet-config", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-config, namespace: kube-system}\ndata:\n  kubelet: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    failSwapOn: false\n    memorySwap:\n      swapBehavior: «UnlimitedSwap\n", "swap-behavior", "data.kubelet.memorySwap.swapBehavior"},
		{"configz", "/configz", `{"kubeletconfig": {"failSwapOn": «true, "memorySwap": {"swapBehavior": "LimitedSwap"}}}`, "fail-swap-on", "kubeletconfig.failSwapOn"},
		{"EKS's known wrong key", "EKS", nodeConfig + "    config:\n      failSwapOn: false\n      «memorySwapBehavior: LimitedSwap\n", "unknown-field", "spec.kubelet.config.memorySwapBehavior"},
		{"EKS without failSwapOn", "EKS", nodeConfig + "    config:\n      memorySwap: {swapBehavior: «LimitedSwap}\n", "fail-swap-on", "spec.kubelet.config.failSwapOn"},
		{"EKS's flags", "EKS", nodeConfig + "    flags:\n    - «--fail-swap-on=true\n", "extra-args", "spec.kubelet.flags[0]"},
		{"EKS", "EKS", nodeConfig + "    config:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n", "", ""},
		{"OpenShift refuses", "OpenShift", "apiVersion: machineconfiguration.openshift.io/v1\nkind: KubeletConfig\nspec:\n  kubeletConfig:\n    maxPods: 500\n    «failSwapOn: false\n", "provisioner", "spec.kubeletConfig.failSwapOn"},
		{"a data URL", "OpenShift", machine + "«data:," + url.PathEscape(limited) + "\n", "swap-behavior", "spec.config.storage.files[0].memorySwap.swapBehavior"},
		{"a data URL in base64", "OpenShift", machine + "«data:text/plain;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(limited)) + "\n", "swap-behavior", "spec.config.storage.files[0].memorySwap.swapBehavior"},
		{"a drop-in that is not read", "OpenShift", strings.Replace(machine, "path: /etc/openshift/kubelet.conf.d/99-swap.conf", "path: «/etc/openshift/kubelet.conf.d/99-swap.yaml", 1) + "data:," + url.PathEscape(limited) + "\n", "dropin-file", "spec.config.storage.files[0].path"},
		{"k3s", "k3s", "write-kubeconfig-mode: \"0644\"\nkubelet-arg:\n- max-pods=200\n- «fail-swap-on=true\n", "extra-args", "kubelet-arg[1]"},
		{"a gate in k3s", "k3s", "kubelet-arg:\n- «feature-gates=NodeMemorySwap=true\n", "feature-gate", "kubelet-arg[0].NodeMemorySwap"},
		{"a flag that is none in RKE2", "k3s", "cni: cilium\ntls-san: [a]\nkubelet-arg+:\n- «memory-swap-behavior=LimitedSwap\n", "extra-args", "kubelet-arg+[0]"},
		{"k3s without flags", "k3s", "token-file: /x\n", "", ""},
		{"k0s", "k0s", "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec:\n  workerProfiles:\n  - name: swap\n    values:\n      memorySwap:\n        «swapbehavior: LimitedSwap\n", "unknown-field", "spec.workerProfiles[0].values.memorySwap.swapbehavior"},
		{"kOps", "kOps", "apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nspec:\n  kubelet:\n    failSwapOn: false\n    memorySwapBehavior: «UnlimitedSwap\n", "swap-behavior", "spec.kubelet.memorySwapBehavior"},
		{"kOps without failSwapOn", "kOps", "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  kubelet:\n    memorySwapBehavior: «LimitedSwap\n", "fail-swap-on", "spec.kubelet.failSwapOn"},
		{"Talos", "Talos", "version: v1alpha1\nmachine:\n  kubelet:\n    extraConfig:\n      memorySwap: {swapBehavior: «limitedSwap}\n", "swap-behavior", "machine.kubelet.extraConfig.memorySwap.swapBehavior"},
		{"Talos tolerates swap", "Talos", "version: v1alpha1\nmachine:\n  kubelet:\n    extraConfig:\n      memorySwap: {swapBehavior: LimitedSwap}\n", "", ""},
		{"kubespray", "kubespray", "kube_version: 1.34.2\nkubelet_swap_behavior: «LimitedSwap\n", "fail-swap-on", "kubelet_fail_swap_on"},
		{"a behavior of kubespray", "kubespray", "kubelet_fail_swap_on: false\nkubelet_swap_behavior: «Limited\n", "swap-behavior", "kubelet_swap_behavior"},
		{"GKE", "GKE", "kubeletConfig:\n  cpuManagerPolicy: static\n  «memorySwap: {swapBehavior: LimitedSwap}\nlinuxConfig: {}\n", "provisioner", "kubeletConfig.memorySwap"},
		{"GKE's own swap", "GKE", "linuxConfig:\n  swapConfig: {bootDiskProfile: {swapSizeGib: 8}}\n", "", ""},
		{"AKS", "AKS", `{"swapFileSizeMB": 1500, "sysctls": {}}`, "", ""},
		{"AKS's kubelet", "AKS", `{"cpuCfsQuota": true, "failSwapOn": «"false"}`, "wrong-type", "failSwapOn"},
		{"Karpenter", "Karpenter", "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nspec:\n  kubelet:\n    «memorySwap: {swapBehavior: LimitedSwap}\n", "provisioner", "spec.kubelet.memorySwap"},
		{"Karpenter's user data", "Karpenter", "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nspec:\n  userData: |\n    apiVersion: node.eks.aws/v1alpha1\n    kind: NodeConfig\n    spec:\n      kubelet:\n        config:\n          failSwapOn: false\n          «memorySwapBehavior: LimitedSwap\n", "unknown-field", "spec.userData.spec.kubelet.config.memorySwapBehavior"},
		{"Gardener", "Gardener", "apiVersion: core.gardener.cloud/v1beta1\nkind: Shoot\nspec:\n  kubernetes:\n    kubelet:\n      failSwapOn: false\n      memorySwap: {swapBehavior: «Limited}\n", "swap-behavior", "spec.kubernetes.kubelet.memorySwap.swapBehavior"},
		// Patches of kind, of each form.
		{"a JSON patch of kind", "kind", kind + json6902 + "  patch: |\n    - {op: add, path: /memorySwap, value: {swapBehavior: «Limited}}\n", "swap-behavior", "kubeadmConfigPatchesJSON6902[0].patch.memorySwap.swapBehavior"},
		{"a JSON patch of kind into what is not there", "kind", kind + json6902 + "  patch: |\n    - op: add\n      path: «/memorySwap/swapBehavior\n      value: LimitedSwap\n", "patch-file", "kubeadmConfigPatchesJSON6902[0].patch.path"},
		{"a JSON patch of kind on a line", "kind", kind + json6902 + "  patch: «'[{\"op\": \"add\", \"path\": \"/memorySwap\", \"value\": {\"swapBehavior\": \"Limited\"}}]'\n", "swap-behavior", "kubeadmConfigPatchesJSON6902[0].patch.memorySwap.swapBehavior"},
		{"a JSON patch of kind for nothing", "kind", kind + strings.Replace(json6902, "- group: kubelet.config.k8s.io\n  version", "- version", 1) + "  patch: |\n    «- {op: add, path: /memorySwap, value: {swapBehavior: LimitedSwap}}\n", "second-document", "kubeadmConfigPatchesJSON6902[0].patch.apiVersion"},
		{"flags in a JSON patch of kind", "kind", kind + "nodes:\n- role: worker\n  kubeadmConfigPatchesJSON6902:\n  - kind: JoinConfiguration\n    patch: |\n      - {op: add, path: /nodeRegistration/kubeletExtraArgs/fail-swap-on, value: «\"true\"}\n", "extra-args", "nodes[0].kubeadmConfigPatchesJSON6902[0].patch"},
		{"flags in a patch of kind", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: InitConfiguration\n  nodeRegistration:\n    kubeletExtraArgs:\n      fail-swap-on: «\"true\"\n", "extra-args", "kubeadmConfigPatches[0].nodeRegistration.kubeletExtraArgs.fail-swap-on"},
		{"a list of flags in a patch of kind", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: JoinConfiguration\n  nodeRegistration:\n    kubeletExtraArgs:\n    - name: feature-gates\n      value: «NodeMemorySwap=true\n", "feature-gate", "kubeadmConfigPatches[0].nodeRegistration.kubeletExtraArgs[0].NodeMemorySwap"},
		{"a field in a patch of kind", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: ClusterConfiguration\n  «kubeletConfiguration: {failSwapOn: false}\n", "unknown-field", "kubeadmConfigPatches[0].kubeletConfiguration"},
		{"a patch of kind for no kind", "kind", kind + "kubeadmConfigPatches:\n- |\n  «kind: KubeletConfig\n  failSwapOn: false\n", "second-document", "kubeadmConfigPatches[0].kind"},
		{"a patch of kind for another version", "kind", kind + "kubeadmConfigPatches:\n- |\n  «apiVersion: kubelet.config.k8s.io/v1\n  kind: KubeletConfiguration\n", "second-document", "kubeadmConfigPatches[0].apiVersion"},
		{"a patch of kind that is no YAML", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  «\tfailSwapOn: false\n", "syntax", "kubeadmConfigPatches[0]"},
		{"what a patch of kind takes back", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  memorySwap: {swapBehavior: LimitedSwap}\nnodes:\n- role: control-plane\n- role: worker\n  kubeadmConfigPatches:\n  - |\n    kind: KubeletConfiguration\n    failSwapOn: «true\n", "fail-swap-on", "nodes[1].kubeadmConfigPatches[0].failSwapOn"},
		{"patches of kind", "kind", kind + "kubeadmConfigPatches:\n- |\n  kind: KubeProxyConfiguration\n  mode: x\n  ---\n  kind: ClusterConfiguration\n  apiServer: {certSANs: [a]}\n" + json6902 + "  patch: |\n    - {op: replace, path: /failSwapOn, value: false}\n", "", ""},
		// Files that Cluster API writes.
		{"a JSON patch in Cluster API", "Cluster API", capi + "  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration+json.yaml\n    content: |\n      - {op: add, path: «failSwapOn, value: false}\n", "patch-file", "spec.files[0].path"},
		{"two patches in Cluster API", "Cluster API", capi + "  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration0+merge.yaml\n    content: |\n      failSwapOn: false\n  - path: /etc/kubernetes/patches/kubeletconfiguration1+json.json\n    content: '[{\"op\": \"add\", \"path\": \"/memorySwap/swapBehavior\", \"value\": \"LimitedSwap\"}]'\n", "", ""},
		{"a compressed patch in Cluster API", "Cluster API", capi + "  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration.yaml\n    encoding: gzip+base64\n    content: «" + zipped("failSwapOn: false\nmemorySwap: {swapBehavior: Limited}\n") + "\n", "swap-behavior", "spec.files[0].memorySwap.swapBehavior"},
		{"a patch in base64 that is none", "Cluster API", capi + "  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration.yaml\n    encoding: base64\n    content: «failSwapOn\n", "syntax", "spec.files[0]"},
		{"a patch that is not compressed", "Cluster API", capi + "  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration.yaml\n    encoding: gzip\n    content: «failSwapOn\n", "syntax", "spec.files[0]"},
		{"a patch where kubeadm does not look", "Cluster API", capi + "  files:\n  - path: «/etc/patches/kubeletconfiguration.yaml\n    content: \"failSwapOn: false\"\n", "patch-file", "spec.files[0].path"},
		{"a patch with another ending in Cluster API", "Cluster API", capi + "  files:\n  - path: «/etc/kubernetes/patches/kubeletconfiguration.yml\n    content: \"failSwapOn: false\"\n", "patch-file", "spec.files[0].path"},
		{"a flag and a patch in Cluster API", "Cluster API", capi + "    nodeRegistration: {kubeletExtraArgs: [{name: fail-swap-on, value: \"false\"}]}\n  files:\n  - path: /etc/kubernetes/patches/kubeletconfiguration.yaml\n    content: \"memorySwap: {swapBehavior: LimitedSwap}\"\n", "", ""},
		// User data: what machines get when they start.
		{"cloud-init", "cloud-init", "#cloud-config\nwrite_files:\n- path: /etc/kubernetes/kubelet.conf.d/50-swap.conf\n  content: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    failSwapOn: false\n    memorySwap: {swapBehavior: «Limited}\n", "swap-behavior", "write_files[0].memorySwap.swapBehavior"},
		{"a compressed file of cloud-init", "cloud-init", "write_files:\n- encoding: gz+b64\n  path: /root/kubeadm.yaml\n  content: «" + zipped(kubeadmHead("v1beta4", "InitConfiguration")+"---\n"+kubeletHead+"failSwapon: false\n") + "\n", "unknown-field", "write_files[0].failSwapon"},
		{"a drop-in of cloud-init that is not read", "cloud-init", "write_files:\n- path: «/etc/kubernetes/kubelet.conf.d/50-swap.yaml\n  content: |\n    kind: KubeletConfiguration\n", "dropin-file", "write_files[0].path"},
		{"k3s by cloud-init", "k3s", "write_files:\n- path: /etc/rancher/k3s/config.yaml\n  content: |\n    kubelet-arg:\n    - «fail-swap-on=true\n", "extra-args", "write_files[0].kubelet-arg[0]"},
		{"a configuration and its drop-in by cloud-init", "cloud-init", "write_files:\n- path: /var/lib/kubelet/config.yaml\n  content: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    failSwapOn: false\n- path: /etc/kubernetes/kubelet.conf.d/50.conf\n  content: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    memorySwap: {swapBehavior: LimitedSwap}\n- path: /root/x.sh\n  content: |\n    #!/bin/sh\n    echo 'kind: KubeletConfiguration'\n", "", ""},
		{"Ignition", "Ignition", `{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/etc/kubernetes/kubelet.conf.d/1.conf", "contents": {"compression": "gzip", "source": «"data:;base64,` + zipped(limited+"failSwapOn: false\n") + `"}}]}}`, "swap-behavior", "storage.files[0].memorySwap.swapBehavior"},
		{"Butane", "Butane", "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n  - path: /etc/kubernetes/kubelet.conf.d/1.conf\n    contents:\n      inline: |\n        apiVersion: kubelet.config.k8s.io/v1beta1\n        kind: KubeletConfiguration\n        «failSwapon: false\n", "unknown-field", "storage.files[0].failSwapon"},
		{"an archive", "several parts", archive("application/node.eks.aws", nodeConfig+"    config:\n      failSwapOn: false\n      «memorySwapBehavior: LimitedSwap\n"), "unknown-field", "spec.kubelet.config.memorySwapBehavior"},
		{"an archive with cloud-init in it", "several parts", archive("text/cloud-config; charset=\"utf-8\"", "#cloud-config\nwrite_files:\n- path: /etc/rancher/rke2/config.yaml\n  content: |\n    kubelet-arg: [«fail-swap-on=true]\n"), "extra-args", "write_files[0].kubelet-arg[0]"},
		{"a part in base64", "several parts", archive("application/node.eks.aws", "«"+base64.StdEncoding.EncodeToString([]byte(nodeConfig+"    config:\n      failSwapOn: false\n      memorySwapBehavior: LimitedSwap\n"))+"\n"), "unknown-field", "spec.kubelet.config.memorySwapBehavior"},
		{"a part of another type", "several parts", archive("text/x-yaml", "«"+nodeConfig+"    config: {failSwapOn: false}\n"), "second-document", ""},
		{"a script in an archive", "several parts", archive("text/x-shellscript", "#!/bin/sh\ncat <<EOF\nkind: KubeletConfiguration\n"), "", ""},
		{"a script", "script", "#!/bin/sh\nswapon /dev/sda: x: y\n", "", ""},
		{"Bottlerocket", "Bottlerocket", "[settings.kubernetes]\nmemory-swap-behavior = \"LimitedSwap\"\n", "", ""},
		{"an archive in Karpenter", "Karpenter", "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nspec:\n  userData: |\n" + shifted(archive("application/node.eks.aws", nodeConfig+"    config:\n      failSwapOn: false\n      «memorySwapBehavior: LimitedSwap\n"), "    "), "unknown-field", "spec.userData.spec.kubelet.config.memorySwapBehavior"},
		{"Karpenter with Bottlerocket", "Karpenter", "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nspec:\n  userData: |\n    [settings.kubernetes]\n    memory-swap-behavior = \"LimitedSwap\"\n", "", ""},
		{"a field that Talos does not know", "Talos", "machine:\n  kubelet:\n    extraConfig:\n      «failSwapon: false\n", "unknown-field", "machine.kubelet.extraConfig.failSwapon"},
		{"a field that Talos keeps", "Talos", "machine:\n  kubelet:\n    extraConfig:\n      «seccompDefault: true\n", "provisioner", "machine.kubelet.extraConfig.seccompDefault"},
		{"a file that Talos' kubelet does not read", "Talos", "machine:\n  files:\n  - path: /var/etc/kubelet.conf.d/1.conf\n    op: create\n    content: «|\n      kind: KubeletConfiguration\n", "second-document", "machine.files[0]"},
		{"a file for containerd in Talos", "Talos", "machine:\n  files:\n  - path: /etc/cri/conf.d/20-customization.part\n    op: create\n    content: |\n      [plugins]\n", "", ""},
		{"a Pod", "Pod", "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\n", "", ""},
		{"a ConfigMap of others", "ConfigMap", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n", "", ""},
		{"a kubeconfig", "Config", "apiVersion: v1\nkind: Config\nclusters: []\n", "", ""},
		{"unknown keys", "without apiVersion", "hosts: [a]\n", "", ""},
	}
}

// Each file of a provisioner is recognised, and its part for the kubelet
// judged, with the place in the whole file.
func TestFilesOfProvisionersAreJudged(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range toolFiles() {
		t.Run(f.name, func(t *testing.T) {
			before, after, _ := strings.Cut(f.text, "«")
			line, column := strings.Count(before, "\n")+1, utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])+1
			noted, faults := false, 0
			for _, got := range Lint([]Source{{"some.yaml", []byte(before + after)}}, LintOptions{Row: row}) {
				switch {
				case got.Note:
					noted = noted || strings.Contains(got.Message, f.system)
				case got.Rule != f.rule || got.Field != f.field || got.Line != line || got.Column != column:
					t.Errorf("%+v\nwant %s of %s at %d:%d", got, f.rule, f.field, line, column)
				default:
					faults++
				}
			}
			if !noted || (faults == 0) != (f.rule == "") {
				t.Errorf("%s was noted: %v; %d faults", f.system, noted, faults)
			}
		})
	}
}

// Every row of the table has a source and a text, and is recognised in a file
// that is judged here; a kubelet accepts its fragment.
func TestEveryProvisionerIsKnown(t *testing.T) {
	seen := map[string]bool{}
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range toolFiles() {
		found, _ := recognised(t, strings.Replace(f.text, "«", "", 1))
		seen[found.Says] = true
	}
	for _, p := range provisioner.Tools() {
		if p.Source == "" || p.Says == "" || len(p.Kinds)+len(p.Keys) == 0 {
			t.Errorf("%s: %+v", p.Name, p)
		}
		if !seen[p.Says] && !strings.Contains(p.Group, "karpenter.azure") {
			t.Errorf("%s %v: no file is judged", p.Name, p.Kinds)
		}
		text := p.Fragment
		if len(p.Kinds) > 0 && p.Group != "" {
			text = "apiVersion: " + p.Group + "/v1\nkind: " + p.Kinds[0] + "\n" + text
		}
		for _, got := range Lint([]Source{{"some.yaml", []byte(text)}}, LintOptions{Row: row}) {
			if !got.Note && p.Fragment != "" {
				t.Errorf("%s: its own fragment: %+v", p.Name, got)
			}
		}
	}
}

func recognised(t *testing.T, text string) (provisioner.Tool, bool) {
	t.Helper()
	all, err := documents(Source{Data: []byte(text)})
	if err != nil { // not YAML: a script, an archive
		return provisioner.Tool{}, false
	}
	return provisioner.Recognise(all[0].root)
}

// FuzzProvisioners: with any text inside of a file, Lint ends, and reports
// places that exist.
func FuzzProvisioners(f *testing.F) {
	for _, seed := range toolFiles() {
		f.Add(strings.Replace(seed.text, "«", "", 1))
	}
	row, err := load1(f).Find("1.34")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range Lint([]Source{{"some.yaml", []byte(text)}}, LintOptions{Row: row}) {
			if found.Line < 0 || found.Line > len(text)+2 || found.Message == "" || found.Fix == "" {
				t.Errorf("%+v", found)
			}
		}
	})
}

// A placeholder is no fault: the file is rendered first.
func TestTemplatesAreRenderedFirst(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for text, command := range map[string]string{
		kubeletHead + "failSwapOn: {{ .Values.failSwapOn }}\n":                                                    "helm template",
		kubeletHead + "memorySwap:\n  swapBehavior: \"{{ .Values.swap }}\"\nfailSwapOn: false\n":                  "helm template",
		kubeletHead + "{% if swap %}\nfailSwapOn: false\n{% endif %}\n":                                           "ansible",
		kubeletHead + "failSwapOn: \"{{ kubelet_fail_swap_on }}\"\n":                                              "ansible",
		kubeletHead + "{{- if .Swap }}\nfailSwapOn: false\n{{- end }}\n":                                          "gomplate",
		kubeletHead + "failSwapOn: <%= @swap %>\n":                                                                "erb",
		kubeletHead + "failSwapOn: ${FAIL_SWAP_ON}\n":                                                             "envsubst",
		kubeletHead + "# {{ a comment }}\nfailSwapOn: false\nmemorySwap: {swapBehavior: NoSwap}\n":                "",
		kubeadmHead("v1beta4", "JoinConfiguration") + "nodeRegistration: {name: '{{ ds.meta_data.hostname }}'}\n": "",
	} {
		found := Lint([]Source{{"kubelet.yaml", []byte(text)}}, LintOptions{Row: row})
		if command == "" && len(found) > 0 || command != "" && (len(found) != 1 || found[0].Rule != "template" || !strings.HasPrefix(found[0].Fix, command)) {
			t.Errorf("%s: %+v", text, found)
		}
	}
}
