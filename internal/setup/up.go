package setup

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/setup/persist"
	"github.com/swapctl/swapctl/internal/setup/tuning"
	"github.com/swapctl/swapctl/internal/step"
)

// UpOptions are the options of one run of setup.
type UpOptions struct {
	DryRun bool
	// Erase names the file or device whose content may be lost; "true" means
	// whichever the Config names.
	Erase string
	// Adopt takes over existing swap, unchanged.
	Adopt bool
	// ForceSize allows a file of more than half of its file system.
	ForceSize bool
	// IgnoreHibernation allows a key that is lost at the end of the boot on a
	// node that is configured to hibernate.
	IgnoreHibernation bool
	// Preflight checks a node with a kubelet before anything is changed; may be
	// nil.
	Preflight func(ctx context.Context) error
	// Foretell hears before the first step the warnings of the Report that are better
	// known then; may be nil.
	Foretell func(warning string)
	// Events receives what happens; may be nil.
	Events func(step.Event)
}

// Up gives the node the swap that c describes. The Report is complete even if
// there is an error.
func Up(ctx context.Context, h host.Host, c Config, o UpOptions) (Report, error) {
	const unchanged = "nothing was changed"
	if err := needsRoot(h, "set up swap"); err != nil {
		return newReport(unchanged), err
	}
	if o.Adopt {
		c.Areas = withSizes(h, c.Areas)
	}
	if err := c.Validate(); err != nil {
		return newReport(unchanged), withStableName(h, c, err)
	}
	n, j, err := wanted(ctx, h, c, o)
	if err != nil {
		return newReport(unchanged), err
	}
	e := engine(h, DownOptions{Events: o.Events, NoRestart: c.NoRestart})
	steps, bridged, err := withBridge(ctx, e, n, j)
	if err != nil {
		return newReport(unchanged), err
	}
	items, err := e.Look(ctx, steps, j)
	if err == nil {
		if err := n.keepsPromises(h, items); err != nil {
			return newReport(unchanged), err
		}
	}
	if o.DryRun {
		pending, pendingErr := e.PendingRestarts(ctx, j)
		return upReport(h, n, step.Outcome{Items: items, RestartPending: step.UnitsOf(pending)}, o), errors.Join(err, pendingErr)
	}
	if err == nil && o.Foretell != nil && slices.ContainsFunc(items, func(it step.Item) bool { return it.State == step.ItemTodo }) {
		n.foretell(o.Foretell)
	}
	left := leftAlone(h, n.retired(j), step.Mode{})
	e.NoRestart = c.NoRestart || bridged // once, at the very end
	out, err := e.Apply(ctx, steps, n.config)
	changed := err == nil
	if e.NoRestart = c.NoRestart; changed && bridged {
		out, err = dropBridge(ctx, e, n, out)
	}
	r := upReport(h, n, out, o)
	if changed && err != nil && bridged {
		r.State = n.inWords() + ", and the second swap file of the change is still there; run the same command again to remove it"
	}
	if err == nil {
		r.Warnings = append(r.Warnings, left...)
	}
	if err == nil {
		r.warn(n.persist.Start(ctx, h))
	}
	return r, err
}

// retired are the records that are no longer desired, or desired with other
// values.
func (n node) retired(j step.Journal) []step.Record {
	wanted := map[string]string{}
	for _, s := range n.steps() {
		want, _ := json.Marshal(s.Want()) // the engine reports the error again
		wanted[s.Info().ID] = string(want)
	}
	return slices.DeleteFunc(slices.Clone(j.Records), func(r step.Record) bool { return wanted[r.ID] == string(r.Want) })
}

// wanted returns the steps for c on this node, given the journal.
func wanted(ctx context.Context, h host.Host, c Config, o UpOptions) (n node, j step.Journal, err error) {
	if n, err = fitting(h, c, o); err != nil {
		return n, j, err
	}
	if j, err = step.ReadJournal(h, JournalPath); err != nil {
		return n, j, err
	}
	if err := area.NotMoved(h, j.Records); err != nil {
		return n, j, err
	}
	n.nameSteps(j)
	n.sysctls = tuning.FileOf(h, n.config, j)
	for i, asked := range c.Areas {
		n.areas[i].KeepShare(asked.Size)
		n.config.Areas[i] = n.areas[i].Area
	}
	k, err := kubeletstep.Decide(ctx, h, n.config, j)
	if err != nil {
		return n, j, err
	}
	n.plan(k)
	if o.Preflight != nil && (k.Found || c.Kubelet == "skip" && kubelet.Installed(h)) {
		err = o.Preflight(ctx)
	}
	return n, j, err
}

