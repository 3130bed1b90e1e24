package step_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/step"
)

// bell is a brick that reader.service reads, and that is changed in place.
type bell struct{ brick }

func (b bell) Info() step.Info {
	info := b.brick.Info()
	info.Restarts, info.InPlace = "reader.service", true
	return info
}

func (b bell) Do(_ context.Context, h host.Host, _ step.Record, _ step.Run) error {
	if err := h.Files.Replace(b.file(), []byte(b.text), 0o600); err != nil {
		return err
	}
	return b.fails
}

// heavy is a brick that needs the bell.
type heavy struct{ brick }

func (b heavy) Info() step.Info {
	info := b.brick.Info()
	info.Needs = []string{"bell"}
	return info
}

func ringing(h host.Host) *step.Engine {
	e := engine(h)
	plain := e.Build
	e.Build = func(r step.Record) (step.Step, error) {
		s, err := plain(r)
		b, _ := s.(brick)
		switch r.ID {
		case "bell":
			return bell{b}, err
		case "heavy":
			return heavy{b}, err
		}
		return s, err
	}
	return e
}

func withReader(t *testing.T) *hosttest.Node {
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	n.WriteFile("/etc/systemd/system/reader.service", "[Service]\nExecStart=/bin/reader\n", 0o644)
	n.StartUnit("reader.service")
	return n
}

func ring(text string) []step.Step { return []step.Step{bell{brick{id: "bell", text: text}}} }

func ringOn(n *hosttest.Node, steps []step.Step, change func(*step.Engine)) (step.Outcome, error) {
	e := ringing(n.Host())
	if change != nil {
		change(e)
	}
	return e.Apply(context.Background(), steps, "config")
}

