package area

import (
	"context"
	"fmt"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// Swap that somebody else made is adopted unchanged: from then on a boot turns
// it on. The file or device and its header stay theirs; only "swap.on" is in
// the journal, with the swap that was on. A device below a mapping is not
// adopted: its key is lost at a reboot, and then nothing shows that its
// ciphertext may be overwritten.

// onSaved is the swap that was on before us.
type onSaved struct {
	Adopted *adopted `json:"adopted,omitempty"` // nil: it was off
}

type adopted struct {
	Priority int `json:"priority"`
}

// Adopted reports whether a record is of swap that was on before setup, and
// stays on after teardown.
func Adopted(r step.Record) bool {
	if _, ok := OnTarget(r); !ok {
		return false
	}
	was, err := step.Read[onWant, onSaved, step.None](r)
	return err == nil && was.Saved.Adopted != nil
}

func (a Area) adopts() bool { return a.Adopt && !a.Encrypt }

// adoptable reports whether there is a whole swap area of somebody else's at
// the path that this run may adopt unchanged, or an earlier one has adopted.
func adoptable(h host.Host, area, path string, adopt bool) bool {
	j, err := step.ReadJournal(h, config.JournalPath)
	if err != nil {
		return false
	}
	target, ok := OnTarget(j.Record("swap.on" + area))
	return (adopt || ok && target == Target{Path: path}) && swapfile.CheckHeader(h, path) == nil
}

// withPriority judges an active area with another priority than the desired
// one. To change it, somebody else's swap would have to be turned off.
func (s *onStep) withPriority(swap kernel.Swap, was *onWas) step.Finding {
	if was.Ours || s.adopt {
		return step.Finding{State: step.Todo, Found: fmt.Sprintf("on, with priority %d", swap.Priority)}
	}
	return step.BlockedBy(fail.Newf(fail.Usage, fmt.Sprintf("give swap on %s the priority %d", s.want.Target, s.want.Priority),
		"it is on with priority %d, and swapctl did not turn it on", swap.Priority).
		Hint("turn it off, and run the command again: swapoff %s", s.want.Target).
		Hint("or have swapctl take it over: --adopt"))
}

// giveBack restores adopted swap: on, with its priority. Swap that somebody has
// turned off since stays off.
func (s *onStep) giveBack(ctx context.Context, h host.Host, before adopted, p step.Progress) error {
	swap, on, err := Active(h, s.want.Target)
	if err != nil || !on {
		return err
	}
	s.want.Priority = max(before.Priority, -1) // the kernel's own choice is below 0, and differs each time
	if s.hasPriority(swap) && (s.want.Priority >= 0 || swap.Priority < 0) {
		return nil
	}
	if err := s.off(ctx, h, p); err != nil {
		return err
	}
	return s.on(h)
}
