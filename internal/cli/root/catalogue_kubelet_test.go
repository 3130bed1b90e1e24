package root_test

import (
	"errors"
	"os"

	"github.com/swapctl/swapctl/internal/host/hosttest"
)

func badKubelets() []situation {
	const small, config = "setup --size 8Mi", "/var/lib/kubelet/config.yaml"
	const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	kubeadm := func(version string) shape { return shape(hosttest.Kubeadm(version)) }
	modern, old := kubeadm("v1.34.1"), kubeadm("v1.27.16")
	flags := func(text string) shape {
		return file("/etc/default/kubelet", "KUBELET_EXTRA_ARGS=\""+text+"\"\n", 0o644)
	}
	dies := func(n *hosttest.Node) {
		n.OnStart(func(unit string) error {
			if unit == "kubelet.service" && n.Runs(unit) == 2 {
				return errors.New("exit status 1")
			}
			return nil
		})
	}
	cgroupV1 := func(n *hosttest.Node) { _ = os.Remove(n.Path("/sys/fs/cgroup/cgroup.controllers")) }
	mute := fails("run", "/usr/bin/kubelet", errors.New("exec format error"))
	gone := func(n *hosttest.Node) { _ = os.Remove(n.Path(config)) }
	return []situation{
		{name: "flag that beats every file", node: []shape{modern, flags("--fail-swap-on=true")}, args: small, code: 2, says: "by the flag --fail-swap-on, which takes precedence over every file", hint: "grep -rn -e fail-swap-on"},
		{name: "gate that a flag turns off", node: []shape{kubeadm("v1.30.1"), flags("--feature-gates=NodeSwap=false")}, args: small, code: 2, says: "NodeSwap", hint: "--kubelet skip"},
		{name: "configuration that is no YAML", node: []shape{modern, file(config, "kind: [\n", 0o644)}, args: small, code: 2, says: config, hint: "--kubelet skip"},
		{name: "configuration that the kubelet would die of", node: []shape{modern, file(config, head+"featureGates: {NodeSwap: false}\n", 0o644)}, args: small, code: 2, says: "NodeSwap", hint: "--kubelet skip"},
		{name: "later file in the directory", node: []shape{modern, flags("--config-dir=/etc/kubelet.d"), file("/etc/kubelet.d/90-own.conf", head+"failSwapOn: true\n", 0o644)}, args: small, code: 2, says: "failSwapOn is true, from /etc/kubelet.d/90-own.conf", hint: "cat /etc/kubelet.d/90-own.conf"},
		{name: "file of ours that somebody else made", node: []shape{modern, file("/etc/kubernetes/kubelet.conf.d/50-swapctl.conf", head, 0o644)}, args: small, code: 2, says: "swapctl did not make it", hint: "cat /etc/kubernetes/kubelet.conf.d/50-swapctl.conf"},
		{name: "drop-in of ours that somebody else made", node: []shape{modern, file("/etc/systemd/system/kubelet.service.d/90-swapctl.conf", "[Service]\n", 0o644)}, args: small, code: 2, says: "swapctl did not make it", hint: "systemctl cat kubelet.service"},
		{name: "cgroup version 1", node: []shape{modern, cgroupV1, file("/proc/self/mountinfo", "24 0 254:1 / / rw - ext4 /dev/vda1 rw\n25 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", 0o444)}, args: small, code: 2, says: "cgroup v1", hint: "--swap-behavior NoSwap"},
		{name: "behavior that the version has not", node: []shape{old}, args: small + " --swap-behavior NoSwap", code: 2, says: "give NoSwap to Kubernetes 1.27", hint: "upgrade the node first"},
		{name: "kubelet that is too old", node: []shape{kubeadm("v1.21.14")}, args: small, code: 2, says: "1.21.14 is not known", hint: "--kubelet skip"},
		{name: "kubelet that is too new", node: []shape{kubeadm("v1.99.0")}, args: small, code: 2, says: "1.99.0 is not known", hint: "--kubernetes-version 1.37"},
		{name: "kubelet that does not say its version", node: []shape{modern, mute}, args: small, code: 2, says: "exec format error", hint: "--kubernetes-version"},
		{name: "old kubelet that has not joined", node: []shape{old, gone}, args: small, code: 2, says: "is not there yet", hint: "swapctl kubeadm-config"},
		{name: "kubelet that a script starts and that does not run", node: []shape{modern, file("/etc/systemd/system/kubelet.service", "[Service]\nExecStart=/usr/local/bin/start-kubelet\n", 0o644), file("/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", "", 0o644)}, args: small, code: 2, says: "it does not run now", hint: "--kubelet skip"},
		{name: "kubelet that nothing starts", node: []shape{file("/usr/bin/kubelet", "", 0o755)}, args: small, code: 2, says: "there is no kubelet.service", hint: "--kubelet skip"},
		{name: "k3s whose kubelet is told not to tolerate swap", node: []shape{file("/etc/systemd/system/k3s.service", "[Service]\nExecStart=/usr/local/bin/k3s server\n", 0o644), func(n *hosttest.Node) {
			n.SetProgram("/usr/local/bin/k3s", func([]string) (string, error) { return "k3s version v1.31.4+k3s1\n", nil })
		}, file("/etc/rancher/k3s/config.yaml", "kubelet-arg: [fail-swap-on=true]\n", 0o600)}, args: small, code: 2, says: "k3s configures it", hint: "/etc/rancher/k3s/config.yaml"},
		{name: "kubelet's file of another user", node: []shape{modern, owner(config, 1000, 1000)}, args: small, code: 2, says: "trust " + config, hint: "chown root:root " + config + "; chmod go-w " + config},
		{name: "kubelet's directory that everybody may write to", node: []shape{modern, flags("--config-dir=/etc/kubelet.d"), dir("/etc/kubelet.d", 0o777)}, args: small, code: 2, says: "everybody may write to /etc/kubelet.d", hint: "chmod go-w /etc/kubelet.d"},
		{name: "kubelet's flags in a file of another user", node: []shape{modern, owner("/etc/default/kubelet", 1000, 1000)}, args: small, code: 2, says: "/etc/default/kubelet belongs to user 1000", hint: "chown root:root /etc/default/kubelet"},
		{name: "kubelet's unit of another user", node: []shape{modern, owner("/usr/lib/systemd/system/kubelet.service", 1000, 1000)}, args: small, code: 2, says: "belongs to user 1000", hint: "chown root:root /usr/lib/systemd/system/kubelet.service"},
		{name: "kubelet's drop-in of another user", node: []shape{modern, owner("/usr/lib/systemd/system/kubelet.service.d", 1000, 1000)}, args: small, code: 2, says: "belongs to user 1000", hint: "chown root:root /usr/lib/systemd/system/kubelet.service.d"},
		{name: "kubelet of another user", node: []shape{modern, owner("/usr/bin/kubelet", 1000, 1000)}, args: small, code: 2, says: "run /usr/bin/kubelet, which is the kubelet", hint: "chown root:root /usr/bin/kubelet"},
		{name: "k3s of another user", node: []shape{file("/etc/systemd/system/k3s.service", "[Service]\nExecStart=/usr/local/bin/k3s server\n", 0o644), file("/usr/local/bin/k3s", "", 0o755), owner("/usr/local/bin/k3s", 1000, 1000)}, args: small, code: 2, says: "/usr/local/bin/k3s belongs to user 1000", hint: "chown root:root /usr/local/bin/k3s"},
		{name: "k3s with a configuration of another user", node: []shape{file("/etc/systemd/system/k3s.service", "[Service]\nExecStart=/usr/local/bin/k3s server\n", 0o644), file("/etc/rancher/k3s/config.yaml", "", 0o644), owner("/etc/rancher/k3s", 1000, 1000)}, args: small, code: 2, says: "/etc/rancher/k3s belongs to user 1000", hint: "chown root:root /etc/rancher/k3s"},
		{name: "kubelet that does not come back", node: []shape{modern, dies}, args: small, code: 1, says: "restart kubelet.service", hint: "journalctl -b -u kubelet.service", state: takenBack, acts: true},
		{name: "kubelet's file that cannot be written", node: []shape{old, fails("write", "/var/lib/kubelet/.config.yaml.swapctl", os.ErrPermission)}, args: small, code: 1, says: "write " + config, hint: "ls -ld", state: takenBack, acts: true},
	}
}
