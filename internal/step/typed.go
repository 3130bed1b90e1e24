package step

import (
	"context"
	"encoding/json"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Typed is a step in its own types: the desired state, what it saves for Undo,
// and what Do records of what it makes. All three are plain data in the
// journal. The methods may run again after a crash at any point inside them: Do
// and Undo finish what an earlier call began, and do nothing if nothing is left
// to do.
type Typed[Want, Saved, Made any] interface {
	// Info describes the step, for people.
	Info() Info
	// Want is what Do makes true. From it the step can be built again, for
	// teardown, without the configuration.
	Want() Want
	// Check finds out the state of the node. It changes nothing, and does not
	// fail because something below the step does not exist yet: that is Todo.
	Check(ctx context.Context, h host.Host, was *Was[Want, Saved, Made]) (Finding, error)
	// Save returns what Undo will need, before Do.
	Save(ctx context.Context, h host.Host) (Saved, error)
	// Do makes Want true. was.Saved is what Save returned, after a crash that of the
	// first run.
	Do(ctx context.Context, h host.Host, was *Was[Want, Saved, Made], r RunOf[Made]) error
	// Undo undoes Do, complete or partial. The step is undone also if the error
	// is a *Remark.
	Undo(ctx context.Context, h host.Host, was *Was[Want, Saved, Made], p Progress) error
}

// None is the Saved or Made of a step that has none.
type None struct{}

// Was is a Record in the types of its step.
type Was[Want, Saved, Made any] struct {
	Ours  bool // the step is in the journal
	Want  Want
	Saved Saved
	Made  *Made // nil: Do noted nothing
}

// Read reads a Record. One that the journal does not know is the zero Was. It is never
// nil.
func Read[Want, Saved, Made any](r Record) (*Was[Want, Saved, Made], error) {
	was := &Was[Want, Saved, Made]{Ours: r.Ours()}
	return was, r.read(&was.Want, &was.Saved, &was.Made)
}

// read is the part of Read that the program has once for all types.
func (r Record) read(want, saved, made any) (err error) {
	for _, member := range []struct {
		raw  json.RawMessage
		into any
	}{{r.Want, want}, {r.Saved, saved}, {r.Made, made}} {
		if len(member.raw) > 0 && err == nil {
			err = json.Unmarshal(member.raw, member.into)
		}
	}
	return cannotUse(r.ID, err)
}

// WantOf is the Want of a record, if the step is in the journal.
func WantOf[Want any](r Record) (want Want, ok bool) {
	ok = r.Ours() && json.Unmarshal(r.Want, &want) == nil
	return want, ok
}

// cannotUse is the error of a record that this version cannot read.
func cannotUse(id string, err error) error {
	return fail.New(fail.Failed, "use step "+id+" of the journal", err, "use the swapctl that wrote it, or a newer one")
}

// Of makes a typed step one for the engine.
func Of[Want, Saved, Made any](s Typed[Want, Saved, Made]) Step {
	return guarded{&typed[Want, Saved, Made]{s}}
}

// As returns the typed step from which a Step was made, if it is a T.
func As[T any](s Step) (T, bool) {
	if e, ok := edgeOf(s); ok {
		t, ok := e.typed().(T)
		return t, ok
	}
	var none T
	return none, false
}

// Leaver is a typed step that may find something else in place of what it made.
type Leaver[Want, Saved, Made any] interface {
	// LeavesAlone describes that, so that an undo leaves it; "" for nothing.
	LeavesAlone(h host.Host, was *Was[Want, Saved, Made]) string
}

// LeavesAlone calls a step that is a Leaver. A later use reports a record that
// cannot be read.
func LeavesAlone(s Step, h host.Host, r Record) string {
	if e, ok := edgeOf(s); ok {
		return e.leavesAlone(h, r)
	}
	return ""
}

// edge is a typed step of any types.
type edge interface {
	Step
	typed() any
	leavesAlone(h host.Host, r Record) string
}

// edgeOf is what Of has made a step of.
func edgeOf(s Step) (edge, bool) {
	g, ok := s.(guarded)
	return g.edge, ok
}

// guarded turns a panic of a step into an error, so that the run is undone as
// after any other error.
type guarded struct{ edge }

func (g guarded) Check(ctx context.Context, h host.Host, r Record) (f Finding, err error) {
	defer fail.Recover(&err, "check the "+g.Info().Title)
	return g.edge.Check(ctx, h, r)
}

func (g guarded) Save(ctx context.Context, h host.Host) (saved any, err error) {
	defer fail.Recover(&err, "check the "+g.Info().Title)
	return g.edge.Save(ctx, h)
}

func (g guarded) Do(ctx context.Context, h host.Host, r Record, run Run) (err error) {
	defer fail.Recover(&err, "make the "+g.Info().Title)
	return g.edge.Do(ctx, h, r, run)
}

func (g guarded) Undo(ctx context.Context, h host.Host, r Record, p Progress) (err error) {
	defer fail.Recover(&err, "undo the "+g.Info().Title)
	return g.edge.Undo(ctx, h, r, p)
}

// typed decodes and encodes the journal's raw JSON for a step.
type typed[Want, Saved, Made any] struct{ step Typed[Want, Saved, Made] }

func (t *typed[W, S, M]) typed() any { return t.step }

func (t *typed[W, S, M]) Info() Info { return t.step.Info() }

func (t *typed[W, S, M]) Want() any { return t.step.Want() }

func (t *typed[W, S, M]) Check(ctx context.Context, h host.Host, r Record) (Finding, error) {
	was, err := Read[W, S, M](r)
	if err != nil {
		return Finding{}, err
	}
	return t.step.Check(ctx, h, was)
}

func (t *typed[W, S, M]) Save(ctx context.Context, h host.Host) (any, error) {
	return t.step.Save(ctx, h)
}

func (t *typed[W, S, M]) Do(ctx context.Context, h host.Host, r Record, run Run) error {
	was, err := Read[W, S, M](r)
	if err != nil {
		return err
	}
	return t.step.Do(ctx, h, was, RunOf[M]{Progress: run.Progress, Note: func(made M) error { return run.Note(made) }})
}

func (t *typed[W, S, M]) Undo(ctx context.Context, h host.Host, r Record, p Progress) error {
	was, err := Read[W, S, M](r)
	if err != nil {
		return err
	}
	return t.step.Undo(ctx, h, was, p)
}

func (t *typed[W, S, M]) leavesAlone(h host.Host, r Record) string {
	l, ok := t.step.(Leaver[W, S, M])
	was, err := Read[W, S, M](r)
	if !ok || err != nil {
		return ""
	}
	return l.LeavesAlone(h, was)
}
