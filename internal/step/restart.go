package step

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// anyRun is the Run of a PendingRestart if systemd did not say which run it is:
// the restart is pending as long as the unit runs.
const anyRun = "any"

// PendingRestarts lists the pending restarts of a journal that nobody has done
// in the meantime.
func (e *Engine) PendingRestarts(ctx context.Context, j Journal) ([]PendingRestart, error) {
	var pending []PendingRestart
	for _, d := range j.Restarts {
		now, err := e.running(ctx, d.Unit)
		if err != nil {
			return nil, err
		}
		if now == d.Run || d.Run == anyRun && now != "" {
			pending = append(pending, d)
		}
	}
	return pending, nil
}

// running is the present run of a unit, "" if it does not run, and so reads
// everything when it starts.
func (e *Engine) running(ctx context.Context, unit string) (string, error) {
	if e.Host.Units == nil || !e.Host.Units.Running() {
		return "", nil
	}
	s, err := e.Host.Units.Unit(ctx, unit)
	if err != nil {
		return "", fail.New(fail.Failed, "see whether "+unit+" runs", err, "systemctl status "+unit)
	}
	return s.Run, nil
}

// unitsToRestart are the units that read what the items change.
func unitsToRestart(items []Item) []string {
	var units []string
	for _, it := range items {
		for _, unit := range []string{it.Info.Restarts, it.Was.Restarts} {
			if unit != "" && it.State == ItemTodo && !slices.Contains(units, unit) {
				units = append(units, unit)
			}
		}
	}
	return units
}

// restartEntries are the journal's entries for restarts that a change makes
// pending for units. Restarts that others have done in the meantime are removed
// in the same write.
func (e *Engine) restartEntries(ctx context.Context, j Journal, units []string) (entries []entry, err error) {
	for _, unit := range units {
		run, err := e.running(ctx, unit)
		if err != nil {
			return nil, err
		}
		if pending := (PendingRestart{Unit: unit, Run: run}); run != "" && !slices.Contains(j.Restarts, pending) {
			entries = append(entries, entry{Op: "owe", PendingRestart: pending})
		}
	}
	pending, err := e.PendingRestarts(ctx, j)
	for _, d := range j.Restarts {
		if !slices.Contains(pending, d) && !slices.ContainsFunc(entries, func(n entry) bool { return n.Unit == d.Unit }) {
			entries = append(entries, restarted(d.Unit))
		}
	}
	return entries, err
}

// restartEntriesUnknown is restartEntries if systemd does not say which units
// run.
func restartEntriesUnknown(j Journal, units []string) (entries []entry) {
	for _, unit := range units {
		if !slices.ContainsFunc(j.Restarts, func(p PendingRestart) bool { return p.Unit == unit }) {
			entries = append(entries, entry{Op: "owe", PendingRestart: PendingRestart{Unit: unit, Run: anyRun}})
		}
	}
	return entries
}

// The end of a run. Restarts are noted as pending before the steps that need them, and
// done once, after the last step:
//
//	run           restartUnits, and if a unit does not come back, rollback
//	rollback      restartAgain, or dropRestarts where none was tried
//	teardown      restartAfterTeardown
//	a boot        noteRestartsAtBoot: it restarts nothing, and asks systemd last
//	NoRestart     nothing: they stay pending

// restartUnits does the pending restarts, once for all steps of the run.
func (r *run) restartUnits(ctx context.Context) (err error) {
	if r.engine.Boot {
		return nil
	}
	if len(r.acts) == 0 { // each step was done when its turn was over
		if err := r.dropRestarts(); err != nil {
			return err
		}
	}
	r.tried = !r.engine.NoRestart
	if r.restarted, err = r.engine.restartPending(ctx, r.journal); err != nil || len(r.restarted) == 0 {
		return err
	}
	return r.lasted(ctx)
}

// lasted checks every step once more after units were restarted: what they run
// when they start may have undone one.
func (r *run) lasted(ctx context.Context) error {
	for i := range r.items {
		it := &r.items[i]
		if it.Retired {
			continue
		}
		now, err := it.step.Check(ctx, r.engine.Host, r.journal.Record(it.Info.ID))
		switch {
		case err != nil:
			return err
		case now.State == Blocked:
			return now.Err
		case now.State == Done:
			continue
		}
		it.State = ItemFailed
		units := strings.Join(r.restarted, " ")
		return fail.Newf(fail.Failed, "make the "+it.Info.Title, "it did not last: after the restart of %s it is %q", units, now.Found).
			Hint("something that starts with it undoes this; see what it runs: systemctl cat %s | grep Exec", units)
	}
	return nil
}

