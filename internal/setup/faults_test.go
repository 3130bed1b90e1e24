package setup_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// othersSwap turns on swap that is not swapctl's.
func othersSwap(t *testing.T, n *hosttest.Node, name string) {
	t.Helper()
	ctx, h := context.Background(), n.Other()
	if err := errors.Join(swapfile.Make(ctx, h, name, 1<<20, swapfile.Reserved, nil, nil),
		swapfile.WriteHeader(ctx, h, name, [16]byte{1}), h.Kernel.SwapOn(name, 0)); err != nil {
		t.Fatal(err)
	}
}

// pathsIn are the absolute paths in a piece of JSON.
func pathsIn(raw json.RawMessage) []string {
	var found []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if strings.HasPrefix(v, "/") && !strings.Contains(v, "\n") {
				found = append(found, v)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for name, one := range v {
				walk(name)
				walk(one)
			}
		}
	}
	var v any
	if json.Unmarshal(raw, &v) == nil {
		walk(v)
	}
	return found
}

// gone is a node and what is asked of it, of which then something goes away.
type gone struct {
	name string
	node func(*testing.T) *hosttest.Node
	want setup.Config
}

func goneStories() []gone {
	kubelet := func(version string) func(*testing.T) *hosttest.Node {
		return func(t *testing.T) *hosttest.Node { return withKubelet(t, version) }
	}
	tuned := kubeletConfig()
	tuned.ProtectSystemSlice, tuned.Swappiness = true, 30
	tables := fileConfig("1Mi", true)
	tables.Persist = "fstab"
	return []gone{
		{"a drop-in of the kubelet", kubelet("v1.34.1"), tuned},
		{"an edit of the kubelet's file", kubelet("v1.27.0"), kubeletConfig()},
		{"an encrypted device", ordinary, deviceConfig(true)},
		{"a plain device", ordinary, deviceConfig(false)},
		{"a plain file", ordinary, fileConfig("1Mi", false)},
		{"fstab and crypttab", tabled, tables},
	}
}

// TestWhatIsGoneIsNoFault: of each step in the journal each file, device and unit is
// taken away, and whatever runs then says what is wrong, and what to do.
func TestWhatIsGoneIsNoFault(t *testing.T) {
	for _, s := range goneStories() {
		n := s.node(t)
		up(t, n, s.want, setup.UpOptions{})
		j, err := step.ReadJournal(n.Other(), setup.JournalPath)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, r := range j.Records {
			paths = append(paths, slices.Concat(pathsIn(r.Want), pathsIn(r.Saved))...)
			if r.Restarts != "" {
				paths = append(paths, "/usr/lib/systemd/system/"+r.Restarts)
			}
		}
		slices.Sort(paths)
		paths = slices.DeleteFunc(slices.Compact(paths), func(name string) bool {
			_, err := os.Lstat(n.Path(name))
			return err != nil
		})
		if len(paths) < 1 {
			t.Fatalf("%s: no paths in the journal", s.name)
		}
		for _, name := range paths {
			for what, do := range goneRuns(s.want) {
				t.Run(s.name+"/"+name+"/"+what, func(t *testing.T) {
					n := s.node(t)
					up(t, n, s.want, setup.UpOptions{})
					if err := os.RemoveAll(n.Path(name)); err != nil {
						t.Fatal(err)
					}
					err := do(n)
					switch {
					case err == nil:
					case strings.Contains(err.Error(), "fault"):
						t.Error(err)
					case len(fail.Hints(err)) == 0:
						t.Errorf("no hint: %v", err)
					}
				})
			}
		}
	}
}

func goneRuns(c setup.Config) map[string]func(*hosttest.Node) error {
	runs := everyRun(c)
	runs["setup of another size"] = func(n *hosttest.Node) error {
		c.Areas = slices.Clone(c.Areas)
		if c.Areas[0].Device == "" {
			c.Areas[0].Size = "2Mi"
		}
		c.SwapBehavior = "NoSwap"
		return run(n, c)
	}
	runs["setup --dry-run"] = func(n *hosttest.Node) error {
		_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{DryRun: true})
		return err
	}
	runs["teardown --dry-run"] = func(n *hosttest.Node) error {
		_, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{DryRun: true})
		return err
	}
	return runs
}

// TestTheKubeletsFileThatIsGoneIsNamed: 'kubeadm reset' removes it.
func TestTheKubeletsFileThatIsGoneIsNamed(t *testing.T) {
	for _, dry := range []bool{false, true} {
		n := withKubelet(t, "v1.27.0")
		up(t, n, kubeletConfig(), setup.UpOptions{})
		if err := os.Remove(n.Path(kubeadmConfig)); err != nil {
			t.Fatal(err)
		}
		before := n.Snapshot()
		_, err := setup.Up(context.Background(), n.Host(), kubeletConfig(), setup.UpOptions{DryRun: dry})
		if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), kubeadmConfig+" is gone") || !slices.Contains(fail.Hints(err), "or take swap back: swapctl teardown") {
			t.Errorf("dry run %t: %v, hints %q", dry, err, fail.Hints(err))
		}
		unchanged(t, n, before)
	}
}

