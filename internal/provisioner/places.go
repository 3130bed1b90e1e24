package provisioner

import (
	"path"
	"strings"
)

// Place is a file or directory of a node that some program reads.
type Place struct {
	Path    string   // absolute; that of a directory ends in a slash
	Endings []string // of the files in a directory that are read; none: all files
	Kubelet bool     // a kubelet reads it as a KubeletConfiguration
	Dropins bool     // it is the --config-dir of a kubelet
	Tool    string   // the tool that reads its own files there: the Name of a Tool
	Reader  string   // what reads it, for messages
	Instead string   // where a KubeletConfiguration belongs on such a node, if not here
	Source  string
}

// Places are all known files and directories.
func Places() []Place {
	conf, yaml := []string{".conf"}, []string{".yaml", ".yml"}
	all := []Place{
		{Path: "/etc/kubernetes/kubelet.conf.d/", Endings: conf, Kubelet: true, Dropins: true, Reader: "the kubelet", Source: "kubernetes.io, Set Kubelet Parameters Via A Configuration File"},
		{Path: "/etc/openshift/kubelet.conf.d/", Endings: conf, Kubelet: true, Dropins: true, Reader: "the kubelet of OpenShift", Source: "openshift/machine-config-operator #5294"},
		{Path: "/etc/kubernetes/kubelet/config.json.d/", Endings: conf, Kubelet: true, Dropins: true, Reader: "the kubelet of EKS", Source: "awslabs/amazon-eks-ami 81fec2e8, nodeadm/internal/kubelet/config.go"},
		{Path: "/var/lib/kubelet/config.yaml", Kubelet: true, Reader: "the kubelet", Source: "kubernetes v1.37.1, cmd/kubeadm/app/constants/constants.go"},
		{Path: "/etc/k0s/k0s.yaml", Tool: "k0s", Reader: "k0s", Instead: "spec.workerProfiles of k0s's ClusterConfig", Source: "docs.k0sproject.io, Configuration"},
	}
	for _, d := range []struct{ name, data string }{{"k3s", "/var/lib/rancher/k3s"}, {"rke2", "/var/lib/rancher/rke2"}} {
		dropins := d.data + "/agent/etc/kubelet.conf.d/"
		etc := "/etc/rancher/" + d.name + "/config.yaml"
		reader := map[string]string{"k3s": "k3s", "rke2": "RKE2"}[d.name]
		all = append(all,
			Place{Path: dropins, Endings: conf, Kubelet: true, Dropins: true, Reader: "the kubelet of " + reader, Source: "k3s-io/k3s v1.36.5, pkg/daemons/agent/agent.go"},
			Place{Path: etc, Tool: "k3s or RKE2", Reader: reader, Instead: dropins + "50-swap.conf", Source: "docs.k3s.io, Configuration Options"},
			Place{Path: etc + ".d/", Endings: yaml, Tool: "k3s or RKE2", Reader: reader, Instead: dropins + "50-swap.conf", Source: "docs.k3s.io, Configuration Options"},
		)
	}
	return all
}

// PlaceOf finds what reads a file, by its path. The path may be below the root
// of an image, or below a directory with the files of nodes. A kubelet also
// reads directories in its --config-dir.
func PlaceOf(name string) (Place, bool) {
	name = path.Clean(name)
	for _, p := range Places() {
		dir, isDir := strings.CutSuffix(p.Path, "/")
		if isDir && (strings.HasSuffix(path.Dir(name), dir) || p.Dropins && strings.Contains(path.Dir(name), p.Path)) || !isDir && strings.HasSuffix(name, p.Path) {
			return p, true
		}
	}
	return Place{}, false
}
