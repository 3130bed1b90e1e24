package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/tuning"
	"github.com/swapctl/swapctl/internal/step"
)

// upReport reports what a run of setup did, or would do.
func upReport(h host.Host, n node, out step.Outcome, o UpOptions) Report {
	r := newReport("")
	r.Changed = out.Changed
	for _, it := range out.Items {
		s := stepReport(it, it.Info.ByHand)
		switch {
		case it.Retired:
			s = stepReport(it, it.Info.UndoByHand)
			s.Found += ", no longer needed"
		case it.TakenDown && it.State == step.ItemTodo:
			s.Found += "; taken down first"
		case strings.HasSuffix(it.Info.ID, bridgeSuffix) && it.State == step.ItemTodo:
			s.Found += "; for the time of the change only"
		}
		r.Steps = append(r.Steps, s)
		r.Pending = r.Pending || s.State == string(step.ItemTodo)
	}
	for i, a := range n.areas {
		s := swapReport(h, a)
		if i == 0 {
			r.Swap = &s
		}
		if len(n.areas) > 1 {
			s.Name = a.Name
			r.Areas = append(r.Areas, s)
		}
	}
	r.Restarts = restarts(out, o.DryRun)
	r.Pending = r.Pending || o.DryRun && len(r.Restarts) > 0
	r.Warnings = append(n.warnings(h), words(out.Warnings)...)
	r.State = upState(r, n, out, o)
	return r
}

func stepReport(it step.Item, byHand []string) StepReport {
	if byHand == nil {
		byHand = []string{}
	}
	return StepReport{ID: it.Info.ID, Title: it.Info.Title, State: string(it.State),
		Found: it.Finding.Found, ByHand: byHand, Why: it.Info.Why}
}

// swapReport describes the area as it is on, or as it would be.
func swapReport(h host.Host, a area.Area) SwapReport {
	s := SwapReport{Path: a.Backing(), Kind: "file", SizeBytes: a.SizeBytes, Encrypted: a.Encrypt}
	if a.Device != "" {
		s.Kind = "partition"
	}
	if a.Encrypt {
		s.Mapping = a.Name
	}
	if swap, on, err := area.Active(h, a.Target()); err == nil && on {
		s.Priority = &swap.Priority
	} else if a.Priority >= 0 {
		s.Priority = &a.Priority
	}
	return s
}

// foretell says which swap will not be encrypted while that can still be stopped:
// what has once been swapped out in clear stays on the disk.
func (n node) foretell(say func(string)) {
	for _, a := range n.areas {
		if !a.Encrypt {
			say(n.about(a, area.InClear))
		}
	}
}

// about is a text about one area of a node, which may have several.
func (n node) about(a area.Area, text string) string {
	if len(n.areas) > 1 {
		return a.Backing() + ": " + text
	}
	return text
}

// warnings do not stop the run.
func (n node) warnings(h host.Host) []string {
	var w []string
	for _, a := range n.areas {
		for _, text := range a.Warnings(h) {
			w = append(w, n.about(a, text))
		}
	}
	if n.config.ProtectSystemSlice {
		w = append(w, tuning.SliceWarnings(h)...)
	}
	w = append(w, n.lateMounts(h)...)
	w = append(w, n.forgotten(h)...)
	w = append(w, tuning.Beaten(h, n.config, n.sysctls)...)
	w = append(w, area.ZramInTheWay(h, n.areas)...)
	w = append(w, n.kubelet.Warnings...)
	if n.config.Kubelet == "skip" && len(n.kubelet.Steps) == 0 && kubelet.Installed(h) {
		w = append(w, "a kubelet is on this node, and is left as it is: unless its configuration says failSwapOn: false, it will not start again while swap is on")
	}
	return w
}

// upState describes the state of the node after a run in a sentence.
func upState(r Report, n node, out step.Outcome, o UpOptions) string {
	switch {
	case len(out.Left) > 0:
		return "not everything could be undone: " + strings.ReplaceAll(errors.Join(out.Left...).Error(), "\n", "; ") +
			"; swapctl teardown undoes the rest, swapctl setup tries again"
	case out.Failed && erased(out):
		return "everything this run did was undone, but the previous content of " + n.erased() + " is gone or damaged (--erase)"
	case out.Failed:
		return "everything this run did was undone; the node is as it was before" + unread(out)
	case o.DryRun || !r.Changed:
		return "nothing was changed" + withRestarts(r)
	}
	return n.inWords() + withRestarts(r)
}

// withRestarts names the units that were restarted, and those that still have to be.
func withRestarts(r Report) string {
	var b strings.Builder
	for _, unit := range r.Restarts {
		switch unit.State {
		case "restarted":
			fmt.Fprintf(&b, "; %s was restarted", unit.Unit)
		case "owed":
			fmt.Fprintf(&b, "; still to do: systemctl restart %s", unit.Unit)
		}
	}
	return b.String()
}