// TestTeardownLeavesAKubeletThatCanStart: it counts all areas, and not only ours.
func TestTeardownLeavesAKubeletThatCanStart(t *testing.T) {
	for version, file := range map[string]string{"v1.34.1": kubeletDropIn, "v1.27.0": kubeadmConfig} {
		n := withKubelet(t, version)
		fresh := n.Snapshot()
		up(t, n, kubeletConfig(), setup.UpOptions{})
		othersSwap(t, n, "/others")
		dry, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{DryRun: true})
		if err != nil || len(dry.Warnings) == 0 || !strings.HasPrefix(dry.Warnings[0], file+" stays: swap that is not swapctl's is on (/others)") {
			t.Errorf("%s, dry run: %v, warnings %q", version, err, dry.Warnings)
		}
		r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
		if err != nil || !strings.HasPrefix(r.State, "swapctl's swap is off, and other swap is still on (/others); the kubelet still tolerates swap") {
			t.Errorf("%s: %v, %s", version, err, r.State)
		}
		if len(r.Warnings) == 0 || !strings.HasSuffix(r.Warnings[0], "to take it back as well: swapoff /others; swapctl teardown") {
			t.Errorf("%s: warnings %q", version, r.Warnings)
		}
		if err := starts(n); err != nil {
			t.Errorf("%s: the kubelet does not start: %v", version, err)
		}
		if r, err = setup.Down(context.Background(), n.Host(), setup.DownOptions{}); err != nil || r.State != "nothing was changed; the kubelet still tolerates swap" {
			t.Errorf("%s, again: %v, %s", version, err, r.State)
		}
		if err := errors.Join(n.Other().Kernel.SwapOff(context.Background(), "/others"), os.Remove(n.Path("/others"))); err != nil {
			t.Fatal(err)
		}
		if r, err = setup.Down(context.Background(), n.Host(), setup.DownOptions{}); err != nil || !strings.HasPrefix(r.State, "swap is off; nothing of swapctl is left") {
			t.Errorf("%s, without the other swap: %v, %s", version, err, r.State)
		}
		unchanged(t, n, fresh)
	}
}

// TestTeardownTakesToleranceThatIsNotNeeded: a kubelet that tolerates swap by itself, or
// swap of nobody else.
func TestTeardownTakesToleranceThatIsNotNeeded(t *testing.T) {
	n := withKubelet(t, "v1.34.1")
	up(t, n, kubeletConfig(), setup.UpOptions{})
	n.WriteFile("/etc/default/kubelet", "KUBELET_EXTRA_ARGS=--fail-swap-on=false\n", 0o644)
	othersSwap(t, n, "/others")
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err != nil || !strings.HasPrefix(r.State, "swapctl's swap is off, and other swap is still on (/others); nothing of swapctl is left") {
		t.Errorf("%v, %s", err, r.State)
	}
	if err := starts(n); err != nil {
		t.Error(err)
	}
}

// TestSwapThatARestartTurnsOffIsAFailure: whatever the kubelet's start runs, the areas
// are looked at once more, and the run is undone.
func TestSwapThatARestartTurnsOffIsAFailure(t *testing.T) {
	n := withKubelet(t, "v1.34.1")
	fresh := n.Snapshot()
	n.OnStart(func(unit string) error {
		data, err := os.ReadFile(n.Path("/proc/swaps"))
		if err != nil || unit != "kubelet.service" {
			return err
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, "/") {
				err = errors.Join(err, n.Other().Kernel.SwapOff(context.Background(), strings.Fields(line)[0]))
			}
		}
		return err
	})
	r, err := setup.Up(context.Background(), n.Host(), kubeletConfig(), setup.UpOptions{})
	if fail.Code(err) != fail.Failed || !strings.Contains(err.Error(), `it did not last: after the restart of kubelet.service it is "off"`) {
		t.Errorf("got %v", err)
	}
	if !slices.ContainsFunc(fail.Hints(err), func(hint string) bool { return strings.HasSuffix(hint, "systemctl cat kubelet.service | grep Exec") }) {
		t.Errorf("hints %q", fail.Hints(err))
	}
	if !strings.HasPrefix(r.State, "everything this run did was undone") {
		t.Error(r.State)
	}
	unchanged(t, n, fresh)
}

// TestSwapOffThatTheKernelWillNotDoIsRefusedBefore: with vm.overcommit_memory=2 it
// counts the whole area, whatever is free.
func TestSwapOffThatTheKernelWillNotDoIsRefusedBefore(t *testing.T) {
	n := ordinary(t)
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	info, err := os.ReadFile(n.Path("/proc/meminfo"))
	if err != nil {
		t.Fatal(err)
	}
	n.WriteFile("/proc/meminfo", string(info)+"CommitLimit:     5000 kB\nCommitted_AS:    4500 kB\n", 0o444)
	n.WriteFile("/proc/sys/vm/overcommit_memory", "2\n", 0o644)
	before := n.Snapshot()
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{Force: true})
	if err == nil || !strings.Contains(err.Error(), "with vm.overcommit_memory=2 the kernel promises at most") || r.State != "nothing was changed" {
		t.Errorf("got %v, %s", err, r.State)
	}
	if hints := fail.Hints(err); len(hints) == 0 || !strings.Contains(hints[0], "sysctl -w vm.overcommit_memory=0") {
		t.Errorf("hints %q", hints)
	}
	unchanged(t, n, before)
	n.WriteFile("/proc/sys/vm/overcommit_memory", "0\n", 0o644)
	if _, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{}); err != nil {
		t.Errorf("after what the hint says: %v", err)
	}
}
