package check

import (
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// runtimePlace is where a container runtime may be.
type runtimePlace struct{ name, socket, binary string }

func runtimePlaces() []runtimePlace {
	return []runtimePlace{
		{"cri-o", "/run/crio/crio.sock", "/usr/bin/crio"},
		{"cri-o", "/run/crio/crio.sock", "/usr/local/bin/crio"},
		{"containerd", "/run/k3s/containerd/containerd.sock", "/var/lib/rancher/rke2/bin/containerd"},
		{"containerd", "/run/k3s/containerd/containerd.sock", "/var/lib/rancher/k3s/data/current/bin/containerd"},
		{"containerd", "/run/k0s/containerd.sock", "/var/lib/k0s/bin/containerd"},
		{"containerd", "/var/snap/microk8s/common/run/containerd.sock", "/snap/microk8s/current/bin/containerd"},
		{"containerd", "/run/containerd/containerd.sock", "/usr/local/bin/containerd"},
		{"containerd", "/run/containerd/containerd.sock", "/usr/bin/containerd"},
	}
}

// readRuntime finds the container runtime: one whose socket is there, otherwise
// one that is installed. CRI-O comes first, because many nodes with it have
// containerd as well.
func readRuntime(h host.Host) Runtime {
	exists := func(name string) bool {
		_, err := h.Files.Stat(name)
		return err == nil
	}
	var installed *runtimePlace
	for _, p := range runtimePlaces() {
		if !exists(p.binary) {
			continue
		}
		if exists(p.socket) {
			return describeRuntime(h, p)
		}
		if installed == nil {
			installed = &p
		}
	}
	if installed == nil {
		return Runtime{}
	}
	return describeRuntime(h, *installed)
}

func describeRuntime(h host.Host, p runtimePlace) Runtime {
	r := Runtime{Name: p.name, From: p.binary}
	packages := []string{"containerd.io", "containerd", "cri-o", "cri-o-1.24", "cri-o-1.23", "cri-o-1.22"}
	if !strings.HasPrefix(p.binary, "/usr/bin/") {
		packages = nil
	}
	if p.name == "cri-o" {
		packages = packages[min(2, len(packages)):]
	} else {
		packages = packages[:min(2, len(packages))]
	}
	for _, name := range packages {
		if version := packageVersion(h, name); version != "" {
			r.Version, r.From = version, dpkgStatus+": "+name
			return r
		}
	}
	r.Version = linkedVersion(h, p.binary)
	return r
}