// fitting returns the steps for c, if the node can have them.
func fitting(h host.Host, c Config, o UpOptions) (node, error) {
	n, err := resolveNode(h, c)
	if err != nil {
		return n, err
	}
	n.config.NoRestart = false // of this run alone
	for i := range n.areas {
		n.areas[i].Force, n.areas[i].Adopt = o.ForceSize, o.Adopt
	}
	if err := n.check(h, o.IgnoreHibernation); err != nil {
		return n, err
	}
	if err := n.findBoot(h); err != nil {
		return n, err
	}
	return n, n.mayErase(o.Erase)
}

// withBridge returns the steps of the node, after those of a bridge if one is
// needed. If nothing is ours, nothing is turned off. It refuses a change for
// which what is swapped out would have to fit into memory, and does not.
func withBridge(ctx context.Context, e *step.Engine, n node, j step.Journal) (steps []step.Step, bridged bool, err error) {
	steps = n.steps()
	if len(j.Records) == 0 {
		return steps, false, nil
	}
	items, lookErr := e.Look(ctx, steps, j)
	if lookErr != nil { // whoever runs or shows the steps meets it again
		return steps, false, nil
	}
	down := n.comesDown(e.Host, items)
	if len(down) == 0 {
		return steps, false, nil
	}
	if b, ok := bridge(ctx, e.Host, down[0], items); ok {
		b.Know(j)
		return slices.Concat([]step.Step{b.Lower()}, b.Upper(), steps), true, nil
	}
	for _, c := range down {
		if err := area.FitsInMemory(e.Host, c.old.swap, false); err != nil {
			return steps, false, err
		}
	}
	return steps, false, nil
}

// dropBridge removes the bridge after the change: the engine does so once its
// steps are no longer desired.
func dropBridge(ctx context.Context, e *step.Engine, n node, so step.Outcome) (step.Outcome, error) {
	steps := n.steps()
	out, err := e.Apply(ctx, steps, n.config)
	out.Items = append(so.Items, out.Items[min(len(steps), len(out.Items)):]...)
	out.Changed = true
	return out, err
}

// withSizes gives file areas without a size that of the existing file.
func withSizes(h host.Host, areas []Area) []Area {
	areas = slices.Clone(areas)
	for i, a := range areas {
		if a.Device != "" || a.Size != "" {
			continue
		}
		if st, err := h.Files.Lstat(a.Path); err == nil && st.Mode.IsRegular() {
			areas[i].Size = strconv.FormatInt(st.SizeBytes, 10)
		}
	}
	return areas
}

// withStableName adds a stable name to the refusal of a device's name.
func withStableName(h host.Host, c Config, err error) error {
	var bad *FieldError
	if !errors.As(err, &bad) || bad.Field != "device" {
		return err
	}
	device := c.Areas[bad.Area].Device
	if link, ok := area.TagLink(device); ok {
		device = link
	}
	if name := area.StableName(h, device); name != "" {
		return fail.New(fail.Usage, "set up swap", err, "a name that does not change: --device "+name)
	}
	return err
}

func needsRoot(h host.Host, op string) error {
	if h.Kernel.EUID() == 0 {
		return nil
	}
	return fail.New(fail.NeedsRoot, op, errors.New("only root may change the node's swap"), "run the command again with sudo")
}

func engine(h host.Host, o DownOptions) *step.Engine {
	return &step.Engine{
		Host: h, JournalPath: JournalPath, OldLockPath: config.OldLockPath, Events: o.Events,
		NoRestart: o.NoRestart || o.boot, Boot: o.boot, Damaged: o.JournalDamaged,
		Build: func(r step.Record) (step.Step, error) { return kinds().Build(r, o.mode()) },
	}
}

// goalNode is the last goal in the journal, with areas of which only their
// Configs are known: their devices may be late, or gone.
func goalNode(h host.Host, j step.Journal) (node, error) {
	c, err := goalConfig(j)
	if err != nil {
		return node{}, err
	}
	c.Persist = persist.Way(h, c.Persist)
	n := node{config: c, persist: persist.Previous(j, c.Persist), sysctls: tuning.PreviousFile(j)}
	for _, one := range c.Areas {
		n.areas = append(n.areas, area.Area{Area: one})
	}
	n.nameSteps(j)
	for i := range n.areas {
		n.areas[i].KnowTag(j)
	}
	return n, nil
}

// goalConfig is the configuration of the journal's goal.
func goalConfig(j step.Journal) (Config, error) {
	c := Default() // for what a journal of an older version does not say
	if err := json.Unmarshal(j.Config, &c); err != nil {
		return c, fail.New(fail.Failed, "read the configuration in the journal", errors.New("it is damaged"),
			"look at "+JournalPath+": it says what swapctl changed on this node",
			"swapctl teardown needs no configuration, and afterwards setup can start again")
	}
	return c, nil
}
