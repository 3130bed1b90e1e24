package step_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/step"
)

// brick is a step that keeps a file with a text; it stands on other bricks.
type brick struct {
	id, text string
	on       []string
	fails    error // what Do ends with after it wrote the file
	noEffect bool
}

func (b brick) file() string    { return "/etc/" + b.id }
func (b brick) Info() step.Info { return step.Info{ID: b.id, Title: "brick " + b.id, StandsOn: b.on} }
func (b brick) Want() any       { return b.wanted() }
func (b brick) wanted() any {
	return struct {
		Text string
		On   []string
	}{b.text, b.on}
}

func (b brick) Check(_ context.Context, h host.Host, _ step.Record) (step.Finding, error) {
	got, err := h.Files.ReadFile(b.file(), host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return step.Finding{State: step.Todo, Found: "missing"}, nil
	case err != nil:
		return step.Finding{}, err
	case string(got) == b.text:
		return step.Finding{State: step.Done, Found: "there"}, nil
	case string(got) == "theirs":
		return step.Finding{State: step.Blocked, Err: fail.Newf(fail.Usage, "lay brick "+b.id, "somebody else's is there")}, nil
	}
	return step.Finding{State: step.Todo, Found: "says " + string(got)}, nil
}

func (b brick) Save(context.Context, host.Host) (any, error) { return "saved " + b.text, nil }

func (b brick) Do(_ context.Context, h host.Host, was step.Record, _ step.Run) error {
	if want := fmt.Sprintf("%q", "saved "+b.text); string(was.Saved) != want {
		return fmt.Errorf("saved is %s, want %s", was.Saved, want)
	}
	if b.noEffect {
		return nil
	}
	if err := h.Files.Replace(b.file(), []byte(b.text), 0o600); err != nil {
		return err
	}
	return b.fails
}

