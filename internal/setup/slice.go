package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

const (
	sliceName   = "system.slice"
	sliceDropIn = systemd.Units + "/" + sliceName + ".d/50-swapctl.conf"
	sliceGroup  = "/sys/fs/cgroup/" + sliceName
	swapMaxFile = sliceGroup + "/memory.swap.max"
	latencyFile = sliceGroup + "/io.latency"

	// latencyTarget: in what time a read or write of a system service should be
	// done; while it is not, the kernel slows down the others at that disk.
	latencyTarget = "50ms"

	// sliceWait is how long systemd may take to write the control group.
	sliceWait = 20 * time.Second
)

// sliceStep is "slice.system": the services of the node itself, the kubelet and
// the container runtime among them, are never swapped out and go first at the
// disk.
type sliceStep struct {
	want sliceWant
	boot bool // leave a drop-in of another version of swapctl as it is
	late bool // systemd is told later
	made json.RawMessage
}

type sliceWant struct {
	// Latency is what stands on the disks to protect: "/" and, where swap is on
	// another disk, the swap file's directory or the device. systemd finds the
	// disks below them by itself, at each boot anew.
	Latency []string `json:"latency"`
}

// sliceSaved is what was there before: the directories that were not, and the
// limit that was in effect.
type sliceSaved struct {
	ownSaved
	SwapMax string `json:"swapMax,omitempty"`
}

func (s sliceStep) text() string {
	var b strings.Builder
	b.WriteString("# Made by swapctl setup --protect-system-slice; swapctl teardown removes it.\n[Slice]\nMemorySwapMax=0\n")
	for _, name := range s.want.Latency {
		fmt.Fprintf(&b, "IODeviceLatencyTargetSec=%s %s\n", systemd.Word(name), latencyTarget)
	}
	return b.String()
}

func (s sliceStep) Info() step.Info {
	by := []string{"systemctl set-property " + sliceName + " MemorySwapMax=0"}
	for _, name := range s.want.Latency {
		by = append(by, fmt.Sprintf("IODeviceLatencyTargetSec=%q", name+" "+latencyTarget))
	}
	return step.Info{
		ID:         "slice.system",
		Title:      "protection of " + sliceName + ": no swap, disk latency " + latencyTarget,
		Why:        "A kubelet or container runtime that waits for its own pages makes the whole node slow; pods are what should be swapped out.",
		ByHand:     []string{strings.Join(by, " ")},
		UndoByHand: []string{"rm " + sliceDropIn, "systemctl daemon-reload", "systemctl start " + sliceTouch, "systemctl stop " + sliceTouch},
	}
}

func (s sliceStep) Want() any { return s.want }

// Check looks at the drop-in and, because systemd may not have written it there
// yet, at the control group.
func (s sliceStep) Check(_ context.Context, h host.Host, was step.Record) (step.Finding, error) {
	now, err := h.Files.ReadFile(sliceDropIn, host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return step.Finding{State: step.Todo, Found: "no drop-in"}, nil
	case err != nil:
		return step.Finding{}, fail.New(fail.Failed, "read "+sliceDropIn, err, "see what it is: ls -l "+sliceDropIn)
	case string(now) != s.text() && !was.Ours():
		return blocked(fail.Newf(fail.Usage, "protect "+sliceName, "there is a %s already, which swapctl did not make", sliceDropIn).
			Hint("see what it says: systemctl cat %s", sliceName).
			Hint("remove it, or leave --protect-system-slice out")), nil
	case string(now) != s.text() && !s.boot:
		return step.Finding{State: step.Todo, Found: "another version of the drop-in"}, nil
	}
	live, err := liveSwapMax(h)
	switch {
	case err != nil:
		return step.Finding{}, err
	case live == "":
		return step.Finding{State: step.Done, Found: "a drop-in; the kernel has no such limit"}, nil
	case live != "0" && s.late:
		return step.Finding{State: step.Done, Found: "a drop-in"}, nil
	case live != "0":
		return step.Finding{State: step.Todo, Found: "a drop-in that is not in effect"}, nil
	}
	return step.Finding{State: step.Done, Found: "in effect"}, nil
}

// liveSwapMax is the limit in effect, empty where the kernel has none: without
// the memory controller, under cgroup version 1, or with swapaccount=0.
func liveSwapMax(h host.Host) (string, error) {
	data, err := h.Files.ReadFile(swapMaxFile, host.SmallLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(data)), fail.New(fail.Failed, "read the swap limit of "+sliceName, err)
}

func (s sliceStep) Save(_ context.Context, h host.Host) (any, error) {
	live, err := liveSwapMax(h)
	return sliceSaved{saveOwn(h, s.files(), path.Dir(sliceDropIn)), live}, err
}

func (s sliceStep) files() []ownFile { return []ownFile{{sliceDropIn, s.text()}} }

func (s sliceStep) Do(ctx context.Context, h host.Host, raw json.RawMessage, r step.Run) error {
	const op = "protect " + sliceName
	if err := makeDirs(h, raw, 0o755); err != nil {
		return writeFailed(op, err)
	}
	if err := makeFiles(h, s.files(), raw, r); err != nil {
		return writeFailed(op, err)
	}
	if s.late {
		return nil
	}
	return applySlice(ctx, h, op, isZero)
}

func (s sliceStep) Undo(ctx context.Context, h host.Host, raw json.RawMessage, _ step.Progress) error {
	const op = "end the protection of " + sliceName
	var saved sliceSaved
	if err := json.Unmarshal(raw, &saved); err != nil {
		return err
	}
	theirs := removeOwn(h, s.files(), raw, s.made)
	if failed(theirs) {
		return writeFailed(op, theirs)
	}
	if err := removeEmpty(h, saved.Made); err != nil {
		return remarks(err, theirs)
	}
	// What else is said of the slice, systemd knows better than we remember:
	// only that it is no longer 0, unless it was before or somebody else says so.
	return remarks(theirs, unheard(applySlice(ctx, h, op, func(live string) bool {
		return live != "0" || saved.SwapMax == "0" || theirs != nil
	})))
}

func isZero(live string) bool { return live == "0" }

// sliceTouch is a slice below the one that is to be written: systemd makes it
// when it is started, without any file, and removes it when it is stopped.
const sliceTouch = "system-swapctl.slice"

// applySlice has systemd read the drop-in and write the control group. 252 does
// both on a reload; 257 writes a slice only when something below it starts (to
// start the slice itself, which is active, has no effect).
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

// sliceWritten waits until the control group is as it should be.
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

// sliceWarnings say what of the protection this kernel does not have.
func sliceWarnings(h host.Host) []string {
	var w []string
	if live, err := liveSwapMax(h); err == nil && live == "" {
		w = append(w, "this node has no swap limit for control groups (cgroup version 2 with the memory controller): system services may be swapped out all the same")
	}
	if _, err := h.Files.Stat(latencyFile); errors.Is(err, fs.ErrNotExist) {
		w = append(w, "this kernel has no io.latency (CONFIG_BLK_CGROUP_IOLATENCY): system services have no precedence at the disk, and wait like all others while it is busy with swap")
	}
	return w
}
