package step_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/step"
)

// The types of pin.
type (
	pinWant  struct{ Text string }
	pinSaved struct{ Old string }
	pinMade  struct{ Inode int }
	pinWas   = step.Was[pinWant, pinSaved, pinMade]
)

// pin is a typed step that writes down with what it was called.
type pin struct {
	want   pinWant
	called *[]pinWas
}

func (p pin) Info() step.Info { return step.Info{ID: "pin@a", Title: "pin"} }
func (p pin) Want() pinWant   { return p.want }
func (p pin) Check(_ context.Context, _ host.Host, was *pinWas) (step.Finding, error) {
	if was.Made != nil {
		return step.Finding{State: step.Done}, nil
	}
	return step.Finding{State: step.Todo}, nil
}
func (p pin) Save(context.Context, host.Host) (pinSaved, error) { return pinSaved{"before"}, nil }
func (p pin) Do(_ context.Context, _ host.Host, was *pinWas, r step.RunOf[pinMade]) error {
	*p.called = append(*p.called, *was)
	return r.Note(pinMade{7})
}
func (p pin) Undo(_ context.Context, _ host.Host, was *pinWas, _ step.Progress) error {
	*p.called = append(*p.called, *was)
	return nil
}

func pinKinds(called *[]pinWas) step.Kinds {
	return step.Kinds{{ID: "other"}, {ID: "pin", Build: step.BuildOf(func(_ string, want pinWant, _ step.Mode) step.Step {
		return step.Of(pin{want, called})
	})}}
}

// TestATypedStepGetsBackWhatItSavedAndNoted: through the journal, which has only JSON.
func TestATypedStepGetsBackWhatItSavedAndNoted(t *testing.T) {
	n := hosttest.New(t)
	var called []pinWas
	e := engine(n.Host())
	e.Build = func(r step.Record) (step.Step, error) { return pinKinds(&called).Build(r, step.Mode{}) }
	ctx := context.Background()
	if _, err := e.Apply(ctx, []step.Step{step.Of(pin{pinWant{"red"}, &called})}, "config"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Teardown(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if len(called) != 2 {
		t.Fatalf("called %d times", len(called))
	}
	first, then := called[0], called[1]
	if want := (pinWas{Ours: true, Want: pinWant{"red"}, Saved: pinSaved{"before"}}); first != want {
		t.Errorf("Do got %+v, want %+v", first, want)
	}
	if !then.Ours || then.Saved != first.Saved || then.Made == nil || *then.Made != (pinMade{7}) {
		t.Errorf("Undo got %+v", then)
	}
}

func TestARecordThatCannotBeReadIsAnErrorThatNamesTheStep(t *testing.T) {
	var called []pinWas
	kinds := pinKinds(&called)
	good := step.Record{ID: "pin@a", Want: []byte(`{"Text":"red"}`)}
	for why, r := range map[string]step.Record{
		"not one that this version knows": {ID: "nail@a", Want: good.Want},
		"cannot unmarshal":                {ID: "pin@a", Want: []byte(`[]`)},
	} {
		_, err := kinds.Build(r, step.Mode{})
		if err == nil || !strings.Contains(err.Error(), "use step "+r.ID+" of the journal") || !strings.Contains(err.Error(), why) || len(fail.Hints(err)) == 0 {
			t.Errorf("%s: %v", r.ID, err)
		}
	}
	s, err := kinds.Build(good, step.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []step.Record{{ID: "pin@a", Saved: []byte(`"x"`)}, {ID: "pin@a", Made: []byte(`"x"`)}} {
		bad.Want = good.Want
		_, checked := s.Check(context.Background(), host.Host{}, bad)
		undone := s.Undo(context.Background(), host.Host{}, bad, nil)
		if errs := []error{checked, undone}; slices.Contains(errs, nil) || len(called) > 0 {
			t.Errorf("%s %s: %v, called %d times", bad.Saved, bad.Made, errs, len(called))
		}
	}
	if one, ok := step.As[pin](s); !ok || one.want.Text != "red" {
		t.Errorf("As: %+v, %v", one, ok)
	}
	if _, ok := step.As[pin](brick{}); ok {
		t.Error("a step that is not typed is a pin")
	}
}
