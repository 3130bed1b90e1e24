package check

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

// node is a captured node with more sections.
func node(t *testing.T, name string, more ...string) host.Host {
	t.Helper()
	return kerneltest.New(t, append(nodes(t)[name], strings.Join(more, "")...))
}

func facts(t *testing.T, h host.Host, o ReadOptions) *Facts {
	t.Helper()
	f, err := Read(context.Background(), h, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func status(t *testing.T, f *Facts, id string, want Status, found string) {
	t.Helper()
	if r := one(t, f, id); r.Status != want || !strings.Contains(r.Found, found) {
		t.Errorf("%s says %s: %q, want %s with %q", id, r.Status, r.Found, want, found)
	}
}

// lxcfs writes this in a container with a limit of memory (lxcfs, src/proc_fuse.c).
const lxcfs = "-- proc/swaps --\nFilename\t\t\t\tType\t\tSize\tUsed\tPriority\nnone                                    virtual\t\t8388604\t0\t0\n"

// What gives the kubelet of debian13 its container runtime.
const (
	kubeletFile  = "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	kubeletUnit  = "-- usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf --\n[Service]\n"
	dockerdFlag  = kubeletUnit + "ExecStart=\nExecStart=/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml --container-runtime-endpoint=unix:///var/run/cri-dockerd.sock\n"
	kubeadmFlags = kubeletUnit + "EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_KUBEADM_ARGS\n-- var/lib/kubelet/kubeadm-flags.env --\nKUBELET_KUBEADM_ARGS=--pod-infra-container-image=x --container-runtime-endpoint="
)

// TestReadsWhatDecides: what stands in the files of a node comes to the checks.
func TestReadsWhatDecides(t *testing.T) {
	for _, test := range []struct {
		name, node string
		more       string
		id         string
		want       Status
		found      string
	}{
		{"a backport of noswap", "debian12", "-- NOSWAP --\nyes\n", "tmpfs-noswap", Pass, "still supports noswap"},
		{"a nested kubelet", "debian13", "-- proc/700/uid_map --\n0 100000 65536\n", "tmpfs-noswap", Warn, "/proc/700/uid_map"},
		{"a volume without noswap", "debian13", "-- proc/700/mountinfo --\n300 26 0:50 / /var/lib/kubelet/pods/1/volumes/s rw - tmpfs tmpfs rw,size=1024k\n", "tmpfs-mounted-noswap", Warn, "/proc/700/mountinfo"},
		{"another root directory", "debian13", "-- proc/700/cmdline = words --\n/usr/bin/kubelet\n--root-dir=/data\n-- usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf --\n[Service]\nExecStart=\nExecStart=/usr/bin/kubelet --root-dir /data\n", "tmpfs-mounted-noswap", Pass, "below /data"},
		{"swap that came later", "debian13", "-- proc/700/stat --\n700 (ku) b)) S 1 700 700 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 12 0 1000 1 1 1\n", "kubelet-started-after-swap", Warn, "started 10s after"},
		{"zram at boot, and switched off in /etc", "debian12", "-- usr/lib/systemd/zram-generator.conf --\n[zram0]\n-- etc/systemd/zram-generator.conf --\n# none\n", "zram", Pass, "no zram"},
		{"zram at boot", "debian12", "-- usr/lib/systemd/zram-generator.conf --\n# x\n[zram0]\n", "zram", Warn, "/usr/lib/systemd/zram-generator.conf"},
		{"zramswap", "debian12", "-- etc/systemd/system/multi-user.target.wants/zramswap.service -> /usr/lib/systemd/system/zramswap.service --\n", "zram", Warn, "zramswap.service"},
		{"systemd.swap=0", "debian12", "-- proc/cmdline --\nro systemd.swap=0\n", "swap-units-masked", Warn, "systemd.swap=0"},
		{"a masked unit that fstab needs", "control-plane", "-- etc/systemd/system/dev-vdb.swap -> /dev/null --\n-- etc/fstab --\n/dev/vdb none swap sw 0 0\n", "swap-units-masked", Fail, "/etc/fstab line 1"},
		{"fstab by UUID", "control-plane", "-- etc/fstab --\nUUID=abc none swap sw,nofail 0 0\n-- dev/disk/by-uuid/abc -> ../../vdb --\n", "swap-persistent", Pass, "/etc/fstab line 1 for /dev/vdb"},
		{"a swap unit that nothing wants", "control-plane", "-- etc/fstab --\n-- etc/systemd/system/dev-vdb.swap --\n[Swap]\nWhat=/dev/vdb\n", "swap-persistent", Warn, "nothing brings back"},
		{"a swap unit", "control-plane", "-- etc/fstab --\n-- etc/systemd/system/dev-vdb.swap --\n[Swap]\nWhat=/dev/vdb\n-- etc/systemd/system/swap.target.wants/dev-vdb.swap -> ../dev-vdb.swap --\n", "swap-persistent", Pass, "dev-vdb.swap for /dev/vdb"},
		{"a partition that systemd finds", "control-plane", "-- etc/fstab --\n-- run/systemd/generator.late/dev-vdb.swap --\n[Swap]\nWhat=/dev/vdb\n-- run/systemd/generator.late/swap.target.wants/dev-vdb.swap -> ../dev-vdb.swap --\n", "swap-persistent", Pass, "generator.late"},
		{"the tutorial's line", "debian12", "-- etc/fstab --\n/var/lib/swapctl/swapfile none swap sw 0 0\n", "swap-persistent", Fail, "in clear"},
		{"resume=", "debian12", "-- proc/cmdline --\nresume=/dev/vdb resume=none resume=/dev/vdc\n", "hibernation", Warn, "resume=/dev/vdc"},
		{"a resume device", "debian12", "-- sys/power/resume --\n254:16\n", "hibernation", Warn, "254:16"},
		{"oomd as Fedora has it", "debian12", "-- sys/fs/cgroup/system.slice/systemd-oomd.service/cgroup.procs --\n1\n-- usr/lib/systemd/system/-.slice.d/10-oomd.conf --\n[Slice]\nManagedOOMSwap=kill\n", "systemd-oomd", Fail, "10-oomd.conf: ManagedOOMSwap=kill"},
		{"oomd that is enabled only", "debian12", "-- etc/systemd/system/multi-user.target.wants/systemd-oomd.service -> /x --\n", "systemd-oomd", Pass, "multi-user.target.wants"},
		{"an unused area in clear", "debian12", "-- SWAP dev/vdc --\ndata\n", "swap-stale-plaintext", Warn, "/dev/vdc is a swap area that is off"},
		{"an unused area that was never used", "debian12", "-- SWAP dev/vdc --\nzeros\n", "swap-stale-plaintext", Pass, "/dev/vdc"},
		{"an image", "debian12", "-- SWAP dev/vdc --\nimage\n", "swap-stale-plaintext", Warn, "hibernation image"},
		{"a file that fstab names in a comment", "debian12", "-- etc/fstab --\n#/data/swap none swap sw 0 0\n-- data/swap = file 1048576 254:0 99 --\n-- SWAP data/swap --\ndata\n", "swap-stale-plaintext", Warn, "/data/swap"},
		{"an area that is on", "control-plane", "-- SWAP dev/vdb --\ndata\n", "swap-stale-plaintext", Pass, "no swap signature"},
		{"no dm-crypt", "debian12", "-- proc/swaps --\nFilename Type Size Used Priority\n-- sys/module/dm_crypt/initstate = gone --\n-- sys/module/dm_crypt = gone --\n-- lib/modules/6.1.0-50-cloud-amd64/modules.dep --\n", "dm-crypt-available", Fail, "modules.dep"},
		{"a container", "ordinary-user", "-- .dockerenv --\n-- proc/sys/kernel/osrelease --\n6.12.0\n", "tmpfs-mounted-noswap", Unknown, "this container"},
		{"k3s", "debian12", "-- proc/55/comm --\nk3s-server\n-- etc/systemd/system/k3s.service --\n[Service]\nExecStart=/usr/local/bin/k3s server\n-- usr/local/bin/k3s --\nx\n-- var/lib/rancher/k3s/x --\n", "control-plane", Warn, "k3s.service"},
		{"a gate that no kubelet knows", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: false\nfeatureGates: {NodeMemorySwap: true}\n", "kubelet-config-decodes", Fail, "config.yaml:4:16: featureGates.NodeMemorySwap: no release knows this gate"},
		{"a gate that no kubelet knows beside a wrong value", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfeatureGates: {NodeSwap: \"true\", NodeMemorySwap: true}\n", "kubelet-config-decodes", Fail, "NodeSwap is a string; /var/lib/kubelet/config.yaml:3:34: featureGates.NodeMemorySwap: no release"},
		{"a misspelt field", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmemorySwap: {swapBehaviour: LimitedSwap}\n", "kubelet-config-decodes", Warn, "config.yaml:3:14: memorySwap.swapBehaviour: there is no such field"},
		{"a wrong value that has nothing to do with swap", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: \"110\"\n", "kubelet-config-decodes", Fail, "config.yaml:3:10: maxPods: expected a number, found a string"},
		{"a threshold that is no quantity", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionHard: {memory.available: 100MiB}\n", "kubelet-config-decodes", Fail, "config.yaml:3:34: evictionHard.memory.available"},
		{"a kubelet's file that is no YAML", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\tfailSwapOn: false\n", "kubelet-config-decodes", Fail, "config.yaml:3:1: invalid YAML"},
		{"a kubelet's file with nothing in it", "debian13", "-- var/lib/kubelet/config.yaml --\n# later\n", "kubelet-config-decodes", Fail, "nothing in it: the kubelet does not start"},
		{"a flag with a gate that no kubelet knows", "debian13", "-- proc/700/cmdline = words --\n/usr/bin/kubelet\n--feature-gates=NodeMemorySwap=true\n-- usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf --\n[Service]\nExecStart=\nExecStart=/usr/bin/kubelet --feature-gates=NodeMemorySwap=true\n", "kubelet-config-decodes", Fail, "--feature-gates: featureGates.NodeMemorySwap: no release"},
		{"a kubelet before swap", "debian13", "-- var/lib/dpkg/status --\nPackage: kubelet\nStatus: install ok installed\nVersion: 1.21.14-00\n\n", "kubelet-feature-gate", Fail, "Kubernetes v1.21.14 has no feature gate NodeSwap"},
		{"one cause, one complaint", "debian13", "-- var/lib/kubelet/config.yaml --\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\tfailSwapOn: false\n", "kubelet-fail-swap-on", Skip, "see kubelet-config-decodes"},
		{"CRI-O", "debian12", "-- usr/bin/crio --\nx\n-- run/crio/crio.sock --\n-- usr/bin/containerd --\nx\n-- var/lib/dpkg/status --\nPackage: cri-o\nStatus: install ok installed\nVersion: 1.22.1-1\n\n", "container-runtime", Fail, "cri-o 1.22.1"},
		{"cri-dockerd by a flag", "debian13", dockerdFlag, "container-runtime", Fail, "cri-dockerd: unix:///var/run/cri-dockerd.sock (--container-runtime-endpoint)"},
		{"cri-dockerd by kubeadm's variable", "debian13", kubeadmFlags + "unix:///run/cri-dockerd.sock\n", "container-runtime", Fail, "cri-dockerd"},
		{"cri-dockerd by the field", "debian13", kubeletFile + "containerRuntimeEndpoint: unix:///run/cri-dockerd.sock\n", "container-runtime", Fail, "cri-dockerd: unix:///run/cri-dockerd.sock (/var/lib/kubelet/config.yaml)"},
		{"a flag before the field", "debian13", kubeletFile + "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n" + dockerdFlag, "container-runtime", Fail, "cri-dockerd"},
		{"containerd by a link, with cri-dockerd installed", "debian13", kubeletFile + "containerRuntimeEndpoint: /run/cri.sock\n-- run/cri.sock -> containerd/containerd.sock --\n-- run/containerd/containerd.sock --\n-- usr/bin/cri-dockerd --\nx\n", "container-runtime", Pass, "containerd"},
		{"CRI-O is used, containerd is installed", "debian13", kubeletFile + "containerRuntimeEndpoint: unix:///var/run/crio/crio.sock\n-- usr/bin/crio --\nx\n-- var/lib/dpkg/status --\nPackage: cri-o\nStatus: install ok installed\nVersion: 1.31.0-1\n\n", "container-runtime", Pass, "cri-o 1.31.0"},
		{"a socket nobody knows", "debian13", kubeletFile + "containerRuntimeEndpoint: unix:///run/other.sock\n", "container-runtime", Unknown, "/run/other.sock"},
		{"the areas of a container by lxcfs", "debian13", lxcfs, "swap-active", Unknown, "lxcfs"},
		{"what needs the areas of lxcfs", "debian13", lxcfs, "swap-encrypted", Unknown, "see swap-active: /proc/swaps: this is a container"},
		{"zram in a container", "debian13", lxcfs, "zram", Unknown, "lxcfs"},
		{"an fstab that cannot be read", "control-plane", "-- etc/fstab = denied --\n", "swap-persistent", Unknown, "/etc/fstab"},
		{"a crypttab that cannot be read", "debian12", "-- etc/fstab --\n/dev/mapper/cryptswap none swap sw 0 0\n-- etc/crypttab = denied --\n", "swap-persistent", Unknown, "/etc/crypttab"},
		{"swap units that cannot be read", "control-plane", "-- etc/fstab --\n-- etc/systemd/system/dev-vdb.swap = denied --\n", "swap-persistent", Unknown, "/etc/systemd/system/dev-vdb.swap"},
		{"a masked unit is no unseen one", "control-plane", "-- etc/fstab --\n-- etc/systemd/system/dev-vdc.swap -> /dev/null --\n", "swap-persistent", Warn, "nothing brings back"},
		{"masks that cannot be seen", "debian12", "-- run/systemd/system = denied --\n", "swap-units-masked", Unknown, "/run/systemd/system"},
		{"a file that beats ours", "debian13", "-- proc/sys/vm/swappiness --\n60\n-- etc/sysctl.d/90-swapctl.conf --\nvm.swappiness = 60\n-- etc/sysctl.d/k8s.conf --\nnet.ipv4.ip_forward = 1\nvm.swappiness=0\n", "sysctl-persistent", Warn, "/etc/sysctl.d/k8s.conf line 2 wins over /etc/sysctl.d/90-swapctl.conf line 1"},
		{"a boost factor", "debian13", "-- proc/sys/vm/watermark_boost_factor --\n15000\n-- usr/lib/sysctl.d/50-x.conf --\nvm.watermark_boost_factor=0\n", "sysctl-persistent", Warn, "/usr/lib/sysctl.d/50-x.conf line 1"},
		{"a package that was removed", "debian13", "-- var/lib/dpkg/status --\nPackage: containerd\nStatus: deinstall ok config-files\nVersion: 1.4.1\n\n", "container-runtime", Unknown, "/usr/bin/containerd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status(t, facts(t, node(t, test.node, test.more), ReadOptions{Stale: true}), test.id, test.want, test.found)
		})
	}
}

// TestFindsWhatTurnsSwapOff: each with its file and line.
func TestFindsWhatTurnsSwapOff(t *testing.T) {
	const enabled = "-- etc/systemd/system/multi-user.target.wants/x.service -> ../x.service --\n"
	for _, test := range []struct {
		name, more string
		want       Status
		found      string
	}{
		{"a drop-in of the kubelet", "-- etc/systemd/system/kubelet.service.d/20-noswap.conf --\n# x\n[Service]\nExecStartPre=-/sbin/swapoff -a\n", Fail, "/etc/systemd/system/kubelet.service.d/20-noswap.conf line 3: ExecStartPre=-/sbin/swapoff -a (kubelet.service)"},
		{"a shell before the kubelet", "-- etc/systemd/system/kubelet.service.d/20-noswap.conf --\n[Service]\nExecStartPre=/bin/sh -c 'swapoff -a || true'\n", Fail, "20-noswap.conf line 2"},
		{"a script before the kubelet", "-- etc/systemd/system/kubelet.service.d/x.conf --\n[Service]\nExecStartPre=!/opt/prepare.sh --all\n-- opt/prepare.sh --\n#!/bin/bash\nset -e\nswapoff -a\n", Fail, "/opt/prepare.sh line 3: swapoff -a (kubelet.service, /etc/systemd/system/kubelet.service.d/x.conf)"},
		{"a script after the kubelet", "-- run/systemd/system/kubelet.service.d/x.conf --\n[Service]\nExecStopPost=/usr/sbin/swapoff /dev/vdb\n", Fail, "ExecStopPost="},
		{"one that a later drop-in takes back", "-- etc/systemd/system/kubelet.service.d/20.conf --\n[Service]\nExecStartPre=/sbin/swapoff -a\n-- etc/systemd/system/kubelet.service.d/30.conf --\n[Service]\nExecStartPre=\n", Pass, "no swapoff"},
		{"a unit", "-- etc/systemd/system/x.service --\n[Service]\nType=oneshot\nExecStart=/sbin/swapoff -a\n" + enabled, Warn, "/etc/systemd/system/x.service line 3"},
		{"a unit that nothing starts", "-- etc/systemd/system/x.service --\n[Service]\nExecStart=/sbin/swapoff -a\n", Pass, "no swapoff"},
		{"a unit that masks", "-- etc/systemd/system/x.service --\n[Service]\nExecStart=/bin/systemctl mask --now swap.target\n" + enabled, Warn, "x.service line 2"},
		{"a unit at shutdown", "-- etc/systemd/system/x.service --\n[Service]\nExecStart=/x\nExecStop=/sbin/swapoff -a\n" + enabled, Pass, "no swapoff"},
		{"a timer", "-- etc/systemd/system/y.timer --\n[Timer]\nOnBootSec=1\n-- etc/systemd/system/timers.target.wants/y.timer -> ../y.timer --\n-- etc/systemd/system/y.service --\n[Service]\nExecStart=/sbin/swapoff -a\n", Warn, "y.service line 2"},
		{"cron", "-- etc/crontab --\n# swapoff -a\nSHELL=/bin/sh\n@reboot root /sbin/swapoff -a\n", Warn, "/etc/crontab line 3: @reboot root /sbin/swapoff -a (cron)"},
		{"cron.d as Ansible leaves it", "-- etc/cron.d/disable-swap --\n#Ansible: disable swap\n@reboot root swapoff -a\n", Warn, "/etc/cron.d/disable-swap line 2"},
		{"root's crontab", "-- var/spool/cron/crontabs/root --\n@reboot swapoff -a\n", Warn, "/var/spool/cron/crontabs/root line 1"},
		{"a script by cron", "-- var/spool/cron/root --\n@reboot /root/noswap.sh\n-- root/noswap.sh --\n#!/bin/sh\nswapoff -a\n", Warn, "/root/noswap.sh line 2: swapoff -a (cron, /var/spool/cron/root)"},
		{"rc.local", "-- etc/rc.local --\n#!/bin/sh\nswapoff -a\nexit 0\n", Warn, "/etc/rc.local line 2"},
		{"cloud-init, in words", "-- var/lib/cloud/instance/user-data.txt --\n#cloud-config\nruncmd:\n  - [swapoff, -a]\n", Warn, "/var/lib/cloud/instance/user-data.txt line 3"},
		{"cloud-init, in /etc", "-- etc/cloud/cloud.cfg.d/90-k8s.cfg --\nbootcmd:\n- swapoff -a\n", Warn, "90-k8s.cfg line 2"},
		{"a login", "-- etc/profile.d/swap.sh --\nswapoff -a 2>/dev/null\n", Warn, "/etc/profile.d/swap.sh line 1"},
		{"a word that is another one", "-- etc/profile.d/swap.sh --\nswapoff.sh; no-swapoff; swapon -a\n", Pass, "no swapoff"},
		{"a crontab that cannot be read", "-- var/spool/cron/crontabs = denied --\n", Unknown, "/var/spool/cron/crontabs"},
		{"a unit that cannot be read", enabled + "-- etc/systemd/system/x.service -> /secret/x.service --\n-- secret = denied --\n", Unknown, "/etc/systemd/system/x.service"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status(t, facts(t, node(t, "debian13", test.more), ReadOptions{}), "swap-turned-off", test.want, test.found)
		})
	}
}

// TestKnowsWhoElseBringsSwapBack: without fstab and units of swap.
func TestKnowsWhoElseBringsSwapBack(t *testing.T) {
	const wants = "-- etc/systemd/system/multi-user.target.wants/"
	for _, test := range []struct{ name, swap, more, found string }{
		{"dphys-swapfile", "/var/swap", wants + "dphys-swapfile.service --\n", "dphys-swapfile.service for /var/swap"},
		{"dphys-swapfile elsewhere", "/data/swap", wants + "dphys-swapfile.service --\n-- etc/dphys-swapfile --\n#CONF_SWAPFILE=/var/swap\nCONF_SWAPFILE=/data/swap\n", "/etc/dphys-swapfile line 2 for /data/swap"},
		{"waagent", "/mnt/resource/swapfile", "-- etc/waagent.conf --\nResourceDisk.EnableSwap=y\n", "/etc/waagent.conf line 1"},
		{"waagent elsewhere", "/mnt/swapfile", "-- etc/waagent.conf --\nResourceDisk.MountPoint=/mnt\nResourceDisk.EnableSwap = y # yes\n", "/etc/waagent.conf line 2"},
		{"swapspace", "/var/lib/swapspace/1", wants + "swapspace.service --\n", "swapspace.service"},
		{"systemd-swap", "/var/lib/systemd-swap/swapfc/1", wants + "systemd-swap.service --\n", "systemd-swap.service"},
		{"cloud-init", "/swap.img", "-- etc/cloud/cloud.cfg.d/99.cfg --\nswap:\n  filename: /swap.img\n  size: auto\n", "/etc/cloud/cloud.cfg.d/99.cfg"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := "-- etc/fstab --\n-- proc/swaps --\nFilename Type Size Used Priority\n" + test.swap + " file 1024 0 -2\n-- " + strings.TrimPrefix(test.swap, "/") + " = file 1052672 254:0 99 --\n"
			status(t, facts(t, node(t, "control-plane", file, test.more), ReadOptions{}), "swap-persistent", Pass, test.found)
			status(t, facts(t, node(t, "control-plane", file), ReadOptions{}), "swap-persistent", Warn, "nothing brings back")
		})
	}
}

// TestKnowsWhatTheNextBootMakesOfTheNode: what is left of swap that is gone, mounts that
// come late, and a root that forgets.
func TestKnowsWhatTheNextBootMakesOfTheNode(t *testing.T) {
	const data = "-- etc/fstab --\nUUID=1 /data ext4 %s 0 2\n-- proc/self/mountinfo --\n25 1 254:1 / / rw - ext4 /dev/vda1 rw\n26 25 254:1 / /data rw - ext4 /dev/vda1 rw\n" +
		"-- proc/swaps --\nFilename Type Size Used Priority\n/data/swap file 1024 0 -2\n-- data/swap = file 1052672 254:1 99 --\n-- etc/systemd/system/data-swap.swap --\n[Swap]\nWhat=/data/swap\n-- etc/systemd/system/swap.target.wants/data-swap.swap --\n"
	mounted := func(options string) string { return strings.Replace(data, "%s", options, 1) }
	root := func(line string) string { return "-- proc/self/mountinfo --\n" + line + "\n" }
	for _, test := range []struct {
		name, more, id string
		want           Status
		found          string
	}{
		{"fstab by a UUID that is gone", "-- etc/fstab --\n# x\nUUID=dead none swap sw 0 0\n", "swap-leftovers", Warn, "/etc/fstab line 2: a line of UUID=dead, which is not there"},
		{"fstab by a label that is gone", "-- etc/fstab --\nLABEL=\"gone\" none swap sw 0 0\n", "swap-leftovers", Warn, "/etc/fstab line 1"},
		{"a label with a blank", "-- etc/fstab --\nLABEL=my\\040swap none swap sw 0 0\n-- dev/disk/by-label/my\\x20swap -> ../../vdb --\n", "swap-leftovers", Pass, "is there"},
		{"fstab with nofail", "-- etc/fstab --\nUUID=dead none swap sw,nofail 0 0\n", "swap-leftovers", Pass, "is there"},
		{"a file that is gone", "-- etc/fstab --\n/swap.old none swap sw 0 0\n", "swap-leftovers", Warn, "/swap.old"},
		{"crypttab", "-- etc/fstab --\n-- etc/crypttab --\ncswap PARTUUID=dead /dev/urandom swap\n", "swap-leftovers", Warn, "/etc/crypttab line 1: the mapping cswap of PARTUUID=dead"},
		{"a swap unit", "-- etc/fstab --\n-- etc/systemd/system/dev-vdq.swap --\n[Swap]\nWhat=/dev/vdq\n-- etc/systemd/system/swap.target.wants/dev-vdq.swap --\n", "swap-leftovers", Warn, "/etc/systemd/system/dev-vdq.swap line 2: a swap unit of /dev/vdq"},
		{"initramfs-tools", "-- etc/fstab --\n-- etc/initramfs-tools/conf.d/resume --\nRESUME=UUID=dead\n", "swap-leftovers", Warn, "/etc/initramfs-tools/conf.d/resume line 1: a resume device of UUID=dead"},
		{"initramfs-tools, none", "-- etc/fstab --\n-- etc/initramfs-tools/conf.d/resume --\nRESUME=none\n", "swap-leftovers", Pass, "is there"},
		{"dracut", "-- etc/fstab --\n-- etc/dracut.conf.d/x.conf --\nadd_device+=\" /dev/disk/by-uuid/dead \"\n", "swap-leftovers", Warn, "/etc/dracut.conf.d/x.conf line 1"},
		{"grub", "-- etc/fstab --\n-- etc/default/grub --\n#GRUB_CMDLINE_LINUX=resume=/x\nGRUB_CMDLINE_LINUX=\"quiet resume=LABEL=dead\"\n", "swap-leftovers", Warn, "/etc/default/grub line 2"},
		{"the kernel command line", "-- etc/fstab --\n-- proc/cmdline --\nquiet resume=/dev/vdq1 ro\n", "swap-leftovers", Warn, "/proc/cmdline line 1: a resume device of /dev/vdq1"},

		{"a mount in time", mounted("defaults"), "swap-persistent", Pass, "data-swap.swap"},
		{"_netdev", mounted("defaults,_netdev"), "swap-persistent", Warn, "/etc/fstab line 1: _netdev"},
		{"noauto", mounted("noauto"), "swap-persistent", Warn, "noauto"},
		{"automount", mounted("noauto,x-systemd.automount"), "swap-persistent", Warn, "x-systemd.automount"},
		{"a mount after cloud-init", mounted("nofail,x-systemd.requires=cloud-init.service,comment=cloudconfig"), "swap-persistent", Warn, "x-systemd.requires=cloud-init.service"},
		{"a mount after another one", mounted("x-systemd.requires-mounts-for=/"), "swap-persistent", Pass, "data-swap.swap"},
		{"a mount unit after the network", strings.Replace(mounted(""), "UUID=1 /data ext4  0 2", "", 1) + "-- etc/systemd/system/data.mount --\n[Unit]\nAfter=network-online.target\n[Mount]\nWhat=/dev/vda1\nWhere=/data\n-- etc/systemd/system/local-fs.target.wants/data.mount --\n", "swap-persistent", Warn, "data.mount: After=network-online.target"},

		{"overlayroot", root("25 1 0:30 / / rw - overlay overlayroot rw,lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay,workdir=/w"), "root-persistent", Warn, "in memory (overlay)"},
		{"/etc in memory", root("25 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 25 0:31 / /etc rw - tmpfs tmpfs rw"), "root-persistent", Warn, "/etc is on tmpfs"},
		{"/var/lib in memory", root("25 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 25 0:31 / /var rw - tmpfs tmpfs rw"), "root-persistent", Warn, "/var/lib is on tmpfs"},
		{"a read-only /etc", root("25 1 254:1 / / ro - squashfs /dev/vda1 ro\n30 25 254:2 / /var rw - ext4 /dev/vda2 rw"), "root-persistent", Warn, "/etc is read-only"},
		{"an overlay on a disk", root("25 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 25 0:31 / /etc rw - overlay overlay rw,lowerdir=/etc,upperdir=/var/overlay/etc,workdir=/w"), "root-persistent", Pass, "on a disk"},
		{"ostree", "-- run/ostree-booted --\n", "root-persistent", Warn, "ostree"},
		{"Flatcar", "-- usr/share/flatcar/release --\n", "root-persistent", Warn, "the system is Flatcar, which is set up by Ignition (/usr/share/flatcar)"},
		{"NixOS", "-- etc/NIXOS --\n", "root-persistent", Warn, "NixOS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status(t, facts(t, node(t, "control-plane", test.more), ReadOptions{}), test.id, test.want, test.found)
		})
	}
}

// TestNamesWhatSwapDoesToOthers: snapshots of btrfs, volumes of ZFS and thin ones.
func TestNamesWhatSwapDoesToOthers(t *testing.T) {
	const lvm = "-- sys/devices/virtual/block/dm-7/dev --\n253:7\n-- sys/devices/virtual/block/dm-7/dm/name --\nvg-swap\n-- sys/devices/virtual/block/dm-7/dm/uuid --\nLVM-x\n-- proc/swaps --\nFilename Type Size Used Priority\n/dev/dm-7 partition 1024 0 -2\n-- DM vg-swap --\n0 100 "
	for _, test := range []struct {
		name, node, more string
		want             Status
		found            string
	}{
		{"a file in a subvolume of the system", "btrfs-root", "", Warn, "no snapshot can be made"},
		{"a thin volume", "control-plane", lvm + "thin 253:5 1\n", Warn, "/dev/mapper/vg-swap is a thin volume"},
		{"a plain volume", "control-plane", lvm + "linear 254:1 0\n", Pass, "no area"},
		{"a ZFS volume", "control-plane", "-- sys/devices/virtual/block/zd0/dev --\n230:0\n-- proc/swaps --\nFilename Type Size Used Priority\n/dev/zd0 partition 1024 0 -2\n", Warn, "/dev/zd0 is a ZFS volume"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status(t, facts(t, node(t, test.node, test.more), ReadOptions{}), "swap-side-effects", test.want, test.found)
		})
	}
}

func TestOurUnitMayBeOrderedByADropIn(t *testing.T) {
	const unit, dropIn = "-- etc/systemd/system/swapctl.service --\n[Service]\nExecStart=/x\n", "-- etc/systemd/system/swapctl.service.d/override.conf --\n[Unit]\nBefore=kubelet.service\n"
	o := ReadOptions{Managed: []string{"cryptswap"}}
	status(t, facts(t, node(t, "debian13", unit), o), "swap-before-kubelet", Warn, "no Before=kubelet.service")
	status(t, facts(t, node(t, "debian13", unit, dropIn), o), "swap-before-kubelet", Pass, "before kubelet.service")
}

func TestSaysWhatOneWasTold(t *testing.T) {
	yes, no := true, false
	f := facts(t, node(t, "control-plane"), ReadOptions{ControlPlane: &no})
	status(t, f, "control-plane", Pass, "no static pod")
	f = facts(t, node(t, "debian13"), ReadOptions{ControlPlane: &yes})
	status(t, f, "control-plane", Warn, "--control-plane says so")
	f = facts(t, node(t, "debian13"), ReadOptions{KubernetesVersion: "1.29"})
	status(t, f, "kubelet-feature-gate", Fail, "default of Kubernetes 1.29")
	f = facts(t, node(t, "debian13"), ReadOptions{KubernetesVersion: "1.30"})
	status(t, f, "tmpfs-noswap", Warn, "kubelet 1.30")
	for _, version := range []string{"1.99", "new", "2.0"} {
		if _, err := Read(context.Background(), node(t, "debian12"), ReadOptions{KubernetesVersion: version}); fail.Code(err) != fail.Usage {
			t.Errorf("version %s: %v", version, err)
		}
	}
	f = facts(t, node(t, "debian12"), ReadOptions{ManagedErr: errors.New("open the journal: permission denied")})
	status(t, f, "swap-persistent", Unknown, "open the journal")
	f = facts(t, node(t, "debian12"), ReadOptions{Managed: []string{"cryptswap"}})
	status(t, f, "swap-persistent", Pass, "swapctl.service")
	const ours = "-- etc/systemd/system/multi-user.target.wants/swapctl.service --\n[Unit]\n-- dev/disk/by-id/x -> ../../vdb --\n-- etc/fstab --\n"
	f = facts(t, node(t, "control-plane", ours), ReadOptions{Managed: []string{"/dev/disk/by-id/x"}})
	status(t, f, "swap-persistent", Pass, "swapctl.service for /dev/vdb")
	f = facts(t, node(t, "control-plane", ours), ReadOptions{Managed: []string{"/dev/disk/by-id/y", "cryptswap"}})
	status(t, f, "swap-persistent", Warn, "nothing brings back")
}

// elf is a program file whose read-only data is as given.
func elf(rodata string) string {
	const header, entries = 64, 3
	names := "\x00.rodata\x00.shstrtab\x00"
	b := make([]byte, header+entries*64)
	copy(b, "\x7fELF\x02\x01")
	le := binary.LittleEndian
	le.PutUint64(b[40:], header)
	le.PutUint16(b[58:], 64)
	le.PutUint16(b[60:], entries)
	le.PutUint16(b[62:], 2)
	put := func(i int, name uint32, at, size int) {
		le.PutUint32(b[header+i*64:], name)
		le.PutUint64(b[header+i*64+24:], uint64(at))
		le.PutUint64(b[header+i*64+32:], uint64(size))
	}
	put(1, 1, len(b), len(rodata))
	put(2, 9, len(b)+len(rodata), len(names))
	return string(b) + rodata + names
}

func TestFindsTheVersionInAProgram(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"a kubelet", elf("v1.2.3 is in a text\x00clean\x00v1.34.1\x002025-10-01T00:00:00Z\x00"), "v1.34.1"},
		{"k3s", elf("\x00v1.32.1+k3s1\x00"), "v1.32.1+k3s1"},
		{"Debian's containerd", elf("\x001.7.24~ds1\x00"), "1.7.24~ds1"},
		{"none", elf("v1.34.1 and no more"), ""},
		{"cut short", elf("\x00v1.34.1\x00")[:200], ""},
		{"a script", "#!/bin/sh\n", ""},
		{"empty", "", ""},
	} {
		h := kerneltest.New(t, []byte("-- opt/bin/kubelet --\n"+test.content))
		if got := versionOf(h, "kubelet", "/opt/bin/kubelet"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := versionOf(kerneltest.New(t, []byte("-- etc/x --\n")), "kubelet", "/opt/bin/kubelet"); got != "" {
		t.Errorf("no file: %q", got)
	}
}

func FuzzProgram(f *testing.F) {
	f.Add([]byte(elf("\x00v1.34.1\x00")))
	f.Add([]byte("\x7fELF\x02\x01"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		h := kerneltest.Files(map[string][]byte{"/p": data})
		_ = linkedVersion(h, "/p")
	})
}

// TestTheMeasurementLeavesNothing measures on a fake node: beside a swap file it
// writes to a file that has no name any more; of a device it only reads.
func TestTheMeasurementLeavesNothing(t *testing.T) {
	n := hosttest.New(t)
	before := n.Snapshot()
	f := facts(t, n.Host(), ReadOptions{Measure: true})
	if l := f.Measure.Latency; l.Err != nil || l.BlocksRead == 0 || l.Written == 0 || l.On != "a temporary file in /var/lib" {
		t.Errorf("%+v", l)
	}
	if !errors.Is(f.Measure.Encrypt.Err, errors.ErrUnsupported) {
		t.Errorf("%+v", f.Measure.Encrypt)
	}
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("the node is changed:\n%s", diff)
	}
	status(t, f, "swap-latency", Pass, "random reads of 4 KiB")

	h := n.Host()
	if l := measureDevice(context.Background(), h, "/dev/vdb"); l.Err != nil || l.BlocksRead == 0 || l.Written != 0 {
		t.Errorf("%+v", l)
	}
	for _, op := range n.Ops() {
		if op.Name == "write" && strings.HasPrefix(op.Path, "/dev/") {
			t.Errorf("%s", op)
		}
	}
	n.FailOn("write", "", unix.ENOSPC)
	if l := measureFile(context.Background(), n.Host(), "/var/lib"); !errors.Is(l.Err, unix.ENOSPC) {
		t.Errorf("%+v", l)
	}
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("after a failure the node is changed:\n%s", diff)
	}
	n.FailOn("write", "", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if l := measureFile(ctx, n.Host(), "/var/lib"); !errors.Is(l.Err, context.Canceled) {
		t.Errorf("%+v", l)
	}
}

func TestChecksAnOrdinaryNodeWithoutChangingIt(t *testing.T) {
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	before := n.Snapshot()
	r := Judge(facts(t, n.Host(), ReadOptions{Stale: true}), Options{})
	if diff := before.Diff(n.Snapshot()); diff != "" || len(n.Ops()) > 0 {
		t.Errorf("%d changes:\n%s", len(n.Ops()), diff)
	}
	if r.Err(false) != nil {
		t.Error(r.Err(false))
	}
}

func TestPreflight(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name string
		h    host.Host
		o    PreflightOptions
		bad  string // in the error; "" for none
	}{
		{"a worker", node(t, "debian13"), PreflightOptions{Encrypt: true, Kubelet: true}, ""},
		{"a worker whose kubelet stays as it is", node(t, "debian13"), PreflightOptions{Encrypt: true}, ""},
		{"the swap of before is in clear", node(t, "control-plane"), PreflightOptions{Encrypt: true, Kubelet: true}, "tmpfs-noswap"},
		{"ignored", node(t, "control-plane"), PreflightOptions{Encrypt: true, Kubelet: true, Ignore: []string{"tmpfs-noswap"}}, ""},
		{"the kubelet would end", node(t, "control-plane"), PreflightOptions{Encrypt: true, Ignore: []string{"tmpfs-noswap"}}, "kubelet-fail-swap-on"},
		{"version 1, and no kubelet to suffer", node(t, "cgroup-v1", "-- sys/module/dm_crypt/x --\n"), PreflightOptions{Encrypt: true}, ""},
		{"oomd", node(t, "zram"), PreflightOptions{}, "systemd-oomd"},
	} {
		notable, err := Preflight(ctx, test.h, test.o)
		switch {
		case test.bad == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.bad != "" && (fail.Code(err) != fail.Unfit || !strings.Contains(err.Error(), test.bad)):
			t.Errorf("%s: %v, want %s", test.name, err, test.bad)
		case test.bad != "" && !strings.Contains(strings.Join(fail.Hints(err), "\n"), "--ignore "):
			t.Errorf("%s: hints %q", test.name, fail.Hints(err))
		}
		for _, r := range notable {
			if r.Status != Warn && r.Status != Fail || r.ID == "swap-active" {
				t.Errorf("%s: %+v", test.name, r)
			}
		}
	}
	if _, err := Preflight(ctx, node(t, "debian13"), PreflightOptions{Ignore: []string{"nonsense"}}); fail.Code(err) != fail.Usage {
		t.Errorf("a wrong name: %v", err)
	}
}

