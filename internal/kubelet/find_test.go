package kubelet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kubelet"
)

// lay makes a node of a captured tree. The programs that it speaks of answer with
// their versions, and command lines have NULs for blanks.
func lay(t *testing.T, name string) *hosttest.Node {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	n := hosttest.FromTxtar(t, data)
	for name, says := range map[string]string{
		"/usr/bin/kubelet":        "Kubernetes v1.34.1\n",
		"/usr/local/bin/k3s":      "k3s version v1.32.1+k3s1 (6a322f12)\ngo version go1.23.4\n",
		"/usr/local/bin/rke2":     "rke2 version v1.31.3+rke2r1 (27)\n",
		"/opt/kubernetes/kubelet": "Kubernetes v1.27.16\n",
		"/var/lib/rancher/rke2/data/v1.31.3-rke2r1-0a8c4e/bin/kubelet": "Kubernetes v1.31.3+rke2r1\n",
		"/snap/kubelet-eks/214/kubelet":                                "Kubernetes v1.31.4\n",
		"/var/lib/k0s/bin/kubelet":                                     "Kubernetes v1.31.2+k0s\n",
	} {
		if !strings.Contains(string(data), name) {
			continue
		}
		n.SetProgram(name, func(args []string) (string, error) {
			if !slices.Equal(args, []string{"--version"}) {
				return "", errors.New("exit status 1")
			}
			return says, nil
		})
	}
	lines, _ := filepath.Glob(n.Root + "/proc/*/cmdline")
	for _, path := range lines {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n.WriteFile(strings.TrimPrefix(path, n.Root), strings.Join(strings.Fields(string(text)), "\x00")+"\x00", 0o444)
	}
	return n
}

func find(t *testing.T, name string) (kubelet.Kubelet, error) {
	t.Helper()
	return kubelet.Find(context.Background(), lay(t, name).Host())
}

