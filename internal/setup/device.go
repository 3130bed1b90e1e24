package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// deviceStep is "swap.device": a partition, disk or logical volume that is ours
// to swap to. It is the step that decides that nothing on it is worth keeping.
type deviceStep struct {
	area string
	want deviceWant

	encrypted bool
	erase     bool // what the device holds may go
}

type deviceWant struct {
	Device    string `json:"device"`
	SizeBytes int64  `json:"sizeBytes"` // of the device: another one under the same name is noticed
}

func (s deviceStep) Info() step.Info {
	info := step.Info{
		ID:    "swap.device" + s.area,
		Title: fmt.Sprintf("device %s, %s", s.want.Device, bytesize.Format(s.want.SizeBytes)),
		Why:   "A device of its own is the best place for swap: the kernel needs no memory of a file system to free memory.",
	}
	if s.erase {
		info.ByHand = []string{"wipefs --all " + s.want.Device}
	}
	return info
}

func (s deviceStep) Want() any { return s.want }

// Check finds the device ours, free for the taking, or in the way.
func (s deviceStep) Check(_ context.Context, h host.Host, was step.Record) (step.Finding, error) {
	st, err := resolveDevice(h, s.want.Device)
	if err != nil {
		return blocked(err), nil
	}
	swap, on, err := activeSwap(h, target{Path: s.want.Device})
	if err != nil {
		return step.Finding{}, err
	}
	if s.ours(was) && (on || s.underOurMapping(h, st)) {
		return step.Finding{State: step.Done, Found: "in use as swap"}, nil
	}
	if on && !s.encrypted {
		return step.Finding{State: step.Done, Found: fmt.Sprintf("in use as swap, %s", bytesize.Format(swap.SizeBytes))}, nil
	}
	if on {
		return blocked(s.taken(was)), nil
	}
	if err := s.inUse(h, st); err != nil {
		return blocked(err), nil
	}
	return s.content(h, was)
}

func (s deviceStep) ours(was step.Record) bool {
	var w deviceWant
	return was.Ours() && json.Unmarshal(was.Want, &w) == nil && w == s.want
}

// underOurMapping reports whether the only thing on the device is a mapping;
// swap.crypt judges which.
func (s deviceStep) underOurMapping(h host.Host, st host.Stat) bool {
	users, err := crypt.UsersOf(h, st)
	return err == nil && len(users) > 0 && s.encrypted
}

// taken refuses a device that is swapped to, by somebody else or, under
// another name, by us.
func (s deviceStep) taken(was step.Record) error {
	var w deviceWant
	op := "use the device " + s.want.Device
	if was.Ours() && json.Unmarshal(was.Want, &w) == nil {
		return fail.Newf(fail.Usage, op, "swapctl has set it up already, as %s", w.Device).
			Hint("keep that name: --device %s", w.Device).
			Hint("or take it back first: swapctl teardown")
	}
	return fail.Newf(fail.Usage, op, "the kernel swaps to it already, and swapctl did not set it up").
		Hint("swapoff %s ends that", s.want.Device)
}

// inUse refuses a device that is mounted or below something else.
func (s deviceStep) inUse(h host.Host, st host.Stat) error {
	op := "use the device " + s.want.Device
	users, err := crypt.UsersOf(h, st)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if len(users) > 0 {
		return fail.Newf(fail.Usage, op, "%s uses it", users[0]).
			Hint("lsblk %s shows what stands on it", s.want.Device)
	}
	f, err := h.Files.Open(s.want.Device, os.O_RDONLY|unix.O_EXCL, 0)
	if errors.Is(err, unix.EBUSY) {
		return fail.Newf(fail.Usage, op, "it is in use: mounted, or part of something else").
			Hint("lsblk %s shows by what; so does findmnt --source %s", s.want.Device, s.want.Device)
	}
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	defer f.Close()
	dev, err := h.Kernel.BlockDevice(f)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if dev.ReadOnly {
		return fail.Newf(fail.Usage, op, "it is read-only").Hint("blockdev --setrw %s allows writing", s.want.Device)
	}
	return nil
}

// content judges a device that nothing uses.
func (s deviceStep) content(h host.Host, was step.Record) (step.Finding, error) {
	c, err := swapfile.Probe(h, s.want.Device)
	if err != nil {
		return step.Finding{}, err
	}
	ours := s.ours(was)
	switch {
	case ours && (c.Empty || c.Noise() || isSwap(c)):
		// Under a key that is gone our own swap looks like noise.
		return step.Finding{State: step.Done, Found: "ours"}, nil
	case c.Empty:
		return step.Finding{State: step.Todo, Found: "empty"}, nil
	case s.erase:
		return toErase("holds " + c.What), nil
	}
	return blocked(fail.Newf(fail.Usage, "use the device "+s.want.Device, "it is not empty: %s", c.What).
		Hint("%s shows more; if nothing on it is needed, say so with --erase=%s", showsMore(c, s.want.Device), s.want.Device)), nil
}

// showsMore is the command that shows what a device holds.
func showsMore(c swapfile.Content, device string) string {
	if len(c.Found) == 0 { // wipefs knows nothing of it either
		return "hexdump -C -n 512 " + device
	}
	return "wipefs " + device
}

func (s deviceStep) Save(context.Context, host.Host) (any, error) { return struct{}{}, nil }

func (s deviceStep) Do(ctx context.Context, h host.Host, _ json.RawMessage, _ step.Run) error {
	if !s.erase {
		return nil
	}
	return swapfile.Erase(ctx, h, s.want.Device)
}

// Undo lets the device go as it is: what is on it is not ours to destroy.
func (s deviceStep) Undo(context.Context, host.Host, json.RawMessage, step.Progress) error {
	return nil
}

// isSwap reports whether a swap area, or what a kill left of its header, is all
// that is known to be there.
func isSwap(c swapfile.Content) bool {
	return len(c.Found) == 1 && strings.HasPrefix(c.What, "swap")
}
