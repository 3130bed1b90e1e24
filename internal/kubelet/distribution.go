package kubelet

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// distribution is something that installs a kubelet. All that swapctl knows of
// it is its row here: another one needs a row, and a captured node in testdata.
type distribution struct {
	kind  Kind
	units []string // the services that run its kubelet
	// servers are those of the units that run an API server as well, and manifest is
	// the static pod that is one.
	servers  []string
	manifest string

	binary []string // the kubelet, or the program that contains it and knows its version
	asks   string   // the argument that prints its version, if not --version
	config string   // the kubelet's configuration, which exists only on nodes with a kubelet
	flags  []string // files that set flags of the kubelet, besides its unit

	// settings is where its configuration file configures the kubelet.
	settings string
	dir      string // the directory of drop-in files that its kubelet is given
	defaults string // a file of that directory that it writes itself
	args     string // a file with the kubelet's arguments, which may have
	vars     map[string]string

	dirs     []string // directories that must stay fast while the node swaps
	runtimes []Runtime
	advice   []string // what to set where, if the kubelet is not a unit of its own
}

// distributions are those that are known. Sources: kubeadm's 10-kubeadm.conf;
// k3s pkg/daemons/agent (fail-swap-on=false in every release; from 1.32 on in
// 00-k3s-defaults.conf of its directory), RKE2 the same code; k0s,
// workerProfiles; MicroK8s and the EKS snap, their args; RKE, cluster.yml.
func distributions() []distribution {
	return []distribution{
		{
			kind: Systemd, units: []string{ServiceUnit}, manifest: "/etc/kubernetes/manifests/kube-apiserver.yaml",
			binary: []string{"/usr/bin/kubelet", "/usr/local/bin/kubelet", "/opt/bin/kubelet", "/usr/sbin/kubelet"}, config: KubeadmConfig,
			flags: []string{"/etc/default/kubelet", "/etc/sysconfig/kubelet", "/var/lib/kubelet/kubeadm-flags.env"},
			dirs:  []string{"/var/lib/kubelet", "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/etcd"},
			runtimes: []Runtime{
				{"cri-o", "/run/crio/crio.sock", "/usr/bin/crio"}, {"cri-o", "/run/crio/crio.sock", "/usr/local/bin/crio"},
				{"containerd", "/run/containerd/containerd.sock", "/usr/local/bin/containerd"}, {"containerd", "/run/containerd/containerd.sock", "/usr/bin/containerd"},
			},
		},
		rancher(K3s, "/var/lib/rancher/k3s/data/current/bin/containerd", distribution{
			units: []string{"k3s.service", "k3s-agent.service"}, servers: []string{"k3s.service"},
			binary: []string{"/usr/local/bin/k3s", "/usr/bin/k3s", "/opt/bin/k3s"},
		}),
		rancher(RKE2, "/var/lib/rancher/rke2/bin/containerd", distribution{
			units: []string{"rke2-server.service", "rke2-agent.service"}, servers: []string{"rke2-server.service"}, manifest: "/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml",
			binary: []string{"/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2/bin/rke2"},
		}),
		{
			kind: K0s, units: []string{"k0scontroller.service", "k0sworker.service"}, servers: []string{"k0scontroller.service"},
			binary: []string{"/usr/local/bin/k0s", "/usr/bin/k0s"}, asks: "version",
			dirs: []string{"/var/lib/k0s"}, runtimes: []Runtime{{"containerd", "/run/k0s/containerd.sock", "/var/lib/k0s/bin/containerd"}},
			advice: []string{"add a profile to spec.workerProfiles of the cluster's k0s.yaml, with values: {failSwapOn: false, memorySwap: {swapBehavior: LimitedSwap}}, and start the worker with --profile=NAME"},
		},
		{
			kind: MicroK8s, units: []string{"snap.microk8s.daemon-kubelite.service", "snap.microk8s.daemon-kubelet.service"}, servers: []string{"snap.microk8s.daemon-kubelite.service"},
			args: "/var/snap/microk8s/current/args/kubelet", vars: map[string]string{"SNAP": "/snap/microk8s/current", "SNAP_DATA": "/var/snap/microk8s/current", "SNAP_COMMON": "/var/snap/microk8s/common"},
			dirs: []string{"/var/snap/microk8s"}, runtimes: []Runtime{{"containerd", "/var/snap/microk8s/common/run/containerd.sock", "/snap/microk8s/current/bin/containerd"}},
			advice: []string{"add --fail-swap-on=false to /var/snap/microk8s/current/args/kubelet; for a swapBehavior, --config=FILE with a KubeletConfiguration; then: snap restart microk8s"},
		},
		{
			kind: EKSSnap, units: []string{"snap.kubelet-eks.daemon.service"},
			advice: []string{"snap set kubelet-eks fail-swap-on=false; for a swapBehavior, snap set kubelet-eks config=FILE with a KubeletConfiguration"},
		},
		{
			kind:   Container,
			advice: []string{"the kubelet runs in a container, with files of its own: set failSwapOn: false and memorySwap.swapBehavior where that is configured (RKE: services.kubelet.fail_swap_on and extra_args in cluster.yml)"},
		},
	}
}

