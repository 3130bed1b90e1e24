package area

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/step"
)

// onStep is "swap.on": the kernel swaps to the area.
type onStep struct {
	area string
	want onWant
	// force: turn swap off even if what is in it does not fit into memory.
	force bool
	// restarts is the kubelet's unit: it counts the swap when it starts.
	restarts string
	adopt    bool // swap that is on already is adopted
	stays    bool // adopted: Undo leaves it on
}

type onWant struct {
	Target
	Priority int    `json:"priority"` // -1: the kernel decides
	Discard  string `json:"discard"`
}

type onWas = step.Was[onWant, onSaved, step.None]

func onKind() step.Kind {
	return step.Kind{ID: "swap.on", Build: func(r step.Record, m step.Mode) (step.Step, error) {
		return step.BuildOf(func(suffix string, want onWant, m step.Mode) step.Step {
			return step.Of(&onStep{area: suffix, force: m.Force, want: want, stays: Adopted(r)})
		})(r, m)
	}}
}

// OnTarget is the file or device of a record of swap.on.
func OnTarget(r step.Record) (Target, bool) {
	if kind, _ := step.SplitID(r.ID); kind != "swap.on" {
		return Target{}, false
	}
	want, ok := step.WantOf[onWant](r)
	return want.Target, ok
}

func (s *onStep) Info() step.Info {
	by := []string{"swapon"}
	if s.want.Priority >= 0 {
		by = append(by, fmt.Sprintf("--priority %d", s.want.Priority))
	}
	if d, ok := map[string]string{"once": "--discard=once", "pages": "--discard=pages", "both": "--discard"}[s.want.Discard]; ok {
		by = append(by, d)
	}
	title := fmt.Sprintf("swap on %s", s.want.Target)
	if s.want.Priority >= 0 {
		title += fmt.Sprintf(", priority %d", s.want.Priority)
	}
	undo := []string{fmt.Sprintf("swapoff %s", s.want.Target)}
	if s.stays {
		title, undo = title+", which was on before swapctl, and stays on", nil
	}
	return step.Info{
		ID: "swap.on" + s.area, Title: title,
		Why:        "From now on the kernel can swap out pages that have not been used for long.",
		ByHand:     []string{strings.Join(append(by, s.want.Target.String()), " ")},
		UndoByHand: undo,
		StandsOn:   []string{"swap.header" + s.area},
		Needs:      kubeletstep.IDs(), Restarts: s.restarts,
	}
}

func (s *onStep) Want() onWant { return s.want }

func (s *onStep) Check(_ context.Context, h host.Host, was *onWas) (step.Finding, error) {
	swap, on, err := Active(h, s.want.Target)
	switch {
	case err != nil:
		return step.Finding{}, err
	case !on:
		return step.Finding{State: step.Todo, Found: "off"}, nil
	case !s.hasPriority(swap):
		return s.withPriority(swap, was), nil
	case s.adopt && !was.Ours:
		return step.Finding{State: step.Todo, Found: "on, and not swapctl's"}, nil
	}
	return step.Finding{State: step.Done, Found: fmt.Sprintf("on, %s, priority %d", bytesize.Format(swap.SizeBytes), swap.Priority)}, nil
}

// hasPriority reports whether an active area has the desired priority.
func (s *onStep) hasPriority(swap kernel.Swap) bool {
	return s.want.Priority < 0 || swap.Priority == s.want.Priority
}

// Save records swap that was on before.
func (s *onStep) Save(_ context.Context, h host.Host) (onSaved, error) {
	swap, on, err := Active(h, s.want.Target)
	if err != nil || !on {
		return onSaved{}, err
	}
	return onSaved{Adopted: &adopted{swap.Priority}}, nil
}

// flags are those of swapon(2) (include/linux/swap.h).
func (s *onStep) flags() int {
	flags := map[string]int{
		"once":  host.SwapDiscard | host.SwapDiscardOnce,
		"pages": host.SwapDiscard | host.SwapDiscardPages,
		"both":  host.SwapDiscard,
	}[s.want.Discard]
	if s.want.Priority >= 0 {
		flags |= host.SwapPrefer | s.want.Priority&host.SwapPriorityMask
	}
	return flags
}

func (s *onStep) Do(ctx context.Context, h host.Host, _ *onWas, r step.RunOf[step.None]) error {
	swap, on, err := Active(h, s.want.Target)
	if err != nil {
		return err
	}
	if on && s.hasPriority(swap) {
		return nil
	}
	if on {
		if err := s.off(ctx, h, r.Progress); err != nil {
			return err
		}
	}
	return s.on(h)
}

// on turns on an area that is off.
func (s *onStep) on(h host.Host) error {
	op := fmt.Sprintf("turn on swap on %s", s.want.Target)
	node, err := s.want.Node(h)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	err = h.Kernel.SwapOn(node, s.flags())
	return fail.New(fail.Failed, op, err, swapOnHints(h, node, err)...)
}

func (s *onStep) Undo(ctx context.Context, h host.Host, was *onWas, p step.Progress) error {
	if was.Saved.Adopted != nil {
		return s.giveBack(ctx, h, *was.Saved.Adopted, p)
	}
	return s.off(ctx, h, p)
}

// off turns only our area off, if what is in it fits elsewhere.
func (s *onStep) off(ctx context.Context, h host.Host, p step.Progress) error {
	swap, on, err := Active(h, s.want.Target)
	if err != nil || !on {
		return err
	}
	if err := FitsInMemory(h, swap, s.force); err != nil {
		return err
	}
	node, err := s.want.Node(h)
	if err == nil {
		err = swapOff(ctx, h, swap, node, p)
	}
	if errors.Is(err, unix.ENOMEM) || errors.Is(err, host.ErrSwapOffKilled) {
		return fail.Newf(fail.Failed, fmt.Sprintf("turn off swap on %s", s.want.Target),
			"there is too little memory for what is in it; the area is still on: %w", err).
			Hint("stop or move some of the workload, then run the command again: it continues where it stopped")
	}
	return fail.New(fail.Failed, fmt.Sprintf("turn off swap on %s", s.want.Target), err, swapOffHints(node, err)...)
}
