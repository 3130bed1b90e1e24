// Package step is the engine: a list of reversible steps, looked at, made
// true, or taken back, with a journal that outlives a crash. It knows no swap.
package step

import (
	"context"
	"encoding/json"

	"github.com/swapctl/swapctl/internal/host"
)

// Step is one reversible change to a node, as the engine sees it: Of makes one of a
// Typed step, where the methods are described.
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

// BlockedBy is the finding of what must not be tried.
func BlockedBy(err error) Finding {
	return Finding{State: Blocked, Found: err.Error(), Err: err}
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

// Run is what the engine gives to one Do.
type Run = RunOf[any]

// RunOf is Run for a step that notes a Made.
type RunOf[Made any] struct {
	Progress Progress
	// Note writes into the journal, durably, by what the thing that is being made
	// will be known again: Record.Made. Only the kernel decides that, so Save
	// cannot tell it. Do calls it before the thing gets the place where Check looks.
	Note func(made Made) error
}

// Progress hears how far a long Do or Undo is, in bytes. total is 0 when it is
// not known.
type Progress func(done, total int64)
