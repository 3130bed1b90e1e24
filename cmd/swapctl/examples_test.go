package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

const examples = "../../examples"

// exampleNode is a node of kubeadm's that has all examples in /root/examples.
func exampleNode(t *testing.T) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t, hosttest.Kubeadm("v1.34.1"))
	n.WorkIn("/root")
	for _, name := range exampleFiles(t) {
		n.WriteFile("/root/examples/"+name, readText(t, filepath.Join(examples, name)), 0o644)
	}
	return n
}

func exampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(examples, func(name string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".yaml" {
			name, err = filepath.Rel(examples, name)
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestExamplesWork reads every example with the command that examples/README.md
// names for it; -update writes those that a command makes.
func TestExamplesWork(t *testing.T) {
	made := map[string]string{
		"kubeadm-init.yaml": "init", "kubeadm-join.yaml": "join", "patches/kubeletconfiguration+strategic.yaml": "patch",
	}
	for name, kind := range made {
		out, errs, code := runOn(hosttest.New(t), "kubeadm-config", "--kubernetes-version", "1.34", "--kind", kind)
		if code != fail.OK {
			t.Fatal(errs)
		}
		compareText(t, filepath.Join(examples, name), out)
	}
	index := readText(t, examples+"/README.md")
	n, tried := exampleNode(t), 0
	for _, name := range exampleFiles(t) {
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
		if out, errs, code := runOn(n, args...); code != fail.OK || strings.Contains(errs, "warning") {
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
	out, errs, code := runOn(exampleNode(t), "plan", "--pods", "examples/pods.yaml", "--node", "examples/node.yaml", "-o", "json")
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
