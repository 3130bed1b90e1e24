package kubeletcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// provisioner is a kind of file that is neither kubeadm's nor a kubelet's, and says
// how kubelets are to be configured, or is often taken for one that does.
type provisioner struct {
	name     string   // what messages call it
	group    string   // its API group, or the end of it after a dot
	kinds    []string // of that group; none: all
	object   string   // metadata.name, where only that one is meant
	keys     []string // of a file without apiVersion and kind: one of them is in it
	parts    []part   // where it configures a kubelet
	tolerate bool     // it configures failSwapOn: false itself
	says     string   // what it does about swap
	fragment string   // what to write there for LimitedSwap; "" when that cannot be said there
	source   string   // where it was read
}

// part is a place in a file that configures a kubelet.
type part struct {
	path  string // names of fields; [] follows a list into each of its items
	holds partKind
}

type partKind int

const (
	fieldsPart  partKind = iota // the fields of a KubeletConfiguration
	textPart                    // a text with documents, of which KubeletConfigurations count
	flagsPart                   // a list of flags, "name=value" or "--name=value"
	argsPart                    // flags as a map, or as a list of name and value
	filesPart                   // a list of files with path and content
	refusedPart                 // the fields of a KubeletConfiguration, without those for swap
	ownPart                     // fields of its own, some of them for swap
)

// provisioners are all that lint and --merge know by their kind or shape. The
// commits are those that were read.
func provisioners() []provisioner {
	return slices.Concat(onKubeadm(), distributions(), clouds())
}

// onKubeadm are those that pass documents on to kubeadm, or take them from it.
func onKubeadm() []provisioner {
	return []provisioner{
		{
			name: "kind", group: "kind.x-k8s.io", kinds: []string{"Cluster"}, tolerate: true,
			parts:    []part{{"kubeadmConfigPatches[]", textPart}, {"nodes[].kubeadmConfigPatches[]", textPart}, {"kubeadmConfigPatchesJSON6902[].patch", ownPart}, {"nodes[].kubeadmConfigPatchesJSON6902[].patch", ownPart}},
			says:     "kind writes failSwapOn: false itself, and its nodes share the swap of the machine",
			fragment: "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "kubernetes-sigs/kind 0033147e, pkg/cluster/internal/kubeadm/config.go",
		},
		clusterAPI("bootstrap.cluster.x-k8s.io", "KubeadmConfig", "spec"),
		clusterAPI("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate", "spec.template.spec"),
		clusterAPI("controlplane.cluster.x-k8s.io", "KubeadmControlPlane", "spec.kubeadmConfigSpec"),
		clusterAPI("controlplane.cluster.x-k8s.io", "KubeadmControlPlaneTemplate", "spec.template.spec.kubeadmConfigSpec"),
		{
			name: "the ConfigMap kubelet-config", kinds: []string{"ConfigMap"}, object: "kubelet-config", parts: []part{{"data.kubelet", textPart}},
			says:     "kubeadm gives it to nodes that join and at 'kubeadm upgrade node'; nodes that are there keep /var/lib/kubelet/config.yaml",
			fragment: "data:\n  kubelet: |\n    apiVersion: " + GroupVersion + "\n    kind: " + ConfigKind + "\n    failSwapOn: false\n    memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "kubernetes v1.37.1, cmd/kubeadm/app/phases/kubelet/config.go",
		},
		{
			name: "the output of /configz", keys: []string{"kubeletconfig"}, parts: []part{{"kubeletconfig", fieldsPart}},
			says:   "it is what a kubelet runs with, and no file that one reads",
			source: "kubernetes v1.37.1, pkg/kubelet/server/server.go",
		},
		{
			name: "kubespray", keys: []string{"kubelet_fail_swap_on", "kubelet_swap_behavior", "kube_version", "kube_network_plugin", "kubelet_config_extra_args", "kube_service_addresses", "kubelet_custom_flags"},
			parts:    []part{{"", ownPart}, {"kubelet_config_extra_args", fieldsPart}, {"kubelet_custom_flags", flagsPart}},
			says:     "kubespray turns swap off and masks swap.target unless kubelet_fail_swap_on is false",
			fragment: "kubelet_fail_swap_on: false\nkubelet_swap_behavior: LimitedSwap\n",
			source:   "kubernetes-sigs/kubespray 46dbdd399, roles/kubernetes",
		},
	}
}

// clusterAPI is a kind of Cluster API's kubeadm provider, whose KubeadmConfigSpec is at
// a path.
func clusterAPI(group, kind, at string) provisioner {
	p := provisioner{
		name: "Cluster API", group: group, kinds: []string{kind}, parts: []part{{at + ".files[]", filesPart}},
		says:   "Cluster API writes files before it runs kubeadm: a patch for the kubelet is one of them, in the directory that joinConfiguration.patches names (and initConfiguration.patches)",
		source: "kubernetes-sigs/cluster-api ae7ff047d, api/bootstrap/kubeadm",
	}
	for _, node := range []string{"initConfiguration", "joinConfiguration"} {
		p.parts = append(p.parts, part{at + "." + node + ".nodeRegistration.kubeletExtraArgs", argsPart})
	}
	indent := ""
	for name := range strings.SplitSeq(at, ".") {
		p.fragment += indent + name + ":\n"
		indent += "  "
	}
	for _, line := range []string{
		"files:", "- path: " + DefaultPatches + "/" + PatchFile, "  content: |", "    failSwapOn: false", "    memorySwap: {swapBehavior: LimitedSwap}",
		"joinConfiguration:", "  patches: {directory: " + DefaultPatches + "}",
	} {
		p.fragment += indent + line + "\n"
	}
	return p
}

