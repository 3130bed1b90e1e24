package step

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/swapctl/swapctl/internal/fail"
)

// Apply makes every step true, in order, and undoes those in the journal that
// are not in steps. config is recorded with the goal. On an error, and when ctx
// ends, what this run did is undone, newest first.
func (e *Engine) Apply(ctx context.Context, steps []Step, config any) (Outcome, error) {
	j, unlock, err := e.take()
	if err != nil {
		return Outcome{}, err
	}
	defer unlock()
	if e.Still != nil {
		if err := e.Still(j.Journal); err != nil {
			return Outcome{}, err
		}
	}
	goal, err := json.Marshal(config)
	if err != nil {
		return Outcome{}, fail.New(fail.Failed, "write down the configuration", err)
	}
	items, err := e.Look(ctx, steps, j.Journal)
	if err != nil {
		return Outcome{Items: items}, err
	}
	r := &run{engine: e, journal: j, items: items, before: j.Journal, goal: goal, fresh: map[string]bool{}}
	if r.sameGoal, err = sameValue(config, j.Config); err != nil {
		return Outcome{Items: items}, fail.New(fail.Failed, "write down the configuration", err)
	}
	if !e.Boot {
		if r.pendingBefore, err = e.PendingRestarts(ctx, j.Journal); err != nil {
			return Outcome{Items: items}, err
		}
	}
	return r.apply(ctx)
}

// run is one call of Apply.
type run struct {
	engine        *Engine
	journal       *journalFile
	items         []Item
	before        Journal // as the run found it
	goal          []byte
	sameGoal      bool             // as before the run
	fresh         map[string]bool  // announced in this run, and not begun yet
	acts          []act            // what the run did, oldest first
	pendingBefore []PendingRestart // before the run
	restarts      []string         // units that read what the run changes
	tried         bool             // the run has come to its restarts
	restarted     []string         // units that it has restarted
}

// act is one change of the run, with what is needed to undo it.
type act struct {
	step Step
	rec  Record
	undo bool // the act was an Undo: it is undone by Do
}

func (r *run) apply(ctx context.Context) (Outcome, error) {
	if !r.pending() && (len(r.pendingBefore) == 0 || r.engine.NoRestart) {
		return Outcome{Items: r.items, RestartPending: UnitsOf(r.pendingBefore)}, nil
	}
	err := r.steps(ctx)
	if err == nil {
		err = r.restartUnits(ctx)
	}
	if err := interrupted(ctx, err); err != nil {
		return r.rollback(ctx), err
	}
	out := r.outcome()
	if r.engine.Boot {
		out.RestartPending, err = r.engine.noteRestartsAtBoot(ctx, r.journal, r.restarts)
	}
	out.Changed = len(r.acts)+len(r.restarted) > 0
	return out, errors.Join(err, r.journal.close())
}

// outcome is the result of the run, however it ends.
func (r *run) outcome() Outcome {
	return Outcome{Items: r.items, Restarted: r.restarted, RestartPending: UnitsOf(r.journal.Restarts), Warnings: r.engine.warnings}
}

// pending reports whether there is anything to do or to record.
func (r *run) pending() bool {
	for _, it := range r.items {
		if it.State != ItemDone {
			return true
		}
	}
	return len(r.before.Records) > 0 && (r.before.Goal != GoalUp || !r.sameGoal)
}

func (r *run) steps(ctx context.Context) error {
	if err := r.announce(ctx); err != nil {
		return err
	}
	e := r.engine
	defer func() { e.step, e.steps = 0, 0 }()
	for _, it := range r.items {
		if it.State != ItemDone {
			e.steps++
		}
	}
	for i := range r.items {
		if r.items[i].State != ItemDone {
			e.step++
		}
		if err := r.item(ctx, &r.items[i]); err != nil {
			return err
		}
	}
	return r.forget()
}

// announce records the goal and every new step before the first act: one synced
// write instead of one for each step.
func (r *run) announce(ctx context.Context) error {
	entries := []entry{{Op: "goal", Goal: GoalUp, Config: r.goal}}
	if !r.pending() {
		return nil // only restarts
	}
	if r.restarts = unitsToRestart(r.items); !r.engine.Boot {
		restarts, err := r.engine.restartEntries(ctx, r.journal.Journal, r.restarts)
		if err != nil {
			return err
		}
		entries = append(entries, restarts...)
	}
	for _, it := range r.items {
		if it.State != ItemTodo || it.Was.Ours() {
			continue
		}
		rec, err := r.record(ctx, it)
		if err != nil {
			return err
		}
		entries = append(entries, entry{Op: "begin", Record: rec})
		r.fresh[rec.ID] = true
	}
	if err := r.journal.write(entries...); err != nil {
		clear(r.fresh) // nothing was announced, so there is nothing to forget
		return err
	}
	return nil
}

