package setup

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// unmaskStep is "boot.unmask": "disable swap" recipes for Kubernetes nodes mask
// what would turn on the swap that fstab names.
type unmaskStep struct {
	want unmaskWant
	late bool // systemd is told later
}

type unmaskWant struct {
	Units []string `json:"units"` // those that must not be masked
}

// unmaskSaved are the masks that were there.
type unmaskSaved struct {
	Links []string `json:"links,omitempty"`
}

// unmaskStep is wanted where something is masked that fstab needs, now or
// before we came.
func (n node) unmaskStep() unmaskStep {
	units := []string{"swap.target"}
	for _, a := range n.areas {
		units = append(units, systemd.SwapUnit(a.target().String()))
	}
	return unmaskStep{want: unmaskWant{Units: units}}
}

func (s unmaskStep) Info() step.Info {
	units := strings.Join(s.want.Units, " ")
	return step.Info{
		ID: "boot.unmask", Title: "nothing that fstab's swap needs is masked",
		Why:        "Recipes that take swap away from a node mask these units; a masked unit does not start, whatever fstab says.",
		ByHand:     []string{"systemctl unmask " + units},
		UndoByHand: []string{"systemctl mask those of them that were: " + units},
	}
}

func (s unmaskStep) Want() any { return s.want }

// masks lists the links that mask the units: to /dev/null, where an
// administrator or an installer puts them.
func (s unmaskStep) masks(h host.Host) []string {
	var links []string
	for _, u := range s.want.Units {
		link := path.Join(systemd.Units, u)
		if systemd.Masked(h, link) {
			links = append(links, link)
		}
	}
	return links
}

func (s unmaskStep) Check(_ context.Context, h host.Host, _ step.Record) (step.Finding, error) {
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

func (s unmaskStep) Save(_ context.Context, h host.Host) (any, error) {
	return unmaskSaved{Links: s.masks(h)}, nil
}

func (s unmaskStep) Do(ctx context.Context, h host.Host, _ json.RawMessage, _ step.Run) error {
	const op = "unmask what fstab's swap needs"
	for _, link := range s.masks(h) {
		if err := removeLink(h, link, systemd.Mask); failed(err) {
			return writeFailed(op, err)
		}
	}
	if err := h.Files.SyncDir(systemd.Units); err != nil || s.late {
		return fail.New(fail.Failed, op, err)
	}
	return reload(ctx, h, op)
}

// Undo masks again what was masked, unless something else has its name by now.
func (s unmaskStep) Undo(ctx context.Context, h host.Host, raw json.RawMessage, _ step.Progress) error {
	const op = "mask again what was masked"
	var saved unmaskSaved
	if err := json.Unmarshal(raw, &saved); err != nil {
		return err
	}
	if len(saved.Links) == 0 {
		return nil
	}
	for _, link := range saved.Links {
		if err := removeLeftover(h, link); err != nil {
			return writeFailed(op, err)
		}
		if err := h.Files.Symlink(systemd.Mask, link); err != nil && !errors.Is(err, fs.ErrExist) {
			return writeFailed(op, err)
		}
	}
	if err := h.Files.SyncDir(systemd.Units); err != nil {
		return fail.New(fail.Failed, op, err)
	}
	return unheard(reload(ctx, h, op))
}

// checkSwapUnits refuses fstab where the kernel command line tells systemd to
// leave swap alone.
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
