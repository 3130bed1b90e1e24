package setup_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// race is a run whose files somebody else writes as well.
type race struct {
	name string
	node func(t *testing.T) (*hosttest.Node, setup.Config)
}

func races() []race {
	return []race{
		{"systemd and kubelet", protected},
		{"sysctl", func(t *testing.T) (*hosttest.Node, setup.Config) {
			c := fileConfig("1Mi", false)
			c.Swappiness = 30
			return ordinary(t), c
		}},
		{"fstab", func(t *testing.T) (*hosttest.Node, setup.Config) { return tabled(t), fstabConfig(true) }},
		{"no fstab", func(t *testing.T) (*hosttest.Node, setup.Config) {
			n := tabled(t)
			if err := os.Remove(n.Root + "/etc/fstab"); err != nil {
				t.Fatal(err)
			}
			return n, fstabConfig(true)
		}},
		{"kubelet without directory", func(t *testing.T) (*hosttest.Node, setup.Config) {
			return withKubelet(t, "v1.28.0"), kubeletConfig()
		}},
	}
}

// writes are the operations of a run that give a file its name, and for each the one
// before which somebody may still come in between: after the look.
func changes(n *hosttest.Node) map[string]int {
	at := map[string]int{}
	for _, op := range n.Ops() {
		temp := host.ReplaceTemp(op.To)
		switch {
		case op.Name == "rename" && op.Path == temp && strings.HasPrefix(op.To, "/etc/") || op.To == kubeadmConfig:
			at[op.To] = slices.IndexFunc(n.Ops(), func(o hosttest.Op) bool { return o.Name == "sync" && o.Path == temp }) + 1
		case op.Name == "symlink":
			at[op.Path] = op.N
		}
	}
	return at
}

const theirs = "# somebody else's\n"

// TestWhatOthersWriteBetweenLookAndActStays: for each file that a setup writes, one
// that is made or changed in between.
func TestWhatOthersWriteBetweenLookAndActStays(t *testing.T) {
	t.Parallel()
	for _, r := range races() {
		n, c := r.node(t)
		if err := run(n, c); err != nil {
			t.Fatal(err)
		}
		places := changes(n)
		if len(places) == 0 {
			t.Fatalf("%s: it writes nothing", r.name)
		}
		for name, at := range places {
			if name == "/etc/systemd/system/multi-user.target.wants/swapctl.service" {
				continue // symlink(2) replaces nothing
			}
			t.Run(r.name+name, func(t *testing.T) {
				n, c := r.node(t)
				was, _ := os.ReadFile(n.Root + name)
				fresh := n.Snapshot()
				n.CallAt(at, func() {
					if err := os.WriteFile(n.Root+name, append(was, theirs...), 0o644); err != nil {
						t.Error(err)
					}
				})
				report, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
				if err == nil || !strings.Contains(err.Error(), "somebody has") || !strings.Contains(err.Error(), "meanwhile") ||
					!strings.Contains(strings.Join(fail.Hints(err), " "), "run the command again") {
					t.Errorf("got %v, hints %q", err, fail.Hints(err))
				}
				if now, _ := os.ReadFile(n.Root + name); string(now) != string(was)+theirs {
					t.Errorf("it holds %q", now)
				}
				if !strings.Contains(report.State, "was undone") {
					t.Errorf("state %q", report.State)
				}
				now := n.Snapshot()
				for at := name; at != "/"; at = path.Dir(at) { // the directories that it is in
					delete(fresh, at)
					delete(now, at)
				}
				if diff := fresh.Diff(now); diff != "" {
					t.Errorf("left:\n%s", diff)
				}
			})
		}
	}
}

// TestWhatOthersHaveMadeOfOurFilesStays: a teardown removes what swapctl wrote, and
// what somebody has made of it since is theirs, whether before or while it looks.
func TestWhatOthersHaveMadeOfOurFilesStays(t *testing.T) {
	t.Parallel()
	for _, r := range races() {
		n, c := r.node(t)
		up(t, n, c, setup.UpOptions{})
		n.ResetOps()
		if err := down(n); err != nil {
			t.Fatal(err)
		}
		for _, op := range n.Ops() {
			if op.Name != "rename" || op.To != host.ReplaceTemp(op.Path) {
				continue
			}
			for _, when := range []string{"before", "meanwhile"} {
				t.Run(r.name+op.Path+" "+when, func(t *testing.T) { r.keepsTheirs(t, op, when == "meanwhile") })
			}
		}
	}
}

func (r race) keepsTheirs(t *testing.T, op hosttest.Op, meanwhile bool) {
	n, c := r.node(t)
	up(t, n, c, setup.UpOptions{})
	change := func() {
		at := n.Root + op.Path
		if st, err := os.Lstat(at); err == nil && st.Mode()&fs.ModeSymlink != 0 {
			if err := errors.Join(os.Remove(at), os.Symlink("/elsewhere", at)); err != nil {
				t.Error(err)
			}
			return
		}
		text, err := os.ReadFile(at)
		if err == nil {
			err = os.WriteFile(at, append(text, theirs...), 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
	n.ResetOps()
	if meanwhile {
		n.CallAt(op.N, change)
	} else {
		change()
	}
	report, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	table := op.Path == "/etc/fstab" || op.Path == "/etc/crypttab"
	switch warned := strings.Contains(strings.Join(report.Warnings, " "), op.Path+" was left as it is: somebody has changed it"); {
	case table && meanwhile:
		if !errors.Is(err, host.ErrChanged) || !strings.Contains(strings.Join(fail.Hints(err), " "), "run the command again") {
			t.Errorf("got %v", err)
		}
	case err != nil:
		t.Errorf("got %v", err)
	case !warned && !table:
		t.Errorf("nothing is said of it: %q", report.Warnings)
	}
	now, err := os.ReadFile(n.Root + op.Path)
	target, linkErr := os.Readlink(n.Root + op.Path)
	if linkErr == nil && target != "/elsewhere" || linkErr != nil && (err != nil || !strings.Contains(string(now), theirs)) {
		t.Errorf("it is gone: %q, %v", now, err)
	}
	if _, err := os.Lstat(n.Root + host.ReplaceTemp(op.Path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary name stays: %v", err)
	}
}
