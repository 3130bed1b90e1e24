package root_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/check"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/completion"
	"github.com/swapctl/swapctl/internal/cli/node"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// complete asks as a shell does, and returns the words and what the shell is to do
// besides (cobra's directive).
func complete(t *testing.T, n *hosttest.Node, line ...string) (words []string, directive string) {
	t.Helper()
	out, errs, code := clitest.Run(n, append([]string{"__completeNoDesc"}, line...)...)
	if code != 0 {
		t.Fatalf("%q: exit code %d: %s", line, code, errs)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	last := len(lines) - 1
	return lines[:last], lines[last]
}

// What a shell does besides offering the words.
const (
	aFile, aWord, inOrder, aDirectory, more = ":0", ":4", ":36", ":16", ":38"
)

func TestAShellIsToldTheValues(t *testing.T) {
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	n.AddDisk("vdc", 64<<30)
	n.Symlink("/dev/disk/by-partuuid/2d9be9c5-01", "../../vdc")
	n.Symlink("/dev/disk/by-uuid/0b1c", "../../vdc")
	for _, test := range []struct {
		line      string // the last word is being typed; "" is a blank
		want      string
		directive string
	}{
		{"setup --swap-behavior _", "LimitedSwap NoSwap", inOrder},
		{"setup --swap-behavior=N", "NoSwap", inOrder},
		{"setup --persist _", "auto systemd fstab none", inOrder},
		{"setup --persist s", "systemd", inOrder},
		{"setup --discard _", "none once pages both", inOrder},
		{"setup --preallocation _", "full falloc", inOrder},
		{"setup --sector-size _", "auto 512 4096", inOrder},
		{"setup --kubelet _", "auto skip", inOrder},
		{"setup --encrypt=_", "true false", inOrder},
		{"setup --kubernetes-version 1.3", "1.37 1.36 1.35 1.34 1.33 1.32 1.31 1.30", inOrder},
		{"plan --kubernetes-version 1.29", "1.29", inOrder},
		{"check --kubernetes-version 1.29", "1.29", inOrder},
		{"kubeadm-config --kubernetes-version 1.22", "1.22", inOrder},
		{"kubeadm-config lint --kubernetes-version 1.22", "1.22", inOrder},
		{"setup --device /dev/disk/by-p", "/dev/disk/by-partuuid/2d9be9c5-01 /dev/disk/by-partuuid/5eed0000-01", ":32"},
		{"setup --device /dev/disk/by-id/virtio-vdc", "/dev/disk/by-id/virtio-vdc", ":32"},
		{"setup --erase=/dev/disk/by-id/virtio-vdc", "/dev/disk/by-id/virtio-vdc", ":32"},
		{"setup --device /dev/disk/by-uuid/", "", ":32"},
		{"setup --path _", "", aFile},
		{"setup --config _", "", aFile},
		{"setup --name _", "", aWord},
		{"setup --size 5", "50%", inOrder},
		{"setup -o _", "table wide json yaml", inOrder},
		{"status -o j", "json", inOrder},
		{"plan -o _", "table wide json yaml csv", inOrder},
		{"check -o _", "table wide json yaml junit sarif short", inOrder},
		{"kubeadm-config lint -o _", "table wide json yaml junit sarif", inOrder},
		{"check --only meas", "measurements", more},
		{"check --only cgroup-v", "cgroup-v2", more},
		{"check --only cgroup-v2,swap-enc", "cgroup-v2,swap-encrypted", more},
		{"check --ignore swap-encrypted,swap-enc", "", more},
		{"setup --ignore tmpfs-n", "tmpfs-noswap", more},
		{"check --control-plane _", "auto true false", inOrder},
		{"plan --pods _", "", aFile},
		{"plan --node _", "", aFile},
		{"plan --sort _", "swap request name", inOrder},
		{"plan --cgroup-version _", "1 2", inOrder},
		{"plan --swap-behavior L", "LimitedSwap", inOrder},
		{"kubeadm-config --kind _", "init join kubelet dropin patch", inOrder},
		{"kubeadm-config --output-dir _", "", aDirectory},
		{"kubeadm-config --merge _", "", aFile},
		{"kubeadm-config l", "lint", aWord},
		{"kubeadm-config lint _", "", aFile},
		{"completion _", "bash zsh fish powershell", aWord},
		{"status _", "", aWord},
		{"setup _", "", aWord},
		{"te", "teardown", aWord},
		{"help kubeadm-config _", "lint", aWord},
		{"setup --swapp", "--swappiness", aWord},
	} {
		line := strings.Fields(test.line)
		for i := range line {
			line[i] = strings.TrimSuffix(line[i], "_")
		}
		words, directive := complete(t, n, line...)
		if got := strings.Join(words, " "); got != test.want || directive != test.directive {
			t.Errorf("swapctl %s: %q %s, want %q %s", test.line, got, directive, test.want, test.directive)
		}
	}
}

// TestAShellIsToldWhatTheValuesAre: check ids have titles, devices their sizes.
func TestAShellIsToldWhatTheValuesAre(t *testing.T) {
	n := hosttest.New(t)
	for line, want := range map[string]string{
		"check --only cgroup-v2":              "cgroup-v2\t" + title(t, "cgroup-v2") + "\n",
		"setup --device /dev/disk/by-id/virt": "/dev/disk/by-id/virtio-vdb\tvdb",
		"setup --siz":                         "--size\tsize of the swap area",
		"setup --discard on":                  "once\twhen swap is turned on",
	} {
		out, _, _ := clitest.Run(n, append([]string{"__complete"}, strings.Fields(line)...)...)
		if !strings.Contains(out, want) {
			t.Errorf("swapctl %s: want %q in\n%s", line, want, out)
		}
	}
}

func title(t *testing.T, id string) string {
	t.Helper()
	for _, c := range check.Catalogue() {
		if c.ID == id {
			return c.Title
		}
	}
	t.Fatalf("there is no check %s", id)
	return ""
}

// TestEveryFlagCompletesOrHasNothingToChoose: a new flag is one or the other.
func TestEveryFlagCompletesOrHasNothingToChoose(t *testing.T) {
	a := &cli.App{Host: hosttest.New(t).Host(), Node: node.Local(), Process: cli.Process{Out: io.Discard, Err: io.Discard, LookupEnv: clitest.NoEnv}}
	free := []string{
		"name", "priority", "swappiness", "min-free-kbytes", "watermark-scale-factor", "watermark-boost-factor", "template-path",
		"namespace", "node-memory", "node-swap", "explain", "target-per-container", "target-ratio",
	}
	for _, cmd := range allCommands() {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if complete := completion.Of(a, f) != nil; f.Value.Type() != "bool" && complete == slices.Contains(free, f.Name) {
				t.Errorf("%s --%s: completes: %v", cmd.CommandPath(), f.Name, complete)
			}
		})
	}
}