func TestFindsTheKubeletOfEveryKindOfNode(t *testing.T) {
	for name, want := range map[string]struct {
		kind               kubelet.Kind
		unit, version      string
		config, dir        string
		flags              string // the arguments, without those that say nothing here
		failSwapOn         bool
		failFrom, behavior string
		running            bool
	}{
		"kubeadm": {kind: kubelet.Systemd, unit: "kubelet.service", version: "v1.34.1", config: "/var/lib/kubelet/config.yaml", running: true,
			flags:      "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml --container-runtime-endpoint=unix:///var/run/containerd/containerd.sock --pod-infra-container-image=registry.k8s.io/pause:3.10 --node-ip=10.0.0.7 --v=2",
			failSwapOn: true, failFrom: "default"},
		"kubeadm-before-join": {kind: kubelet.Systemd, unit: "kubelet.service", version: "v1.34.1", config: "/var/lib/kubelet/config.yaml",
			flags:      "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml",
			failSwapOn: true, failFrom: "default"},
		"config-dir": {kind: kubelet.Systemd, unit: "kubelet.service", version: "v1.34.1", config: "/etc/kubernetes/kubelet.yaml", dir: "/etc/kubernetes/kubelet.conf.d",
			flags: "--config /etc/kubernetes/kubelet.yaml --config-dir /etc/kubernetes/kubelet.conf.d", failFrom: "/etc/kubernetes/kubelet.conf.d/20-swap.conf", behavior: "LimitedSwap"},
		"old": {kind: kubelet.Systemd, unit: "kubelet.service", version: "v1.27.16", config: "/etc/kubernetes/kubelet.yaml",
			flags: "--config=/etc/kubernetes/kubelet.yaml --fail-swap-on=false", failFrom: "--fail-swap-on"},
		"by-hand": {kind: kubelet.ByHand, version: "v1.34.1", config: "/root/kubelet.yaml", flags: "--config=/root/kubelet.yaml", failFrom: "/root/kubelet.yaml", running: true},
		"wrapped": {kind: kubelet.Systemd, unit: "kubelet.service", version: "v1.34.1", config: "/etc/kubernetes/kubelet.yaml", flags: "--config=/etc/kubernetes/kubelet.yaml",
			failSwapOn: true, failFrom: "default", running: true},
		"k3s": {kind: kubelet.K3s, unit: "k3s.service", version: "v1.32.1+k3s1", dir: "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d",
			flags: "--config-dir=/var/lib/rancher/k3s/agent/etc/kubelet.conf.d --max-pods=200", failFrom: "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf"},
		"rke2": {kind: kubelet.RKE2, unit: "rke2-agent.service", version: "v1.31.3+rke2r1", flags: "--fail-swap-on=false --node-ip=10.0.0.8", failFrom: "--fail-swap-on", running: true},
		"k0s": {kind: kubelet.K0s, unit: "k0sworker.service", version: "v1.31.2+k0s", config: "/var/lib/k0s/kubelet-config.yaml",
			flags: "--config=/var/lib/k0s/kubelet-config.yaml --root-dir=/var/lib/k0s/kubelet", failFrom: "/var/lib/k0s/kubelet-config.yaml", behavior: "NoSwap", running: true},
		"microk8s": {kind: kubelet.MicroK8s, unit: "snap.microk8s.daemon-kubelite.service",
			flags: "--kubeconfig=/var/snap/microk8s/current/credentials/kubelet.config --fail-swap-on=false"},
		"eks": {kind: kubelet.EKSSnap, unit: "snap.kubelet-eks.daemon.service", version: "v1.31.4", config: "/etc/kubernetes/kubelet/kubelet-config.json", running: true,
			flags: "--config=/etc/kubernetes/kubelet/kubelet-config.json --kubeconfig=/var/lib/kubelet/kubeconfig", failFrom: "/etc/kubernetes/kubelet/kubelet-config.json", behavior: "LimitedSwap"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := find(t, name)
			if err != nil || !k.Found {
				t.Fatalf("%v, found %v (%s)", err, k.Found, k.Note)
			}
			if k.Kind != want.kind || k.Unit != want.unit || k.Version != want.version || k.ConfigFile != want.config || k.ConfigDir != want.dir || k.Running != want.running {
				t.Errorf("got %s %s %q %q %q running %v (%v)", k.Kind, k.Unit, k.Version, k.ConfigFile, k.ConfigDir, k.Running, k.Silence)
			}
			if flags := strings.Join(k.Argv[1:], " "); flags != want.flags {
				t.Errorf("flags:\n%s\nwant\n%s", flags, want.flags)
			}
			if k.Embedded() != (len(k.Advice) > 0) {
				t.Errorf("embedded %v, advice %q", k.Embedded(), k.Advice)
			}
			if want.version == "" {
				if _, err := k.Effective(); err == nil {
					t.Error("no version, and no error")
				}
				return
			}
			e, err := k.Effective()
			if err != nil || e.FailSwapOn != want.failSwapOn || e.FailSwapOnFrom != want.failFrom || e.SwapBehavior != want.behavior {
				t.Errorf("failSwapOn %v (%s), behavior %q, %v", e.FailSwapOn, e.FailSwapOnFrom, e.SwapBehavior, err)
			}
		})
	}
}

// TestEveryDistributionHasACapturedNode: of each row there is one, named after its
// kind, that is found to be of that kind.
func TestEveryDistributionHasACapturedNode(t *testing.T) {
	for _, kind := range kubelet.Kinds() {
		name := string(kind)
		if kind == kubelet.Systemd {
			name = "kubeadm"
		}
		if k, err := find(t, name); err != nil || k.Kind != kind {
			t.Errorf("%s: a kubelet of kind %q, %v", name, k.Kind, err)
		}
	}
}

func TestAnAPIServerMakesAControlPlane(t *testing.T) {
	for name, want := range map[string]string{
		"kubeadm": "", "k3s": "k3s.service", "rke2": "", "k0s": "", "microk8s": "snap.microk8s.daemon-kubelite.service", "eks": "", "container": "",
	} {
		n := lay(t, name)
		k, err := kubelet.Look(n.Host())
		if err != nil {
			t.Fatal(err)
		}
		if sign, err := k.ControlPlane(n.Host()); sign != want || err != nil {
			t.Errorf("%s: %q, %v", name, sign, err)
		}
		for _, pod := range []string{"/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml", "/etc/kubernetes/manifests/kube-apiserver.yaml"} {
			n.WriteFile(pod, "x", 0o600)
			if sign, err := k.ControlPlane(n.Host()); want == "" && sign != pod || err != nil {
				t.Errorf("%s with %s: %q, %v", name, pod, sign, err)
			}
		}
	}
}