// inWords describes the swap of the node now.
func (n node) inWords() string {
	var size int64
	encrypted, areas := 0, ""
	for _, a := range n.areas {
		size += a.SizeBytes
		if a.Encrypt {
			encrypted++
		}
	}
	if len(n.areas) > 1 {
		areas = fmt.Sprintf(" in %d areas", len(n.areas))
	}
	kind := "not encrypted"
	switch encrypted {
	case 0:
	case len(n.areas):
		kind = "encrypted"
	default:
		kind = fmt.Sprintf("%d of them encrypted", encrypted)
	}
	return fmt.Sprintf("swap is on%s, %s (%d bytes), %s", areas, bytesize.Format(size), size, kind)
}

// erased lists what --erase allowed to overwrite.
func (n node) erased() string {
	for _, a := range n.areas {
		if a.Erase {
			return a.Backing()
		}
	}
	return "the file or device"
}

// erased reports whether the run got to a step that erases.
func erased(out step.Outcome) bool {
	return slices.ContainsFunc(out.Items, func(it step.Item) bool {
		return it.Finding.Destroys && (it.State == step.ItemUndone || it.State == step.ItemFailed)
	})
}

// downReport reports what a run of teardown did, or would do.
func downReport(h host.Host, out step.Outcome, o DownOptions) Report {
	r := newReport("")
	r.Changed = out.Changed
	plain := false
	for _, it := range out.Items {
		r.Steps = append(r.Steps, stepReport(it, it.Info.UndoByHand))
		plain = plain || it.State == step.ItemUndone && strings.HasPrefix(it.Info.ID, "swap.header") && len(it.Info.StandsOn) > 0 &&
			!strings.HasPrefix(it.Info.StandsOn[0], "swap.crypt")
		r.Pending = r.Pending || it.State == step.ItemTodo
	}
	if plain {
		r.Warnings = append(r.Warnings, "the swap was not encrypted: what was swapped out may still lie on the disk in clear")
	}
	r.Warnings = append(r.Warnings, words(out.Warnings)...)
	r.Restarts = restarts(out, o.DryRun)
	r.State = downState(h, r, out, o)
	if out.Incomplete && !o.DryRun {
		r.State += mayBeLeft(h)
	}
	return r
}

func downState(h host.Host, r Report, out step.Outcome, o DownOptions) string {
	switch {
	case out.Failed:
		return "still there: " + strings.Join(stillThere(out), "; ") +
			". Run swapctl teardown again to continue, or swapctl setup to have swap again"
	case o.DryRun || r.Pending:
		return "nothing was changed"
	case len(out.Items) == 0 && o.stays != "":
		return "nothing was changed; the kubelet still tolerates swap"
	case o.stays != "":
		return offNow(h) + "; the kubelet still tolerates swap" + unread(out) + withRestarts(r)
	case len(out.Items) == 0 && len(out.Restarted)+len(out.RestartPending) == 0:
		return "swapctl has nothing on this node; nothing was changed"
	case o.KeepFile:
		return offNow(h) + "; the swap file was kept, nothing else of swapctl is left" + withRestarts(r)
	}
	return offNow(h) + "; nothing of swapctl is left on this node" + unread(out) + withRestarts(r)
}

// allOff is what offNow says when no swap is on.
const allOff = "swap is off"

// offNow says which swap is on after a teardown, from /proc/swaps.
func offNow(h host.Host) string {
	swaps, err := kernel.Swaps(h)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(swaps) == 0:
		return allOff
	case err != nil:
		return "swapctl's swap is off"
	}
	var on []string
	for _, s := range swaps {
		on = append(on, s.Path)
	}
	return "swapctl's swap is off, and other swap is still on (" + strings.Join(on, ", ") + ")"
}

// unread says what is left in systemd's memory if it did not answer.
func unread(out step.Outcome) string {
	for _, err := range out.Warnings {
		if errors.Is(err, host.ErrNoAnswer) {
			return ", but in the memory of systemd, which did not answer: systemctl daemon-reload"
		}
	}
	return ""
}

// stillThere lists what a teardown did not get to, or failed at.
func stillThere(out step.Outcome) []string {
	var titles []string
	for _, it := range out.Items {
		if it.State != step.ItemUndone {
			titles = append(titles, it.Info.Title)
		}
	}
	if len(titles) == 0 { // all is undone, and a unit did not start again, or the journal stays
		for _, unit := range out.RestartPending {
			titles = append(titles, "the restart of "+unit)
		}
	}
	if len(titles) == 0 {
		titles = append(titles, "the journal "+JournalPath)
	}
	return titles
}
