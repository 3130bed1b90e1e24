package provisioner

import "strings"

// onKubeadm are the files of tools that pass documents on to kubeadm, or have
// them from it.
func onKubeadm() []Tool {
	return []Tool{
		{
			Name: "kind", Group: "kind.x-k8s.io", Kinds: []string{"Cluster"}, Tolerates: true,
			Parts:    []Part{{"", KindPatches}},
			Says:     "kind writes failSwapOn: false itself, and its nodes share the swap of the machine",
			Fragment: "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "kubernetes-sigs/kind 0033147e, pkg/cluster/internal/kubeadm/config.go; 5b7e6568, pkg/internal/patch/kubeyaml.go",
		},
		clusterAPI("bootstrap.cluster.x-k8s.io", "KubeadmConfig", "spec"),
		clusterAPI("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate", "spec.template.spec"),
		clusterAPI("controlplane.cluster.x-k8s.io", "KubeadmControlPlane", "spec.kubeadmConfigSpec"),
		clusterAPI("controlplane.cluster.x-k8s.io", "KubeadmControlPlaneTemplate", "spec.template.spec.kubeadmConfigSpec"),
		{
			Name: "the ConfigMap kubelet-config", Kinds: []string{"ConfigMap"}, Object: "kubelet-config", Parts: []Part{{"data.kubelet", Text}},
			Says:     "kubeadm gives it to nodes that join and at 'kubeadm upgrade node'; nodes that are there keep /var/lib/kubelet/config.yaml",
			Fragment: "data:\n  kubelet: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    failSwapOn: false\n    memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "kubernetes v1.37.1, cmd/kubeadm/app/phases/kubelet/config.go",
		},
		{
			Name: "the output of /configz", Keys: []string{"kubeletconfig"}, Parts: []Part{{"kubeletconfig", Fields}},
			Says:   "it is what a kubelet runs with, and no file that one reads",
			Source: "kubernetes v1.37.1, pkg/kubelet/server/server.go",
		},
		{
			Name: "kubespray", Keys: []string{"kubelet_fail_swap_on", "kubelet_swap_behavior", "kube_version", "kube_network_plugin", "kubelet_config_extra_args", "kube_service_addresses", "kubelet_custom_flags"},
			Parts:    []Part{{"", Own}, {"kubelet_config_extra_args", Fields}, {"kubelet_custom_flags", Flags}},
			Says:     "kubespray turns swap off and masks swap.target unless kubelet_fail_swap_on is false",
			Fragment: "kubelet_fail_swap_on: false\nkubelet_swap_behavior: LimitedSwap\n",
			Source:   "kubernetes-sigs/kubespray 46dbdd399, roles/kubernetes",
		},
	}
}

// clusterAPI returns a kind of Cluster API's kubeadm provider, with its
// KubeadmConfigSpec at a path.
func clusterAPI(group, kind, at string) Tool {
	p := Tool{
		Name: "Cluster API", Group: group, Kinds: []string{kind}, Parts: []Part{{at, ClusterAPI}},
		Says:   "Cluster API writes files before it runs kubeadm: a patch for the kubelet is one of them, in the directory that joinConfiguration.patches names (and initConfiguration.patches)",
		Source: "kubernetes-sigs/cluster-api ae7ff047d, api/bootstrap/kubeadm",
	}
	for _, node := range []string{"initConfiguration", "joinConfiguration"} {
		p.Parts = append(p.Parts, Part{at + "." + node + ".nodeRegistration.kubeletExtraArgs", Args})
	}
	indent := ""
	for name := range strings.SplitSeq(at, ".") {
		p.Fragment += indent + name + ":\n"
		indent += "  "
	}
	for _, line := range []string{
		"files:", "- path: /etc/kubernetes/patches/kubeletconfiguration+strategic.yaml", "  content: |", "    failSwapOn: false", "    memorySwap: {swapBehavior: LimitedSwap}",
		"joinConfiguration:", "  patches: {directory: /etc/kubernetes/patches}",
	} {
		p.Fragment += indent + line + "\n"
	}
	return p
}
