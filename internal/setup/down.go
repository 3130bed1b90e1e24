package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/step"
)

// DownOptions are the options of one run of teardown.
type DownOptions struct {
	DryRun   bool
	Force    bool // even if what is swapped out does not fit into memory
	KeepFile bool // the swap file stays
	// JournalDamaged uses what can be trusted of a damaged journal.
	JournalDamaged bool
	// NoRestart leaves the restart of the kubelet to the user.
	NoRestart bool
	Events    func(step.Event)

	stays string // why the kubelet still tolerates swap
	boot  bool   // the run is that of our unit
	late  bool   // systemd reads the changes at the end
}

// mode is how the steps of the journal are built for the run.
func (o DownOptions) mode() step.Mode {
	return step.Mode{Boot: o.boot, Late: o.late, Force: o.Force, Keep: o.KeepFile}
}

// Down undoes what setup made according to the journal, newest first. The
// Report is complete even if there is an error.
func Down(ctx context.Context, h host.Host, o DownOptions) (Report, error) {
	if err := needsRoot(h, "tear down swap"); err != nil {
		return newReport("nothing was changed"), err
	}
	e := engine(h, o)
	j, err := step.ReadJournal(h, JournalPath)
	if damaged, ok := errors.AsType[*step.DamagedError](err); ok && o.JournalDamaged {
		j, err = damaged.Rest, nil
	}
	if err != nil && o.DryRun {
		return newReport("nothing was changed"), err
	}
	if o.stays, err = toleranceStays(h, j); err != nil {
		return newReport("nothing was changed"), err
	}
	if o.stays != "" {
		e.Leave = func(id string) bool { return slices.Contains(kubeletstep.IDs(), id) }
	}
	if o.DryRun {
		items, err := e.LookDown(j)
		r := downReport(h, step.Outcome{Items: items, Incomplete: j.Incomplete}, o)
		r.warn(o.stays)
		r.Warnings = append(r.Warnings, leftAlone(h, recordsOf(items), o.mode())...)
		return r, errors.Join(err, mayGoDown(h, items, o))
	}
	var left []string
	out, err := e.Teardown(ctx, func(items []step.Item) error {
		left = leftAlone(h, recordsOf(items), o.mode())
		return mayGoDown(h, items, o)
	})
	r := downReport(h, out, o)
	r.warn(o.stays)
	r.Warnings = append(r.Warnings, left...)
	if err == nil && offNow(h) == allOff {
		r.warn(kubeletstep.NodeKeeps(j))
	}
	if err != nil && !out.Failed {
		r.State = "nothing was changed"
	}
	return r, err
}

// toleranceStays says that the kubelet still tolerates swap, and why: it counts
// every area, and would not start again while somebody else's is on. "" means
// that it need not.
func toleranceStays(h host.Host, j step.Journal) (string, error) {
	others, err := othersOn(h, j)
	if err != nil || len(others) == 0 {
		return "", err
	}
	file, err := kubeletstep.NeededBy(h, j)
	if err != nil || file == "" {
		return "", err
	}
	on := strings.Join(others, ", ")
	return fmt.Sprintf("%s stays: swap that is not swapctl's is on (%s), and without it the kubelet would not start again; to take it back as well: swapoff %s; swapctl teardown",
		file, on, strings.Join(others, "; swapoff ")), nil
}

// othersOn are the areas of /proc/swaps that a teardown leaves on: all that
// setup has not turned on.
func othersOn(h host.Host, j step.Journal) ([]string, error) {
	swaps, err := kernel.Swaps(h)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fail.New(fail.Failed, "see which swap is on", err, "see what the kernel shows: cat /proc/swaps")
	}
	var mine []string
	for _, r := range j.Records {
		target, ok := area.OnTarget(r)
		if !ok || area.Adopted(r) {
			continue
		}
		swap, on, err := area.Active(h, target)
		if err != nil {
			return nil, err
		}
		if on {
			mine = append(mine, swap.Path)
		}
	}
	var others []string
	for _, s := range swaps {
		if !slices.Contains(mine, s.Path) {
			others = append(others, s.Path)
		}
	}
	return others, nil
}

// mayGoDown refuses a teardown before anything is changed: if an area or its
// file is not where it was made, or what is swapped out does not fit into
// memory.
func mayGoDown(h host.Host, items []step.Item, o DownOptions) error {
	records := recordsOf(items)
	if err := area.NotMoved(h, records); err != nil {
		return err
	}
	if err := fits(h, records, o); err != nil {
		return err
	}
	return filesInSight(h, records, o)
}

func recordsOf(items []step.Item) []step.Record {
	var records []step.Record
	for _, it := range items {
		records = append(records, it.Was)
	}
	return records
}

// filesInSight refuses while a file to remove cannot be seen.
func filesInSight(h host.Host, records []step.Record, o DownOptions) error {
	for _, r := range records {
		s, err := kinds().Build(r, o.mode())
		if err == nil {
			err = area.InSight(h, s, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leftAlone lists what has a name of ours but is not ours, so teardown leaves
// it.
func leftAlone(h host.Host, records []step.Record, m step.Mode) []string {
	var left []string
	for _, r := range records {
		s, err := kinds().Build(r, m)
		if err != nil {
			continue // the step that uses it reports the error
		}
		if text := step.LeavesAlone(s, h, r); text != "" {
			left = append(left, text)
		}
	}
	return left
}

// fits sums up what is swapped out in all areas, which must fit into memory.
func fits(h host.Host, records []step.Record, o DownOptions) error {
	var all kernel.Swap // together: none of them can take the pages of another one
	for _, r := range records {
		target, ok := area.OnTarget(r)
		if !ok || area.Adopted(r) {
			continue
		}
		swap, on, err := area.Active(h, target)
		if err != nil {
			return err
		}
		if !on {
			continue
		}
		if all.Path != "" {
			swap.Path = all.Path + " and " + swap.Path
		}
		all.Path = swap.Path
		all.SizeBytes += swap.SizeBytes
		all.UsedBytes += swap.UsedBytes
	}
	if all.Path == "" {
		return nil
	}
	return area.FitsInMemory(h, all, o.Force)
}
