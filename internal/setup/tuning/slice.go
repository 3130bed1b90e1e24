package tuning

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

const (
	sliceName   = "system.slice"
	sliceDropIn = systemd.Units + "/" + sliceName + ".d/50-swapctl.conf"
	sliceGroup  = "/sys/fs/cgroup/" + sliceName
	swapMaxFile = sliceGroup + "/memory.swap.max"
	latencyFile = sliceGroup + "/io.latency"

	// latencyTarget is the target for the time of a read or write of a system
	// service; while it is missed, the kernel slows down others at that disk.
	latencyTarget = "50ms"

	// sliceWait is how long systemd may take to write the control group.
	sliceWait = 20 * time.Second
)

// sliceWant is the result of "slice.system": the services of the node itself,
// with the kubelet and the container runtime, are never swapped out and have
// priority at the disk.
type sliceWant struct {
	// Latency are paths on the disks to protect: "/" and, if swap is on another
	// disk, the swap file's directory or the device. systemd finds the disks
	// below them by itself, again at each boot.
	Latency []string `json:"latency"`
}

func (w sliceWant) text() string {
	var b strings.Builder
	b.WriteString("# Made by swapctl setup --protect-system-slice; swapctl teardown removes it.\n[Slice]\nMemorySwapMax=0\n")
	for _, name := range w.Latency {
		fmt.Fprintf(&b, "IODeviceLatencyTargetSec=%s %s\n", systemd.Word(name), latencyTarget)
	}
	return b.String()
}

func (w sliceWant) info() step.Info {
	by := []string{"systemctl set-property " + sliceName + " MemorySwapMax=0"}
	for _, name := range w.Latency {
		by = append(by, fmt.Sprintf("IODeviceLatencyTargetSec=%q", name+" "+latencyTarget))
	}
	return step.Info{
		ID:         Slice,
		Title:      "protection of " + sliceName + ": no swap, disk latency " + latencyTarget,
		Why:        "A kubelet or container runtime that waits for its own pages makes the whole node slow; only pods should be swapped out.",
		ByHand:     []string{strings.Join(by, " ")},
		UndoByHand: []string{"rm " + sliceDropIn, "systemctl daemon-reload", "systemctl start " + sliceTouch, "systemctl stop " + sliceTouch},
	}
}

// Slice is the kind of step that protects system.slice.
const Slice = "slice.system"

func sliceKind() step.Kind {
	return step.Kind{ID: Slice, AtBoot: step.AsMade, Files: []string{sliceDropIn},
		Build: step.BuildOf(func(_ string, want sliceWant, m step.Mode) step.Step { return sliceStep(want, m) })}
}

func sliceStep(want sliceWant, m step.Mode) step.Step {
	const protect, end = "protect " + sliceName, "end the protection of " + sliceName
	s := ownfile.Spec{
		About: want.info(),
		Files: []ownfile.File{{Path: sliceDropIn, Text: want.text()}},
		Make:  protect, Remove: end,
		Missing: "no drop-in", Other: "another version of the drop-in", AnyText: m.Boot,
		NotOurs: func(name string) error {
			return fail.Newf(fail.Usage, protect, "there is a %s already, which swapctl did not make", name).
				Hint("see what it says: systemctl cat %s", sliceName).
				Hint("remove it, or leave --protect-system-slice out")
		},
		InEffect: func(h host.Host) (step.Finding, error) { return sliceInEffect(h, m.Late) },
		Before:   liveSwapMax,
		// systemd knows the other settings of the slice better than the
		// journal: only that it is no longer 0, unless it was before or
		// somebody else sets it.
		Gone: func(ctx context.Context, h host.Host, before string, theirs bool) error {
			return applySlice(ctx, h, end, func(live string) bool { return live != "0" || before == "0" || theirs })
		},
	}
	if !m.Late {
		s.Made = func(ctx context.Context, h host.Host) error { return applySlice(ctx, h, protect, isZero) }
	}
	return ownfile.Of(want, s)
}

// sliceInEffect reads the control group: systemd may not have written it yet.
func sliceInEffect(h host.Host, late bool) (step.Finding, error) {
	live, err := liveSwapMax(h)
	switch {
	case err != nil:
		return step.Finding{}, err
	case live == "":
		return step.Finding{State: step.Done, Found: "a drop-in; the kernel has no such limit"}, nil
	case live != "0" && late:
		return step.Finding{State: step.Done, Found: "a drop-in"}, nil
	case live != "0":
		return step.Finding{State: step.Todo, Found: "a drop-in that is not in effect"}, nil
	}
	return step.Finding{State: step.Done, Found: "in effect"}, nil
}

// ProtectIfNot makes systemd protect its slice if it does not yet. did: it did
// not.
func ProtectIfNot(ctx context.Context, h host.Host, op string) (did bool, err error) {
	live, err := liveSwapMax(h)
	if err != nil || live == "" || isZero(live) {
		return false, nil //nolint:nilerr // the step meets it again
	}
	return true, applySlice(ctx, h, op, isZero)
}

// liveSwapMax is the limit in effect, empty if the kernel has none: without the
// memory controller, with cgroup version 1, or with swapaccount=0.
func liveSwapMax(h host.Host) (string, error) {
	data, err := h.Files.ReadFile(swapMaxFile, host.SmallLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(data)), fail.New(fail.Failed, "read the swap limit of "+sliceName, err)
}

func isZero(live string) bool { return live == "0" }

// sliceTouch is a slice below the one to write: systemd makes it when it is
// started, without any file, and removes it when it is stopped.
const sliceTouch = "system-swapctl.slice"

// applySlice makes systemd read the drop-in and write the control group. 252
// does both on a reload; 257 writes a slice only when something below it starts
// (starting the slice itself, which is active, has no effect).
func applySlice(ctx context.Context, h host.Host, op string, good func(live string) bool) error {
	if !h.Units.Running() {
		return nil
	}
	err := h.Units.Reload(ctx)
	if err == nil {
		err = h.Units.Start(ctx, sliceTouch)
	}
	hints := []string{"systemctl daemon-reload; systemctl start " + sliceTouch + "; systemctl stop " + sliceTouch + "; cat " + swapMaxFile}
	if err != nil {
		return fail.New(fail.Failed, op, err, hints...)
	}
	err = sliceWritten(ctx, h, op, good, hints)
	return errors.Join(err, fail.New(fail.Failed, op, h.Units.Stop(context.WithoutCancel(ctx), sliceTouch)))
}

// sliceWritten waits until the control group is as desired.
func sliceWritten(ctx context.Context, h host.Host, op string, good func(live string) bool, hints []string) error {
	for end := time.Now().Add(sliceWait); ; {
		live, err := liveSwapMax(h)
		if err != nil || live == "" || good(live) {
			return err
		}
		if time.Now().After(end) {
			return fail.New(fail.Failed, op, fmt.Errorf("systemd does not write it to the control group: memory.swap.max is still %s", live), hints...)
		}
		select {
		case <-ctx.Done():
			return fail.New(fail.Failed, op, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// SliceWarnings say which part of the protection this kernel does not have.
func SliceWarnings(h host.Host) []string {
	var w []string
	if live, err := liveSwapMax(h); err == nil && live == "" {
		w = append(w, "this node has no swap limit for control groups (cgroup version 2 with the memory controller): system services may still be swapped out")
	}
	if _, err := h.Files.Stat(latencyFile); errors.Is(err, fs.ErrNotExist) {
		w = append(w, "this kernel has no io.latency (CONFIG_BLK_CGROUP_IOLATENCY): system services have no precedence at the disk, and wait like all others while it is busy with swap")
	}
	return w
}
