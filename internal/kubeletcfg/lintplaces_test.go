package kubeletcfg

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/provisioner"
)

// A file is judged by where it is: a file for another program is not read
// there.
func TestFilesThatNobodyReadsAreFound(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	kubelet := kubeletHead + "failSwapOn: false\n"
	nodeConfig := "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {}\n"
	k3s := "kubelet-arg: [max-pods=100]\n"
	for _, test := range []struct{ path, text, rule, fix string }{
		{"/etc/rancher/k3s/config.yaml", kubelet, "second-document", "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-swap.conf"},
		{"/etc/rancher/rke2/config.yaml.d/50-swap.yaml", kubelet, "second-document", "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d/50-swap.conf"},
		{"/etc/rancher/k3s/config.yaml.d/50-swap.yaml", "failSwapOn: false\n", "second-document", "kubelet.conf.d"},
		{"/etc/rancher/k3s/config.yaml.d/50-swap.conf", k3s, "dropin-file", "50-swap.yaml"},
		{"/etc/rancher/k3s/config.yaml", nodeConfig, "second-document", "EKS nodeadm"},
		{"image/etc/rancher/k3s/config.yaml", kubeadmHead("v1beta4", "InitConfiguration"), "second-document", "k3s"},
		{"/etc/k0s/k0s.yaml", kubelet, "second-document", "workerProfiles"},
		{"/etc/kubernetes/kubelet.conf.d/50-swap.yaml", kubelet, "dropin-file", "50-swap.conf"},
		{"/etc/kubernetes/kubelet.conf.d/config.yaml", k3s, "second-document", "/etc/rancher/k3s/config.yaml"},
		{"/etc/kubernetes/kubelet.conf.d/50-swap.conf", k3s, "second-document", "/etc/rancher/k3s/config.yaml"},
		{"/etc/openshift/kubelet.conf.d/50-swap.conf", nodeConfig, "second-document", "EKS nodeadm"},
		{"/var/lib/kubelet/config.yaml", nodeConfig, "second-document", "EKS nodeadm"},
		{"/var/lib/kubelet/config.yaml", kubeadmHead("v1beta4", "JoinConfiguration"), "kind", ""},
		{"/etc/kubernetes/config.yaml", k3s, "second-document", "/etc/rancher/k3s/config.yaml"},
		{"/etc/kubernetes/talos.yaml", "machine: {type: worker}\n", "second-document", "Talos"},
		// Files that are read, or of which nothing is known.
		{"/etc/rancher/k3s/config.yaml", k3s, "", ""},
		{"/etc/rancher/k3s/config.yaml", "debug: true\n", "", ""},
		{"/etc/rancher/rke2/config.yaml.d/a.yml", k3s, "", ""},
		{"/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-swap.conf", kubelet, "", ""},
		{"/var/lib/kubelet/config.yaml", kubelet, "", ""},
		{"/etc/kubernetes/kind.yaml", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n", "", ""},
		{"/etc/kubernetes/kubeadm.yaml", kubeadmHead("v1beta4", "InitConfiguration"), "", ""},
		{"/etc/kubernetes/manifests/etcd.yaml", "apiVersion: v1\nkind: Pod\n", "", ""},
		{"config.yaml", k3s, "", ""},
		{"nodes/worker.yaml", nodeConfig, "", ""},
	} {
		found := ""
		for _, f := range Lint([]Source{{test.path, []byte(test.text)}}, LintOptions{Row: row}) {
			if f.Note {
				continue
			}
			found = f.Rule
			if f.Rule != test.rule || !strings.Contains(f.Fix, test.fix) || f.Message == "" || f.File != test.path {
				t.Errorf("%s: %+v", test.path, f)
			}
		}
		if found != test.rule {
			t.Errorf("%s: found %q, want %q: %s", test.path, found, test.rule, test.text)
		}
	}
	for _, p := range provisioner.Places() {
		if p.Source == "" || p.Reader == "" || p.Kubelet == (p.Tool != "") || p.Tool != "" && p.Instead == "" {
			t.Errorf("%+v", p)
		}
	}
}
