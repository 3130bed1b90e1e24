package kubeletcfg

// runtimeField exists since 1.27; before, only the flag counts.
const runtimeField = "containerRuntimeEndpoint"

// The sockets that a kubelet uses if no container runtime is configured.
const (
	// From 1.27 on (pkg/kubelet/apis/config/v1beta1/defaults.go).
	containerdEndpoint = "unix:///run/containerd/containerd.sock"
	// Until 1.23, unless --container-runtime is remote (pkg/kubelet/config/flags.go).
	dockershimEndpoint = "unix:///var/run/dockershim.sock"
)

// runtime returns the socket of the container runtime, and what sets it: a
// flag, a file or Default.
func (m *merger) runtime(flags []flagValue) (endpoint, from string) {
	kind, said := flagText(flags, "container-runtime")
	release := minor(m.row.Kubernetes)
	switch {
	case release >= 24:
	case !said:
		return dockershimEndpoint, Default
	case kind == "docker":
		return dockershimEndpoint, "--container-runtime"
	}
	if endpoint, ok := flagText(flags, "container-runtime-endpoint"); ok && endpoint != "" {
		return endpoint, "--container-runtime-endpoint"
	}
	if release < 27 {
		return "", ""
	}
	if endpoint := m.text(runtimeField); endpoint != "" {
		return endpoint, m.from[runtimeField]
	}
	return containerdEndpoint, Default
}
