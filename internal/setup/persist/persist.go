// Package persist has the steps that turn swap on after a reboot: a unit of
// ours that runs 'swapctl setup --boot', or lines in fstab and crypttab.
package persist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/nextboot"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// The values of Config.Persist.
const (
	bySystemd = "systemd"
	byFstab   = "fstab"
	none      = "none"
)

// Kinds are the step kinds of this package.
func Kinds() step.Kinds {
	return step.Kinds{unitKind(), mountedKind(), unmaskKind(), lineKind("boot.crypttab"), lineKind("boot.fstab")}
}

// Way is what Config.Persist means on this node: "systemd", "fstab" or "none".
func Way(h host.Host, asked string) string {
	switch {
	case asked != "auto":
		return asked
	case h.Units.Running():
		return bySystemd
	}
	return none
}

// Plan is how swap is turned on at boot.
type Plan struct {
	way     string
	unit    unitWant
	mounted mountedWant
}

// Previous is the plan with the units that the journal has.
func Previous(j step.Journal, way string) Plan {
	unit, _ := step.WantOf[unitWant](j.Record("boot.unit")) // a later step reports what cannot be read
	mounted, _ := step.WantOf[mountedWant](j.Record("boot.mounted"))
	return Plan{way: way, unit: unit, mounted: mounted}
}

// Decide finds out what the boot depends on, on this node.
func Decide(h host.Host, way string, areas []area.Area) (Plan, error) {
	p := Plan{way: way}
	if way != bySystemd {
		return p, nil
	}
	for _, a := range areas {
		if a.Device != "" {
			continue
		}
		point, err := area.MountPoint(h, a.Path)
		if err != nil {
			return p, err
		}
		p.unit.addMount(a.Path, point, len(areas) == 1)
		late, is, err := nextboot.LateMount(h, point)
		if err != nil {
			hint := "see what it says: systemctl cat " + systemd.ShellWord(late.Unit)
			if others, ok := errors.AsType[*host.OthersError](err); ok {
				hint = others.Hint()
			}
			return p, fail.New(fail.Failed, "see when "+point+" is mounted at boot", err, hint)
		}
		if is {
			p.addLate(h, late)
		}
	}
	var err error
	p.unit.Swapctl, err = executable(h)
	return p, err
}

// addLate has swap come after a mount that is late: our unit waits for it where that
// keeps no kubelet waiting for ever, and is started again when it comes after that.
func (p *Plan) addLate(h host.Host, late nextboot.Late) {
	if !slices.Contains(p.mounted.Mounts, late.Unit) {
		p.mounted.Mounts = append(p.mounted.Mounts, late.Unit)
	}
	if !slices.Contains(p.unit.After, late.Unit) && late.MayWait(h, append(afterSwap(), systemd.Ours), kubelet.Units()) {
		p.unit.After = append(p.unit.After, late.Unit)
	}
}

// WaitsFor reports whether our unit waits for a mount at boot.
func (p Plan) WaitsFor(mount string) bool { return slices.Contains(p.unit.After, mount) }

// Before are the steps before those of the areas: a boot must never undo the
// step that runs it.
func (p Plan) Before() []step.Step {
	if p.way != bySystemd {
		return nil
	}
	steps := []step.Step{unitStep(p.unit, step.Mode{})}
	if len(p.mounted.Mounts) > 0 {
		steps = append(steps, mountedStep(p.mounted, step.Mode{}))
	}
	return steps
}

// After are the steps after those of the areas: what a boot reads and acts on by itself.
func (p Plan) After(areas []area.Area) []step.Step {
	if p.way != byFstab {
		return nil
	}
	steps := []step.Step{unmaskOf(areas)}
	for _, a := range areas {
		steps = append(steps, tableSteps(a)...)
	}
	return steps
}

// Check refuses an area that the next boot would not find, and what this node
// cannot do.
func Check(h host.Host, way string, a area.Area) error {
	if way == none {
		return nil
	}
	if _, unstable := kernel.UnstableName(a.Device); a.Device != "" && unstable {
		hint := "ls -l /dev/disk/by-id /dev/disk/by-partuuid shows names that do not change"
		if name := area.StableName(h, a.Device); name != "" {
			hint = "a name that does not change: --device " + name
		}
		return config.Invalid("device", hint+"; or do without swap after a reboot: --persist none", "%s may be another device after a reboot", a.Device)
	}
	if way == byFstab {
		return checkTables(h, a)
	}
	if !h.Units.Running() {
		return config.Invalid("persist", "use --persist none, and have 'swapctl setup --boot' run at each boot",
			"systemd is not this node's init")
	}
	return nil
}

// CheckTables refuses to write into files of the boot that other users can
// change.
func CheckTables(h host.Host, way string) error {
	if way != byFstab {
		return nil
	}
	for _, table := range []string{FstabPath, CrypttabPath} {
		if others, ok := errors.AsType[*host.OthersError](host.OnlyRoot(h.Files, table)); ok {
			return fail.New(fail.Usage, "write "+table, others, others.Hint())
		}
	}
	return nil
}

// MountAtSetup is the mount point of the file system when the file was made.
func MountAtSetup(j step.Journal, file string) string {
	want, _ := step.WantOf[unitWant](j.Record("boot.unit")) // a later step reports what cannot be read
	return want.mountOf(file)
}

// startWait is how long setup waits for the first run of the service, which
// finds everything done.
const startWait = 30 * time.Second

// Start starts our service, whose run finds everything done: so that it is
// active, and ordered, when the node shuts down, and to see at once whether it
// works. It returns a warning if it does not.
func (p Plan) Start(ctx context.Context, h host.Host) string {
	if p.way != bySystemd || !h.Units.Running() {
		return ""
	}
	// Early in a boot it may have to wait for units that wait for us.
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	s, err := h.Units.Unit(ctx, systemd.Ours)
	if err == nil && s.Active == "active" {
		return ""
	}
	if err == nil && s.Stale {
		err = h.Units.Reload(ctx)
	}
	if err == nil {
		err = h.Units.Start(ctx, systemd.Ours)
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("swap is on, but %s, which is to bring it back after a reboot, does not work: %v; journalctl -u %s says why", systemd.Ours, err, systemd.Ours)
}
