package provisioner

// distributions are the files for distributions with their own installers.
func distributions() []Tool {
	return []Tool{
		{
			Name: "OpenShift", Group: "machineconfiguration.openshift.io", Kinds: []string{"KubeletConfig"}, Parts: []Part{{"spec.kubeletConfig", Refused}},
			Says:   "OpenShift refuses fields for swap in a KubeletConfig: a MachineConfig writes a drop-in file for the kubelet, /etc/openshift/kubelet.conf.d/99-swap.conf",
			Source: "openshift/machine-config-operator 489662a0, pkg/controller/kubelet-config/helpers.go (failSwapOn, swapBehavior); openshift/origin #30579",
		},
		{
			Name: "OpenShift", Group: "machineconfiguration.openshift.io", Kinds: []string{"MachineConfig"}, Parts: []Part{{"spec.config.storage.files[]", Files}}, Tolerates: true,
			Says:     "workers of OpenShift have failSwapOn: false and NoSwap; the kubelet reads drop-in files in /etc/openshift/kubelet.conf.d",
			Fragment: "spec:\n  config:\n    ignition: {version: 3.4.0}\n    storage:\n      files:\n      - path: /etc/openshift/kubelet.conf.d/99-swap.conf\n        mode: 420\n        contents:\n          source: data:,apiVersion%3A%20kubelet.config.k8s.io%2Fv1beta1%0Akind%3A%20KubeletConfiguration%0AmemorySwap%3A%20%7BswapBehavior%3A%20LimitedSwap%7D%0A\n",
			Source:   "openshift/machine-config-operator #5294; openshift/origin, test/extended/node/node_swap_cnv.go",
		},
		{
			Name: "k3s or RKE2", Keys: []string{
				"kubelet-arg", "kubelet-arg+", "kube-apiserver-arg", "write-kubeconfig-mode", "write-kubeconfig", "tls-san", "cluster-init", "node-label", "node-taint",
				"agent-token", "token-file", "flannel-backend", "cluster-cidr", "service-cidr", "node-ip", "node-name", "system-default-registry", "data-dir",
			},
			Parts: []Part{{"kubelet-arg", Flags}, {"kubelet-arg+", Flags}}, Tolerates: true,
			Says:     "k3s and RKE2 start the kubelet with failSwapOn: false; no flag sets swapBehavior: a drop-in file does, in agent/etc/kubelet.conf.d of the data directory since 1.32",
			Fragment: "# /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-swap.conf (RKE2: /var/lib/rancher/rke2/...)\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "k3s-io/k3s v1.36.5, pkg/daemons/agent/agent.go, agent_linux.go",
		},
		{
			Name: "k0s", Group: "k0s.k0sproject.io", Kinds: []string{"ClusterConfig"}, Parts: []Part{{"spec.workerProfiles[].values", Fields}}, Tolerates: true,
			Says:     "k0s gives a worker profile to the workers that are started with --profile; its kubelets have failSwapOn: false",
			Fragment: "spec:\n  workerProfiles:\n  - name: swap\n    values:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "k0sproject/k0s 006b7b67, pkg/component/controller/workerconfig/reconciler.go",
		},
		{
			Name: "kOps", Group: "kops.k8s.io", Kinds: []string{"Cluster", "InstanceGroup"}, Parts: []Part{{"spec.kubelet", Own}, {"spec.controlPlaneKubelet", Own}},
			Says:     "kOps has failSwapOn and memorySwapBehavior, which becomes memorySwap.swapBehavior; the swap itself comes by additionalUserData",
			Fragment: "spec:\n  kubelet:\n    failSwapOn: false\n    memorySwapBehavior: LimitedSwap\n",
			Source:   "kubernetes/kops 268927e264, nodeup/pkg/model/kubelet.go",
		},
		{
			Name: "Talos", Keys: []string{"machine"}, Parts: []Part{{"machine.kubelet.extraConfig", Fields}, {"machine.kubelet.extraArgs", Args}, {"machine.files[]", DeadFiles}}, Tolerates: true, Strict: true,
			Refuses: []string{
				"apiVersion", "authentication", "authorization", "cgroupRoot", "kind", "kubeletCgroups", "port", "protectKernelDefaults", "resolvConf", "rotateCertificates",
				"systemCgroups", "staticPodPath", "seccompDefault",
			},
			Says:     "Talos writes failSwapOn: false itself, and makes swap of a SwapVolumeConfig",
			Fragment: "machine:\n  kubelet:\n    extraConfig:\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "siderolabs/talos ad8823176, internal/app/machined/pkg/controllers/k8s/kubelet_spec.go (prepareExtraConfig), pkg/machinery/kubelet/kubelet.go",
		},
	}
}
