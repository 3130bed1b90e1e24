package check

import (
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// readRuntime finds the container runtime: the one whose socket the kubelet is
// configured to use, or uses by default; if that is not known, one whose socket
// exists, otherwise one that is installed.
func readRuntime(h host.Host, k Kubelet) Runtime {
	exists := func(name string) bool {
		_, err := h.Files.Stat(name)
		return err == nil
	}
	candidates := kubelet.Runtimes()
	var r Runtime
	c := k.Config
	// A distribution passes its kubelet a flag that cannot be seen before the
	// kubelet runs.
	guessed := c.RuntimeEndpointFrom == kubeletcfg.Default && (k.Row == nil || k.Kind != string(kubelet.Systemd))
	if c.RuntimeEndpoint != "" && !guessed {
		r.Endpoint = c.RuntimeEndpoint + " (" + c.RuntimeEndpointFrom + ")"
		candidates = kubelet.RuntimesAt(h, c.RuntimeEndpoint)
	}
	var installed *kubelet.Runtime
	for _, p := range candidates {
		if !exists(p.Binary) {
			continue
		}
		if installed == nil || exists(p.Socket) && !exists(installed.Socket) {
			installed = &p
		}
	}
	switch {
	case len(candidates) > 0 && (installed == nil && r.Endpoint != "" || candidates[0].Name == kubelet.Dockerd):
		r.Name, r.From = candidates[0].Name, r.Endpoint
	case installed != nil:
		describeRuntime(h, *installed, &r)
	}
	return r
}

func describeRuntime(h host.Host, p kubelet.Runtime, r *Runtime) {
	r.Name, r.From = p.Name, p.Binary
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
			return
		}
	}
	r.Version = linkedVersion(h, p.Binary)
}
