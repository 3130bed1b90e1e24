package step

import (
	"context"
	"slices"
)

// rollback undoes what the run did, newest first, and does again what it undid.
// It continues if one act cannot be undone: the Outcome names what was left. It
// does not end with ctx, because the end of ctx may be why the run ended.
func (r *run) rollback(ctx context.Context) Outcome {
	ctx = context.WithoutCancel(ctx)
	var left []error
	stuck := map[string]bool{} // what could not be undone, and what is below it
	for _, a := range slices.Backward(r.acts) {
		info := a.step.Info()
		if stuck[info.ID] {
			continue
		}
		if err := r.takeBack(ctx, a); err != nil {
			left = append(left, err)
			r.stick(stuck, info)
		}
	}
	keep := func(err error) {
		if err != nil {
			left = append(left, err)
		}
	}
	keep(r.forget())
	if len(left) == 0 {
		keep(r.restartAgain(ctx))
	}
	keep(r.restoreGoal(len(left) > 0))
	out := r.outcome()
	out.Failed, out.Left, out.Changed = len(r.acts) > 0, left, len(left) > 0
	return out
}

// stick marks what is below a step, directly or not: it is still in use.
func (r *run) stick(stuck map[string]bool, info Info) {
	for _, below := range slices.Concat(info.StandsOn, info.Needs) {
		stuck[below] = true
		for _, a := range r.acts {
			if next := a.step.Info(); next.ID == below {
				r.stick(stuck, next)
			}
		}
	}
}

func (r *run) takeBack(ctx context.Context, a act) error {
	e := r.engine
	if !a.undo {
		err := e.undo(ctx, r.journal, a)
		r.mark(a.step.Info().ID, err)
		return err
	}
	info := a.step.Info()
	if err := r.journal.write(entry{Op: "begin", Record: a.rec}); err != nil {
		return err
	}
	e.tell(Event{Kind: Begin, Info: info})
	if err := a.step.Do(ctx, e.Host, a.rec, r.runOf(info)); err != nil {
		e.tell(Event{Kind: Failed, Info: info, Err: err})
		return err
	}
	e.tell(Event{Kind: Finished, Info: info})
	r.mark(info.ID, nil)
	return nil
}

// mark sets the result of a step that the run had done.
func (r *run) mark(id string, err error) {
	for i := range r.items {
		if r.items[i].Info.ID == id && r.items[i].State == ItemChanged && err == nil {
			r.items[i].State = ItemUndone
		}
	}
}

// restoreGoal writes the goal of before the run. Something that could not be
// undone keeps the journal, with the goal to undo it.
func (r *run) restoreGoal(left bool) error {
	goal := entry{Op: "goal", Goal: r.before.Goal, Config: r.before.Config}
	if left && goal.Goal == GoalNone {
		goal.Goal = GoalDown
	}
	if r.journal.Goal == goal.Goal && string(r.journal.Config) == string(goal.Config) {
		return r.journal.close()
	}
	if err := r.journal.write(goal); err != nil {
		return err
	}
	return r.journal.close()
}
