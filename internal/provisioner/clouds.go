package provisioner

// clouds are the files for cloud providers and Gardener.
func clouds() []Tool {
	return []Tool{
		{
			Name: "EKS nodeadm", Group: "node.eks.aws", Kinds: []string{"NodeConfig"}, Parts: []Part{{"spec.kubelet.config", Fields}, {"spec.kubelet.flags", Flags}},
			Says:     "nodeadm writes spec.kubelet.config as a drop-in file of the kubelet, which ignores fields that it does not know",
			Fragment: "spec:\n  kubelet:\n    config:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "awslabs/amazon-eks-ami 81fec2e8, nodeadm/internal/kubelet/config.go; 09eea9e8, nodeadm/internal/configprovider/mime.go",
		},
		{
			Name: "AKS's custom node configuration", Keys: []string{"swapFileSizeMB", "linuxOSConfig", "cpuCfsQuota", "imageGcHighThreshold", "containerLogMaxSizeMB", "podMaxPids"},
			Parts:    []Part{{"", Own}, {"kubeletConfig", Own}},
			Says:     "AKS makes a swap file of swapFileSizeMB where failSwapOn is false, and has no field for swapBehavior: containers get no swap (Azure/AKS #4352)",
			Fragment: "{\"kubeletConfig\": {\"failSwapOn\": false}, \"linuxOSConfig\": {\"swapFileSizeMB\": 1500}}\n",
			Source:   "learn.microsoft.com, Customize node configuration for AKS node pools; Azure/AKS #4352",
		},
		{
			Name: "GKE's node system configuration", Keys: []string{"linuxConfig", "kubeletConfig"}, Parts: []Part{{"kubeletConfig", Refused}},
			Says:     "GKE configures the kubelet itself where linuxConfig.swapConfig gives a node swap, which is encrypted by default; kubeletConfig has no field for it",
			Fragment: "linuxConfig:\n  swapConfig:\n    enabled: true\n    bootDiskProfile: {swapSizeGib: 8}\n",
			Source:   "Kubernetes Engine API v1, LinuxNodeConfig.SwapConfig; GoogleCloudPlatform/PerfKitBenchmarker 946ea3176, gcp_swap_config.py",
		},
		{
			Name: "Karpenter", Group: "karpenter.k8s.aws", Kinds: []string{"EC2NodeClass"}, Parts: []Part{{"spec.kubelet", Refused}, {"spec.userData", UserData}},
			Says:     "spec.kubelet of Karpenter has no field for swap: a NodeConfig in spec.userData has",
			Fragment: "spec:\n  userData: |\n    apiVersion: node.eks.aws/v1alpha1\n    kind: NodeConfig\n    spec:\n      kubelet:\n        config:\n          failSwapOn: false\n          memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "aws/karpenter-provider-aws 1d927085d, pkg/apis/v1/ec2nodeclass.go; 06dbc6e0, pkg/providers/amifamily/bootstrap/nodeadm.go",
		},
		{
			Name: "Karpenter", Group: "karpenter.azure.com", Kinds: []string{"AKSNodeClass"}, Parts: []Part{{"spec.kubelet", Own}},
			Says:     "it has linuxOSConfig.swapFileSize and kubelet.failSwapOn, and no field for swapBehavior",
			Fragment: "spec:\n  kubelet: {failSwapOn: false}\n  linuxOSConfig: {swapFileSize: 2Gi}\n",
			Source:   "Azure/karpenter-provider-azure 352646f5, AKSNodeClass v1beta1",
		},
		{
			Name: "Gardener", Group: "core.gardener.cloud", Kinds: []string{"Shoot"}, Parts: []Part{{"spec.kubernetes.kubelet", Own}, {"spec.provider.workers[].kubernetes.kubelet", Own}},
			Says:     "Gardener passes failSwapOn and memorySwap on to the kubelet; the swap itself is an extension's to make",
			Fragment: "spec:\n  kubernetes:\n    kubelet:\n      failSwapOn: false\n      memorySwap: {swapBehavior: LimitedSwap}\n",
			Source:   "gardener/gardener b312835d17, example/90-shoot.yaml",
		},
	}
}
