package setup_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// isWritten reports whether no block of a swap file is unwritten but for what is
// there of a header.
func isWritten(t *testing.T, n *hosttest.Node, path string) bool {
	t.Helper()
	f, err := n.Other().Files.Open(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	extents, err := n.Other().Kernel.Extents(f)
	if err != nil || len(extents) == 0 {
		t.Fatalf("%v, %v", extents, err)
	}
	return !slices.ContainsFunc(extents, func(e host.Extent) bool { return e.Flags&host.ExtentUnwritten != 0 })
}

// TestOnlyEncryptedFilesAreWritten: and they are made with what the disk has.
func TestOnlyEncryptedFilesAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                   string
		encrypt                bool
		preallocation, written string
	}{
		{"plain", false, "full", ""},
		{"encrypted", true, "full", `"written":true`},
		{"encrypted, in a hurry", true, "falloc", ""},
	} {
		n := hosttest.New(t)
		config := fileConfig("1Mi", c.encrypt)
		config.Areas[0].Preallocation = c.preallocation
		fresh := n.Snapshot()
		up(t, n, config, setup.UpOptions{})
		if got := isWritten(t, n, config.Areas[0].Path); got != (c.written != "") {
			t.Errorf("%s: written: %v", c.name, got)
		}
		if journal := readJournal(t, n); strings.Contains(journal, `"written"`) != (c.written != "") {
			t.Errorf("%s: the journal is\n%s", c.name, journal)
		}
		if r := up(t, n, config, setup.UpOptions{}); r.Changed {
			t.Errorf("%s: a second run: %s", c.name, states(r))
		}
		takenBack(t, n, fresh)
	}
}

func readJournal(t *testing.T, n *hosttest.Node) string {
	t.Helper()
	data, err := os.ReadFile(n.Path(setup.JournalPath))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ofOldVersion makes the node one that a swapctl has set up which knew no written
// blocks.
func ofOldVersion(t *testing.T, n *hosttest.Node, c setup.Config) {
	t.Helper()
	c.Areas = slices.Clone(c.Areas)
	for i := range c.Areas {
		c.Areas[i].Preallocation = "falloc"
	}
	up(t, n, c, setup.UpOptions{})
	journal := readJournal(t, n)
	old := strings.ReplaceAll(journal, `"preallocation":"falloc",`, "")
	if old == journal || strings.Contains(old, "reallocation") || strings.Contains(old, `"written"`) {
		t.Fatalf("the journal is\n%s", journal)
	}
	n.WriteFile(setup.JournalPath, asVersion1(old), 0o600)
}

// TestAnUpgradeDoesNotMakeTheFileAnew: neither by setup nor by the boot, with one
// area and with two, and what was lost comes back all the same.
func TestAnUpgradeDoesNotMakeTheFileAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]setup.Config{"one area": fileConfig("1Mi", true), "two areas": twoFiles()} {
		t.Run(name, func(t *testing.T) {
			n := hosttest.New(t)
			ofOldVersion(t, n, c)
			var paths []string
			for _, a := range c.Areas {
				paths = append(paths, a.Path)
			}
			unmoved := func(when string) {
				t.Helper()
				for _, path := range paths {
					if isWritten(t, n, path) {
						t.Errorf("%s: %s was made anew", when, path)
					}
				}
			}
			n.Reboot()
			if err := boot(n); err != nil {
				t.Fatal(err)
			}
			unmoved("boot")
			if r := up(t, n, c, setup.UpOptions{}); r.Changed {
				t.Errorf("setup: %s", states(r))
			}
			unmoved("setup")
			n.Reboot()
			for _, path := range paths {
				if err := os.Remove(n.Path(path)); err != nil {
					t.Fatal(err)
				}
			}
			if err := boot(n); err != nil {
				t.Fatal(err)
			}
			n.CheckInvariants(t)
		})
	}
}

func twoFiles() setup.Config {
	c := fileConfig("1Mi", true)
	one, two := c.Areas[0], c.Areas[0]
	one.Name, one.Path, one.Size = "one", "/srv/one", "1Mi"
	two.Name, two.Path, two.Size = "two", "/srv/two", "1Mi"
	c.Areas, c.Listed = []setup.Area{one, two}, true
	return c
}

