package step

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/swapctl/swapctl/internal/fail"
)

// Apply makes every step true, in order, and undoes what the journal knows and
// steps does not have. config is kept with the goal. On an error, and when ctx
// ends, what this run did is taken back, newest first.
func (e *Engine) Apply(ctx context.Context, steps []Step, config any) (Outcome, error) {
	unlock, err := lock(e.Host, e.LockPath)
	if err != nil {
		return Outcome{}, err
	}
	defer unlock()
	j, err := openJournal(e.Host, e.JournalPath)
	if err != nil {
		return Outcome{}, err
	}
	goal, err := json.Marshal(config)
	if err != nil {
		return Outcome{}, fail.New(fail.Failed, "write down the configuration", err)
	}
	items, err := e.Look(ctx, steps, j.Journal)
	if err != nil {
		return Outcome{Items: items}, err
	}
	r := &run{engine: e, journal: j, items: items, before: j.Journal, goal: goal}
	return r.apply(ctx)
}

// run is one Apply under way.
type run struct {
	engine  *Engine
	journal *journalFile
	items   []Item
	before  Journal // as the run found it
	goal    []byte
	acts    []act // what the run did, oldest first
}

// act is one change that the run made, with what is needed to take it back.
type act struct {
	step Step
	rec  Record
	undo bool // the act was an Undo: taking it back is Do
}

func (r *run) apply(ctx context.Context) (Outcome, error) {
	if !r.pending() {
		return Outcome{Items: r.items}, nil
	}
	if err := interrupted(ctx, r.steps(ctx)); err != nil {
		return r.rollback(ctx), err
	}
	return Outcome{Items: r.items, Changed: len(r.acts) > 0}, r.journal.close()
}

// pending reports whether there is anything to do or to write down.
func (r *run) pending() bool {
	for _, it := range r.items {
		if it.State != ItemDone {
			return true
		}
	}
	return len(r.before.Records) > 0 && (r.before.Goal != GoalUp || !bytes.Equal(r.before.Config, r.goal))
}

func (r *run) steps(ctx context.Context) error {
	goal := entry{Op: "goal", Goal: GoalUp, Config: r.goal}
	// The goal goes into the journal with the first step, in one write, unless
	// there is no step to write.
	announce := []entry{goal}
	for i := range r.items {
		if err := r.item(ctx, i, &announce); err != nil {
			return err
		}
	}
	if len(announce) > 0 {
		return r.journal.write(announce...)
	}
	return nil
}

func (r *run) item(ctx context.Context, i int, announce *[]entry) error {
	it := &r.items[i]
	if it.Retired {
		return r.retire(ctx, it, announce)
	}
	if it.State == ItemDone {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	was := r.journal.Record(it.Info.ID)
	// What stood in the way when the run began may be gone, and what was free
	// may be taken: look again before the act.
	now, err := it.step.Check(ctx, r.engine.Host, was)
	if err != nil {
		return err
	}
	if now.State == Blocked {
		return now.Err
	}
	if now.State == Done && !it.TakenDown {
		it.State = ItemDone
		return nil
	}
	if was.Ours() {
		if err := r.takeDown(ctx, it, announce); err != nil {
			return err
		}
	}
	return r.do(ctx, it, announce)
}

// do runs one step, announced in the journal, and looks whether it took effect.
func (r *run) do(ctx context.Context, it *Item, announce *[]entry) error {
	e := r.engine
	rec, begin, err := r.record(ctx, it)
	if err != nil {
		return err
	}
	if err := r.write(announce, begin); err != nil {
		return err
	}
	r.acts = append(r.acts, act{step: it.step, rec: rec})
	e.tell(Event{Kind: Begin, Info: it.Info})
	err = it.step.Do(ctx, e.Host, rec.Saved, e.progress(it.Info))
	if err == nil {
		err = r.tookEffect(ctx, it, rec)
	}
	if err != nil {
		it.State = ItemFailed
		e.tell(Event{Kind: Failed, Info: it.Info, Err: err})
		return err
	}
	it.State = ItemChanged
	e.tell(Event{Kind: Finished, Info: it.Info})
	return nil
}

// record returns what the journal shall know of the step, and the line that
// says so: a step of ours that is only done again keeps what it saved first.
func (r *run) record(ctx context.Context, it *Item) (Record, entry, error) {
	if was := r.journal.Record(it.Info.ID); was.Ours() {
		return was, entry{Op: "again", Record: Record{ID: was.ID}}, nil
	}
	saved, err := it.step.Save(ctx, r.engine.Host)
	if err != nil {
		return Record{}, entry{}, err
	}
	rec := Record{ID: it.Info.ID}
	if rec.Want, err = json.Marshal(it.step.Want()); err == nil {
		rec.Saved, err = json.Marshal(saved)
	}
	if err != nil {
		return Record{}, entry{}, fail.New(fail.Failed, "write down step "+rec.ID, err)
	}
	return rec, entry{Op: "begin", Record: rec}, nil
}

func (r *run) tookEffect(ctx context.Context, it *Item, rec Record) error {
	now, err := it.step.Check(ctx, r.engine.Host, rec)
	switch {
	case err != nil:
		return err
	case now.State == Blocked:
		return now.Err
	case now.State == Todo:
		return fail.New(fail.Failed, "make the "+it.Info.Title, errors.New("it did not take effect: "+now.Found))
	}
	return nil
}

// write writes what is to be announced, and a line more, at once.
func (r *run) write(announce *[]entry, e entry) error {
	entries := append(*announce, e)
	*announce = nil
	return r.journal.write(entries...)
}
