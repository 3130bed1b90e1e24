package area

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// deviceStep is "swap.device": a partition, disk or logical volume that is ours
// to swap to. This step decides that its content may be lost.
type deviceStep struct {
	area string
	want deviceWant

	encrypted bool
	erase     bool // the content of the device may be lost
	adopt     bool // swap of somebody else's on it is used unchanged
}

type deviceWant struct {
	Device    string `json:"device"`
	SizeBytes int64  `json:"sizeBytes"` // of the device: shows if another one has the same name
	// Tagged: it is encrypted, and its first MiB stays outside of the mapping and
	// holds a tag. An older swapctl encrypted all of it, and nobody can tell what
	// that leaves from the data of somebody else.
	Tagged bool `json:"tagged,omitempty"`
}

// deviceSaved is the tag that the device gets, by which it is recognised as
// ours.
type deviceSaved struct {
	Tag swapfile.Tag `json:"tag,omitzero"`
}

type deviceWas = step.Was[deviceWant, deviceSaved, step.None]

func deviceKind() step.Kind {
	return step.Kind{ID: "swap.device", Build: step.BuildOf(func(suffix string, want deviceWant, _ step.Mode) step.Step {
		return step.Of(&deviceStep{area: suffix, want: want})
	})}
}

func (s *deviceStep) Info() step.Info {
	info := step.Info{
		ID:    "swap.device" + s.area,
		Title: fmt.Sprintf("device %s, %s", s.want.Device, bytesize.Format(s.want.SizeBytes)),
		Why:   "A device of its own is the best place for swap: no file system needs memory when the kernel wants to free memory.",
	}
	if s.erase {
		info.ByHand = append(info.ByHand, "wipefs --all "+s.want.Device)
	}
	if s.want.Tagged {
		info.Title += fmt.Sprintf(", the first %s kept for a tag", bytesize.Format(swapfile.ReservedBytes))
		info.ByHand = append(info.ByHand, fmt.Sprintf("echo swapctl encrypted swap $(uuidgen) | dd of=%s conv=notrunc", s.want.Device))
		info.UndoByHand = []string{fmt.Sprintf("dd if=/dev/zero of=%s bs=512 count=1 conv=notrunc", s.want.Device)}
	}
	return info
}

func (s *deviceStep) Want() deviceWant { return s.want }

// Check finds the device ours, free, or used by somebody else.
func (s *deviceStep) Check(_ context.Context, h host.Host, was *deviceWas) (step.Finding, error) {
	st, err := ResolveDevice(h, s.want.Device)
	if err != nil {
		return step.BlockedBy(err), nil
	}
	swap, on, err := Active(h, Target{Path: s.want.Device})
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
		return step.BlockedBy(s.taken(was)), nil
	}
	if err := s.inUse(h, st); err != nil {
		return step.BlockedBy(err), nil
	}
	return s.content(h, was)
}

func (s *deviceStep) ours(was *deviceWas) bool {
	return was.Ours && was.Want.Device == s.want.Device && was.Want.SizeBytes == s.want.SizeBytes
}

// underOurMapping reports whether the only user of the device is a mapping;
// swap.crypt judges which.
func (s *deviceStep) underOurMapping(h host.Host, st host.Stat) bool {
	users, err := crypt.UsersOf(h, st)
	return err == nil && len(users) > 0 && s.encrypted
}

// taken refuses a device that is swapped to, by somebody else or, under
// another name, by us.
func (s *deviceStep) taken(was *deviceWas) error {
	op := "use the device " + s.want.Device
	if was.Ours {
		return fail.Newf(fail.Usage, op, "swapctl has set it up already, as %s", was.Want.Device).
			Hint("keep that name: --device %s", was.Want.Device).
			Hint("or take it back first: swapctl teardown")
	}
	return fail.Newf(fail.Usage, op, "the kernel swaps to it already, and swapctl did not set it up").
		Hint("swapoff %s ends that", s.want.Device).
		Hint("or have it used as it is: --encrypt=false --adopt")
}

// inUse refuses a device that is mounted or below another device.
func (s *deviceStep) inUse(h host.Host, st host.Stat) error {
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
func (s *deviceStep) content(h host.Host, was *deviceWas) (step.Finding, error) {
	mine, c, err := s.holdsOurs(h, was)
	if err != nil {
		return step.Finding{}, err
	}
	switch {
	case mine && s.ours(was):
		return step.Finding{State: step.Done, Found: "ours"}, nil
	case c.Empty:
		return step.Finding{State: step.Todo, Found: "empty"}, nil
	case s.erase:
		return toErase("holds " + c.What), nil
	case !was.Ours && !s.encrypted && adoptable(h, s.area, s.want.Device, s.adopt):
		return step.Finding{State: step.Done, Found: "holds swap, taken as it was"}, nil
	case s.ours(was):
		return step.BlockedBy(fail.Newf(fail.Usage, "use the device "+s.want.Device, "it was ours, and what it holds now need not be: %s", c.What).
			Hint("%s shows more; if nothing on it is needed, erase it: swapctl setup --erase=%s", showsMore(c, s.want.Device), s.want.Device)), nil
	}
	return step.BlockedBy(fail.Newf(fail.Usage, "use the device "+s.want.Device, "it is not empty: %s", c.What).
		Hint("%s shows more; if nothing on it is needed, erase it with --erase=%s", showsMore(c, s.want.Device), s.want.Device)), nil
}

// holdsOurs reports whether the content of the unused device proves that it is
// ours: empty, or with the tag or the header in the journal.
func (s *deviceStep) holdsOurs(h host.Host, was *deviceWas) (bool, swapfile.Content, error) {
	c, err := swapfile.Probe(h, s.want.Device)
	if err != nil {
		return false, c, err
	}
	uuid, err := headerUUID(h, s.area)
	return c.Empty || c.HoldsTag(was.Saved.Tag) || c.HoldsHeader(h, uuid), c, err
}

// showsMore is the command that shows the content of a device.
func showsMore(c swapfile.Content, device string) string {
	if len(c.Found) == 0 { // wipefs knows nothing of it either
		return "hexdump -C -n 512 " + device
	}
	return "wipefs " + device
}

func (s *deviceStep) Save(_ context.Context, h host.Host) (deviceSaved, error) {
	var saved deviceSaved
	if !s.want.Tagged {
		return saved, nil
	}
	uuid, err := newUUID(h)
	saved.Tag = uuid
	return saved, err
}

func (s *deviceStep) Do(ctx context.Context, h host.Host, was *deviceWas, _ step.RunOf[step.None]) error {
	if s.erase {
		if err := swapfile.Erase(ctx, h, s.want.Device); err != nil {
			return err
		}
	}
	if !s.want.Tagged {
		return nil
	}
	return swapfile.WriteTag(h, s.want.Device, was.Saved.Tag)
}

// Undo removes our tag, and otherwise leaves the device unchanged: its content
// is not ours to destroy.
func (s *deviceStep) Undo(_ context.Context, h host.Host, was *deviceWas, _ step.Progress) error {
	tag := was.Saved.Tag
	st, err := h.Files.Stat(s.want.Device)
	if tag == (swapfile.Tag{}) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, "let the device "+s.want.Device+" go", err)
	}
	if users, err := crypt.UsersOf(h, st); err != nil || len(users) > 0 {
		return err // somebody else's by now
	}
	return swapfile.RemoveTag(h, s.want.Device, tag)
}
