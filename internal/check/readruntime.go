package check

import (
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
)

// readRuntime finds the container runtime: one whose socket is there, otherwise
// one that is installed.
func readRuntime(h host.Host) Runtime {
	exists := func(name string) bool {
		_, err := h.Files.Stat(name)
		return err == nil
	}
	var installed *kubelet.Runtime
	for _, p := range kubelet.Runtimes() {
		if !exists(p.Binary) {
			continue
		}
		if exists(p.Socket) {
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

func describeRuntime(h host.Host, p kubelet.Runtime) Runtime {
	r := Runtime{Name: p.Name, From: p.Binary}
	packages := []string{"containerd.io", "containerd", "cri-o", "cri-o-1.24", "cri-o-1.23", "cri-o-1.22"}
	if !strings.HasPrefix(p.Binary, "/usr/bin/") {
		packages = nil
	}
	if p.Name == "cri-o" {
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
	r.Version = linkedVersion(h, p.Binary)
	return r
}
