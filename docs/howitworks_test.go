package docs_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestHowItWorksIsWhatHappens holds the tables and the stories of
// docs/how-it-works.md against runs on fake nodes; -update writes them.
func TestHowItWorksIsWhatHappens(t *testing.T) {
	const name = "how-it-works.md"
	text := goldentest.Read(t, name)
	for part, tell := range map[string]func(*testing.T) string{
		"steps": howSteps, "acts": howActs, "journal": howJournal,
		"crash": howCrash, "boot": howBoot, "failure": howFailure,
	} {
		text = goldentest.Between(t, text, "<!-- "+part+": go test ./docs -update -->", "<!-- /"+part+" -->", tell(t))
	}
	goldentest.Compare(t, name, text)
}

// howSteps lists every step that there is, in the order of setup, and whether a
// reboot undoes it.
func howSteps(t *testing.T) string {
	type row struct {
		why    string
		reboot bool
	}
	rows, order := map[string]row{}, []string{}
	for _, w := range writers {
		n := hosttest.New(t, w.node...)
		up, errs, code := clitest.Run(n, append(strings.Fields("setup "+w.setup), "-o", "json")...)
		if code != fail.OK {
			t.Fatalf("%s: exit code %d\n%s", w.name, code, errs)
		}
		n.Reboot()
		var status struct{ Journal struct{ Pending []string } }
		out, errs, code := clitest.Run(n, "status", "-o", "json")
		if err := json.Unmarshal([]byte(out), &status); err != nil || code != fail.OK {
			t.Fatalf("%s: status: exit code %d, %v\n%s", w.name, code, err, errs)
		}
		at := 0
		for _, s := range stepsIn(t, up) {
			if i := slices.Index(order, s.ID); i >= 0 {
				at = i + 1
			} else {
				order = slices.Insert(order, at, s.ID)
				at++
			}
			// What fstab names, systemd brings back before anybody looks.
			undone := w.name != "fstab" && slices.Contains(status.Journal.Pending, s.ID)
			rows[s.ID] = row{s.Why, rows[s.ID].reboot || undone}
		}
	}
	var b strings.Builder
	b.WriteString("| step | why | a reboot |\n|---|---|---|\n")
	for _, id := range order {
		reboot := "keeps it"
		if rows[id].reboot {
			reboot = "**undoes it**"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", id, rows[id].why, reboot)
	}
	return b.String()
}

func stepsIn(t *testing.T, report string) []setup.StepReport {
	t.Helper()
	var r setup.Report
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatalf("%v:\n%s", err, report)
	}
	return r.Steps
}

// howActs lists what a setup does to a node, one act to a line, those of making
// a file under one heading.
func howActs(t *testing.T) string {
	n := clitest.HowNode(t)
	if _, errs, code := clitest.Run(n, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	return "```text\n" + strings.Join(acts(n.Ops()), "\n") + "\n```\n"
}

// acts words operations. A file that is written under another name first is one
// act: "replace", and so is the same operation several times in a row.
func acts(ops []hosttest.Op) []string {
	var lines []string
	for _, op := range ops {
		temp := strings.HasSuffix(op.Path, ".swapctl")
		line := strings.TrimSpace(op.Name + " " + op.Path)
		switch {
		case temp && op.Name == "rename" && strings.HasPrefix(op.Path, "/etc/"):
			line = "replace " + op.To
		case temp && strings.HasPrefix(op.Path, "/etc/"), op.Name == "syncdir":
			continue
		case op.To != "":
			line += " -> " + op.To
		}
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	return lines
}

var journalConfig = regexp.MustCompile(`"config":\{[^}]*\}`)

var journalMade = regexp.MustCompile(`"made":\{[^}]*\}\}`)

var journalSum = regexp.MustCompile(`"(after|sum)":"[0-9a-f]{16}"`)

// howJournal is the journal after that setup, but for the desired states, which are long.
func howJournal(t *testing.T) string {
	n := clitest.HowNode(t)
	if _, errs, code := clitest.Run(n, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	text := goldentest.Read(t, n.Path(setup.JournalPath))
	text = journalMade.ReplaceAllString(text, `"made":{...}}`) // this machine's inode numbers, which the sums are of
	text = journalSum.ReplaceAllString(text, `"$1":"..."`)
	return "```text\n" + journalConfig.ReplaceAllString(text, `"config":{...}`) + "```\n"
}

// consoleOf shows commands and what they print, on a node that has a past: the
// blocks of TestDocsAreTrue each have a fresh one.
func consoleOf(t *testing.T, n *hosttest.Node, want int, commands ...string) string {
	t.Helper()
	var b strings.Builder
	for _, command := range commands {
		d := &document{t: t, node: n, files: map[string]string{}}
		out, code := d.run("swapctl " + command)
		if code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", command, code, want, out)
		}
		b.WriteString("$ sudo swapctl " + command + "\n" + out)
	}
	return b.String()
}

// howCrash kills a setup before it turns swap on, and shows both ways out.
func howCrash(t *testing.T) string {
	killed := func() *hosttest.Node {
		n := clitest.HowNode(t)
		kill(t, n, "swapon")
		return n
	}
	n := killed()
	before := clitest.HowNode(t).Snapshot()
	text := "```text\n" + consoleOf(t, n, fail.OK, "status", clitest.HowSetup) + "```\n\n"
	n = killed()
	text += "Or the other way:\n\n```text\n" + consoleOf(t, n, fail.OK, "teardown") + "```\n"
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("the teardown left:\n%s", diff)
	}
	return text
}

// kill runs setup and kills it just before its first operation of that name.
func kill(t *testing.T, n *hosttest.Node, operation string) {
	t.Helper()
	probe := clitest.HowNode(t)
	if _, errs, code := clitest.Run(probe, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	at := slices.IndexFunc(probe.Ops(), func(op hosttest.Op) bool { return op.Name == operation })
	n.KillAt(at + 1)
	_, _, _ = clitest.Run(n, strings.Fields(clitest.HowSetup)...)
	if at < 0 || !n.Fired() {
		t.Fatalf("setup was not killed at its %s", operation)
	}
	n.ResetOps()
}

// howBoot reboots a node that was set up.
func howBoot(t *testing.T) string {
	n := clitest.HowNode(t)
	if _, errs, code := clitest.Run(n, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	n.Reboot()
	return "```text\n" + consoleOf(t, n, fail.OK, "status", "setup --boot", "setup --boot --dry-run") + "```\n"
}

// howFailure has the kernel refuse the area.
func howFailure(t *testing.T) string {
	n := clitest.HowNode(t)
	before := n.Snapshot()
	n.FailOn("swapon", "", unix.EPERM)
	text := consoleOf(t, n, fail.Failed, clitest.HowSetup)
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("the rollback left:\n%s", diff)
	}
	return "```text\n" + text + "```\n"
}
