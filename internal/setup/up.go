package setup

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

// Where the engine keeps what outlives a run.
const (
	JournalPath = "/var/lib/swapctl/journal"
	LockPath    = "/run/swapctl.lock"
)

// UpOptions are the choices of one run of setup.
type UpOptions struct {
	DryRun bool
	// Erase names the file or device whose content may go; "true" means
	// whichever the Config names.
	Erase string
	// ForceSize allows a file of more than half of its file system.
	ForceSize bool
	// IgnoreHibernation allows a key that dies with the boot on a node that is
	// set up to hibernate.
	IgnoreHibernation bool
	// Events hears what happens; may be nil.
	Events func(step.Event)
}

// Up makes the node have the swap that c asks for. The Report is whole also
// beside an error.
func Up(ctx context.Context, h host.Host, c Config, o UpOptions) (Report, error) {
	const unchanged = "nothing was changed"
	if err := needsRoot(h, "set up swap"); err != nil {
		return newReport(unchanged), err
	}
	if err := c.Validate(); err != nil {
		return newReport(unchanged), withStableName(h, c.Device, err)
	}
	a, err := resolve(h, c)
	if err == nil {
		err = errors.Join(a.config.canPersist(h), c.canProtect(h), c.canConfigureKubelet())
	}
	if err == nil {
		err = a.findBoot(h)
	}
	if err != nil {
		return newReport(unchanged), err
	}
	if !o.IgnoreHibernation {
		if err := a.checkHibernation(h); err != nil {
			return newReport(unchanged), err
		}
	}
	a.force = o.ForceSize
	if a.erase, err = mayErase(o.Erase, a.backing()); err != nil {
		return newReport(unchanged), err
	}
	e := engine(h, DownOptions{Events: o.Events})
	j, err := step.ReadJournal(h, JournalPath)
	if err != nil {
		return newReport(unchanged), err
	}
	steps, bridged, err := withBridge(ctx, e, a, j)
	if err != nil {
		return newReport(unchanged), err
	}
	if o.DryRun {
		items, err := e.Look(ctx, steps, j)
		return upReport(h, a, step.Outcome{Items: items}, o), err
	}
	out, err := e.Apply(ctx, steps, a.config)
	if err == nil && bridged {
		out, err = dropBridge(ctx, e, a, out)
	}
	r := upReport(h, a, out, o)
	if err == nil && a.config.Persist == "systemd" {
		r.warn(startUnit(ctx, h))
	}
	return r, err
}

// withBridge returns the steps of the area, behind those of a bridge where one
// is needed. Where nothing is ours nothing comes down. It refuses a change for
// which what is swapped out would have to fit into memory, and does not.
func withBridge(ctx context.Context, e *step.Engine, a area, j step.Journal) (steps []step.Step, bridged bool, err error) {
	steps = a.steps()
	if len(j.Records) == 0 {
		return steps, false, nil
	}
	items, lookErr := e.Look(ctx, steps, j)
	if lookErr != nil { // whoever runs or shows the steps meets it again
		return steps, false, nil
	}
	old, on := comesDown(e.Host, items)
	if !on {
		return steps, false, nil
	}
	if b, ok := bridge(ctx, e.Host, a, old, items); ok {
		return append(b.steps(), steps...), true, nil
	}
	return steps, false, fitsInMemory(e.Host, old.swap, false)
}

// dropBridge takes the bridge away after the change: the engine does so once
// its steps are no longer among the wanted.
func dropBridge(ctx context.Context, e *step.Engine, a area, so step.Outcome) (step.Outcome, error) {
	out, err := e.Apply(ctx, a.steps(), a.config)
	out.Items = append(so.Items, out.Items[min(len(a.steps()), len(out.Items)):]...)
	out.Changed = true
	return out, err
}

// withStableName adds to the refusal of a device's name one that stays.
func withStableName(h host.Host, device string, err error) error {
	var bad *FieldError
	if !errors.As(err, &bad) || bad.Field != "device" {
		return err
	}
	if link, ok := tagLink(device); ok {
		device = link
	}
	if name := stableName(h, device); name != "" {
		return fail.New(fail.Usage, "set up swap", err, "its name that stays: --device "+name)
	}
	return err
}

func needsRoot(h host.Host, op string) error {
	if h.Kernel.EUID() == 0 {
		return nil
	}
	return fail.New(fail.NeedsRoot, op, errors.New("only root may change the node's swap"), "run the command again with sudo")
}

// mayErase reads the value of --erase for the file or device called name.
func mayErase(erase, name string) (bool, error) {
	switch erase {
	case "", "false":
		return false, nil
	case "true", name:
		return true, nil
	}
	return false, fail.Newf(fail.Usage, "erase "+erase, "setup would use %s, not that", name).
		Hint("name the same in both: --erase=%s", name)
}

func engine(h host.Host, o DownOptions) *step.Engine {
	return &step.Engine{
		Host: h, JournalPath: JournalPath, LockPath: LockPath, Events: o.Events,
		Build: func(r step.Record) (step.Step, error) { return build(r, o) },
	}
}

// goalArea is the area that the journal was last asked for.
func goalArea(h host.Host, j step.Journal) (area, error) {
	c, err := goalConfig(j)
	if err != nil {
		return area{}, err
	}
	return resolve(h, c)
}

// goalConfig is the configuration that belongs to the journal's goal.
func goalConfig(j step.Journal) (Config, error) {
	c := Default() // for what a journal of an older version does not say
	if err := json.Unmarshal(j.Config, &c); err != nil {
		return c, fail.New(fail.Failed, "read the configuration in the journal", errors.New("it is damaged"),
			"look at "+JournalPath+": it says what swapctl changed on this node",
			"swapctl teardown needs no configuration, and after it setup can begin anew")
	}
	return c, nil
}