// TestAnotherPreallocationCountsWhenTheFileIsMadeAnew: until then swap stays on.
func TestAnotherPreallocationCountsWhenTheFileIsMadeAnew(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("1Mi", true)
	for _, change := range []struct {
		size, preallocation string
		written, changed    bool
	}{
		{"1Mi", "falloc", false, true},
		{"1Mi", "full", false, false},
		{"2Mi", "full", true, true},
		{"2Mi", "falloc", true, false},
		{"1Mi", "falloc", false, true},
	} {
		c.Areas[0].Size, c.Areas[0].Preallocation = change.size, change.preallocation
		r := up(t, n, c, setup.UpOptions{})
		if got := isWritten(t, n, c.Areas[0].Path); got != change.written || r.Changed != change.changed {
			t.Errorf("%+v: written: %v, %s", change, got, states(r))
		}
	}
}

// TestAPlainFileThatBecomesEncryptedIsMadeAnew: it comes down in any case.
func TestAPlainFileThatBecomesEncryptedIsMadeAnew(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", false), setup.UpOptions{})
	c := fileConfig("1Mi", true)
	up(t, n, c, setup.UpOptions{})
	if !isWritten(t, n, c.Areas[0].Path) {
		t.Error("it has unwritten blocks")
	}
	up(t, n, fileConfig("1Mi", false), setup.UpOptions{})
	if !isWritten(t, n, c.Areas[0].Path) {
		t.Error("a written file was made anew for a plain area, which needs neither")
	}
}

// TestTheBridgeIsWrittenToo: for as long as it is on, the node swaps to it.
func TestTheBridgeIsWrittenToo(t *testing.T) {
	t.Parallel()
	for _, preallocation := range []string{"full", "falloc"} {
		n := hosttest.New(t)
		c := fileConfig("1Mi", true)
		c.Areas[0].Preallocation = preallocation
		up(t, n, c, setup.UpOptions{})
		c.Areas[0].Size = "2Mi"
		bridge := ".swapfile.bridge"
		seen := false
		_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
		journal := readJournal(t, n)
		for line := range strings.Lines(journal) {
			if strings.Contains(line, `"swap.file@bridge"`) && strings.Contains(line, bridge) {
				seen = true
				if written := strings.Contains(line, `"written":true`); written != (preallocation == "full") {
					t.Errorf("%s: %s", preallocation, line)
				}
			}
		}
		if err != nil || !seen {
			t.Errorf("%s: %v\n%s", preallocation, err, journal)
		}
	}
}

// TestAnInterruptionWhileZerosAreWrittenLeavesNothing: whoever comes with ^C
// finds the node as it was.
func TestAnInterruptionWhileZerosAreWrittenLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, f := range []hosttest.FileSystem{{Type: "ext4"}, {Type: "ext4", WriteZeroes: true}} {
		n := hosttest.New(t)
		n.SetFileSystem("/", f)
		fresh := n.Snapshot()
		c := fileConfig("16Mi", true)
		up(t, n, c, setup.UpOptions{})
		at := slices.IndexFunc(n.Ops(), func(op hosttest.Op) bool {
			return strings.HasSuffix(op.Path, ".swapctl") && strings.HasPrefix(op.Name, "write") && !strings.HasPrefix(op.Path, "/etc/")
		})
		takenBack(t, n, fresh)
		n.ResetOps()
		ctx, stop := context.WithCancel(context.Background())
		n.CallAt(at+1, stop)
		_, err := setup.Up(ctx, n.Host(), c, setup.UpOptions{})
		if at < 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("operation %d: %v", at, err)
		}
		unchanged(t, n, fresh)
	}
}

// TestABridgeOfAnOldVersionIsUsedAgain: the area is down, and it is all the swap
// that the node has.
func TestABridgeOfAnOldVersionIsUsedAgain(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("1Mi", true)
	ofOldVersion(t, n, c)
	c.Areas[0].Size, c.Areas[0].Preallocation = "2Mi", "falloc"
	const bridge = "/var/lib/swapctl/..swapfile.bridge.swapctl" // in the making
	rehearsed := hosttest.New(t)
	ofOldVersion(t, rehearsed, fileConfig("1Mi", true))
	rehearsed.ResetOps()
	up(t, rehearsed, c, setup.UpOptions{})
	n.ResetOps()
	n.KillAt(1 + slices.IndexFunc(rehearsed.Ops(), func(op hosttest.Op) bool { return op.Name == "swapoff" }))
	_, _ = setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
	n.WriteFile(setup.JournalPath, asVersion1(strings.ReplaceAll(readJournal(t, n), `"preallocation":"falloc",`, "")), 0o600)
	n.ResetOps()
	c.Areas[0].Preallocation = "full"
	up(t, n, c, setup.UpOptions{})
	if slices.ContainsFunc(n.Ops(), func(op hosttest.Op) bool { return op.Name == "create" && op.Path == bridge }) {
		t.Errorf("it was made anew: %v", n.Ops())
	}
	if !isWritten(t, n, c.Areas[0].Path) {
		t.Error("the new file is not written")
	}
}
