package kubeletcfg

import "k8s.io/apimachinery/pkg/util/version"

// ContainerRuntime says since when a container runtime passes on the field of the
// CRI (Unified) by which the kubelet sets memory.swap.max, and what containers get
// from one that does not.
type ContainerRuntime struct {
	Name      string // as a person calls it
	Since     string // the first version; "" if there is none
	Otherwise string // what containers get: a sentence without its subject
}

// Passing reports whether a version passes it on; known is false for a version
// that cannot be read.
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

// FindContainerRuntime finds one by its name, or by what a Node has before "://"
// in status.nodeInfo.containerRuntimeVersion.
func FindContainerRuntime(name string) (ContainerRuntime, bool) {
	const byLimit = "containers with a memory limit get no swap, all others swap without a limit"
	switch name {
	case "containerd": // pkg/cri/server/container_create_linux.go v1.6, WithResources: Unified
		return ContainerRuntime{"containerd", "1.6", "all containers swap without a limit"}, true
	case "cri-o": // server/container_create_linux.go: before v1.23, only memory limit and the same for memory and swap
		return ContainerRuntime{"CRI-O", "1.23", byLimit}, true
	case "docker", "cri-dockerd": // core/helpers_linux.go, updateCreateConfig: Memory and MemorySwap are the memory limit
		return ContainerRuntime{"cri-dockerd", "", byLimit}, true
	default:
		return ContainerRuntime{}, false
	}
}
