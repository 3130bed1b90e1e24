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

// distribution is something that brings a kubelet of its own, and configures it.
type distribution struct {
	kind   Kind
	units  []string
	binary []string // programs to ask for the version, where no kubelet runs as such
	// settings is where its configuration file says what the kubelet gets.
	settings string
	dir      string // the directory of drop-in files that its kubelet is given
	defaults string // a file of that directory that it writes itself
	args     string // a file with the kubelet's arguments
	advice   []string
}

// distributions are those that are known. Sources: k3s pkg/daemons/agent
// (fail-swap-on=false in every release; from 1.32 on in 00-k3s-defaults.conf of
// its directory), RKE2 the same code; k0s, workerProfiles; MicroK8s and the EKS
// snap, their args.
func distributions() []distribution {
	rancher := func(name string) []string {
		return []string{
			"from 1.32 on: put a KubeletConfiguration with memorySwap.swapBehavior into /var/lib/rancher/" + name + "/agent/etc/kubelet.conf.d/50-swap.conf (swapctl kubeadm-config --kind dropin prints one)",
			"before: write it to a file, and name that in /etc/rancher/" + name + "/config.yaml: kubelet-arg: [\"config=/etc/rancher/" + name + "/kubelet.yaml\"]",
		}
	}
	return []distribution{
		{kind: K3s, units: []string{"k3s.service", "k3s-agent.service"}, binary: []string{"/usr/local/bin/k3s", "/usr/bin/k3s", "/opt/bin/k3s"},
			settings: "/etc/rancher/k3s/config.yaml", dir: "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d", defaults: "00-k3s-defaults.conf", advice: rancher("k3s")},
		{kind: RKE2, units: []string{"rke2-server.service", "rke2-agent.service"}, binary: []string{"/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2/bin/rke2"},
			settings: "/etc/rancher/rke2/config.yaml", dir: "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d", defaults: "00-rke2-defaults.conf", advice: rancher("rke2")},
		{kind: K0s, units: []string{"k0scontroller.service", "k0sworker.service"}, binary: []string{"/usr/local/bin/k0s", "/usr/bin/k0s"}, advice: []string{
			"add a profile to spec.workerProfiles of the cluster's k0s.yaml, with values: {failSwapOn: false, memorySwap: {swapBehavior: LimitedSwap}}, and start the worker with --profile=NAME",
		}},
		{kind: MicroK8s, units: []string{"snap.microk8s.daemon-kubelite.service", "snap.microk8s.daemon-kubelet.service"},
			args: "/var/snap/microk8s/current/args/kubelet", advice: []string{
				"add --fail-swap-on=false to /var/snap/microk8s/current/args/kubelet; for a swapBehavior, --config=FILE with a KubeletConfiguration; then: snap restart microk8s",
			}},
		{kind: EKSSnap, units: []string{"snap.kubelet-eks.daemon.service"}, advice: []string{
			"snap set kubelet-eks fail-swap-on=false; for a swapBehavior, snap set kubelet-eks config=FILE with a KubeletConfiguration",
		}},
	}
}

// Units are the services that run a kubelet, with those of every distribution that
// is known.
func Units() []string {
	units := []string{ServiceUnit}
	for _, d := range distributions() {
		units = append(units, d.units...)
	}
	return units
}

// findDistribution finds whose the running kubelet is, or, where none runs as
// such, what is installed: its unit, "" for none. A kubelet.service of the node's
// own comes first.
func findDistribution(units systemd.Files, p process) (d distribution, unit string, err error) {
	for _, d := range distributions() {
		if p.pid != 0 && slices.Contains(d.units, p.unit) {
			return d, p.unit, nil
		}
	}
	if p.pid != 0 {
		return distribution{}, "", nil
	}
	if text, err := units.Text(ServiceUnit); err != nil || text != "" {
		return distribution{kind: Systemd}, "", unitFailed(err)
	}
	for _, d := range distributions() {
		for _, unit := range d.units {
			if text, err := units.Text(unit); err != nil || text != "" {
				return d, unit, unitFailed(err)
			}
		}
	}
	return distribution{}, "", nil
}

// kubelet is the distribution's kubelet: as it runs, or as far as its files say.
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

// arguments are what the distribution will give to its kubelet, as far as that
// decides over swap.
func (d distribution) arguments(h host.Host) ([]string, error) {
	argv := []string{"kubelet"}
	switch {
	case d.args != "":
		data, err := host.ReadTrustedFile(h.Files, d.args)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, readFailed(d.args, err)
		}
		snap := map[string]string{"SNAP": "/snap/microk8s/current", "SNAP_DATA": "/var/snap/microk8s/current", "SNAP_COMMON": "/var/snap/microk8s/common"}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "-") {
				argv = append(argv, systemd.Expand(line, snap))
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
