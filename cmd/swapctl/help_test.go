package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// allCommands lists every command that there is.
func allCommands() []*cobra.Command {
	var all []*cobra.Command
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, c := range subcommands(cmd) {
			walk(c)
		}
	}
	walk(newRoot(&app{streams: streams{out: io.Discard, err: io.Discard, lookupEnv: noEnv}}))
	return all
}

// TestHelpOfEveryCommandIsWhole: one line that says what it is for, examples, each
// flag in a group, and more to read that is there.
func TestHelpOfEveryCommandIsWhole(t *testing.T) {
	commands := allCommands()
	if len(commands) < 10 {
		t.Errorf("only %d commands", len(commands))
	}
	for _, cmd := range commands {
		path := cmd.CommandPath()
		out, errs, code := runOn(hosttest.New(t), append(strings.Fields(path)[1:], "--help")...)
		if code != fail.OK || errs != "" {
			t.Errorf("%s: exit code %d: %s", path, code, errs)
		}
		first, _, _ := strings.Cut(out, "\n")
		if first != cmd.Short+"." || len(first) > 72 {
			t.Errorf("%s: the first line is %q", path, first)
		}
		for _, title := range []string{"\nUsage:\n  " + path, "\nExamples:\n", "\nOutput:\n  -o, --output", "\nGlobal:\n", "\nSee also:\n"} {
			if !strings.Contains(out, title) {
				t.Errorf("%s: there is no %q", path, title)
			}
		}
		for line := range strings.Lines(out) {
			if len(line) > helpColumns+1 {
				t.Errorf("%s: %d columns: %s", path, len(line)-1, line)
			}
		}
		groups := helpGroups(cmd)
		if last := groups[len(groups)-1]; last.title == "Other" {
			t.Errorf("%s: no group has %v", path, last.flags)
		}
		notes := notesOf(path)
		for _, also := range notes.also {
			if !slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.CommandPath() == also }) || also == path {
				t.Errorf("%s: see also %s?", path, also)
			}
		}
		for _, file := range []string{"../../docs/" + notes.page, filepath.Join(manDir, manName(path))} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		noteGroupsAreOfFlags(t, cmd)
	}
}

// noteGroupsAreOfFlags: no group names a flag that is not there, or twice.
func noteGroupsAreOfFlags(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	seen := map[string]bool{}
	for _, g := range append(notesOf(cmd.CommandPath()).groups, everyCommand()...) {
		for name := range strings.FieldsSeq(g.flags) {
			if seen[name] || cmd.Flag(name) == nil {
				t.Errorf("%s: group %s: --%s is not there, or twice", cmd.CommandPath(), g.title, name)
			}
			seen[name] = true
		}
	}
}

// exampleFleet is a node where the examples of every help can be run.
func exampleFleet(t *testing.T) *hosttest.Node {
	t.Helper()
	n := exampleNode(t)
	n.AddDisk("vdc", 64<<30)
	n.Symlink("/dev/disk/by-partuuid/2d9be9c5-01", "../../vdc")
	pods := readText(t, examples+"/pods.yaml")
	n.WriteFile("/root/manifests/pods.yaml", pods, 0o644)
	n.WriteFile("/root/web.yaml", strings.ReplaceAll(pods, "name: burstable", "name: web"), 0o644)
	n.WriteFile("/root/kubeadm.yaml", readText(t, examples+"/kubeadm-init.yaml"), 0o644)
	dropin, _, _ := runOn(n, "kubeadm-config", "--kubernetes-version=1.34", "--kind=dropin")
	n.WriteFile("/etc/kubernetes/kubelet.conf.d/50-swapctl.conf", dropin, 0o644)
	if err := os.MkdirAll(n.Path("/etc/kubernetes/patches"), 0o755); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestExamplesOfHelpRun runs every line of every example, each on a node of its own.
func TestExamplesOfHelpRun(t *testing.T) {
	cluster := readText(t, examples+"/node.yaml") + "---\n" + readText(t, examples+"/pods.yaml")
	ran := 0
	for _, cmd := range allCommands() {
		own := 0
		for line := range strings.SplitSeq(undent(cmd.Example), "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			_, command, ok := strings.Cut(" "+line, "swapctl ")
			if !ok {
				t.Errorf("%s: %q runs no swapctl", cmd.CommandPath(), line)
				continue
			}
			for _, end := range []string{" | ", " > ", ")"} {
				command, _, _ = strings.Cut(command, end)
			}
			var out, errs strings.Builder
			code := run(exampleFleet(t).Host(), strings.Fields(command), streams{
				in: strings.NewReader(cluster), out: &out, err: &errs, lookupEnv: noEnv,
			})
			judged := strings.HasPrefix(command, "check") && code == fail.Unfit
			if code != fail.OK && !judged || out.Len() == 0 && !strings.Contains(command, "--output-dir") {
				t.Errorf("%s: exit code %d\n%s%s", line, code, out.String(), errs.String())
			}
			if !strings.Contains("swapctl "+command, cmd.CommandPath()) {
				t.Errorf("%s shows another command: %s", cmd.CommandPath(), line)
			}
			own++
		}
		if own == 0 {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		ran += own
	}
	if ran < 20 {
		t.Errorf("only %d examples", ran)
	}
}

// TestACommandIsBrokenAsAShellReadsIt, and a flag keeps its value.
func TestACommandIsBrokenAsAShellReadsIt(t *testing.T) {
	for _, test := range []struct {
		line string
		room int
		want string
	}{
		{"  swapctl status", 40, "  swapctl status"},
		{"  swapctl plan --pods manifests/ --node-memory 64Gi --diff swap=16Gi", 40,
			"  swapctl plan --pods manifests/ \\\n      --node-memory 64Gi \\\n      --diff swap=16Gi"},
		{"  swapctl status -o json | jq '.areas[] | select(.x | not)'", 30,
			"  swapctl status -o json \\\n      | jq \\\n      '.areas[] | select(.x | not)'"},
		{"  a verylongword", 5, "  a verylongword"},
	} {
		got := breakCommand(test.line, test.room)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		joined := strings.Join(strings.Fields(strings.ReplaceAll(got, "\\\n", "")), " ")
		if joined != strings.TrimSpace(test.line) {
			t.Errorf("%q is no more %q", got, test.line)
		}
	}
}
