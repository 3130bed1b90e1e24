package step

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/swapctl/swapctl/internal/fail"
)

// takeDown undoes, newest first, every step of ours that stands on it, and the
// step itself when its want has changed: one that has merely fallen down is
// done again as it is.
func (r *run) takeDown(ctx context.Context, it *Item, announce *[]entry) error {
	above, err := r.above(it.Info.ID)
	if err != nil {
		return err
	}
	want, err := json.Marshal(it.step.Want())
	if err != nil {
		return fail.New(fail.Failed, "write down step "+it.Info.ID, err)
	}
	was := r.journal.Record(it.Info.ID)
	if !bytes.Equal(was.Want, want) {
		s, err := r.engine.Build(was)
		if err != nil {
			return err
		}
		above = append(above, act{step: s, rec: was})
	}
	for _, a := range above {
		if err := r.undo(ctx, a, announce); err != nil {
			return err
		}
	}
	return nil
}

// above lists the steps of ours that stand on id, directly or not, newest first.
func (r *run) above(id string) ([]act, error) {
	standing := map[string]bool{id: true}
	var found []act
	for _, rec := range r.journal.Records {
		s, err := r.engine.Build(rec)
		if err != nil {
			return nil, err
		}
		if standsOn(s.Info(), standing) {
			standing[rec.ID] = true
			found = append(found, act{step: s, rec: rec})
		}
	}
	slices.Reverse(found)
	return found, nil
}

// retire undoes a step that the journal knows and nobody wants any more.
func (r *run) retire(ctx context.Context, it *Item, announce *[]entry) error {
	if !r.journal.Record(it.Info.ID).Ours() {
		it.State = ItemUndone // went down with what it stood on
		return nil
	}
	if err := r.undo(ctx, act{step: it.step, rec: it.Was}, announce); err != nil {
		it.State = ItemFailed
		return err
	}
	it.State = ItemUndone
	return nil
}

// undo takes one step back and writes down that it is.
func (r *run) undo(ctx context.Context, a act, announce *[]entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(*announce) > 0 {
		if err := r.journal.write(*announce...); err != nil {
			return err
		}
		*announce = nil
	}
	a.undo = true
	r.acts = append(r.acts, a)
	return r.engine.undo(ctx, r.journal, a)
}

// undo runs Undo of one step and writes down that it is undone.
func (e *Engine) undo(ctx context.Context, j *journalFile, a act) error {
	info := a.step.Info()
	e.tell(Event{Kind: Undoing, Info: info})
	err := a.step.Undo(ctx, e.Host, a.rec.Saved, e.progress(info))
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