// TestSetupAsksWhatItDoesNotFixItself: which checks those are, and that the failure
// of those that only a kubelet suffers from does not stop a node without one.
func TestSetupAsksWhatItDoesNotFixItself(t *testing.T) {
	always := []string{"cgroup-v2", "container-runtime", "control-plane", "kernel-version", "memory-pressure", "swap-controller", "swap-turned-off", "systemd-oomd", "tmpfs-mounted-noswap", "tmpfs-noswap", "zram", "zswap"}
	ofKubelet := []string{"kubelet-config-decodes", "kubelet-fail-swap-on", "kubelet-feature-gate", "kubelet-swap-behavior"}
	for _, test := range []struct {
		o    PreflightOptions
		more []string
	}{
		{PreflightOptions{Kubelet: true}, nil},
		{PreflightOptions{Kubelet: true, Encrypt: true}, []string{"dm-crypt-available"}},
		{PreflightOptions{}, ofKubelet},
		{PreflightOptions{Encrypt: true}, append([]string{"dm-crypt-available"}, ofKubelet...)},
	} {
		asked := test.o.preflight()
		want := slices.Sorted(slices.Values(append(slices.Clone(always), test.more...)))
		if got := slices.Sorted(maps.Keys(asked)); !slices.Equal(got, want) {
			t.Errorf("%+v: %q, want %q", test.o, got, want)
		}
		for id, forKubelet := range asked {
			if forKubelet != slices.Contains([]string{"cgroup-v2", "swap-controller", "kernel-version"}, id) {
				t.Errorf("%s is for a kubelet alone: %v", id, forKubelet)
			}
		}
	}
}