func pending(t *testing.T, n *hosttest.Node) string {
	t.Helper()
	j, err := step.ReadJournal(n.Other(), "/var/lib/swapctl/journal")
	if err != nil {
		t.Fatal(err)
	}
	restarts, err := ringing(n.Other()).PendingRestarts(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, d := range restarts {
		units = append(units, d.Unit)
	}
	return strings.Join(units, " ")
}

func TestAUnitIsRestartedOnceAfterAllStepsAndOnlyForAChange(t *testing.T) {
	n := withReader(t)
	steps := append(ring("a"), bell{brick{id: "other", text: "b"}}, brick{id: "plain", text: "c"})
	out, err := ringOn(n, steps, nil)
	if err != nil || n.Runs("reader.service") != 2 || !slices.Equal(out.Restarted, []string{"reader.service"}) {
		t.Errorf("%v, %d runs, restarted %v", err, n.Runs("reader.service"), out.Restarted)
	}
	restart, last := 0, 0
	for _, op := range n.Ops() {
		if op.Name == "restart" {
			restart = op.N
		}
		if op.Name == "rename" && strings.HasPrefix(op.To, "/etc/") {
			last = op.N
		}
	}
	if restart < last {
		t.Errorf("it was restarted before the last step: %d, %d", restart, last)
	}
	if out, err := ringOn(n, steps, nil); err != nil || out.Changed || n.Runs("reader.service") != 2 {
		t.Errorf("again: %v, %d runs", err, n.Runs("reader.service"))
	}
}

func TestARestartThatIsNotDoneStaysPending(t *testing.T) {
	n := withReader(t)
	later := func(e *step.Engine) { e.NoRestart = true }
	out, err := ringOn(n, ring("a"), later)
	if err != nil || n.Runs("reader.service") != 1 || !slices.Equal(out.RestartPending, []string{"reader.service"}) || pending(t, n) == "" {
		t.Errorf("%v, %d runs, pending %v", err, n.Runs("reader.service"), out.RestartPending)
	}
	if out, err := ringOn(n, ring("a"), nil); err != nil || !out.Changed || n.Runs("reader.service") != 2 || pending(t, n) != "" {
		t.Errorf("the next run: %v, %d runs, pending %q", err, n.Runs("reader.service"), pending(t, n))
	}
	if _, err := ringOn(n, ring("b"), later); err != nil {
		t.Fatal(err)
	}
	if n.StartUnit("reader.service"); pending(t, n) != "" {
		t.Error("somebody else has restarted it, and it is still pending")
	}
	if _, err := ringOn(n, ring("c"), later); err != nil {
		t.Fatal(err)
	}
	if n.Reboot(); pending(t, n) != "" {
		t.Error("it has not even started yet, and a restart is pending")
	}
}

func TestAUnitThatDoesNotRunIsNotRestarted(t *testing.T) {
	n := withReader(t)
	n.StopUnit("reader.service")
	if out, err := ringOn(n, ring("a"), nil); err != nil || len(out.Restarted) > 0 || n.Runs("reader.service") != 1 {
		t.Errorf("%v, restarted %v", err, out.Restarted)
	}
	without := hosttest.New(t)
	if _, err := ringOn(without, ring("a"), nil); err != nil {
		t.Errorf("without systemd: %v", err)
	}
}

func TestAUnitThatEndsAfterItsRestartHasEverythingTakenBack(t *testing.T) {
	n := withReader(t)
	before := n.Snapshot()
	n.OnStart(func(string) error {
		if n.Runs("reader.service") == 2 {
			return errors.New("exit status 1")
		}
		return nil
	})
	out, err := ringOn(n, ring("a"), nil)
	if err == nil || !out.Failed || len(out.Left) > 0 {
		t.Errorf("%v, failed %v, left %v", err, out.Failed, out.Left)
	}
	unchanged(t, n, before)
}

func TestWhatWasTakenBackBeforeTheRestartOwesNone(t *testing.T) {
	n := withReader(t)
	before := n.Snapshot()
	_, err := ringOn(n, append(ring("a"), brick{id: "bad", text: "x", fails: errors.New("no")}), nil)
	if err == nil || n.Runs("reader.service") != 1 {
		t.Errorf("%v, %d runs", err, n.Runs("reader.service"))
	}
	unchanged(t, n, before)
}

func TestAChangeInPlaceIsNeverWithoutEither(t *testing.T) {
	n := withReader(t)
	if _, err := ringOn(n, ring("a"), nil); err != nil {
		t.Fatal(err)
	}
	n.ResetOps()
	if _, err := ringOn(n, ring("b"), nil); err != nil {
		t.Fatal(err)
	}
	for _, op := range n.Ops() {
		if op.Name == "remove" && op.Path == "/etc/bell" {
			t.Errorf("it was removed: %s", op)
		}
	}
	_, err := ringOn(n, append(ring("c"), brick{id: "bad", text: "x", fails: errors.New("no")}), nil)
	text, readErr := n.Other().Files.ReadFile("/etc/bell", host.FileLimit)
	if err == nil || readErr != nil || string(text) != "b" {
		t.Errorf("taken back to %q: %v, %v", text, err, readErr)
	}
	if _, err := ringing(n.Host()).Teardown(context.Background(), nil); err != nil {
		t.Error(err)
	}
	if _, err := n.Other().Files.ReadFile("/etc/bell", host.FileLimit); err == nil {
		t.Error("the teardown left it")
	}
}

func TestWhatIsNeededGoesAfterWhatNeedsIt(t *testing.T) {
	n := withReader(t)
	before := n.Snapshot()
	b := heavy{brick{id: "heavy", text: "x"}}
	for _, steps := range [][]step.Step{{b}, append(ring("a"), b)} { // the bell comes later
		if _, err := ringOn(n, steps, nil); err != nil {
			t.Fatal(err)
		}
	}
	n.FailOn("remove", "/etc/heavy", errors.New("busy"))
	if _, err := ringing(n.Host()).Teardown(context.Background(), nil); err == nil {
		t.Error("it was removed")
	}
	if _, err := n.Other().Files.ReadFile("/etc/bell", host.FileLimit); err != nil {
		t.Errorf("what it needs is gone: %v", err)
	}
	n.FailOn("remove", "/etc/heavy", nil)
	n.ResetOps()
	if _, err := ringing(n.Host()).Teardown(context.Background(), nil); err != nil {
		t.Error(err)
	}
	unchanged(t, n, before)
}

func TestATeardownThatMayNotRestartKeepsTheDebtAlone(t *testing.T) {
	n := withReader(t)
	before := n.Snapshot()
	if _, err := ringOn(n, ring("a"), nil); err != nil {
		t.Fatal(err)
	}
	e := ringing(n.Host())
	e.NoRestart = true
	out, err := e.Teardown(context.Background(), nil)
	if err != nil || !slices.Equal(out.RestartPending, []string{"reader.service"}) || pending(t, n) == "" || n.Runs("reader.service") != 2 {
		t.Errorf("%v, pending %v, %d runs", err, out.RestartPending, n.Runs("reader.service"))
	}
	if out, err := ringing(n.Host()).Teardown(context.Background(), nil); err != nil || !slices.Equal(out.Restarted, []string{"reader.service"}) {
		t.Errorf("%v, restarted %v", err, out.Restarted)
	}
	unchanged(t, n, before)
}

// TestARestartIsNotForgottenByAKillAnywhere: a reader that runs on with what it
// read before a kill is pending a restart, or gets it from the next run.
func TestARestartIsNotForgottenByAKillAnywhere(t *testing.T) {
	for _, kill := range []func(*hosttest.Node, int){(*hosttest.Node).KillAt, (*hosttest.Node).KillInside} {
		for at := 1; ; at++ {
			n := withReader(t)
			kill(n, at)
			_, _ = ringOn(n, ring("a"), nil)
			fired := n.Fired()
			n.Kill()
			text, _ := n.Other().Files.ReadFile("/etc/bell", host.FileLimit)
			if changed := len(text) > 0; changed && n.Runs("reader.service") == 1 && pending(t, n) == "" {
				t.Errorf("killed at %d: it is not pending", at)
			}
			n.ResetOps()
			if _, err := ringOn(n, ring("a"), nil); err != nil {
				t.Errorf("killed at %d: %v", at, err)
			}
			if runs := n.Runs("reader.service"); runs != 2 {
				t.Errorf("killed at %d: %d runs", at, runs)
			}
			n.Close()
			if !fired {
				break
			}
		}
	}
}
