package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/nextboot"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/setup/persist"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// BootWait is how long a boot waits for a disk or a mount that is late. Most
// are there at once; one that is gone must not keep the kubelet waiting.
const BootWait = 15 * time.Second

// BootOptions are the choices of one run of Boot.
type BootOptions struct {
	DryRun bool
	// Wait is how long to wait for the device, or the mount that holds the file.
	Wait time.Duration
	// Events hears what happens, Waits what is waited for; both may be nil.
	Events func(step.Event)
	Waits  func(what string)
}

// Boot makes the node what it was last asked to be, from the journal alone: the
// configuration is not read. Of what a reboot does not lose it only looks
// whether it is there. The Report is whole also beside an error.
func Boot(ctx context.Context, h host.Host, o BootOptions) (Report, error) {
	const unchanged = "nothing was changed"
	if err := needsRoot(h, "bring swap back"); err != nil {
		return newReport(unchanged), err
	}
	j, err := step.ReadJournal(h, JournalPath)
	if err != nil {
		return newReport(unchanged), err
	}
	switch j.Goal {
	case step.GoalUp:
		return bootUp(ctx, h, j, o)
	case step.GoalDown:
		return Down(ctx, h, DownOptions{DryRun: o.DryRun, Events: o.Events, boot: true})
	}
	return newReport("swapctl has nothing on this node; nothing was changed"), nil
}

// bootUp brings the areas back one after the other, so that one whose disk is
// gone does not take the others with it.
func bootUp(ctx context.Context, h host.Host, j step.Journal, o BootOptions) (Report, error) {
	const unchanged = "nothing was changed"
	n, err := goalNode(h, j)
	if err == nil {
		err = area.NotMoved(h, j.Records)
	}
	if err != nil {
		return newReport(unchanged), err
	}
	var whole step.Outcome
	var errs []error
	end, up := time.Now().Add(o.Wait), 0
	for i, a := range n.areas {
		out, err := n.bootArea(ctx, h, j, i, o, end)
		if err == nil {
			up++
		} else if len(n.areas) > 1 {
			err = fmt.Errorf("%s: %w", a.Backing(), err)
		}
		whole, errs = merge(whole, out), append(errs, err)
	}
	if !o.DryRun {
		whole.Warnings = append(whole.Warnings, tellSystemd(ctx, h, whole.Items)...)
	}
	r := upReport(h, n, whole, UpOptions{DryRun: o.DryRun})
	switch err = errors.Join(errs...); {
	case err != nil && len(whole.Items) == 0:
		return newReport(unchanged), err
	case err != nil && up > 0:
		r.State = fmt.Sprintf("swap is on in %d of %d areas", up, len(n.areas))
	}
	for _, warning := range words(whole.Warnings) {
		r.State += "; " + warning
	}
	return r, err
}

// bootArea brings back one area, with what the node has once.
func (n *node) bootArea(ctx context.Context, h host.Host, j step.Journal, i int, o BootOptions, end time.Time) (step.Outcome, error) {
	a := n.areas[i]
	if err := waitForPlace(ctx, h, j, a, o, end); err != nil {
		return step.Outcome{}, err
	}
	if err := n.areas[i].Find(h); err != nil {
		return step.Outcome{}, err
	}
	alone := *n
	alone.areas = n.areas[i : i+1]
	steps, err := alone.bootSteps(j, step.Mode{Boot: true, Late: true})
	if err != nil {
		return step.Outcome{}, err
	}
	e := engine(h, DownOptions{Events: sinceBegin(o.Events), boot: true, late: true})
	e.Leave = func(id string) bool {
		_, suffix := step.SplitID(id)
		return suffix != a.Suffix && slices.ContainsFunc(n.areas, func(b area.Area) bool { return b.Suffix == suffix })
	}
	if o.DryRun {
		items, err := e.Look(ctx, steps, j)
		return step.Outcome{Items: items}, err
	}
	e.Still = func(now step.Journal) error { return n.stillWanted(j, now) }
	return e.Apply(ctx, steps, n.config)
}

// stillWanted refuses what was wanted when the boot began and is not any more:
// somebody has run teardown, or another setup, while it waited for a disk.
func (n *node) stillWanted(then, now step.Journal) error {
	const op = "bring swap back"
	mine, err := json.Marshal(n.config) // as an area before this one has written it
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if now.Goal == then.Goal && (bytes.Equal(now.Config, then.Config) || bytes.Equal(now.Config, mine)) {
		return nil
	}
	return fail.New(fail.Locked, op, errors.New("another swapctl has changed meanwhile what is wanted"), "see how the node stands: swapctl status")
}

