package step

import (
	"context"
	"slices"

	"github.com/swapctl/swapctl/internal/fail"
)

// Owed lists the restarts that the journal owes and that nobody else has paid
// in the meantime.
func (e *Engine) Owed(ctx context.Context, j Journal) ([]Debt, error) {
	var owed []Debt
	for _, d := range j.Owed {
		now, err := e.running(ctx, d.Unit)
		if err != nil {
			return nil, err
		}
		if now == d.Run {
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

// debts are the journal's entries for what the items that are to be done or
// undone will owe, and the units that it is owed to. What others have paid is
// struck out with the same write.
func (e *Engine) debts(ctx context.Context, j Journal, items []Item) (entries []entry, wakes []string, err error) {
	for _, it := range items {
		for _, unit := range []string{it.Info.Wakes, it.Was.Wakes} {
			if unit != "" && it.State == ItemTodo && !slices.Contains(wakes, unit) {
				wakes = append(wakes, unit)
			}
		}
	}
	for _, unit := range wakes {
		run, err := e.running(ctx, unit)
		if err != nil {
			return nil, nil, err
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
	return entries, wakes, err
}

func (r *run) debts(ctx context.Context) (entries []entry, err error) {
	entries, r.wakes, err = r.engine.debts(ctx, r.journal.Journal, r.items)
	return entries, err
}

// wake pays at the end of a run what it owes, once for all its steps.
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

// forgive strikes out what this run would have owed.
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

// pay restarts the units to which a restart is owed, and tells which those were.
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

func units(debts []Debt) []string {
	var names []string
	for _, d := range debts {
		names = append(names, d.Unit)
	}
	return names
}