// record is the journal's record of a step that does not exist yet.
func (r *run) record(ctx context.Context, it Item) (Record, error) {
	rec := Record{ID: it.Info.ID}
	saved, err := it.step.Save(ctx, r.engine.Host)
	if err != nil {
		return rec, err
	}
	rec.Restarts = it.Info.Restarts
	if rec.Want, err = json.Marshal(it.step.Want()); err == nil {
		rec.Saved, err = json.Marshal(saved)
	}
	return rec, fail.New(fail.Failed, "write down step "+rec.ID, err)
}

// forget removes from the journal what was announced and not begun.
func (r *run) forget() error {
	var entries []entry
	for _, id := range slices.Sorted(maps.Keys(r.fresh)) {
		entries = append(entries, entry{Op: "undone", Record: Record{ID: id}})
	}
	clear(r.fresh)
	return r.journal.write(entries...)
}

// was is the record of a step before its turn in this run.
func (r *run) was(id string) Record {
	if r.fresh[id] {
		return Record{}
	}
	return r.journal.Record(id)
}

func (r *run) item(ctx context.Context, it *Item) error {
	if it.Retired {
		return r.retire(ctx, it)
	}
	if it.State == ItemDone {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// What blocked at the beginning of the run may be gone, and what was free
	// may be in use: check again before the act.
	now, err := it.step.Check(ctx, r.engine.Host, r.was(it.Info.ID))
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
	if err := r.takeDown(ctx, it); err != nil {
		return err
	}
	return r.do(ctx, it)
}

// do runs one step, announced in the journal, and checks whether it took
// effect.
func (r *run) do(ctx context.Context, it *Item) error {
	e := r.engine
	rec, err := r.begin(ctx, it)
	if err != nil {
		return err
	}
	if !rec.changed {
		r.acts = append(r.acts, act{step: it.step, rec: rec.Record})
	}
	e.tell(Event{Kind: Begin, Info: it.Info})
	err = it.step.Do(ctx, e.Host, rec.Record, r.runOf(it.Info))
	if err == nil {
		err = r.tookEffect(ctx, it, r.journal.Record(it.Info.ID))
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

// runOf is what Do of a step gets from the engine.
func (r *run) runOf(info Info) Run {
	return Run{Progress: r.engine.progress(info), Note: func(made any) error {
		raw, err := json.Marshal(made)
		if err != nil {
			return fail.New(fail.Failed, "write down step "+info.ID, err)
		}
		return r.journal.write(entry{Op: "made", Record: Record{ID: info.ID, Made: raw}})
	}}
}

// begun is a step's record, as its Do gets it.
type begun struct {
	Record
	changed bool // in place: how to undo the act is recorded already
}

// begin makes sure that the journal records that the step has begun. A step of
// ours that is only done again, or changed in place, keeps its first Saved.
func (r *run) begin(ctx context.Context, it *Item) (begun, error) {
	rec := r.journal.Record(it.Info.ID)
	if r.fresh[rec.ID] {
		delete(r.fresh, rec.ID)
		return begun{Record: rec}, nil
	}
	changed, err := wantChanged(it.step, rec)
	switch {
	case err != nil:
		return begun{}, err
	case changed:
		return r.change(it, rec)
	case rec.Ours():
		return begun{Record: rec}, r.journal.write(entry{Op: "again", Record: Record{ID: rec.ID}})
	}
	rec, err = r.record(ctx, *it)
	if err != nil {
		return begun{}, err
	}
	return begun{Record: rec}, r.journal.write(entry{Op: "begin", Record: rec})
}

// change begins a change in place. It is undone by Do of the old step.
func (r *run) change(it *Item, old Record) (begun, error) {
	want, err := json.Marshal(it.step.Want())
	if err != nil {
		return begun{}, fail.New(fail.Failed, "write down step "+old.ID, err)
	}
	before, err := r.engine.Build(old)
	if err != nil {
		return begun{}, err
	}
	r.acts = append(r.acts, act{step: before, rec: old, undo: true})
	rec := Record{ID: old.ID, Want: want, Saved: old.Saved, Made: old.Made, Restarts: it.Info.Restarts}
	return begun{Record: rec, changed: true}, r.journal.write(entry{Op: "begin", Record: rec})
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