// merge adds what one area's run did to that of those before.
func merge(so, out step.Outcome) step.Outcome {
	for _, it := range out.Items {
		known := slices.ContainsFunc(so.Items, func(was step.Item) bool { return was.Info.ID == it.Info.ID })
		if !known {
			so.Items = append(so.Items, it)
		}
	}
	so.Changed, so.Failed = so.Changed || out.Changed, so.Failed || out.Failed
	so.Left = append(so.Left, out.Left...)
	so.Warnings = append(so.Warnings, out.Warnings...)
	so.RestartPending = append(so.RestartPending, out.RestartPending...)
	return so
}

// sinceBegin leaves out what the engine tells before the first step is done:
// that it takes down what stands on what is gone, which is gone with it.
func sinceBegin(events func(step.Event)) func(step.Event) {
	begun := false
	return func(e step.Event) {
		begun = begun || e.Kind == step.Begin || e.Kind == step.Failed
		if begun && events != nil {
			events(e)
		}
	}
}

// bootSteps are the steps as the journal has them, where it has them: another
// version of swapctl, or one at another path, changes nothing on its own
// account.
func (n node) bootSteps(j step.Journal, m step.Mode) ([]step.Step, error) {
	previous, err := kubeletstep.Previous(j)
	if err != nil {
		return nil, err
	}
	n.areas = slices.Clone(n.areas)
	n.plan(previous)
	var steps []step.Step
	for _, s := range n.steps() {
		was := j.Record(s.Info().ID)
		kind, _ := kinds().Of(s.Info().ID)
		switch {
		case kind.AtBoot == step.AsConfigured, kind.AtBoot == step.AsMadeIfOurs && !was.Ours():
		case !was.Ours(): // it was so before us, and is looked after by somebody else
			continue
		default:
			if s, err = kinds().Build(was, m); err != nil {
				return nil, err
			}
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// waitForPlace waits until the device is there, or until what the journal says
// holds the swap file is mounted.
func waitForPlace(ctx context.Context, h host.Host, j step.Journal, a area.Area, o BootOptions, end time.Time) error {
	missing := func() (string, error) { return missingDevice(h, a.Device) }
	hint := "lsblk shows the devices; when it is back, or another takes its place: systemctl restart " + systemd.Ours + ", or swapctl setup"
	if a.Device == "" {
		point := persist.MountAtSetup(j, a.Path)
		missing = func() (string, error) { return missingMount(h, a.Path, point) }
		hint = "findmnt --verify; journalctl -b -u '*.mount'; when it is mounted: systemctl restart " + systemd.Ours
		if late, is, err := nextboot.LateMount(h, point); err == nil && is && !late.Comes && !late.OnUse {
			o.Wait, end = 0, time.Now() // whoever mounts it does not wait for us either
			hint = "mount " + point + "; then " + systemd.Mounted + " has swap turned on"
		}
	}
	what, err := missing()
	if err == nil && what != "" && o.Waits != nil && o.Wait > 0 {
		o.Waits(what)
	}
	for err == nil && what != "" && time.Now().Before(end) {
		select {
		case <-ctx.Done():
			return fail.New(fail.Interrupted, "bring swap back", errors.New("it was interrupted while it waited for "+what))
		case <-time.After(100 * time.Millisecond):
		}
		what, err = missing()
	}
	switch {
	case err != nil || what == "":
		return err
	case o.Wait > 0:
		what += fmt.Sprintf(" is not there, after waiting for it for %v", o.Wait)
	default:
		what += " is not there"
	}
	return fail.New(fail.Failed, "bring swap back", errors.New(what), hint)
}

func missingDevice(h host.Host, name string) (string, error) {
	_, err := h.Files.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "the device " + name, nil
	}
	return "", fail.New(fail.Failed, "look for the device "+name, err)
}

// missingMount compares where the path lies now with where it lay. A journal
// that does not say so is content.
func missingMount(h host.Host, name, point string) (string, error) {
	if point == "" {
		return "", nil
	}
	now, err := area.MountPoint(h, name)
	if err != nil || now == point {
		return "", err
	}
	return fmt.Sprintf("the file system that is mounted at %s and holds %s", point, name), nil
}