// restartAgain is for a rollback: a unit that was restarted has read what is
// undone by now, and one that was not has never read it.
func (r *run) restartAgain(ctx context.Context) error {
	if !r.tried {
		return r.dropRestarts()
	}
	restarted, err := r.engine.restartPending(ctx, r.journal)
	r.restarted = append(r.restarted, restarted...)
	return err
}

// dropRestarts removes the restarts that this run has made pending.
func (r *run) dropRestarts() error {
	var entries []entry
	for _, unit := range r.restarts {
		of := func(p PendingRestart) bool { return p.Unit == unit }
		if slices.ContainsFunc(r.journal.Restarts, of) && !slices.ContainsFunc(r.pendingBefore, of) {
			entries = append(entries, restarted(unit))
		}
	}
	return r.journal.write(entries...)
}

// restartAfterTeardown does the pending restarts after everything is undone. If
// systemd does not answer, they stay pending.
func (e *Engine) restartAfterTeardown(ctx context.Context, j *journalFile) ([]string, error) {
	if e.Boot {
		_, err := e.noteRestartsAtBoot(ctx, j, nil)
		return nil, err
	}
	restarted, err := e.restartPending(ctx, j)
	if errors.Is(err, host.ErrNoAnswer) {
		e.warnings, err = append(e.warnings, err), nil
	}
	return restarted, err
}

// noteRestartsAtBoot records which restarts are pending, if systemd answers: a
// boot starts every unit, and so has done them already.
func (e *Engine) noteRestartsAtBoot(ctx context.Context, j *journalFile, units []string) (pending []string, err error) {
	entries, err := e.restartEntries(ctx, j.Journal, units)
	if err != nil {
		return nil, nil //nolint:nilerr // nobody waits for the answer
	}
	err = j.write(entries...)
	return UnitsOf(j.Restarts), err
}

// restartPending restarts the units whose restart is pending, and returns them.
func (e *Engine) restartPending(ctx context.Context, j *journalFile) (done []string, err error) {
	if e.NoRestart {
		return nil, nil
	}
	pending, err := e.PendingRestarts(ctx, j.Journal)
	if err != nil {
		return nil, err
	}
	for _, p := range pending {
		info := Info{ID: p.Unit, Title: p.Unit}
		e.tell(Event{Kind: Restarting, Info: info})
		if err := e.restart(ctx, p.Unit); err != nil {
			e.tell(Event{Kind: Failed, Info: info, Err: err})
			return done, err
		}
		e.tell(Event{Kind: Restarted, Info: info})
		done = append(done, p.Unit)
	}
	if len(j.Records) == 0 { // the journal goes away
		j.Restarts = nil
		return done, nil
	}
	var entries []entry
	for _, p := range j.Restarts {
		entries = append(entries, restarted(p.Unit))
	}
	return done, j.write(entries...)
}

// restarted is the entry of a restart that is no longer pending.
func restarted(unit string) entry {
	return entry{Op: "woke", PendingRestart: PendingRestart{Unit: unit}}
}

// restart first makes systemd read the unit's files, if it has not: a crash may
// have come between their change and that.
func (e *Engine) restart(ctx context.Context, unit string) error {
	op := "restart " + unit
	hint := "see why: journalctl -b -u " + unit + " | tail -n 30"
	s, err := e.Host.Units.Unit(ctx, unit)
	if err == nil && s.Stale {
		err = e.Host.Units.Reload(ctx)
	}
	if err != nil {
		return fail.New(fail.Failed, op, err, hint)
	}
	return fail.New(fail.Failed, op, e.Host.Units.Restart(ctx, unit), hint)
}

// UnitsOf are the units that the restarts are of.
func UnitsOf(restarts []PendingRestart) []string {
	var names []string
	for _, d := range restarts {
		names = append(names, d.Unit)
	}
	return names
}