// TestWhatOthersCanChangeIsNotJudgedBy: it counts as unknown.
func TestWhatOthersCanChangeIsNotJudgedBy(t *testing.T) {
	const packages = "-- var/lib/dpkg/status --\nPackage: kubelet\nStatus: install ok installed\nVersion: 1.34.1-1\n\nPackage: containerd\nStatus: install ok installed\nVersion: 1.7.24~ds1-6\n\n"
	const table = "-- etc/fstab --\n/swapfile none swap sw 0 0\n"
	const loaded = "-- sys/module/dm_crypt/initstate = gone --\n-- sys/module/dm_crypt = gone --\n"
	const modules = "lib/modules/6.12.107+deb13-cloud-amd64/"
	for owner, theirs := range map[string]bool{"0": false, "1000": true} {
		f := facts(t, node(t, "debian13", packages+table+loaded+"-- var/lib/dpkg = owner "+owner+" --\n-- etc/fstab = owner "+owner+" --\n-- "+modules+"modules.dep = owner "+owner+" --\n"), ReadOptions{})
		if (f.Kubelet.Version == "") != theirs || (f.Runtime.Version == "") != theirs {
			t.Errorf("owner %s: versions %q, %q", owner, f.Kubelet.Version, f.Runtime.Version)
		}
		if (f.Boot.Unseen != nil) != theirs {
			t.Errorf("owner %s: %v, lines %v", owner, f.Boot.Unseen, f.Boot.Lines)
		}
	}
}
