package kubeletcfg

import "k8s.io/apimachinery/pkg/util/version"

// ContainerRuntime says which versions of a container runtime pass on the CRI
// field Unified, in which the kubelet sets memory.swap.max, and what containers
// get from the others.
type ContainerRuntime struct {
	Name      string // the name for users
	Since     string // the first version that passes it on; "" if there is none
	Otherwise string // what containers get: a sentence without its subject
}

// Passing reports whether a version passes the field on; known is false if the
// version cannot be parsed.
func (r ContainerRuntime) Passing(release string) (passes, known bool) {
	if r.Since == "" {
		return false, true
	}
	have, err := version.ParseGeneric(release)
	if err != nil {
		return false, false
	}
	return !have.LessThan(version.MustParseGeneric(r.Since)), true
}

// FindContainerRuntime finds a runtime by its name, or by the part of a Node's
// status.nodeInfo.containerRuntimeVersion before "://".
func FindContainerRuntime(name string) (ContainerRuntime, bool) {
	const byLimit = "containers with a memory limit get no swap, all others swap without a limit"
	switch name {
	case "containerd": // pkg/cri/server/container_create_linux.go v1.6, WithResources: Unified
		return ContainerRuntime{"containerd", "1.6", "all containers swap without a limit"}, true
	case "cri-o": // server/container_create_linux.go: before v1.23 only the memory limit, also for memory and swap
		return ContainerRuntime{"CRI-O", "1.23", byLimit}, true
	case "docker", "cri-dockerd": // core/helpers_linux.go, updateCreateConfig: Memory and MemorySwap are the memory limit
		return ContainerRuntime{"cri-dockerd", "", byLimit}, true
	default:
		return ContainerRuntime{}, false
	}
}
