package kubeletcfg

const kubeletHead = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"

// fault is a file with one fault, at the «; without « the fault has no place.
type fault struct {
	name    string
	version string
	file    string // its name; "" is config.yaml
	text    string
	rule    string
	fix     string // a part of it
}

func kubeadmHead(version, kind string) string {
	return "apiVersion: kubeadm.k8s.io/" + version + "\nkind: " + kind + "\n"
}

func faults() []fault {
	swap := "failSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"
	return []fault{
		// Files that are not read at all.
		{"a tab", "1.34", "", kubeletHead + "memorySwap:\n«\tswapBehavior: LimitedSwap\n", "syntax", "fix"},
		{"a tab before a field", "1.34", "", kubeletHead + "«\tfailSwapOn: false\n", "syntax", "fix"},
		{"indented too little", "1.34", "", "# ours\n\n" + kubeletHead + "memorySwap:\n  swapBehavior: LimitedSwap\n« failSwapOn: false\nmaxPods: 9\n", "syntax", "fix"},
		{"an open list", "1.34", "", kubeletHead + "«enforceNodeAllocatable: [pods\nmaxPods: 9\n", "syntax", "fix"},
		{"an unknown anchor", "1.34", "", kubeletHead + "---\n" + kubeletHead + "«memorySwap: *swap\n", "syntax", "fix"},
		{"nothing", "1.34", "", "# later\n", "syntax", "delete"},
		{"a list", "1.34", "", "«- failSwapOn: false\n", "syntax", "fix"},
		{"no apiVersion", "1.34", "", "«kind: KubeletConfiguration\nfailSwapOn: false\n", "kind", "apiVersion: kubelet.config.k8s.io/v1beta1"},
		{"no kind", "1.34", "", "«apiVersion: kubelet.config.k8s.io/v1beta1\nfailSwapOn: false\n", "kind", "kind: KubeletConfiguration"},
		{"kubelet v1", "1.34", "", "apiVersion: «kubelet.config.k8s.io/v1\nkind: KubeletConfiguration\n", "kind", "v1beta1"},
		{"kind in lower case", "1.34", "", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: «kubeletConfiguration\n", "kind", "KubeletConfiguration"},
		{"drop-in without kind", "1.34", "10-swap.conf", "«apiVersion: kubelet.config.k8s.io/v1beta1\nfailSwapOn: false\n", "kind", "kind: KubeletConfiguration"},
		{"a second document", "1.34", "", kubeletHead + "---\n«" + kubeletHead + swap, "second-document", "first"},
		{"beside a JoinConfiguration", "1.34", "", kubeadmHead("v1beta4", "JoinConfiguration") + "---\n«" + kubeletHead + swap, "second-document", "--kind patch"},
		{"beside an UpgradeConfiguration", "1.34", "", kubeadmHead("v1beta4", "UpgradeConfiguration") + "---\n«" + kubeletHead + swap, "second-document", "--kind patch"},
		{"misspelt kubeadm kind", "1.34", "", "apiVersion: kubeadm.k8s.io/v1beta4\nkind: «InitConfigurations\n", "kind", "InitConfiguration"},
		// How kubeadm splits its file.
		{"a comment before the first ---", "1.34", "", "«# Our cluster.\n---\n" + kubeadmHead("v1beta4", "InitConfiguration"), "kubeadm-documents", "---"},
		{"an empty document", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "---\n«\n---\n" + kubeletHead + swap, "kubeadm-documents", "---"},
		{"a comment at the end", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "---\n«# The end.\n", "kubeadm-documents", "---"},
		{"a YAML version", "1.34", "", "«%YAML 1.1\n---\n" + kubeadmHead("v1beta4", "InitConfiguration"), "kubeadm-documents", "%YAML"},
		{"text behind ---", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "«--- {apiVersion: kubelet.config.k8s.io/v1beta1, kind: KubeletConfiguration}\n", "kubeadm-documents", "next line"},
		{"two of a kind", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "---\n" + kubeletHead + swap + "---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: «KubeletConfiguration\n", "kubeadm-documents", "one document"},
		{"a kind is missing for kubeadm", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "---\n«apiVersion: kubelet.config.k8s.io/v1beta1\n", "kind", "KubeletConfiguration"},
		// API versions of kubeadm.
		{"v1beta3 in 1.37", "1.37", "", "apiVersion: «kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n", "kubeadm-api-version", "v1beta4"},
		{"v1beta2 in 1.27", "1.27", "", "apiVersion: «kubeadm.k8s.io/v1beta2\nkind: InitConfiguration\n", "kubeadm-api-version", "v1beta3"},
		{"v1beta4 in 1.27", "1.27", "", "apiVersion: «kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n", "kubeadm-api-version", "v1beta3"},
		{"v1beta4 in 1.30", "1.30", "", "apiVersion: «kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n", "kubeadm-api-version", "v1beta3"},
		{"v1beta3 in 1.34", "1.34", "", "apiVersion: «kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n", "kubeadm-api-version", "v1beta4"},
		{"v1 in 1.37", "1.37", "", "apiVersion: «kubeadm.k8s.io/v1\nkind: InitConfiguration\n", "kubeadm-api-version", "v1beta4"},
		// Fields.
		{"swapBehaviour", "1.34", "", kubeletHead + "failSwapOn: false\nmemorySwap:\n  «swapBehaviour: LimitedSwap\n", "unknown-field", "swapBehavior"},
		{"failSwapon", "1.34", "", kubeletHead + "«failSwapon: false\n", "unknown-field", "failSwapOn"},
		{"swapBehavior without memorySwap", "1.34", "", kubeletHead + "failSwapOn: false\n«swapBehavior: LimitedSwap\n", "unknown-field", "memorySwap"},
		{"memoryswap in a drop-in", "1.34", "10-swap.conf", kubeletHead + "failSwapOn: false\n«memorySwaps:\n  swapBehavior: LimitedSwap\n", "unknown-field", "memorySwap"},
		{"failCgroupV1 before its time", "1.30", "", kubeletHead + "«failCgroupV1: false\n", "unknown-field", "take it out"},
		{"a field that is gone", "1.27", "", kubeletHead + "«dynamicKubeletConfigDir: /x\n", "unknown-field", "take it out"},
		{"misspelt in kubeadm", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  «kubeletExtraArg: []\n", "unknown-field", "kubeletExtraArgs"},
		{"misspelt in a patch", "1.34", "kubeletconfiguration+strategic.yaml", kubeletHead + "«failSwap: false\n", "unknown-field", "failSwapOn"},
		{"a name that a merge key brings again", "1.34", "", kubeletHead + "maxPods: 5\n<<: {«maxPods: 6}\n", "duplicate-field", "keep one"},
		{"a name below the merge key that brings it", "1.34", "10.conf", kubeletHead + "<<: {maxPods: 6}\n«maxPods: 5\n", "duplicate-field", "keep one"},
		{"twice", "1.34", "", kubeletHead + "failSwapOn: true\n«failSwapOn: false\n", "duplicate-field", "one of them"},
		// Types.
		{"quoted boolean", "1.34", "", kubeletHead + "failSwapOn: «\"false\"\n", "wrong-type", "false, without quotes"},
		{"behavior is no object", "1.34", "", kubeletHead + "failSwapOn: false\nmemorySwap: «LimitedSwap\n", "wrong-type", "object"},
		{"gates as a list", "1.34", "", kubeletHead + "featureGates: «[NodeSwap]\n", "wrong-type", "object"},
		{"gate as a word", "1.29", "", kubeletHead + "featureGates:\n  NodeSwap: «\"true\"\n", "wrong-type", "true, without quotes"},
		{"quantity as a number", "1.34", "", kubeletHead + "systemReserved:\n  cpu: «1\n", "wrong-type", `"1"`},
		{"map in v1beta4", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    «fail-swap-on: \"false\"\n", "wrong-type", "name: fail-swap-on"},
		{"list in v1beta3", "1.30", "", kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    «- name: fail-swap-on\n      value: \"false\"\n", "wrong-type", "until v1beta3"},
		// Gates.
		{"NodeMemorySwap", "1.28", "", kubeletHead + swap + "featureGates:\n  NodeSwap: true\n  «NodeMemorySwap: true\n", "feature-gate", "NodeSwap"},
		{"a gate nobody knows", "1.34", "", kubeletHead + "featureGates:\n  «NoodSwap: true\n", "feature-gate", "NodeSwap"},
		{"a locked gate", "1.34", "", kubeletHead + "featureGates:\n  «NodeSwap: false\n", "feature-gate", "take it out"},
		{"a gate that is gone", "1.30", "", kubeletHead + "featureGates:\n  «DynamicKubeletConfig: false\n", "feature-gate", "take it out"},
		{"a gate of later", "1.30", "", kubeletHead + "featureGates:\n  «InPlacePodLevelResourcesVerticalScaling: true\n", "feature-gate", "take it out"},
		{"a gate that will be locked", "1.33", "", kubeletHead + "featureGates:\n  «NodeSwap: false\n", "feature-gate", "take it out"},
		{"the kubelet's gate in kubeadm's", "1.28", "", kubeadmHead("v1beta3", "ClusterConfiguration") + "featureGates:\n  «NodeSwap: true\n", "feature-gate", "KubeletConfiguration"},
		{"a gate among flags", "1.34", "", kubeadmHead("v1beta4", "JoinConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n  - name: feature-gates\n    value: «NodeMemorySwap=true\n", "feature-gate", "NodeSwap"},
		// Behaviors.
		{"UnlimitedSwap in 1.30", "1.30", "", kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: «UnlimitedSwap\n", "swap-behavior", "LimitedSwap or NoSwap"},
		{"NoSwap in 1.29", "1.29", "", kubeletHead + "failSwapOn: false\nfeatureGates: {NodeSwap: true}\nmemorySwap:\n  swapBehavior: «NoSwap\n", "swap-behavior", "UnlimitedSwap"},
		{"a misspelt behavior", "1.34", "", kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: «limitedSwap\n", "swap-behavior", "LimitedSwap"},
		{"the gate is off", "1.29", "", kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: «LimitedSwap\n", "swap-behavior", "NodeSwap: true"},
		{"all betas are off", "1.31", "", kubeletHead + swap[:len(swap)-len("LimitedSwap\n")] + "«LimitedSwap\nfeatureGates: {AllBeta: false}\n", "swap-behavior", "NodeSwap: true"},
		{"unlimited by default", "1.28", "", kubeletHead + "failSwapOn: false\nfeatureGates:\n  NodeSwap: «true\n", "swap-behavior", "LimitedSwap"},
		{"a behavior in a patch", "1.34", "kubeletconfiguration.yaml+strategic.yaml", kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: «Limited\n", "swap-behavior", "LimitedSwap"},
		{"a behavior in a drop-in without the gate", "1.29", "50.conf", kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: «LimitedSwap}\n", "swap-behavior", "NodeSwap"},
		// failSwapOn.
		{"failSwapOn is not said", "1.34", "", kubeletHead + "memorySwap:\n  swapBehavior: «LimitedSwap\n", "fail-swap-on", "failSwapOn: false"},
		{"failSwapOn contradicts", "1.34", "", kubeletHead + "failSwapOn: «true\nmemorySwap:\n  swapBehavior: LimitedSwap\n", "fail-swap-on", "failSwapOn: false"},
		{"a flag contradicts", "1.34", "", kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n  - name: fail-swap-on\n    value: «\"true\"\n", "extra-args", `"false"`},
		{"a flag that is none", "1.30", "", kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    «memory-swap: LimitedSwap\n", "extra-args", "memorySwap.swapBehavior"},
		{"a flag with dashes", "1.30", "", kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    «--fail-swap-on: \"false\"\n", "extra-args", "fail-swap-on"},
		{"a flag before its time", "1.27", "", kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    «config-dir: /etc/kubernetes/kubelet.conf.d\n", "extra-args", "take it out"},
		{"preflight", "1.22", "", "«" + kubeadmHead("v1beta3", "InitConfiguration") + "---\n" + kubeletHead + "failSwapOn: false\n", "preflight-swap", "Swap"},
		// Eviction and reserves.
		{"lost defaults", "1.34", "", kubeletHead + "«evictionHard:\n  memory.available: 200Mi\n", "eviction", "mergeDefaultEvictionSettings: true"},
		{"lost defaults, no way to keep them", "1.30", "", kubeletHead + "mergeX: 1\n«evictionHard:\n  memory.available: 200Mi\n", "eviction", "nodefs.available"},
		{"an unknown signal", "1.34", "10.conf", kubeletHead + "evictionHard:\n  «memory.avail: 200Mi\n", "eviction", "memory.available"},
		{"no quantity", "1.34", "10.conf", kubeletHead + "evictionHard:\n  memory.available: «200MB!\n", "eviction", "100Mi"},
		{"too large a share", "1.34", "10.conf", kubeletHead + "evictionHard:\n  memory.available: «110%\n", "eviction", "10%"},
		{"soft without grace", "1.34", "", kubeletHead + "evictionSoft:\n  «memory.available: 200Mi\n", "eviction", "GracePeriod"},
		{"a reserve that cannot be enforced", "1.34", "", kubeletHead + "enforceNodeAllocatable: [pods, «system-reserved]\n", "reserved", "systemReservedCgroup"},
		{"a reserve that is no quantity", "1.34", "", kubeletHead + "systemReserved: {cpu: 500m, memory: «1GB}\n", "reserved", "512Mi"},
		{"a negative reserve in a drop-in", "1.34", "20-a.conf", kubeletHead + "kubeReserved:\n  memory: «-1Gi\n", "reserved", "512Mi"},
		{"a reserve of what cannot be", "1.27", "", kubeletHead + "kubeReserved: {«storage: 1Gi}\n", "reserved", "ephemeral-storage"},
		{"a misspelt reserve", "1.34", "", kubeletHead + "enforceNodeAllocatable:\n- «system-reserve\n", "reserved", "system-reserved"},
		{"a factor out of range", "1.37", "", kubeletHead + "memoryThrottlingFactor: «1.5\n", "memory-qos", "0.9"},
		// Names of files.
		{"no config-dir yet", "1.27", "10-swap.conf", kubeletHead + "failSwapOn: false\n", "dropin-file", "--config"},
		{"mergo", "1.28", "10-swap.conf", kubeletHead + "«failSwapOn: false\n", "dropin-file", "--config"},
		{"no patches yet", "1.24", "kubeletconfiguration+strategic.yaml", kubeletHead + "failSwapOn: false\n", "patch-file", "KubeletConfiguration"},
		{"a patch of an unknown kind", "1.34", "kubeletconfiguration+smp.yaml", kubeletHead + "failSwapOn: false\n", "patch-file", "strategic"},
		{"a patch with another ending", "1.34", "kubeletconfiguration+strategic.yml", kubeletHead + "failSwapOn: false\n", "patch-file", ".yaml"},
		{"a patch for nobody", "1.34", "kubelet+strategic.yaml", kubeletHead + "failSwapOn: false\n", "patch-file", "kubeletconfiguration"},
		{"a kind behind a dot", "1.34", "kubeletconfiguration.merge.yaml", kubeletHead + "failSwapOn: false\n", "patch-file", "+merge"},
		{"a JSON patch that is none", "1.34", "kubeletconfiguration+json.yaml", "«failSwapOn: false\n", "patch-file", "op: add"},
		{"an operation that is none", "1.34", "kubeletconfiguration+json.json", `[{"op": «"set", "path": "/failSwapOn", "value": false}]`, "patch-file", "add"},
		{"a JSON patch for no field", "1.34", "kubeletconfiguration+json.json", `[{"op": "add", "path": «"/memorySwap/swapBehaviour", "value": "NoSwap"}]`, "unknown-field", "swapBehavior"},
		{"a path without its slash", "1.34", "kubeletconfiguration+json.yaml", "- {op: add, path: «failSwapOn, value: false}\n", "patch-file", "/failSwapOn"},
		{"a path into what is not there", "1.34", "kubeletconfiguration+json.yaml", "- {op: add, path: «/featureGates/MemoryQoS, value: true}\n", "patch-file", "adds /featureGates"},
		{"a gate in a JSON patch", "1.34", "kubeletconfiguration+json.yaml", "- {op: add, path: /featureGates, value: {«NodeMemorySwap: true}}\n", "feature-gate", "NodeSwap"},
		{"a locked gate in a JSON patch", "1.34", "kubeletconfiguration+json.yaml", "- {op: add, path: /featureGates, value: {}}\n- {op: add, path: «/featureGates/NodeSwap, value: false}\n", "feature-gate", "take it out"},
		{"a behavior in a JSON patch", "1.34", "kubeletconfiguration+json.yaml", "- {op: add, path: /failSwapOn, value: false}\n- {op: add, path: /memorySwap/swapBehavior, value: «UnlimitedSwap}\n", "swap-behavior", "LimitedSwap"},
		{"a signal in a JSON patch", "1.34", "kubeletconfiguration+json.json", `[{"op": "add", "path": "/mergeDefaultEvictionSettings", "value": true}, {"op": "add", "path": "/evictionHard", "value": {«"memory.avail": "1Gi"}}]`, "eviction", "memory.available"},
		{"a path into what kubeadm did not write yet", "1.31", "kubeletconfiguration+json.yaml", "- {op: replace, path: «/crashLoopBackOff/maxContainerRestartPeriod, value: 60s}\n", "patch-file", "adds /crashLoopBackOff"},
		{"a patch without anything in it", "1.34", PatchFile, "\n", "patch-file", "delete"},
		{"an item that directs", "1.34", "kubeletconfiguration+merge.yaml", "reservedMemory:\n- «$patch: delete\n", "unknown-field", "strategic"},
		{"scalars out of a list of objects", "1.34", PatchFile, "reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}]\n---\n«$deleteFromPrimitiveList/reservedMemory: [1]\n", "patch-file", "take it out"},
		{"a test that fails", "1.34", "kubeletconfiguration+json.yaml", "- {op: test, path: «/failSwapOn, value: false}\n", "patch-file", "take it out"},
		{"a second document of a patch", "1.34", PatchFile, "failSwapOn: false\n---\nmemorySwap: {swapBehavior: «Limited}\n", "swap-behavior", "LimitedSwap"},
		{"text behind --- in a patch", "1.34", PatchFile, "«--- {failSwapOn: false}\n", "kubeadm-documents", "next line"},
		{"a directive in a merge patch", "1.34", "kubeletconfiguration+merge.yaml", "memorySwap: {«$patch: delete}\n", "unknown-field", "strategic"},
		{"an unknown directive", "1.34", PatchFile, "memorySwap: {$patch: «remove}\n", "patch-file", "delete"},
		{"all is deleted", "1.34", PatchFile, "«$patch: delete\n", "kind", "KubeletConfiguration"},
		{"a list that merges", "1.34", "kubeletconfiguration+merge.yaml", "«- {op: add, path: /failSwapOn, value: false}\n", "patch-file", "+json"},
		{"defaults that a patch loses", "1.34", PatchFile, "«evictionHard: {memory.available: 200Mi}\n", "eviction", "mergeDefaultEvictionSettings"},
		{"a JSON patch of another type", "1.34", "kubeletconfiguration+json.json", `[{"op": "add", "path": "/failSwapOn", "value": «"false"}]`, "wrong-type", "false"},
	}
}

// correct returns files in which Lint must find nothing.
func correct() []fault {
	return []fault{
		{name: "least", version: "1.34", text: kubeletHead},
		{name: "limited", version: "1.30", text: kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n"},
		{name: "no swap", version: "1.33", text: kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: NoSwap}\n"},
		{name: "YAML 1.1", version: "1.34", text: kubeletHead + "failSwapOn: no\n"},
		{name: "tolerates swap", version: "1.34", text: kubeletHead + "failSwapOn: false\n"},
		{name: "as kubeadm writes it", version: "1.34", text: kubeletHead + "memorySwap: {}\nlogging:\n  flushFrequency: 0\n  options:\n    json: {infoBufferSize: \"0\"}\n  verbosity: 0\nshutdownGracePeriod: 0s\nauthentication:\n  anonymous: {enabled: false}\n  webhook: {cacheTTL: 0s, enabled: true}\n  x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}\nclusterDNS: [10.96.0.10]\n"},
		{name: "gate where it is needed", version: "1.29", text: kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\nfeatureGates: {NodeSwap: true}\n"},
		{name: "unlimited while it lasts", version: "1.28", text: kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: UnlimitedSwap}\nfeatureGates: {NodeSwap: true}\n"},
		{name: "all alphas", version: "1.25", text: kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\nfeatureGates: {AllAlpha: true}\n"},
		{name: "a GA gate at its value", version: "1.34", text: kubeletHead + "featureGates: {NodeSwap: true}\n"},
		{name: "all thresholds", version: "1.30", text: kubeletHead + "evictionHard: {memory.available: 200Mi, nodefs.available: \"10%\", nodefs.inodesFree: \"5%\", imagefs.available: \"15%\", imagefs.inodesFree: \"5%\", pid.available: \"10%\"}\n"},
		{name: "merged thresholds", version: "1.33", text: kubeletHead + "mergeDefaultEvictionSettings: true\nevictionHard: {memory.available: 200Mi}\n"},
		{name: "one threshold in a drop-in", version: "1.34", file: "a/10.conf", text: kubeletHead + "evictionHard: {memory.available: 200Mi}\n"},
		{name: "soft thresholds", version: "1.34", text: kubeletHead + "evictionSoft: {memory.available: 5%}\nevictionSoftGracePeriod: {memory.available: 1m}\n"},
		{name: "reserves", version: "1.34", text: kubeletHead + "enforceNodeAllocatable: [pods, system-reserved]\nsystemReserved: {memory: 1Gi, cpu: \"1\"}\nsystemReservedCgroup: /system.slice\n"},
		{name: "JSON", version: "1.34", file: "config.json", text: `{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "failSwapOn": false, "memorySwap": {"swapBehavior": "LimitedSwap"}}`},
		{name: "anchors", version: "1.34", text: kubeletHead + "systemReserved: &r {memory: 1Gi}\nkubeReserved: *r\n"},
		{name: "kubeadm with all of it", version: "1.34", text: kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  name: a\n  kubeletExtraArgs:\n  - {name: fail-swap-on, value: \"false\"}\n  taints: []\n---\n" + kubeadmHead("v1beta4", "ClusterConfiguration") + "kubernetesVersion: v1.34.1\nnetworking: {podSubnet: 10.0.0.0/16}\n---\n" + kubeletHead + "failSwapOn: false\n---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: nftables\n"},
		{name: "kubeadm of old", version: "1.22", text: kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs: {fail-swap-on: \"false\"}\n  ignorePreflightErrors: [swap]\n---\n" + kubeletHead + "failSwapOn: false\n"},
		{name: "join", version: "1.31", text: kubeadmHead("v1beta4", "JoinConfiguration") + "discovery:\n  bootstrapToken: {token: abcdef.0123456789abcdef, apiServerEndpoint: a:6443, unsafeSkipCAVerification: true}\npatches: {directory: /etc/kubernetes/patches}\n"},
		{name: "a patch without identity", version: "1.34", file: "kubeletconfiguration0+merge.yaml", text: "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n"},
		{name: "a JSON patch", version: "1.34", file: "kubeletconfiguration+json.yaml", text: "- {op: add, path: /memorySwap, value: {swapBehavior: NoSwap}}\n- {op: replace, path: /failSwapOn, value: false}\n"},
		{name: "a map that takes others", version: "1.34", text: kubeletHead + "systemReserved: &reserved {cpu: 500m, memory: 1Gi}\nkubeReserved:\n  <<: *reserved\n  memory: 2Gi\n"},
		{name: "a flag that beats the file", version: "1.34", text: kubeadmHead("v1beta4", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n  - {name: fail-swap-on, value: \"false\"}\n---\n" + kubeletHead + "failSwapOn: true\nmemorySwap: {swapBehavior: LimitedSwap}\n"},
		{name: "a flag in a map that beats the file", version: "1.30", text: kubeadmHead("v1beta3", "InitConfiguration") + "nodeRegistration:\n  kubeletExtraArgs:\n    fail-swap-on: \"false\"\n---\n" + kubeletHead + "memorySwap: {swapBehavior: LimitedSwap}\n"},
		{name: "two documents in a patch", version: "1.34", file: PatchFile, text: "failSwapOn: false\n---\n\n---\nmemorySwap: {swapBehavior: LimitedSwap}\n"},
		{name: "a patch that deletes", version: "1.34", file: PatchFile, text: "memorySwap: {$patch: delete}\nfeatureGates: {$patch: replace, MemoryQoS: true}\n"},
		{name: "a patch that takes away what its first document adds", version: "1.34", file: "kubeletconfiguration+merge.yaml", text: "memorySwap: {swapBehavior: Bogus}\n---\nmemorySwap: null\n"},
		{name: "a patch of what kubeadm writes since 1.32", version: "1.34", file: "kubeletconfiguration+json.yaml", text: "- {op: add, path: /crashLoopBackOff/maxContainerRestartPeriod, value: 60s}\n"},
		{name: "an item that is deleted", version: "1.34", file: PatchFile, text: "reservedMemory: [{$patch: delete, numaNode: 0}]\n"},
		{name: "a patch for others", version: "1.34", file: "etcd+merge.yaml", text: "spec: {}\n"},
		{name: "a drop-in for others", version: "1.34", file: "90-log.conf", text: kubeletHead + "logging: {verbosity: 2}\n"},
		{name: "an API server's gate", version: "1.34", text: kubeletHead + "featureGates: {APIServerIdentity: true, ContextualLogging: true}\n"},
		{name: "the old API, not yet deprecated", version: "1.24", text: kubeadmHead("v1beta2", "InitConfiguration")},
	}
}
