package step

import (
	"context"
	"errors"
	"slices"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Teardown undoes everything in the journal, newest first, and then removes the
// journal. It stops at the first step that cannot be undone, because what is
// below it is still in use; the next run continues there. before, if not nil,
// may refuse while nothing has changed yet.
func (e *Engine) Teardown(ctx context.Context, before func([]Item) error) (Outcome, error) {
	j, unlock, err := e.take()
	if err != nil {
		return Outcome{}, err
	}
	defer unlock()
	items, err := e.retired(j.Journal, nil)
	if err != nil {
		return Outcome{Items: items}, err
	}
	if before != nil {
		if err := before(items); err != nil {
			return Outcome{Items: items}, err
		}
	}
	return e.teardown(ctx, j, items)
}

func (e *Engine) teardown(ctx context.Context, j *journalFile, items []Item) (Outcome, error) {
	out := Outcome{Items: items, Incomplete: j.Incomplete}
	if err := e.announceDown(ctx, j, items); err != nil {
		return out, err
	}
	err := e.undoAll(ctx, j, items)
	if err == nil {
		out.Restarted, err = e.restartAfterTeardown(ctx, j)
	}
	undone := slices.ContainsFunc(items, func(it Item) bool { return it.State == ItemUndone })
	out.Changed = undone || len(out.Restarted) > 0
	out.RestartPending, out.Warnings = UnitsOf(j.Restarts), e.warnings
	if err != nil {
		out.Failed, out.Left = true, []error{err}
		return out, interrupted(ctx, err)
	}
	return out, j.closeDown()
}

// undoAll undoes the items in their order, up to the first that cannot be undone.
func (e *Engine) undoAll(ctx context.Context, j *journalFile, items []Item) error {
	e.steps = len(items)
	defer func() { e.step, e.steps = 0, 0 }()
	for i := range items {
		e.step = i + 1
		err := ctx.Err()
		if err == nil {
			err = e.undo(ctx, j, act{step: items[i].step, rec: items[i].Was})
		}
		if err != nil {
			items[i].State = ItemFailed
			return err
		}
		items[i].State = ItemUndone
	}
	return nil
}

// announceDown records that everything is to be undone, and the restarts that
// this makes pending.
func (e *Engine) announceDown(ctx context.Context, j *journalFile, items []Item) error {
	var entries []entry
	if j.Goal == GoalUp {
		entries = append(entries, entry{Op: "goal", Goal: GoalDown, Config: j.Config})
	}
	if !e.Boot {
		restarts, err := e.restartEntries(ctx, j.Journal, unitsToRestart(items))
		if errors.Is(err, host.ErrNoAnswer) {
			restarts, err = restartEntriesUnknown(j.Journal, unitsToRestart(items)), nil
		}
		if err != nil {
			return err
		}
		entries = append(entries, restarts...)
	}
	return j.write(entries...)
}

// interrupted gives an error that came from the end of ctx the message and the
// exit code of an interruption.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	op, why := "go on", err
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		op, why = worded.Op, worded.Err
	}
	if errors.Is(why, ctx.Err()) {
		why = stopped{why}
	}
	return fail.New(fail.Interrupted, op, why, append(fail.Hints(err), "run the same command again")...)
}

// stopped says for people how ctx ended.
type stopped struct{ error }

func (stopped) Error() string   { return "it was interrupted" }
func (s stopped) Unwrap() error { return s.error }

// LookDown lists what Teardown would undo, in its order.
func (e *Engine) LookDown(j Journal) ([]Item, error) { return e.retired(j, nil) }
