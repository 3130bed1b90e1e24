package clitest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

// ExampleNode is a node of kubeadm's that has all examples in /root/examples.
func ExampleNode(t *testing.T) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t, hosttest.Kubeadm("v1.34.1"))
	n.WorkIn("/root")
	for _, name := range ExampleFiles(t) {
		n.WriteFile("/root/examples/"+name, goldentest.Read(t, goldentest.Repo("examples/"+name)), 0o644)
	}
	return n
}

// ExampleFiles lists the files of examples/.
func ExampleFiles(t *testing.T) []string {
	t.Helper()
	examples := goldentest.Repo("examples")
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

const checkNodes = "internal/check/testdata/nodes/"

// CheckNode is one of the captured nodes.
func CheckNode(t testing.TB, name string) host.Host {
	t.Helper()
	data, err := os.ReadFile(goldentest.Repo(checkNodes + name + ".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return kerneltest.New(t, data)
}

// CheckNodeNames lists the captured nodes.
func CheckNodeNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(goldentest.Repo(checkNodes + "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".txtar")
	}
	return files
}

// APod is a pod whose only container has these resources.
func APod(resources string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    resources: " + resources + "\n"
}

// HowNode is the node of the stories, and HowSetup what is set up on it.
func HowNode(t *testing.T) *hosttest.Node {
	return hosttest.New(t, (*hosttest.Node).Systemd)
}

// HowSetup is the command line of the stories.
const HowSetup = "setup --size 64Mi"