// rancher is the row of k3s or RKE2, which share their code and so their paths,
// with their own names in them.
func rancher(kind Kind, containerd string, d distribution) distribution {
	name := string(kind)
	d.kind, d.settings = kind, "/etc/rancher/"+name+"/config.yaml"
	d.dir, d.defaults = "/var/lib/rancher/"+name+"/agent/etc/kubelet.conf.d", "00-"+name+"-defaults.conf"
	d.dirs = []string{"/var/lib/rancher"}
	d.runtimes = []Runtime{{"containerd", "/run/k3s/containerd/containerd.sock", containerd}}
	d.advice = []string{
		"from 1.32 on: put a KubeletConfiguration with memorySwap.swapBehavior into " + d.dir + "/50-swap.conf (swapctl kubeadm-config --kind dropin prints one)",
		"before: write it to a file, and name that in " + d.settings + ": kubelet-arg: [\"config=/etc/rancher/" + name + "/kubelet.yaml\"]",
	}
	return d
}

// distributionOf is the row of a kind, an empty one for a kubelet that a person
// started.
func distributionOf(kind Kind) distribution {
	for _, d := range distributions() {
		if d.kind == kind {
			return d
		}
	}
	return distribution{}
}

// all collects something of every row.
func all[T any](of func(distribution) []T) []T {
	var list []T
	for _, d := range distributions() {
		list = append(list, of(d)...)
	}
	return list
}

// Units are the services that run a kubelet.
func Units() []string { return all(func(d distribution) []string { return d.units }) }

// Dirs are the directories of kubelets, container runtimes and etcd.
func Dirs() []string { return slices.Compact(all(func(d distribution) []string { return d.dirs })) }

// FlagFiles are the files that may set flags of a kubelet with a unit of its
// own.
func FlagFiles() []string { return distributionOf(Systemd).flags }

// ControlPlane is the evidence that an API server runs on the node of this
// kubelet: its static pod, or a service that contains it; "" if there is none.
// The error says why that is not known.
func (k Kubelet) ControlPlane(h host.Host) (sign string, err error) {
	for _, d := range distributions() {
		if slices.Contains(d.servers, k.Unit) {
			return k.Unit, nil
		}
	}
	for _, d := range distributions() {
		if d.manifest == "" {
			continue
		}
		_, failure := h.Files.Stat(d.manifest)
		switch {
		case failure == nil:
			return d.manifest, nil
		case errors.Is(failure, fs.ErrPermission):
			err = failure
		}
	}
	return "", err
}

// findDistribution finds the distribution of the running kubelet or, if none
// runs, the one that is installed, and its unit, "" for none. A kubelet.service
// of the node's own comes first.
func findDistribution(units systemd.Files, p process) (d distribution, unit string, err error) {
	for _, d := range distributions() {
		for _, unit := range d.units {
			if p.pid != 0 {
				if unit == p.unit {
					return d, unit, nil
				}
			} else if text, err := units.Text(unit); err != nil || text != "" {
				return d, unit, unitFailed(err)
			}
		}
	}
	return distribution{}, "", nil
}

// kubelet describes the distribution's kubelet: as it runs, or as far as its
// files say.
func (d distribution) kubelet(h host.Host, unit string, p process) (Kubelet, error) {
	k := Kubelet{Found: true, Kind: d.kind, Unit: unit, Advice: d.advice}
	for _, name := range d.binary {
		if there(h, name) {
			k.Binary = name
			break
		}
	}
	if p.pid != 0 {
		k.Argv, k.Env, k.Binary = p.argv, p.env, p.program()
		return k.complete(h, p)
	}
	var err error
	if k.Argv, err = d.arguments(h); err != nil {
		return k, err
	}
	return k.complete(h, p)
}

// arguments are those that the distribution will pass to its kubelet, as far as
// they matter to swap.
func (d distribution) arguments(h host.Host) ([]string, error) {
	argv := []string{"kubelet"}
	switch {
	case d.args != "":
		data, err := host.ReadTrustedFile(h.Files, d.args)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, readFailed(d.args, err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "-") {
				argv = append(argv, systemd.Expand(line, d.vars))
			}
		}
	case d.settings != "":
		if there(h, d.dir+"/"+d.defaults) {
			argv = append(argv, "--config-dir="+d.dir)
		} else {
			argv = append(argv, "--fail-swap-on=false")
		}
		extra, err := kubeletArgs(h, d.settings)
		if err != nil {
			return nil, err
		}
		argv = append(argv, extra...)
	}
	return argv, nil
}

// kubeletArgs reads kubelet-arg of a k3s or RKE2 configuration.
func kubeletArgs(h host.Host, name string) ([]string, error) {
	data, err := host.ReadTrustedFile(h.Files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, readFailed(name, err)
	}
	var file struct {
		Args yaml.Node `yaml:"kubelet-arg"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, unclear("%s: %w", name, err)
	}
	var args []string
	for _, node := range append([]*yaml.Node{&file.Args}, file.Args.Content...) {
		if node.Kind == yaml.ScalarNode && node.Value != "" {
			args = append(args, "--"+strings.TrimLeft(node.Value, "-"))
		}
	}
	return args, nil
}
