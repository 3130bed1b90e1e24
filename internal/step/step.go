// Package step is the engine: a list of reversible steps, checked, done or
// undone, with a journal that survives a crash. It does not know about swap.
package step

import (
	"context"
	"encoding/json"

	"github.com/swapctl/swapctl/internal/host"
)

// Step is one reversible change to a node, as the engine sees it: Of makes it
// from a Typed step, which documents the methods.
type Step interface {
	Info() Info
	Want() any
	Check(ctx context.Context, h host.Host, was Record) (Finding, error)
	Save(ctx context.Context, h host.Host) (any, error)
	Do(ctx context.Context, h host.Host, was Record, r Run) error
	Undo(ctx context.Context, h host.Host, was Record, p Progress) error
}

// Info describes a step to people.
type Info struct {
	ID         string   // never changes: journals contain it
	Title      string   // what it makes, "swap file /swapfile, 4 GiB"
	Why        string   // one sentence
	ByHand     []string // the commands that an administrator would type instead of Do
	UndoByHand []string // and instead of Undo
	StandsOn   []string // IDs of the steps below it: if one of these is done again, so is it
	// Needs are the IDs of steps that must not be undone before it, but need
	// not be done again with them.
	Needs []string
	// Restarts is the unit that has to be restarted to read what the step
	// changes; "" for none.
	Restarts string
	// InPlace: if the step is desired with other values, Do changes the old
	// into the new. It is not undone first, so that there is no moment without
	// either.
	InPlace bool
}

// State is the state of a step on the node, as Check finds it.
type State int

// States that Check may return.
const (
	Todo    State = iota // Do has something to do
	Done                 // the node is as wanted
	Blocked              // Do must not be tried: Finding.Err says why
)

// Finding is the result of Check.
type Finding struct {
	State State
	Found string // the state of the node, for people: "no file", "on, priority -2"
	// Destroys: Do replaces something that Undo cannot restore, because the
	// user allowed it.
	Destroys bool
	Err      error // why it is Blocked
}

// BlockedBy is the finding of a step that must not be tried.
func BlockedBy(err error) Finding {
	return Finding{State: Blocked, Found: err.Error(), Err: err}
}

// Record is the journal's record of a step of ours. The zero Record is a step
// that is not in the journal: if it is found Done, it was so before setup.
type Record struct {
	ID       string          `json:"id,omitempty"`
	Want     json.RawMessage `json:"want,omitempty"`
	Saved    json.RawMessage `json:"saved,omitempty"`
	Made     json.RawMessage `json:"made,omitempty"` // what Do recorded of it, in its last run
	Restarts string          `json:"wakes,omitempty"`
}

// Ours reports whether the step is in the journal.
func (r Record) Ours() bool { return r.ID != "" }

// Run is what a Do gets from the engine.
type Run = RunOf[any]

// RunOf is Run for a step that notes a Made.
type RunOf[Made any] struct {
	Progress Progress
	// Note writes into the journal, durably, what identifies the thing that is
	// being made: Record.Made. Only the kernel decides that, so Save cannot
	// know it. Do calls it before the thing gets the name by which Check finds
	// it.
	Note func(made Made) error
}

// Progress receives how far a long Do or Undo is, in bytes. total is 0 if it is
// not known.
type Progress func(done, total int64)
