package step

import (
	"context"
	"errors"
	"slices"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// anyRun is the Run of a Debt of which systemd did not say which run it is of: a
// restart is pending for as long as the unit runs.
const anyRun = "any"

// Owed lists the pending restarts of a journal that nobody else has done in the
// meantime.
func (e *Engine) Owed(ctx context.Context, j Journal) ([]Debt, error) {
	var owed []Debt
	for _, d := range j.Owed {
		now, err := e.running(ctx, d.Unit)
		if err != nil {
			return nil, err
		}
		if now == d.Run || d.Run == anyRun && now != "" {
			owed = append(owed, d)
		}
	}
	return owed, nil
}

// running is the present run of a unit, "" when it does not run, and so reads
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

// wakes are the units that read what the items that are to be done or undone change.
func wakes(items []Item) []string {
	var units []string
	for _, it := range items {
		for _, unit := range []string{it.Info.Wakes, it.Was.Wakes} {
			if unit != "" && it.State == ItemTodo && !slices.Contains(units, unit) {
				units = append(units, unit)
			}
		}
	}
	return units
}

// debts are the journal's entries for restarts that a change makes pending for
// units. What others have done of those before is struck out with the same write.
func (e *Engine) debts(ctx context.Context, j Journal, units []string) (entries []entry, err error) {
	for _, unit := range units {
		run, err := e.running(ctx, unit)
		if err != nil {
			return nil, err
		}
		if debt := (Debt{Unit: unit, Run: run}); run != "" && !slices.Contains(j.Owed, debt) {
			entries = append(entries, entry{Op: "owe", Debt: debt})
		}
	}
	owed, err := e.Owed(ctx, j)
	for _, d := range j.Owed {
		if !slices.Contains(owed, d) && !slices.ContainsFunc(entries, func(n entry) bool { return n.Unit == d.Unit }) {
			entries = append(entries, entry{Op: "woke", Debt: Debt{Unit: d.Unit}})
		}
	}
	return entries, err
}

// debtsUnknown is debts where systemd does not say which units run.
func debtsUnknown(j Journal, units []string) (entries []entry) {
	for _, unit := range units {
		if !slices.ContainsFunc(j.Owed, func(d Debt) bool { return d.Unit == unit }) {
			entries = append(entries, entry{Op: "owe", Debt: Debt{Unit: unit, Run: anyRun}})
		}
	}
	return entries
}

// debtsAtBoot writes down at the end of a boot what is debts, if systemd says: a
// boot begins everything anew, and has done already what it is for.
func (e *Engine) debtsAtBoot(ctx context.Context, j *journalFile, units []string) (owed []string, err error) {
	entries, asked := e.debts(ctx, j.Journal, units)
	switch {
	case asked != nil:
		return nil, nil //nolint:nilerr // nobody waits for the answer
	case len(entries) > 0:
		err = j.write(entries...)
	}
	return unitsOf(j.Owed), err
}

// wake does at the end of a run the restarts that are pending, once for all its steps.
func (r *run) wake(ctx context.Context) error {
	if len(r.acts) == 0 { // all had been done by the time of its turn
		if err := r.forgive(); err != nil {
			return err
		}
	}
	r.tried = !r.engine.NoRestart
	var err error
	r.woken, err = r.engine.pay(ctx, r.journal)
	return err
}

// settle is the end of a rollback: a unit that has not been restarted has never
// read what is taken back by now, and one that has reads it once more.
func (r *run) settle(ctx context.Context, left bool) error {
	switch {
	case left:
		return nil
	case !r.tried:
		return r.forgive()
	}
	woken, err := r.engine.pay(ctx, r.journal)
	r.woken = append(r.woken, woken...)
	return err
}

// forgive strikes out the restarts that this run would have made pending.
func (r *run) forgive() error {
	var entries []entry
	for _, unit := range r.wakes {
		owed := slices.ContainsFunc(r.journal.Owed, func(d Debt) bool { return d.Unit == unit })
		before := slices.ContainsFunc(r.owed, func(d Debt) bool { return d.Unit == unit })
		if owed && !before {
			entries = append(entries, entry{Op: "woke", Debt: Debt{Unit: unit}})
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return r.journal.write(entries...)
}

// pay restarts the units whose restart is pending, and tells which those were.
func (e *Engine) pay(ctx context.Context, j *journalFile) ([]string, error) {
	if e.NoRestart {
		return nil, nil
	}
	owed, err := e.Owed(ctx, j.Journal)
	if err != nil {
		return nil, err
	}
	var woken []string
	for _, d := range owed {
		info := Info{ID: d.Unit, Title: d.Unit}
		e.tell(Event{Kind: Waking, Info: info})
		if err := e.restart(ctx, d.Unit); err != nil {
			e.tell(Event{Kind: Failed, Info: info, Err: err})
			return woken, err
		}
		e.tell(Event{Kind: Woken, Info: info})
		woken = append(woken, d.Unit)
	}
	var entries []entry
	for _, d := range j.Owed {
		entries = append(entries, entry{Op: "woke", Debt: Debt{Unit: d.Unit}})
	}
	if len(entries) == 0 || len(j.Records) == 0 { // then the journal goes away
		j.Owed = nil
		return woken, nil
	}
	return woken, j.write(entries...)
}

// payDown is pay at the end of a teardown. All is taken back by then, so a systemd
// that does not answer leaves the restarts pending and no more.
func (e *Engine) payDown(ctx context.Context, j *journalFile) ([]string, error) {
	if e.Boot {
		_, err := e.debtsAtBoot(ctx, j, nil)
		return nil, err
	}
	woken, err := e.pay(ctx, j)
	if errors.Is(err, host.ErrNoAnswer) {
		e.warnings = append(e.warnings, err)
		return woken, nil
	}
	return woken, err
}

// restart has systemd read the unit's files first, where it has not: a crash may
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

func unitsOf(debts []Debt) []string {
	var names []string
	for _, d := range debts {
		names = append(names, d.Unit)
	}
	return names
}