func TestARuntimeOfADistributionComesFirst(t *testing.T) {
	var names []string
	for _, r := range kubelet.Runtimes() {
		names = append(names, r.Name+" "+r.Binary)
	}
	want := []string{
		"containerd /var/lib/rancher/k3s/data/current/bin/containerd", "containerd /var/lib/rancher/rke2/bin/containerd", "containerd /var/lib/k0s/bin/containerd",
		"containerd /snap/microk8s/current/bin/containerd", "cri-o /usr/bin/crio", "cri-o /usr/local/bin/crio", "containerd /usr/local/bin/containerd", "containerd /usr/bin/containerd",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
}

func TestKnowsWhenTheRunningOneBegan(t *testing.T) {
	k, err := find(t, "kubeadm")
	if want := 1234560 * time.Millisecond; err != nil || k.PID != 812 || k.Started != want {
		t.Errorf("%v: %d since %v, want %v", err, k.PID, k.Started, want)
	}
}

func TestANodeWithoutAKubeletHasNone(t *testing.T) {
	for _, name := range []string{"none", "kind-inside", "not-a-kubelet"} {
		if k, err := find(t, name); err != nil || k.Found {
			t.Errorf("%s: %+v, %v", name, k, err)
		}
	}
	if k, _ := find(t, "not-a-kubelet"); !strings.Contains(k.Note, "kubelet.service is no kubelet: it runs /bin/sleep infinity") {
		t.Errorf("note: %q", k.Note)
	}
}

func TestAKubeletThatNobodyCanMakeOutIsAnError(t *testing.T) {
	for name, says := range map[string]string{
		"script":      "kubelet.service starts it by",
		"left-behind": "/usr/bin/kubelet is there",
		"masked":      "/usr/bin/kubelet is there",
	} {
		k, err := find(t, name)
		if !k.Found || fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), says) || !strings.Contains(strings.Join(fail.Hints(err), ""), "--kubelet skip") {
			t.Errorf("%s: %+v, %v", name, k, err)
		}
	}
}

func TestADropInGivesTheKubeletADirectoryAndLeavesTheRestToItsUnit(t *testing.T) {
	for name, want := range map[string]string{
		"kubeadm": "Environment=\"KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml --config-dir=/d\"\n",
		"old":     "ExecStart=\nExecStart=/opt/kubernetes/kubelet --config=/etc/kubernetes/kubelet.yaml   --fail-swap-on=${FAIL} --config-dir=/d\n",
		"wrapped": "",
		"by-hand": "",
	} {
		k, err := find(t, name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := k.ConfigDirDropIn("/d")
		if _, body, _ := strings.Cut(text, "[Service]\n"); body != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func TestFilesThatAreNotThereYetAreReadAsIfTheyWere(t *testing.T) {
	n := lay(t, "kubeadm")
	k, err := kubelet.Find(context.Background(), n.Host())
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.ConfigDirDropIn("/etc/kubernetes/kubelet.conf.d")
	if err != nil {
		t.Fatal(err)
	}
	then, err := kubelet.Find(context.Background(), kubelet.With(n.Host(), map[string][]byte{
		kubelet.UnitDropIn(k.Unit):                       []byte(text),
		"/etc/kubernetes/kubelet.conf.d/50-swapctl.conf": []byte("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: false\n"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if e, err := then.Effective(); err != nil || e.FailSwapOn || e.FailSwapOnFrom != "/etc/kubernetes/kubelet.conf.d/50-swapctl.conf" {
		t.Errorf("%+v, %v", e, err)
	}
	without, err := kubelet.Find(context.Background(), kubelet.With(n.Host(), map[string][]byte{"/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": nil}))
	if err != nil || without.ConfigFile != "" {
		t.Errorf("without kubeadm's drop-in: %q, %v", without.ConfigFile, err)
	}
}
