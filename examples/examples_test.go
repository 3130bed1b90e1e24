package examples_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestExamplesWork reads every example with the command that examples/README.md
// names for it; -update writes those that a command makes.
func TestExamplesWork(t *testing.T) {
	made := map[string]string{
		"kubeadm-init.yaml": "init", "kubeadm-join.yaml": "join", "patches/kubeletconfiguration+strategic.yaml": "patch",
	}
	for name, kind := range made {
		out, errs, code := clitest.Run(hosttest.New(t), "kubeadm-config", "--kubernetes-version", "1.34", "--kind", kind)
		if code != fail.OK {
			t.Fatal(errs)
		}
		goldentest.Compare(t, name, out)
	}
	index := goldentest.Read(t, "README.md")
	n, tried := clitest.ExampleNode(t), 0
	for _, name := range clitest.ExampleFiles(t) {
		if !strings.Contains(index, "\n| ["+name+"]("+name+") |") {
			t.Errorf("%s is not in examples/README.md", name)
		}
		var args []string
		switch {
		case strings.HasPrefix(name, "config-"):
			args = []string{"setup", "--dry-run", "--config", "examples/" + name}
		case made[name] != "":
			args = []string{"kubeadm-config", "lint", "--strict", "--kubernetes-version", "1.34", "examples/" + name}
		case name == "pods.yaml" || name == "node.yaml":
			args = []string{"plan", "--pods", "examples/pods.yaml", "--node", "examples/node.yaml"}
		default:
			t.Errorf("nothing tries %s", name)
			continue
		}
		tried++
		if out, errs, code := clitest.Run(n, args...); code != fail.OK || strings.Contains(errs, "warning") {
			t.Errorf("swapctl %s: exit code %d\n%s%s", strings.Join(args, " "), code, errs, out)
		}
	}
	if tried < 8 {
		t.Errorf("only %d examples", tried)
	}
}

// TestExamplePodsAreWhatTheirCommentsSay holds the plan of examples/pods.yaml
// against what the file says of each container.
func TestExamplePodsAreWhatTheirCommentsSay(t *testing.T) {
	out, errs, code := clitest.Run(clitest.ExampleNode(t), "plan", "--pods", "examples/pods.yaml", "--node", "examples/node.yaml", "-o", "json")
	var plan struct {
		Containers []struct {
			Container, Reason string
			SwapLimitBytes    int64
		}
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&plan); err != nil || code != fail.OK {
		t.Fatal(err, errs)
	}
	var got []string
	for _, c := range plan.Containers {
		got = append(got, c.Container+" "+c.Reason)
		if (c.SwapLimitBytes > 0) != (c.Container == "app") {
			t.Errorf("%s gets %d", c.Container, c.SwapLimitBytes)
		}
	}
	want := []string{"app Proportional", "sidecar RequestEqualsLimit", "helper NoMemoryRequest", "db QOSGuaranteed", "batch QOSBestEffort", "agent CriticalPod"}
	if !slices.Equal(got, want) {
		t.Errorf("the plan says %q, want %q", got, want)
	}
}