// distributions are those with installers of their own.
func distributions() []provisioner {
	return []provisioner{
		{
			name: "OpenShift", group: "machineconfiguration.openshift.io", kinds: []string{"KubeletConfig"}, parts: []part{{"spec.kubeletConfig", refusedPart}},
			says:   "OpenShift refuses fields for swap in a KubeletConfig: a MachineConfig writes a drop-in file for the kubelet, /etc/openshift/kubelet.conf.d/99-swap.conf",
			source: "openshift/origin #30579, test/extended/node; machine-config-operator #5294",
		},
		{
			name: "OpenShift", group: "machineconfiguration.openshift.io", kinds: []string{"MachineConfig"}, parts: []part{{"spec.config.storage.files[]", filesPart}}, tolerate: true,
			says:     "workers of OpenShift have failSwapOn: false and NoSwap; the kubelet reads drop-in files in /etc/openshift/kubelet.conf.d",
			fragment: "spec:\n  config:\n    ignition: {version: 3.4.0}\n    storage:\n      files:\n      - path: /etc/openshift/kubelet.conf.d/99-swap.conf\n        mode: 420\n        contents:\n          source: data:,apiVersion%3A%20kubelet.config.k8s.io%2Fv1beta1%0Akind%3A%20KubeletConfiguration%0AmemorySwap%3A%20%7BswapBehavior%3A%20LimitedSwap%7D%0A\n",
			source:   "openshift/machine-config-operator #5294; openshift/origin, test/extended/node/node_swap_cnv.go",
		},
		{
			name: "k3s or RKE2", keys: []string{
				"kubelet-arg", "kubelet-arg+", "kube-apiserver-arg", "write-kubeconfig-mode", "write-kubeconfig", "tls-san", "cluster-init", "node-label", "node-taint",
				"agent-token", "token-file", "flannel-backend", "cluster-cidr", "service-cidr", "node-ip", "node-name", "system-default-registry", "data-dir",
			},
			parts: []part{{"kubelet-arg", flagsPart}, {"kubelet-arg+", flagsPart}}, tolerate: true,
			says:     "k3s and RKE2 start the kubelet with failSwapOn: false; no flag sets swapBehavior: a drop-in file does, in agent/etc/kubelet.conf.d of the data directory since 1.32",
			fragment: "# /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-swap.conf (RKE2: /var/lib/rancher/rke2/...)\napiVersion: " + GroupVersion + "\nkind: " + ConfigKind + "\nfailSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "k3s-io/k3s v1.36.5, pkg/daemons/agent/agent.go, agent_linux.go",
		},
		{
			name: "k0s", group: "k0s.k0sproject.io", kinds: []string{"ClusterConfig"}, parts: []part{{"spec.workerProfiles[].values", fieldsPart}}, tolerate: true,
			says:     "k0s gives a worker profile to the workers that are started with --profile; its kubelets have failSwapOn: false",
			fragment: "spec:\n  workerProfiles:\n  - name: swap\n    values:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "k0sproject/k0s 006b7b67, pkg/component/controller/workerconfig/reconciler.go",
		},
		{
			name: "kOps", group: "kops.k8s.io", kinds: []string{"Cluster", "InstanceGroup"}, parts: []part{{"spec.kubelet", ownPart}, {"spec.controlPlaneKubelet", ownPart}},
			says:     "kOps has failSwapOn and memorySwapBehavior, which becomes memorySwap.swapBehavior; the swap itself comes by additionalUserData",
			fragment: "spec:\n  kubelet:\n    failSwapOn: false\n    memorySwapBehavior: LimitedSwap\n",
			source:   "kubernetes/kops 268927e264, nodeup/pkg/model/kubelet.go",
		},
		{
			name: "Talos", keys: []string{"machine"}, parts: []part{{"machine.kubelet.extraConfig", fieldsPart}, {"machine.kubelet.extraArgs", argsPart}}, tolerate: true,
			says:     "Talos writes failSwapOn: false itself, and makes swap of a SwapVolumeConfig",
			fragment: "machine:\n  kubelet:\n    extraConfig:\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "siderolabs/talos ad8823176, internal/app/machined/pkg/controllers/k8s/kubelet_spec.go",
		},
	}
}

