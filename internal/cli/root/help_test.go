package root_test

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/help"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// allCommands lists every command that there is.
func allCommands() []*cobra.Command {
	var all []*cobra.Command
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, c := range help.Subcommands(cmd) {
			walk(c)
		}
	}
	walk(root.New(&cli.App{Process: cli.Process{Out: io.Discard, Err: io.Discard, LookupEnv: clitest.NoEnv}}))
	return all
}

// TestHelpOfEveryCommandIsWhole: it says once what it is for, has examples, each
// flag in a group, and more to read that is there.
func TestHelpOfEveryCommandIsWhole(t *testing.T) {
	commands := allCommands()
	if len(commands) < 10 {
		t.Errorf("only %d commands", len(commands))
	}
	for _, cmd := range commands {
		path := cmd.CommandPath()
		out, errs, code := clitest.Run(hosttest.New(t), append(strings.Fields(path)[1:], "--help")...)
		if code != fail.OK || errs != "" {
			t.Errorf("%s: exit code %d: %s", path, code, errs)
		}
		before, _, _ := strings.Cut(out, "\nUsage:\n")
		if got, want := strings.Join(strings.Fields(before), " "), strings.Join(strings.Fields(help.Description(cmd)), " "); got != want {
			t.Errorf("%s: it begins with %q, want %q", path, got, want)
		}
		if cmd.Long != "" && strings.Contains(before, cmd.Short+".") || len(cmd.Short) > 72 {
			t.Errorf("%s: what it is for is said twice, or long", path)
		}
		for _, title := range []string{"\nUsage:\n  " + path, "\nExamples:\n", "\nOutput:\n  -o, --output", "\nGlobal:\n", "\nSee also:\n"} {
			if !strings.Contains(out, title) {
				t.Errorf("%s: there is no %q", path, title)
			}
		}
		for line := range strings.Lines(out) {
			if len(line) > help.Columns+1 {
				t.Errorf("%s: %d columns: %s", path, len(line)-1, line)
			}
		}
		groups := help.Groups(cmd)
		if last := groups[len(groups)-1]; last.Title == "Other" {
			t.Errorf("%s: no group has %v", path, last.Flags)
		}
		notes := help.NotesOf(path)
		for _, also := range notes.Also {
			if !slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.CommandPath() == also }) || also == path {
				t.Errorf("%s: see also %s?", path, also)
			}
		}
		for _, file := range []string{"../../../docs/" + notes.Page} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		noteGroupsAreOfFlags(t, cmd)
	}
	for _, g := range help.EveryCommand() {
		for name := range strings.FieldsSeq(g.Flags) {
			if !slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.Flag(name) != nil }) {
				t.Errorf("no command has --%s of group %s", name, g.Title)
			}
		}
	}
}

// noteGroupsAreOfFlags: no group names a flag that is not there, or twice. Those of
// every command have flags that only some commands have.
func noteGroupsAreOfFlags(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	seen := map[string]bool{}
	own := help.NotesOf(cmd.CommandPath()).Groups
	for i, g := range append(own, help.EveryCommand()...) {
		for name := range strings.FieldsSeq(g.Flags) {
			if seen[name] || i < len(own) && cmd.Flag(name) == nil {
				t.Errorf("%s: group %s: --%s is not there, or twice", cmd.CommandPath(), g.Title, name)
			}
			seen[name] = true
		}
	}
}

// exampleFleet is a node where the examples of every help can be run.
func exampleFleet(t *testing.T) *hosttest.Node {
	t.Helper()
	n := clitest.ExampleNode(t)
	n.AddDisk("vdc", 64<<30)
	n.Symlink("/dev/disk/by-partuuid/2d9be9c5-01", "../../vdc")
	pods := goldentest.Read(t, goldentest.Repo("examples/pods.yaml"))
	n.WriteFile("/root/manifests/pods.yaml", pods, 0o644)
	n.WriteFile("/root/web.yaml", strings.ReplaceAll(pods, "name: burstable", "name: web"), 0o644)
	n.WriteFile("/root/kubeadm.yaml", goldentest.Read(t, goldentest.Repo("examples/kubeadm-init.yaml")), 0o644)
	dropin, _, _ := clitest.Run(n, "kubeadm-config", "--kubernetes-version=1.34", "--kind=dropin")
	n.WriteFile("/etc/kubernetes/kubelet.conf.d/50-swapctl.conf", dropin, 0o644)
	if err := os.MkdirAll(n.Path("/etc/kubernetes/patches"), 0o755); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestExamplesOfHelpRun runs every line of every example, each on a node of its own.
func TestExamplesOfHelpRun(t *testing.T) {
	cluster := goldentest.Read(t, goldentest.Repo("examples/node.yaml")) + "---\n" + goldentest.Read(t, goldentest.Repo("examples/pods.yaml"))
	ran := 0
	for _, cmd := range allCommands() {
		own := 0
		for line := range strings.SplitSeq(clitest.Undent(cmd.Example), "\n") {
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
			code := root.Run(exampleFleet(t).Host(), strings.Fields(command), cli.Process{
				In: strings.NewReader(cluster), Out: &out, Err: &errs, LookupEnv: clitest.NoEnv,
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
		got := help.BreakCommand(test.line, test.room)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		joined := strings.Join(strings.Fields(strings.ReplaceAll(got, "\\\n", "")), " ")
		if joined != strings.TrimSpace(test.line) {
			t.Errorf("%q is no more %q", got, test.line)
		}
	}
}
