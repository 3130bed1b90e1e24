package setup_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// protected is a node with a kubelet, and a setup that has to do with all of it.
func protected(t *testing.T) (*hosttest.Node, setup.Config) {
	n := withKubelet(t, "v1.34.0")
	n.Systemd()
	n.StartUnit("kubelet.service")
	c := lasting(kubeletConfig())
	c.Persist = "systemd"
	return n, c
}

// TestABootAsksSystemdNothingBeforeSwapIsOn: files alone decide, whatever becomes of
// systemd.
func TestABootAsksSystemdNothingBeforeSwapIsOn(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]func(*hosttest.Node){
		"answers": func(*hosttest.Node) {},
		"is mute": (*hosttest.Node).SilenceSystemd,
		"is mute, and files of ours are gone": func(n *hosttest.Node) {
			n.SilenceSystemd()
			for _, gone := range []string{dropIn, kubeletUnitIn, "/etc/systemd/system/swapctl.service"} {
				if err := os.Remove(n.Root + gone); err != nil {
					t.Fatal(err)
				}
			}
		},
		"is mute, and does not protect its slice": func(n *hosttest.Node) {
			n.SilenceSystemd()
			n.WriteFile("/sys/fs/cgroup/system.slice/memory.swap.max", "max\n", 0o644)
		},
		"fails": func(n *hosttest.Node) {
			for _, call := range []string{"unit", "reload", "start", "stop", "restart"} {
				n.FailOn(call, "", unix.EIO)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			n, c := protected(t)
			fresh := n.Snapshot()
			up(t, n, c, setup.UpOptions{})
			n.Reboot()
			break_(n)
			asked := len(n.Asked())
			r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
			if err != nil || len(swaps(t, n)) != 1 || !strings.HasPrefix(r.State, "swap is on") {
				t.Fatalf("%v, state %q\n%s", err, r.State, n.Describe())
			}
			for _, call := range n.Asked()[asked:] {
				if !call.SwapOn {
					t.Errorf("it asked systemd before swap was on: %s", call.Call)
				}
			}
			if told := strings.Contains(r.State, "systemd did not answer"); told != strings.Contains(name, "mute, and") {
				t.Errorf("state %q", r.State)
			}
			n.ResetOps()
			n.SpeakSystemd()
			n.StartUnit("kubelet.service")
			if r := up(t, n, c, setup.UpOptions{}); strings.Contains(states(r), "failed") {
				t.Errorf("setup afterwards: %s", states(r))
			}
			if err := down(n); err != nil {
				t.Fatal(err)
			}
			if diff := fresh.Diff(n.Snapshot()); diff != "" {
				t.Errorf("after the teardown:\n%s", diff)
			}
		})
	}
}

// TestABootByHandLeavesTheKubeletItsPendingRestart: a boot that somebody repeats while
// the kubelet runs asks afterwards.
func TestABootByHandLeavesTheKubeletItsPendingRestart(t *testing.T) {
	t.Parallel()
	n, c := protected(t)
	up(t, n, c, setup.UpOptions{})
	n.Reboot()
	n.StartUnit("kubelet.service") // without swap: the disk was late
	if err := boot(n); err != nil {
		t.Fatal(err)
	}
	if j, err := setup.JournalState(context.Background(), n.Host()); err != nil || strings.Join(j.Restarts, " ") != "kubelet.service" {
		t.Errorf("%v, %v", j.Restarts, err)
	}
	n.Reboot()
	if err := boot(n); err != nil {
		t.Fatal(err)
	}
	n.StartUnit("kubelet.service")
	if j, err := setup.JournalState(context.Background(), n.Host()); err != nil || len(j.Restarts) > 0 {
		t.Errorf("after the next boot: %v, %v", j.Restarts, err)
	}
}

// TestATeardownTakesFilesAwayWhereSystemdDoesNotAnswer, and says what is left.
func TestATeardownTakesFilesAwayWhereSystemdDoesNotAnswer(t *testing.T) {
	t.Parallel()
	n, c := protected(t)
	fresh := n.Snapshot()
	up(t, n, c, setup.UpOptions{})
	n.SilenceSystemd()
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, r.State)
	}
	want := "swap is off; nothing of swapctl is left on this node, but in the memory of systemd, which did not answer: systemctl daemon-reload; still to do: systemctl restart kubelet.service"
	if r.State != want || len(r.Warnings) == 0 || strings.Contains(states(r), "todo") || strings.Contains(states(r), "failed") {
		t.Errorf("state %q\nwarnings %q\n%s", r.State, r.Warnings, states(r))
	}
	live := "/sys/fs/cgroup/system.slice"
	if diff := fresh.Diff(n.Snapshot("/var/lib/swapctl", live)); diff != fresh.Diff(without(fresh, live)) {
		t.Errorf("left:\n%s", diff)
	}
	n.SpeakSystemd()
	if err := n.Other().Units.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	runs := n.Runs("kubelet.service")
	if err := down(n); err != nil || n.Runs("kubelet.service") != runs+1 {
		t.Errorf("teardown again: %v, %d runs of the kubelet after %d", err, n.Runs("kubelet.service"), runs)
	}
	unchanged(t, n, fresh)
}

// without is a snapshot but for what is below a path.
func without(s hosttest.Snapshot, path string) hosttest.Snapshot {
	rest := hosttest.Snapshot{}
	for name, is := range s {
		if name != path && !strings.HasPrefix(name, path+"/") {
			rest[name] = is
		}
	}
	return rest
}

// TestASetupIsTakenBackWhereSystemdDoesNotAnswer: also where it stops to answer on the
// way, so that the rollback meets it.
func TestASetupIsTakenBackWhereSystemdDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for _, kubelet := range []bool{false, true} {
		n, c := protected(t)
		if !kubelet {
			n = systemd(false)(t)
			c.ProtectSystemSlice = false
		}
		fresh := n.Snapshot()
		n.SilenceSystemd()
		r, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
		if !errors.Is(err, host.ErrNoAnswer) || !strings.Contains(err.Error(), "systemd did not answer within") {
			t.Errorf("got %v", err)
		}
		want := "everything this run did was undone; the node is as it was before, but in the memory of systemd, which did not answer: systemctl daemon-reload"
		if kubelet {
			want = "nothing was changed" // it is asked before anything is done
		}
		if r.State != want {
			t.Errorf("state %q, want %q", r.State, want)
		}
		unchanged(t, n, fresh)
	}
}