// clouds are what cloud providers and Gardener take.
func clouds() []provisioner {
	return []provisioner{
		{
			name: "EKS nodeadm", group: "node.eks.aws", kinds: []string{"NodeConfig"}, parts: []part{{"spec.kubelet.config", fieldsPart}, {"spec.kubelet.flags", flagsPart}},
			says:     "nodeadm writes spec.kubelet.config as a drop-in file of the kubelet, which ignores fields that it does not know",
			fragment: "spec:\n  kubelet:\n    config:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "awslabs/amazon-eks-ami 81fec2e8, nodeadm/internal/kubelet/config.go",
		},
		{
			name: "AKS's custom node configuration", keys: []string{"swapFileSizeMB", "linuxOSConfig", "cpuCfsQuota", "imageGcHighThreshold", "containerLogMaxSizeMB", "podMaxPids"},
			parts:    []part{{"", ownPart}, {"kubeletConfig", ownPart}},
			says:     "AKS makes a swap file of swapFileSizeMB where failSwapOn is false, and has no field for swapBehavior: containers get no swap (Azure/AKS #4352)",
			fragment: "{\"kubeletConfig\": {\"failSwapOn\": false}, \"linuxOSConfig\": {\"swapFileSizeMB\": 1500}}\n",
			source:   "learn.microsoft.com, Customize node configuration for AKS node pools; Azure/AKS #4352",
		},
		{
			name: "GKE's node system configuration", keys: []string{"linuxConfig", "kubeletConfig"}, parts: []part{{"kubeletConfig", refusedPart}},
			says:     "GKE configures the kubelet itself where linuxConfig.swapConfig gives a node swap, which is encrypted by default; kubeletConfig has no field for it",
			fragment: "linuxConfig:\n  swapConfig:\n    bootDiskProfile: {swapSizeGib: 8}\n",
			source:   "GoogleCloudPlatform/PerfKitBenchmarker 946ea3176, gcp_swap_config.py",
		},
		{
			name: "Karpenter", group: "karpenter.k8s.aws", kinds: []string{"EC2NodeClass"}, parts: []part{{"spec.kubelet", refusedPart}, {"spec.userData", textPart}},
			says:     "spec.kubelet of Karpenter has no field for swap: a NodeConfig in spec.userData has",
			fragment: "spec:\n  userData: |\n    apiVersion: node.eks.aws/v1alpha1\n    kind: NodeConfig\n    spec:\n      kubelet:\n        config:\n          failSwapOn: false\n          memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "aws/karpenter-provider-aws 1d927085d, pkg/apis/v1/ec2nodeclass.go",
		},
		{
			name: "Karpenter", group: "karpenter.azure.com", kinds: []string{"AKSNodeClass"}, parts: []part{{"spec.kubelet", ownPart}},
			says:     "it has linuxOSConfig.swapFileSize and kubelet.failSwapOn, and no field for swapBehavior",
			fragment: "spec:\n  kubelet: {failSwapOn: false}\n  linuxOSConfig: {swapFileSize: 2Gi}\n",
			source:   "Azure/karpenter-provider-azure 352646f5, AKSNodeClass v1beta1",
		},
		{
			name: "Gardener", group: "core.gardener.cloud", kinds: []string{"Shoot"}, parts: []part{{"spec.kubernetes.kubelet", ownPart}, {"spec.provider.workers[].kubernetes.kubelet", ownPart}},
			says:     "Gardener passes failSwapOn and memorySwap on to the kubelet; the swap itself is an extension's to make",
			fragment: "spec:\n  kubernetes:\n    kubelet:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			source:   "gardener/gardener b312835d17, example/90-shoot.yaml",
		},
	}
}

// recognise finds whose document this is, by its kind or its shape.
func recognise(root *kubeyaml.Value) (provisioner, bool) {
	d := document{root: root}
	group, _, versioned := strings.Cut(d.word("apiVersion"), "/")
	if !versioned {
		group = ""
	}
	kind := d.word("kind")
	for _, p := range provisioners() {
		switch {
		case kind == "" && d.word("apiVersion") == "":
			if slices.ContainsFunc(p.keys, func(key string) bool { return root.Get(key) != nil }) {
				return p, true
			}
		case len(p.kinds) > 0 && p.group == group && slices.Contains(p.kinds, kind):
			if name, _ := root.Get("metadata", "name").Any().(string); strings.HasPrefix(name, p.object) {
				return p, true
			}
		}
	}
	return provisioner{}, false
}

// located is a part of a document, and the path by which it is there.
type located struct {
	value *kubeyaml.Value
	path  string
}

// at follows the path of a part.
func (p part) at(root *kubeyaml.Value) []located {
	all := []located{{root, ""}}
	if p.path == "" {
		return all
	}
	for name := range strings.SplitSeq(p.path, ".") {
		name, list := strings.CutSuffix(name, "[]")
		var next []located
		for _, f := range all {
			inner := f.value.Get(name)
			switch {
			case inner == nil:
			case list:
				for i := range inner.Items {
					next = append(next, located{&inner.Items[i], fmt.Sprintf("%s[%d]", join(f.path, name), i)})
				}
			default:
				next = append(next, located{inner, join(f.path, name)})
			}
		}
		all = next
	}
	return all
}
