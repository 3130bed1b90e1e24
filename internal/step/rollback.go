package step

import (
	"context"
	"slices"
)

// rollback takes back what the run did, newest first, and puts up again what
// it took down. It goes on when one act cannot be taken back: the Outcome
// names what was left. It does not end with ctx, because ctx may be what ended
// the run.
func (r *run) rollback(ctx context.Context) Outcome {
	ctx = context.WithoutCancel(ctx)
	out := Outcome{Items: r.items, Failed: len(r.acts) > 0}
	stuck := map[string]bool{} // what could not be taken back, and what it stands on
	for _, a := range slices.Backward(r.acts) {
		info := a.step.Info()
		if stuck[info.ID] {
			continue
		}
		if err := r.takeBack(ctx, a); err != nil {
			out.Left = append(out.Left, err)
			r.stick(stuck, info)
		}
	}
	if err := r.forget(); err != nil {
		out.Left = append(out.Left, err)
	}
	if err := r.finishRollback(ctx, len(out.Left) > 0); err != nil {
		out.Left = append(out.Left, err)
	}
	if err := r.restoreGoal(len(out.Left) > 0); err != nil {
		out.Left = append(out.Left, err)
	}
	out.Changed = len(out.Left) > 0
	out.Restarted, out.RestartPending = r.restarted, UnitsOf(r.journal.Restarts)
	out.Warnings = r.engine.warnings
	return out
}

// stick marks what a step stands on, directly or not: it is still in use.
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
	if err := a.step.Do(ctx, e.Host, a.rec, r.lend(info)); err != nil {
		e.tell(Event{Kind: Failed, Info: info, Err: err})
		return err
	}
	e.tell(Event{Kind: Finished, Info: info})
	r.mark(info.ID, nil)
	return nil
}

// mark says in the report what became of a step that the run had done.
func (r *run) mark(id string, err error) {
	for i := range r.items {
		if r.items[i].Info.ID == id && r.items[i].State == ItemChanged && err == nil {
			r.items[i].State = ItemUndone
		}
	}
}

// restoreGoal writes the goal of before the run. Something that could not be
// taken back keeps the journal, with the goal to take it back.
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
