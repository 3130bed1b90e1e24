package persist

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// unmaskStep is "boot.unmask": instructions to disable swap on Kubernetes nodes
// mask the units that would turn on swap from fstab.
type unmaskStep struct {
	want unmaskWant
	late bool // systemd is told later
}

type unmaskWant struct {
	Units []string `json:"units"` // those that must not be masked
}

// unmaskSaved are the masks that existed.
type unmaskSaved struct {
	Links []string `json:"links,omitempty"`
}

type unmaskWas = step.Was[unmaskWant, unmaskSaved, step.None]

func unmaskKind() step.Kind {
	return step.Kind{ID: "boot.unmask", AtBoot: step.AsMadeIfOurs, Systemd: true,
		Build: step.BuildOf(func(_ string, want unmaskWant, m step.Mode) step.Step {
			return step.Of(&unmaskStep{late: m.Late, want: want})
		})}
}

// unmaskOf is the step for areas in fstab.
func unmaskOf(areas []area.Area) step.Step {
	units := []string{"swap.target"}
	for _, a := range areas {
		units = append(units, systemd.SwapUnit(a.Target().String()))
	}
	return step.Of(&unmaskStep{want: unmaskWant{Units: units}})
}

func (s *unmaskStep) Info() step.Info {
	units := strings.Join(s.want.Units, " ")
	return step.Info{
		ID: "boot.unmask", Title: "nothing that fstab's swap needs is masked",
		Why:        "Instructions that disable swap on a node mask these units; a masked unit does not start, even if fstab names it.",
		ByHand:     []string{"systemctl unmask " + units},
		UndoByHand: []string{"systemctl mask those of them that were: " + units},
	}
}

func (s *unmaskStep) Want() unmaskWant { return s.want }

// masks lists the links that mask the units: to /dev/null, in the directories
// of administrators and installers.
func (s *unmaskStep) masks(h host.Host) []string {
	var links []string
	for _, u := range s.want.Units {
		link := path.Join(systemd.Units, u)
		if systemd.Masked(h, link) {
			links = append(links, link)
		}
	}
	return links
}

func (s *unmaskStep) Check(_ context.Context, h host.Host, _ *unmaskWas) (step.Finding, error) {
	links := s.masks(h)
	if len(links) == 0 {
		return step.Finding{State: step.Done, Found: "nothing is masked"}, nil
	}
	names := make([]string, len(links))
	for i, link := range links {
		names[i] = path.Base(link)
	}
	return step.Finding{State: step.Todo, Found: "masked: " + strings.Join(names, ", ")}, nil
}

func (s *unmaskStep) Save(_ context.Context, h host.Host) (unmaskSaved, error) {
	return unmaskSaved{Links: s.masks(h)}, nil
}

func (s *unmaskStep) Do(ctx context.Context, h host.Host, _ *unmaskWas, _ step.RunOf[step.None]) error {
	const op = "unmask what fstab's swap needs"
	for _, link := range s.masks(h) {
		if err := ownfile.RemoveLink(h, link, systemd.Mask); step.NotUndone(err) {
			return ownfile.WriteFailed(op, err)
		}
	}
	if err := h.Files.SyncDir(systemd.Units); err != nil || s.late {
		return fail.New(fail.Failed, op, err)
	}
	return ownfile.Reload(ctx, h, op)
}

// Undo restores the masks, unless something else has the name by now.
func (s *unmaskStep) Undo(ctx context.Context, h host.Host, was *unmaskWas, _ step.Progress) error {
	const op = "mask again what was masked"
	if len(was.Saved.Links) == 0 {
		return nil
	}
	for _, link := range was.Saved.Links {
		if err := ownfile.RemoveLeftover(h, link); err != nil {
			return ownfile.WriteFailed(op, err)
		}
		if err := h.Files.Symlink(systemd.Mask, link); err != nil && !errors.Is(err, fs.ErrExist) {
			return ownfile.WriteFailed(op, err)
		}
	}
	if err := h.Files.SyncDir(systemd.Units); err != nil {
		return fail.New(fail.Failed, op, err)
	}
	return ownfile.Unheard(ownfile.Reload(ctx, h, op))
}

// checkSwapUnits refuses fstab if the kernel command line keeps systemd from
// using swap.
func checkSwapUnits(h host.Host) error {
	words, err := kernel.ReadCommandLine(h)
	if err != nil {
		return fail.New(fail.Failed, "read the kernel command line", err)
	}
	if word := systemd.SwapOff(words); word != "" {
		return fail.Newf(fail.Usage, "bring swap back by fstab", "the kernel command line says %s, and systemd then leaves swap off", word).
			Hint("take it away: look for it in /etc/default/grub, then run update-grub and reboot").
			Hint("or use the mode that does not depend on it: --persist systemd")
	}
	return nil
}
