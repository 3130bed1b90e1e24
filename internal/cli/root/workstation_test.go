package root

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/node"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host"
)

// onAWorkstation runs swapctl as it is built for systems that are not Linux: with
// files, and with nothing else of a host, so that whoever uses more ends in a fault.
func onAWorkstation(in string, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(&cli.App{
		Host: host.Host{Files: host.Linux().Files},
		Node: node.Workstation(),
		Process: cli.Process{
			In: strings.NewReader(in), Out: &out, Err: &errs,
			LookupEnv: func(string) (string, bool) { return "", false },
		},
	}, args)
	return out.String(), errs.String(), code
}

// TestAWorkstationHasTheCommandsOfANode: in the help, with the same names and words,
// and each says that it works only on Linux, whatever its flags are.
func TestAWorkstationHasTheCommandsOfANode(t *testing.T) {
	help, _, _ := onAWorkstation("", "--help")
	for _, cmd := range node.Local().Commands(&cli.App{Node: node.Local()}) {
		if want := cmd.Short + " (only on Linux)"; !strings.Contains(strings.Join(strings.Fields(help), " "), cmd.Name()+" "+want) {
			t.Errorf("the help has no %q:\n%s", cmd.Name()+" "+want, help)
		}
		for _, flags := range [][]string{nil, {"--size", "4Gi", "-x", "--encrypt=false"}, {"word"}} {
			out, errs, code := onAWorkstation("", append([]string{cmd.Name()}, flags...)...)
			if code != fail.Unfit || out != "" || !strings.HasPrefix(errs, "swapctl: error: cannot run 'swapctl "+cmd.Name()+"' on this machine: ") ||
				!strings.Contains(errs, "only on Linux") || !strings.Contains(errs, "hint: run it on the node: ssh NODE sudo swapctl "+cmd.Name()+"\n") {
				t.Errorf("%s %q: exit code %d, %s%s", cmd.Name(), flags, code, out, errs)
			}
		}
		if out, errs, code := onAWorkstation("", cmd.Name(), "--help"); code != fail.OK || errs != "" || !strings.Contains(out, "only on Linux") {
			t.Errorf("help of %s: exit code %d, %s%s", cmd.Name(), code, out, errs)
		}
	}
	_, errs, code := onAWorkstation("", "setup", "--size=4Gi", "-o", "json")
	var doc struct{ Error struct{ Code int } }
	if err := json.Unmarshal([]byte(errs), &doc); err != nil || doc.Error.Code != code {
		t.Errorf("as JSON: %v, exit code %d\n%s", err, code, errs)
	}
}

// TestAWorkstationAnswersWithoutANode: all other commands do what they do on a node,
// but ask it for nothing.
func TestAWorkstationAnswersWithoutANode(t *testing.T) {
	pods, dir := goldentest.Repo("examples/pods.yaml"), t.TempDir()
	config := goldentest.Read(t, goldentest.Repo("examples/kubeadm-init.yaml"))
	broken := strings.Replace(config, "failSwapOn", "failSwapOff", 1)
	mine := filepath.Join(dir, "kubeadm.yaml")
	if err := os.WriteFile(mine, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		in   string
		code int
		out  string
		errs string
	}{
		{args: "version", out: "knows Kubernetes"},
		{args: "completion zsh", out: "#compdef swapctl"},
		{args: "__complete kubeadm-config --kind p", out: "patch\n", errs: "Completion ended"},
		{args: "__complete setup --only x", out: ":", errs: "Completion ended"},
		{args: "plan --node-memory 32Gi --node-swap 16Gi --pods " + pods, out: "Proportional"},
		{args: "plan --node-memory 32Gi --node-swap 16Gi --pods -", in: goldentest.Read(t, pods), out: "Proportional"},
		{args: "plan --pods " + pods, code: fail.Failed, errs: "no Linux node\nswapctl: hint: say which node is meant: --node-memory 64Gi --node-swap 32Gi"},
		{args: "kubeadm-config --kubernetes-version 1.34", out: "failSwapOn: false"},
		{args: "kubeadm-config", code: fail.Usage, errs: "Kubernetes version not specified"},
		{args: "kubeadm-config --kubernetes-version 1.34 --output-dir " + dir + "/new", errs: "wrote "},
		{args: "kubeadm-config --kubernetes-version 1.34 --output-dir " + dir + "/new", errs: "nothing to do for"},
		{args: "kubeadm-config --kubernetes-version 1.34 --merge " + mine, out: "failSwapOn: false"},
		{args: "kubeadm-config lint --kubernetes-version 1.34 " + mine, out: "0 faults"},
		{args: "kubeadm-config lint --kubernetes-version 1.34 -", in: broken, code: fail.Unfit, out: "failSwapOff", errs: "lint found 2 faults"},
	} {
		out, errs, code := onAWorkstation(c.in, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
			t.Errorf("%s: exit code %d\n%s%s", c.args, code, out, errs)
		}
	}
}

// TestAPluginOfKubectlNamesItselfSo: in usage, examples, hints and what is related,
// whatever the path and the system; and has the same groups of flags.
func TestAPluginOfKubectlNamesItselfSo(t *testing.T) {
	say := func(name string, args ...string) string {
		var out, errs bytes.Buffer
		run(&cli.App{Host: host.Linux(), Process: cli.Process{
			Name: name, Out: &out, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false },
		}}, args)
		return out.String() + errs.String()
	}
	for _, name := range []string{"kubectl-swap", "/home/me/.krew/bin/kubectl-swap", `C:\krew\bin\kubectl-swap.exe`} {
		help := say(name, "plan", "--help")
		for _, want := range []string{"\n  kubectl swap plan [flags]\n", "\n  kubectl swap plan --pods ", "\n  kubectl swap check ", "\nPods:\n", "\n  man swapctl-plan\n"} {
			if !strings.Contains(help, want) {
				t.Errorf("%s: the help of plan has no %q:\n%s", name, want, help)
			}
		}
		if got := say(name, "setpu"); !strings.Contains(got, "did you mean 'kubectl swap setup'?") {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, name := range []string{"", "swapctl", "/opt/kubectl-swap/swapctl", "my-kubectl-swap"} {
		if got := say(name, "plan", "--help"); strings.Contains(got, "kubectl swap") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