func (b brick) Undo(_ context.Context, h host.Host, _ step.Record, _ step.Progress) error {
	for _, name := range []string{host.ReplaceTemp(b.file()), b.file()} {
		if err := h.Files.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func engine(h host.Host) *step.Engine {
	return &step.Engine{
		Host: h, JournalPath: "/var/lib/swapctl/journal", OldLockPath: "/run/swapctl.lock",
		Build: func(r step.Record) (step.Step, error) {
			var want struct {
				Text string
				On   []string
			}
			err := json.Unmarshal(r.Want, &want)
			return brick{id: r.ID, text: want.Text, on: want.On}, err
		},
	}
}

// newBrick is a brick of a later swapctl, whose want has a member more.
type newBrick struct {
	brick
	colour string
}

func (b newBrick) Want() any {
	return struct {
		Text, Colour string
		On           []string
	}{b.text, b.colour, b.on}
}

// TestAnUpgradeTakesNothingDown: a member that the journal does not know is zero in it.
func TestAnUpgradeTakesNothingDown(t *testing.T) {
	old := brick{id: "brick0", text: "red"}
	n := hosttest.New(t)
	apply(t, n, []step.Step{old})
	for _, then := range []struct {
		s       step.Step
		changed bool
	}{{newBrick{old, ""}, false}, {newBrick{old, "blue"}, true}, {old, false}, {newBrick{brick{id: "brick0", text: "green"}, ""}, true}} {
		if out := apply(t, n, []step.Step{then.s}); out.Changed != then.changed {
			t.Errorf("%+v: changed %v, want %v", then.s, out.Changed, then.changed)
		}
	}
}

// wall is three bricks, each on the one before.
func wall(texts ...string) []step.Step {
	var steps []step.Step
	var below []string
	for i, text := range texts {
		b := brick{id: fmt.Sprint("brick", i), text: text, on: below}
		below = []string{b.id}
		steps = append(steps, b)
	}
	return steps
}

func apply(t *testing.T, n *hosttest.Node, steps []step.Step) step.Outcome {
	t.Helper()
	out, err := engine(n.Host()).Apply(context.Background(), steps, "config")
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return out
}

func states(out step.Outcome) string {
	var s []string
	for _, it := range out.Items {
		s = append(s, it.Info.ID+"="+string(it.State))
	}
	return strings.Join(s, " ")
}

func unchanged(t *testing.T, n *hosttest.Node, before hosttest.Snapshot) {
	t.Helper()
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("the node is not as it was before:\n%s", diff)
	}
}

func TestBuildsInOrderThenHasNothingToDoThenTakesItBack(t *testing.T) {
	n := hosttest.New(t)
	before := n.Snapshot()
	out := apply(t, n, wall("a", "b", "c"))
	if got := states(out); got != "brick0=changed brick1=changed brick2=changed" || !out.Changed {
		t.Fatalf("first run: %s", got)
	}
	n.ResetOps()
	if out := apply(t, n, wall("a", "b", "c")); out.Changed || states(out) != "brick0=done brick1=done brick2=done" {
		t.Errorf("second run: %s", states(out))
	}
	for _, op := range n.Ops() {
		t.Errorf("second run did %s", op)
	}
	down, err := engine(n.Host()).Teardown(context.Background(), nil)
	if err != nil || states(down) != "brick2=undone brick1=undone brick0=undone" {
		t.Errorf("teardown: %s, %v", states(down), err)
	}
	unchanged(t, n, before)
}

func TestNeverUndoesWhatWasThereBefore(t *testing.T) {
	n := hosttest.New(t)
	if err := n.Other().Files.Replace("/etc/brick0", []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := n.Snapshot()
	apply(t, n, wall("a", "b"))
	if _, err := engine(n.Host()).Teardown(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	unchanged(t, n, before)
}

func TestRefusesBeforeAnythingWhenAStepIsBlocked(t *testing.T) {
	n := hosttest.New(t)
	if err := n.Other().Files.Replace("/etc/brick2", []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := n.Snapshot()
	_, err := engine(n.Host()).Apply(context.Background(), wall("a", "b", "c"), "config")
	if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), "somebody else's") {
		t.Errorf("got %v", err)
	}
	unchanged(t, n, before)
}

func TestAChangedStepTakesDownWhatStandsOnIt(t *testing.T) {
	n := hosttest.New(t)
	apply(t, n, append(wall("a", "b", "c"), brick{id: "apart", text: "x"}))
	n.ResetOps()
	out := apply(t, n, append(wall("a", "B", "c"), brick{id: "apart", text: "x"}))
	if got := states(out); got != "brick0=done brick1=changed brick2=changed apart=done" {
		t.Errorf("got %s", got)
	}
	var acts []string
	for _, op := range n.Ops() {
		if strings.HasPrefix(op.Path, "/etc/brick") && (op.Name == "remove" || op.Name == "rename") || strings.HasPrefix(op.To, "/etc/brick") {
			acts = append(acts, op.Name+" "+strings.TrimPrefix(op.Path+op.To, "/etc/"))
		}
	}
	if len(acts) != 4 || acts[0] != "remove brick2" || acts[1] != "remove brick1" {
		t.Errorf("it did %q; want what stands above taken down first, then both laid again", acts)
	}
}

// TestClearsTheWayBeforeSomethingNewComesBetween: a new brick comes between two
// that are there, and goes again. Neither may be laid or taken while the upper
// one still stands on what is below.
func TestClearsTheWayBeforeSomethingNewComesBetween(t *testing.T) {
	plain := []step.Step{brick{id: "low", text: "a"}, brick{id: "top", text: "c", on: []string{"low"}}}
	between := []step.Step{brick{id: "low", text: "a"}, brick{id: "mid", text: "b", on: []string{"low"}}, brick{id: "top", text: "c", on: []string{"mid"}}}
	acts := func(n *hosttest.Node) string {
		var did []string
		for _, op := range n.Ops() {
			if strings.HasPrefix(op.Path, "/etc/") && op.Name == "remove" {
				did = append(did, "remove "+op.Path)
			}
			if strings.HasPrefix(op.To, "/etc/") {
				did = append(did, "lay "+op.To)
			}
		}
		return strings.Join(did, ", ")
	}
	n := hosttest.New(t)
	apply(t, n, plain)
	n.ResetOps()
	apply(t, n, between)
	if got := acts(n); got != "remove /etc/top, lay /etc/mid, lay /etc/top" {
		t.Errorf("in between: %s", got)
	}
	n.ResetOps()
	apply(t, n, plain)
	if got := acts(n); got != "remove /etc/top, remove /etc/mid, lay /etc/top" {
		t.Errorf("gone again: %s", got)
	}
}

func TestLaysAFallenStepAgainWithWhatItSavedFirst(t *testing.T) {
	n := hosttest.New(t)
	apply(t, n, wall("a", "b", "c"))
	if err := n.Other().Files.Remove("/etc/brick1"); err != nil {
		t.Fatal(err)
	}
	if got := states(apply(t, n, wall("a", "b", "c"))); got != "brick0=done brick1=changed brick2=changed" {
		t.Errorf("got %s", got)
	}
}

func TestUndoesWhatIsNoLongerWanted(t *testing.T) {
	n := hosttest.New(t)
	apply(t, n, wall("a", "b", "c"))
	if got := states(apply(t, n, wall("a"))); got != "brick0=done brick2=undone brick1=undone" {
		t.Errorf("got %s", got)
	}
	if _, err := n.Host().Files.Stat("/etc/brick1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("brick1 is still there: %v", err)
	}
}

func TestRollsBackWhenAStepFails(t *testing.T) {
	for _, broken := range []brick{
		{id: "brick2", text: "c", fails: errors.New("no mortar")},
		{id: "brick2", text: "c", noEffect: true},
	} {
		n := hosttest.New(t)
		before := n.Snapshot()
		out, err := engine(n.Host()).Apply(context.Background(), append(wall("a", "b"), broken), "config")
		if err == nil || !out.Failed || len(out.Left) > 0 {
			t.Errorf("got %+v, %v", out, err)
		}
		if got := states(out); got != "brick0=undone brick1=undone brick2=failed" {
			t.Errorf("got %s", got)
		}
		unchanged(t, n, before)
	}
}

func TestRollbackPutsUpAgainWhatTheRunTookDown(t *testing.T) {
	n := hosttest.New(t)
	apply(t, n, wall("a", "b", "c"))
	broken := brick{id: "brick1", text: "B", on: []string{"brick0"}, fails: errors.New("no mortar")}
	steps := wall("a", "b", "c")
	steps[1] = broken
	if _, err := engine(n.Host()).Apply(context.Background(), steps, "new config"); err == nil {
		t.Fatal("no error")
	}
	for file, want := range map[string]string{"/etc/brick1": "b", "/etc/brick2": "c"} {
		if got, err := n.Host().Files.ReadFile(file, host.FileLimit); string(got) != want {
			t.Errorf("%s says %q, %v; want %q", file, got, err, want)
		}
	}
	j, err := step.ReadJournal(n.Host(), "/var/lib/swapctl/journal")
	if err != nil || string(j.Config) != `"config"` || len(j.Records) != 3 {
		t.Errorf("journal %+v, %v", j, err)
	}
	if out := apply(t, n, wall("a", "b", "c")); out.Changed {
		t.Errorf("after the rollback there was something to do: %s", states(out))
	}
}

func TestInterruptionRollsBack(t *testing.T) {
	n := hosttest.New(t)
	before := n.Snapshot()
	ctx, cancel := context.WithCancel(context.Background())
	e := engine(n.Host())
	e.Events = func(ev step.Event) {
		if ev.Kind == step.Finished && ev.Info.ID == "brick1" {
			cancel()
		}
	}
	_, err := e.Apply(ctx, wall("a", "b", "c"), "config")
	if fail.Code(err) != fail.Interrupted {
		t.Errorf("got %v, code %d", err, fail.Code(err))
	}
	unchanged(t, n, before)
}

// TestEventsCountTheSteps that there is something to do for.
func TestEventsCountTheSteps(t *testing.T) {
	n := hosttest.New(t)
	apply(t, n, wall("a"))
	var told []string
	e := engine(n.Host())
	e.Events = func(ev step.Event) {
		if ev.Kind == step.Begin || ev.Kind == step.Undoing {
			told = append(told, fmt.Sprintf("%s %d of %d", ev.Info.ID, ev.Step, ev.Steps))
		}
	}
	bad := wall("a", "b", "c")
	bad[2] = brick{id: "brick2", text: "c", noEffect: true}
	if _, err := e.Apply(context.Background(), bad, "config"); err == nil {
		t.Fatal("it did not fail")
	}
	if _, err := e.Apply(context.Background(), wall("a", "b", "c"), "config"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Teardown(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"brick1 1 of 2", "brick2 2 of 2", "brick2 0 of 0", "brick1 0 of 0", // and taken back
		"brick1 1 of 2", "brick2 2 of 2", "brick2 1 of 3", "brick1 2 of 3", "brick0 3 of 3",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestASecondRunIsLockedOut(t *testing.T) {
	n := hosttest.New(t)
	e := engine(n.Host())
	var second error
	e.Events = func(ev step.Event) {
		if ev.Kind == step.Begin {
			_, second = engine(n.Host()).Apply(context.Background(), wall("z"), "config")
		}
	}
	if _, err := e.Apply(context.Background(), wall("a"), "config"); err != nil {
		t.Fatal(err)
	}
	if fail.Code(second) != fail.Locked {
		t.Errorf("the second run got %v", second)
	}
}

func TestAJournalTornAnywhereIsReadUpToThere(t *testing.T) {
	n := hosttest.New(t)
	before := n.Snapshot()
	apply(t, n, wall("a", "b", "c"))
	whole, err := n.Host().Files.ReadFile("/var/lib/swapctl/journal", host.FileLimit)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		n := hosttest.New(t)
		other := n.Other()
		// The bricks that the cut journal does not know were not laid yet.
		if err := other.Files.Mkdir("/var/lib/swapctl", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := other.Files.Replace("/var/lib/swapctl/journal", whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := step.ReadJournal(n.Host(), "/var/lib/swapctl/journal")
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		for _, r := range j.Records {
			text := string("abc"[r.ID[len(r.ID)-1]-'0'])
			if err := other.Files.Replace("/etc/"+r.ID, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		apply(t, n, wall("a", "b", "c"))
		if _, err := engine(n.Host()).Teardown(context.Background(), nil); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if diff := before.Diff(n.Snapshot()); diff != "" {
			t.Fatalf("cut at %d:\n%s", cut, diff)
		}
	}
}

func TestRefusesAJournalThatItCannotTrust(t *testing.T) {
	for name, text := range map[string]string{
		"newer":   `{"op":"journal","version":99}` + "\n",
		"damaged": `{"op":"journal","version":1}` + "\n" + `{"op":"goal"` + "\n" + `{"op":"goal","goal":"up"}` + "\n",
		"unknown": `{"op":"sing"}` + "\n",
		"orphan":  `{"op":"again","id":"brick0"}` + "\n",
	} {
		n := hosttest.New(t)
		other := n.Other()
		if err := errors.Join(other.Files.Mkdir("/var/lib/swapctl", 0o700), other.Files.Replace("/var/lib/swapctl/journal", []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		before := n.Snapshot()
		_, up := engine(n.Host()).Apply(context.Background(), wall("a"), "config")
		_, down := engine(n.Host()).Teardown(context.Background(), nil)
		if up == nil || down == nil || !strings.Contains(up.Error(), "journal") || len(fail.Hints(up)) == 0 {
			t.Errorf("%s: setup %v, teardown %v", name, up, down)
		}
		unchanged(t, n, before)
	}
}

// TestSurvivesAKillAnywhere kills building, changing and taking down before and
// inside every single operation; afterwards Apply converges, and Teardown gives
// back the tree.
func TestSurvivesAKillAnywhere(t *testing.T) {
	up := func(n *hosttest.Node, texts ...string) {
		_, _ = engine(n.Host()).Apply(context.Background(), wall(texts...), "config")
	}
	down := func(n *hosttest.Node) { _, _ = engine(n.Host()).Teardown(context.Background(), nil) }
	for name, s := range map[string]struct{ prepare, run func(n *hosttest.Node) }{
		"build":    {func(*hosttest.Node) {}, func(n *hosttest.Node) { up(n, "a", "b", "c") }},
		"change":   {func(n *hosttest.Node) { up(n, "a", "b", "c") }, func(n *hosttest.Node) { up(n, "a", "B", "c") }},
		"retire":   {func(n *hosttest.Node) { up(n, "a", "b", "c") }, func(n *hosttest.Node) { up(n, "a") }},
		"teardown": {func(n *hosttest.Node) { up(n, "a", "b", "c") }, down},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kill := range []func(*hosttest.Node, int){(*hosttest.Node).KillAt, (*hosttest.Node).KillInside} {
				kills := everywhere(t, s.prepare, s.run, kill)
				if kills < 5 {
					t.Errorf("only %d places to kill it", kills)
				}
			}
		})
	}
}

func everywhere(t *testing.T, prepare, run func(*hosttest.Node), kill func(*hosttest.Node, int)) int {
	for at := 1; ; at++ {
		n := hosttest.New(t)
		before := n.Snapshot()
		prepare(n)
		n.ResetOps()
		kill(n, at)
		run(n)
		if !n.Fired() {
			return at - 1
		}
		if at%2 == 0 {
			apply(t, n, wall("a", "B", "c"))
			n.ResetOps()
			if out := apply(t, n, wall("a", "B", "c")); out.Changed {
				t.Errorf("killed at %d: a second run after the fixing one did %s", at, states(out))
			}
		}
		if _, err := engine(n.Host()).Teardown(context.Background(), nil); err != nil {
			t.Errorf("killed at %d: teardown: %v", at, err)
		}
		if diff := before.Diff(n.Snapshot()); diff != "" {
			t.Errorf("killed at %d, torn down, and left:\n%s", at, diff)
		}
	}
}
