package step

import (
	"context"
	"encoding/json"
	"path"
	"reflect"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Engine runs steps on a node.
type Engine struct {
	Host host.Host
	// JournalPath is where the engine stores its state. The directory is
	// swapctl's own: it is locked, made and removed.
	JournalPath string
	// OldLockPath is what a swapctl of before format 2 of the journal locks.
	OldLockPath string
	// Build makes a step again from its record in the journal.
	Build func(Record) (Step, error)
	// Leave names steps of the journal that this run does not concern: they
	// stay although they are not desired now, and a teardown that leaves some
	// keeps the journal. May be nil.
	Leave func(id string) bool
	// Still may refuse, with the node locked, a run whose steps were made from a
	// journal that has changed since. May be nil.
	Still func(Journal) error
	// NoRestart leaves the pending restarts in the journal.
	NoRestart bool
	// Boot: the run is that of a boot. It asks nothing of systemd before its
	// steps are done, and restarts nothing.
	Boot bool
	// Damaged uses what can be trusted of a damaged journal.
	Damaged bool
	// Events receives what happens; may be nil.
	Events func(Event)

	warnings    []error // of the run
	step, steps int     // the number of the current step of the run, and of how many
}

// ItemState is the result of a step; the words of the SetupReport document.
type ItemState string

// States of an Item.
const (
	ItemTodo    ItemState = "todo"
	ItemDone    ItemState = "done"
	ItemBlocked ItemState = "blocked"
	ItemChanged ItemState = "changed"
	ItemUndone  ItemState = "undone"
	ItemFailed  ItemState = "failed"
)

// Item is a step, what Check found, and the result.
type Item struct {
	Info    Info
	Finding Finding
	Was     Record
	State   ItemState
	// TakenDown: the step is ours and in effect, and is undone first, because
	// its Want changed or because something below it is done again.
	TakenDown bool
	// Retired: the step is in the journal and no longer desired.
	Retired bool

	step Step
}

// Outcome is what a run did, and in what state it left the node.
type Outcome struct {
	Items   []Item
	Changed bool    // the node is not as it was before the run
	Left    []error // what could not be undone after an error
	Failed  bool    // the run failed; without Left, the node is as it was before

	Restarted      []string // the units that were restarted
	RestartPending []string // those whose restart is pending
	// Warnings are about steps that are undone, and say what was not done
	// besides.
	Warnings []error
	// Incomplete: a part of the journal was damaged, and steps that only it had
	// may be left.
	Incomplete bool
}

// take locks the node and opens the journal.
func (e *Engine) take() (*journalFile, func(), error) {
	e.warnings, e.step, e.steps = nil, 0, 0
	unlock, err := lock(e.Host, path.Dir(e.JournalPath))
	if err != nil {
		return nil, nil, err
	}
	unlockOld, err := lockOld(e.Host, e.OldLockPath)
	if err != nil {
		unlock()
		return nil, nil, err
	}
	both := func() { unlockOld(); unlock() }
	j, err := openJournal(e.Host, e.JournalPath, e.Damaged)
	if err != nil {
		both()
		return nil, nil, err
	}
	return j, both, nil
}

func (e *Engine) tell(ev Event) {
	if e.Events != nil {
		ev.Step, ev.Steps = e.step, e.steps
		e.Events(ev)
	}
}

// progress returns the Progress of one step's run.
func (e *Engine) progress(info Info) Progress {
	return func(done, total int64) {
		e.tell(Event{Kind: Progressing, Info: info, DoneBytes: done, TotalBytes: total})
	}
}

// Look checks every step and changes nothing: what a run would do. Steps of the
// journal that are not in the list come last, as items to undo. The error is
// that of the first Blocked step; the items are complete nevertheless.
func (e *Engine) Look(ctx context.Context, steps []Step, j Journal) ([]Item, error) {
	var items []Item
	var blocked error
	redone := map[string]bool{} // steps that are not as desired
	for _, s := range steps {
		item, err := e.look(ctx, s, j, redone)
		if err != nil {
			return items, err
		}
		if item.State == ItemBlocked && blocked == nil {
			blocked = item.Finding.Err
		}
		redone[item.Info.ID] = item.State != ItemDone
		items = append(items, item)
	}
	retired, err := e.retired(j, steps)
	return append(items, retired...), firstError(blocked, err)
}

func (e *Engine) look(ctx context.Context, s Step, j Journal, redone map[string]bool) (Item, error) {
	info := s.Info()
	was := j.Record(info.ID)
	item := Item{Info: info, Was: was, step: s}
	changed, err := wantChanged(s, was)
	if err != nil {
		return item, err
	}
	item.Finding, err = s.Check(ctx, e.Host, was)
	if err != nil {
		return item, err
	}
	// If the want differs from the journal's, the step is done again even if
	// Check finds it done: a node does not show every part of a want.
	if item.Finding.State != Blocked && (changed || standsOn(info, redone)) {
		item.Finding.State = Todo
		item.TakenDown = was.Ours() && !info.InPlace
	}
	item.State = map[State]ItemState{Todo: ItemTodo, Done: ItemDone, Blocked: ItemBlocked}[item.Finding.State]
	return item, nil
}

// wantChanged reports whether a step of ours is now desired with other values.
// Wants are compared as values of the step's type: a member that did not exist
// in the swapctl that wrote the journal is zero in it, and one that does not
// exist in this swapctl does not count. So neither an upgrade nor a downgrade
// turns swap off.
func wantChanged(s Step, was Record) (bool, error) {
	if !was.Ours() {
		return false, nil
	}
	same, err := sameValue(s.Want(), was.Want)
	return !same, fail.New(fail.Failed, "write down step "+s.Info().ID, err)
}

// sameValue reports whether JSON decodes to the same value, for the value's
// type.
func sameValue(value any, written json.RawMessage) (bool, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return false, err
	}
	now, old := reflect.New(reflect.TypeOf(value)), reflect.New(reflect.TypeOf(value))
	if err := json.Unmarshal(raw, now.Interface()); err != nil {
		return false, err
	}
	if json.Unmarshal(written, old.Interface()) != nil {
		return false, nil // of another shape
	}
	return reflect.DeepEqual(now.Interface(), old.Interface()), nil
}

func standsOn(info Info, redone map[string]bool) bool {
	for _, id := range info.StandsOn {
		if redone[id] {
			return true
		}
	}
	return false
}

// retired lists the steps of the journal that are not in steps, newest first.
func (e *Engine) retired(j Journal, steps []Step) ([]Item, error) {
	wanted := map[string]bool{}
	for _, s := range steps {
		wanted[s.Info().ID] = true
	}
	made, err := e.made(j)
	var items []Item
	for _, a := range newestFirst(made) {
		if !wanted[a.rec.ID] && (e.Leave == nil || !e.Leave(a.rec.ID)) {
			items = append(items, Item{
				Info: a.step.Info(), Was: a.rec, State: ItemTodo, Retired: true, step: a.step,
				Finding: Finding{State: Todo, Found: "made by swapctl"},
			})
		}
	}
	return items, err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
