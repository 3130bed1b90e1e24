package kubelet

import (
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Dockerd is the name of cri-dockerd, and of the dockershim from which it was
// made, which no kubelet has since 1.24.
const Dockerd = "cri-dockerd"

// Runtime is a container runtime and its paths.
type Runtime struct{ Name, Socket, Binary string }

// Runtimes are the known container runtimes. One of a distribution comes before
// those that any node may have in addition, CRI-O before containerd, which many
// nodes with CRI-O have as well.
func Runtimes() []Runtime {
	own := all(func(d distribution) []Runtime { return d.runtimes })
	plain := len(distributionOf(Systemd).runtimes) // the first row's
	return append(own[plain:len(own):len(own)], own[:plain]...)
}

// RuntimesAt are the runtimes that may listen on the socket that a kubelet is
// configured to use, "unix:///run/crio/crio.sock" or just a path: those that
// are known to have it, otherwise those whose socket has the same name. None
// means an unknown runtime.
func RuntimesAt(h host.Host, endpoint string) []Runtime {
	socket := path.Clean(strings.TrimPrefix(endpoint, "unix://"))
	if real, err := h.Files.EvalSymlinks(socket); err == nil {
		socket = real
	}
	if rest, ok := strings.CutPrefix(socket, "/var/run/"); ok { // a link to /run, which a captured node may not have
		socket = "/run/" + rest
	}
	if base := path.Base(socket); strings.Contains(base, "dockerd") || strings.Contains(base, "dockershim") {
		return []Runtime{{Dockerd, socket, "/usr/bin/cri-dockerd"}, {Dockerd, socket, "/usr/local/bin/cri-dockerd"}}
	}
	known := func(same func(string) bool) []Runtime {
		return slices.DeleteFunc(Runtimes(), func(r Runtime) bool { return !same(r.Socket) })
	}
	if there := known(func(s string) bool { return s == socket }); len(there) > 0 {
		return there
	}
	return known(func(s string) bool { return path.Base(s) == path.Base(socket) })
}
