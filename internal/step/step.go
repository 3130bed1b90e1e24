// Package step is the engine: a list of reversible steps, looked at, made
// true, or taken back, with a journal that outlives a crash. It knows no swap.
package step

import (
	"context"
	"encoding/json"

	"github.com/swapctl/swapctl/internal/host"
)

// Step is one reversible change to a node. Its methods may run again after a
// crash at any point inside them: Do and Undo finish what an earlier call
// began, and do nothing where nothing is left to do.
type Step interface {
	// Info says what the step is, for people.
	Info() Info
	// Want is what Do makes true, as plain data. The journal keeps it, so that
	// the step can be built again, for teardown, without the configuration.
	Want() any
	// Check finds out how the node stands. was is what the journal knows of
	// this step. It changes nothing, and does not fail because something that
	// the step stands on is not there yet: that is Todo.
	Check(ctx context.Context, h host.Host, was Record) (Finding, error)
	// Save returns what Undo will need, before Do.
	Save(ctx context.Context, h host.Host) (any, error)
	// Do makes Want true. saved is what Save returned, after a crash that of
	// the first run.
	Do(ctx context.Context, h host.Host, saved json.RawMessage, r Run) error
	// Undo takes back what Do made, whole or in part. The step is undone also when
	// the error is a *Remark.
	Undo(ctx context.Context, h host.Host, saved json.RawMessage, p Progress) error
}

// Info describes a step to people.
type Info struct {
	ID         string   // for ever the same: journals hold it
	Title      string   // what it makes, "swap file /swapfile, 4 GiB"
	Why        string   // one sentence
	ByHand     []string // the commands an administrator would type instead of Do
	UndoByHand []string // and instead of Undo
	StandsOn   []string // IDs of the steps below it: when one of these is redone, so is it
	// Needs are the IDs of steps that must not be undone before it, though it
	// need not be redone with them.
	Needs []string
	// Restarts is the unit that reads what the step changes, and has to be
	// restarted to do so; "" for none.
	Restarts string
	// InPlace: when the step is wanted otherwise, Do makes the new of the old.
	// It is not undone first, so that there is no moment without either.
	InPlace bool
}

// State is how the node stands towards a step, as Check finds it.
type State int

// States that Check may return.
const (
	Todo    State = iota // Do has something to do
	Done                 // the node is as wanted
	Blocked              // Do must not be tried: Finding.Err says why
)

// Finding is what Check found.
type Finding struct {
	State State
	Found string // how the node stands, for people: "no file", "on, priority -2"
	// Destroys: Do replaces something that Undo cannot bring back, because a
	// person said that it may.
	Destroys bool
	Err      error // why it is Blocked
}

// Record is what the journal knows of a step of ours. The zero Record is a step
// that the journal does not know: what is found Done then was so before us.
type Record struct {
	ID       string          `json:"id,omitempty"`
	Want     json.RawMessage `json:"want,omitempty"`
	Saved    json.RawMessage `json:"saved,omitempty"`
	Made     json.RawMessage `json:"made,omitempty"` // what Do noted of it, of its last run
	Restarts string          `json:"wakes,omitempty"`
}

// Ours reports whether the journal knows the step.
func (r Record) Ours() bool { return r.ID != "" }

// Remark is the error of an Undo after which nothing of the step is left that it
// could take back: what it says is for people to know.
type Remark struct{ Err error }

// Error implements error.
func (r *Remark) Error() string { return r.Err.Error() }

// Unwrap returns what it says.
func (r *Remark) Unwrap() error { return r.Err }

// Run is what the engine lends to one Do.
type Run struct {
	Progress Progress
	// Note writes into the journal, durably, by what the thing that is being made
	// will be known again: Record.Made. Only the kernel decides that, so Save
	// cannot tell it. Do calls it before the thing gets the place where Check looks.
	Note func(made any) error
}

// Progress hears how far a long Do or Undo is, in bytes. total is 0 when it is
// not known.
type Progress func(done, total int64)
