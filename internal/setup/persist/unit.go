package persist

import (
	"context"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// unitWant is the result of "boot.unit": a systemd service that runs 'swapctl
// setup --boot', its place in the boot, and the order in which a shutdown stops
// pods and swap.
type unitWant struct {
	Swapctl string `json:"swapctl"` // the program that the unit runs
	// Mount is the mount point of the file system of the swap file, empty for a
	// device. If it is not mounted at boot, the directory below it must not be
	// used.
	Mount string `json:"mount,omitempty"`
	// Mounts is the same for each of several swap files, by its path.
	Mounts map[string]string `json:"mounts,omitempty"`
	// After are the mounts that come late at boot and that the unit waits for.
	After []string `json:"after,omitempty"`
}

// addMount records the mount point of the file system of a swap file.
func (w *unitWant) addMount(file, point string, only bool) {
	if only {
		w.Mount = point
		return
	}
	if w.Mounts == nil {
		w.Mounts = map[string]string{}
	}
	w.Mounts[file] = point
}

// mountOf is that mount point; empty if the journal does not have it.
func (w unitWant) mountOf(file string) string {
	if point, ok := w.Mounts[file]; ok {
		return point
	}
	return w.Mount
}

func (w unitWant) info() step.Info {
	return step.Info{
		ID:    "boot.unit",
		Needs: kubeletstep.IDs(),
		Title: "systemd unit " + systemd.Ours + ", " + w.Swapctl + " setup --boot",
		Why:   "After a reboot swap is off; this unit turns it on before the kubelet starts, and at shutdown swap is turned off only after the pods have stopped.",
		ByHand: []string{
			"systemctl edit --full --force " + systemd.Ours + "  # 'swapctl setup --boot' as a oneshot, Before=kubelet.service",
			"systemctl enable " + systemd.Ours,
		},
		UndoByHand: []string{"systemctl disable --now " + systemd.Ours, "rm " + strings.Join([]string{systemd.OursPath, swapDropIn, podsDropIn}, " "), "systemctl daemon-reload"},
	}
}

func unitKind() step.Kind {
	return step.Kind{ID: "boot.unit", AtBoot: step.AsMade, Systemd: true,
		Files: []string{systemd.OursLink, systemd.OursPath, podsDropIn, swapDropIn},
		Build: step.BuildOf(func(_ string, want unitWant, m step.Mode) step.Step { return unitStep(want, m) })}
}

// unitStep makes the unit's files; the unit is enabled only after all else
// exists. In the run that the unit started, it is not stopped: that would end
// the run.
func unitStep(want unitWant, m step.Mode) step.Step {
	const made, remove = "make the systemd unit " + systemd.Ours, "remove the systemd unit " + systemd.Ours
	s := ownfile.Spec{
		About: want.info(),
		Files: []ownfile.File{
			{Path: swapDropIn, Text: swapOrder}, {Path: podsDropIn, Text: podsOrder},
			{Path: systemd.OursPath, Text: unitText(want)},
		},
		Link: ownfile.Link{Path: systemd.OursLink, Target: systemd.OursPath},
		Make: made, Remove: remove,
		Missing: "no unit", Other: "another version of it", AnyText: m.Boot,
		NotOurs:  notOurs,
		InEffect: func(host.Host) (step.Finding, error) { return step.Finding{State: step.Done, Found: "enabled"}, nil },
		Gone: func(ctx context.Context, h host.Host, _ string, _ bool) error {
			if h.Units.Running() && !m.Boot { // its service does nothing when it stops
				if err := h.Units.Stop(ctx, systemd.Ours); err != nil {
					return fail.New(fail.Failed, remove, err, "systemctl status "+systemd.Ours+" says more")
				}
			}
			return ownfile.Reload(ctx, h, remove)
		},
	}
	if !m.Late {
		s.Made = func(ctx context.Context, h host.Host) error { return ownfile.Reload(ctx, h, made) }
	}
	return ownfile.Of(want, s)
}

// notOurs refuses a file that somebody else has made.
func notOurs(name string) error {
	unit := strings.TrimSuffix(path.Base(name), ".conf")
	if dir := path.Base(path.Dir(name)); strings.HasSuffix(dir, ".d") {
		unit = strings.TrimSuffix(dir, ".d")
	}
	return fail.Newf(fail.Usage, "make "+name, "there is one already, which swapctl did not make").
		Hint("see what it does: systemctl cat %s", systemd.ShellWord(unit)).
		Hint("remove it, or set swap up with --persist none")
}
