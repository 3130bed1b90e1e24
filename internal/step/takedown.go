package step

import (
	"context"
	"errors"
	"slices"
)

// takeDown undoes, newest first, every step of ours that is above it or will
// be, and the step itself if its want has changed: one that is merely not in
// effect is done again. Steps below those that are no longer desired are undone
// with them, so that they are not in the way.
func (r *run) takeDown(ctx context.Context, it *Item) error {
	ours, err := r.standing()
	if err != nil {
		return err
	}
	changed, err := wantChanged(it.step, r.was(it.Info.ID))
	if err != nil {
		return err
	}
	if changed && it.Info.InPlace {
		return nil
	}
	down := r.above(it.Info.ID, ours)
	if changed {
		down[it.Info.ID] = true
	}
	r.addRetiredBelow(down, ours)
	for _, a := range newestFirst(ours) {
		if !down[a.rec.ID] {
			continue
		}
		if err := r.undo(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// standing lists the steps of ours that are in effect, oldest first, as they
// were made.
func (r *run) standing() ([]act, error) {
	ours, err := r.engine.made(r.journal.Journal)
	return slices.DeleteFunc(ours, func(a act) bool { return r.fresh[a.rec.ID] }), err
}

// made builds the steps of a journal, oldest first.
func (e *Engine) made(j Journal) ([]act, error) {
	var acts []act
	for _, rec := range j.Records {
		s, err := e.Build(rec)
		if err != nil {
			return nil, err
		}
		acts = append(acts, act{step: s, rec: rec})
	}
	return acts, nil
}

// newestFirst puts steps into the order in which they can be undone: the newest
// first, but none before those above it. After a crash a step may be older in
// the journal than the one below it.
func newestFirst(made []act) []act {
	rest := slices.Clone(made)
	var order []act
	for len(rest) > 0 {
		next := len(rest) - 1
		for i, a := range slices.Backward(rest) {
			if !carries(a, rest) {
				next = i
				break
			}
		}
		order = append(order, rest[next])
		rest = slices.Delete(rest, next, next+1)
	}
	return order
}

// carries reports whether one of others is above a, or needs it.
func carries(a act, others []act) bool {
	on := map[string]bool{a.rec.ID: true}
	return slices.ContainsFunc(others, func(o act) bool {
		info := o.step.Info()
		return standsOn(info, on) || slices.Contains(info.Needs, a.rec.ID)
	})
}

// above names the steps of ours that are above id, directly or not, as they
// were made or as they are desired now.
func (r *run) above(id string, ours []act) map[string]bool {
	wanted := map[string]Info{}
	for _, it := range r.items {
		wanted[it.Info.ID] = it.Info
	}
	standing := map[string]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, a := range ours {
			on := standsOn(a.step.Info(), standing) || standsOn(wanted[a.rec.ID], standing)
			if on && !standing[a.rec.ID] {
				standing[a.rec.ID], grown = true, true
			}
		}
	}
	delete(standing, id)
	return standing
}

// addRetiredBelow adds to down the retired steps below those in it.
func (r *run) addRetiredBelow(down map[string]bool, ours []act) {
	retired := map[string]bool{}
	for _, it := range r.items {
		retired[it.Info.ID] = it.Retired
	}
	for _, a := range slices.Backward(ours) {
		if !down[a.rec.ID] {
			continue
		}
		for _, below := range a.step.Info().StandsOn {
			if retired[below] {
				down[below] = true
			}
		}
	}
}

// retire undoes a step of the journal that is no longer desired.
func (r *run) retire(ctx context.Context, it *Item) error {
	if !r.journal.Record(it.Info.ID).Ours() {
		it.State = ItemUndone // was undone with the step above it
		return nil
	}
	if err := r.undo(ctx, act{step: it.step, rec: it.Was}); err != nil {
		it.State = ItemFailed
		return err
	}
	it.State = ItemUndone
	return nil
}

// undo undoes one step, and remembers that it did.
func (r *run) undo(ctx context.Context, a act) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.undo = true
	r.acts = append(r.acts, a)
	return r.engine.undo(ctx, r.journal, a)
}

// undo runs Undo of one step and records that it is undone.
func (e *Engine) undo(ctx context.Context, j *journalFile, a act) error {
	info := a.step.Info()
	e.tell(Event{Kind: Undoing, Info: info})
	rec := a.rec
	if now := j.Record(info.ID); now.Ours() {
		rec = now // with what Do has noted since
	}
	err := a.step.Undo(ctx, e.Host, rec, e.progress(info))
	if remark, ok := errors.AsType[*Remark](err); ok {
		e.warnings, err = append(e.warnings, remark.Err), nil
	}
	if err == nil {
		err = j.write(entry{Op: "undone", Record: Record{ID: info.ID}})
	}
	if err != nil {
		e.tell(Event{Kind: Failed, Info: info, Err: err})
		return err
	}
	e.tell(Event{Kind: Undone, Info: info})
	return nil
}
