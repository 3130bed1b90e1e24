package area

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// cryptStep is "swap.crypt": the mapping that encrypts what is swapped out.
type cryptStep struct {
	area string
	want crypt.Mapping
	file bool // the backing is a file: with a loop device between
}

// cryptWas: what is noted is what the mapping was put on.
type cryptWas = step.Was[crypt.Mapping, step.None, host.Identity]

func cryptKind() step.Kind {
	return step.Kind{ID: "swap.crypt", Build: step.BuildOf(func(suffix string, want crypt.Mapping, _ step.Mode) step.Step {
		return step.Of(&cryptStep{area: suffix, want: want, file: isFile(want.Backing)})
	})}
}

// isFile reports whether an area's path is that of a file: devices are below /dev.
func isFile(path string) bool { return !strings.HasPrefix(path, "/dev/") }

func (s *cryptStep) Info() step.Info {
	info := step.Info{
		ID:         "swap.crypt" + s.area,
		Title:      fmt.Sprintf("encryption /dev/mapper/%s, %s, %d-bit key", s.want.Name, s.want.Cipher, s.want.KeyBits),
		Why:        "Secrets in memory reach the disk when they are swapped out; encrypted with a random key that is not stored, they cannot be read after the boot ends.",
		ByHand:     []string{s.cryptsetup()},
		UndoByHand: []string{"cryptsetup close " + s.want.Name},
		StandsOn:   []string{"swap.device" + s.area},
	}
	if s.file {
		info.StandsOn = []string{"swap.file" + s.area}
	}
	return info
}

// cryptsetup is the command that makes the mapping by hand.
func (s *cryptStep) cryptsetup() string {
	sector := ""
	if s.want.SectorBytes > 0 {
		sector = fmt.Sprintf(" --sector-size %d", s.want.SectorBytes)
	}
	offset := ""
	if s.want.OffsetBytes > 0 {
		offset = fmt.Sprintf(" --offset %d", s.want.OffsetBytes/kernel.SectorBytes)
	}
	return fmt.Sprintf("cryptsetup open --type plain --cipher %s --key-size %d%s%s --key-file /dev/urandom %s %s",
		s.want.Cipher, s.want.KeyBits, sector, offset, s.want.Backing, s.want.Name)
}

func (s *cryptStep) Want() crypt.Mapping { return s.want }

// Check finds the mapping as desired, missing, ours but different, or somebody
// else's; and finds another user of the file or device below it.
func (s *cryptStep) Check(_ context.Context, h host.Host, was *cryptWas) (step.Finding, error) {
	if err := crypt.Available(h); err != nil {
		return step.BlockedBy(err), nil
	}
	now, err := crypt.Find(h, s.want.Name)
	if err != nil {
		return step.Finding{}, err
	}
	old := was.Want
	if err := s.usedTwice(h, now, old); err != nil {
		return step.BlockedBy(err), nil
	}
	if !now.Exists {
		return step.Finding{State: step.Todo, Found: "no mapping"}, nil
	}
	same, why := s.want.Matches(h, now)
	switch ours := old.Name == s.want.Name && isOurMapping(h, now, old, was.Made); {
	case !ours:
		return step.BlockedBy(s.taken(h, now)), nil
	case same:
		return step.Finding{State: step.Done, Found: "open"}, nil
	}
	return step.Finding{State: step.Todo, Found: "open, but " + why}, nil
}

// taken refuses a mapping with our name that is not ours.
func (s *cryptStep) taken(h host.Host, now crypt.State) error {
	why := "there is one of that name, which swapctl did not make"
	if now.BackingPath != "" {
		why += "; it stands on " + now.BackingPath
	}
	taken := fail.Newf(fail.Usage, "make the mapping "+s.want.Name, "%s", why).
		Hint("use another name with --name; dmsetup info %s shows what that one is", s.want.Name)
	if now.UUID == crypt.UUID(s.want.Name) {
		taken = taken.Hint("or close it, if nothing needs it any more: %s", crypt.CloseByHand(h, s.want.Name, now.DevPath))
	}
	return taken
}

// usedTwice refuses a file or device that another loop device or mapping uses:
// two keys for the same blocks destroy the data of both. Our own mapping, under
// its old or new name, does not count.
func (s *cryptStep) usedTwice(h host.Host, now crypt.State, old crypt.Mapping) error {
	op := "encrypt " + s.want.Backing
	st, err := h.Files.Stat(s.want.Backing)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	users, err := crypt.UsersOf(h, st)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	var others []crypt.User
	here := old.Backing == s.want.Backing
	for _, u := range users {
		mine := u.Kind == "mapping" && (u.Name == s.want.Name || here && u.Name == old.Name)
		// A mapping that a killed run left without a live table shows no loop
		// device.
		below := u.Kind == "loop" && (u.Path == now.Loop || here && u.AutoClear)
		if !mine && !below {
			others = append(others, u)
		}
	}
	if len(others) == 0 {
		return nil
	}
	top := others[len(others)-1]
	return fail.Newf(fail.Usage, op, "%s uses it already, and two at once would destroy its content", top).
		Hint("%s", release(h, top))
}

// release says how to end somebody else's use of a file or device.
func release(h host.Host, u crypt.User) string {
	switch u.Kind {
	case "mapping":
		return "see what it is: dmsetup table " + u.Name + "; if nothing needs it any more: " + crypt.CloseByHand(h, u.Name, u.Path)
	case "loop":
		return "see what stands on it: lsblk " + u.Path + "; if nothing needs it any more: losetup --detach " + u.Path
	}
	return "see what it is: lsblk " + u.Path
}

func (s *cryptStep) Save(context.Context, host.Host) (step.None, error) { return step.None{}, nil }

// Do notes what it puts the mapping on: whatever else has its name some day is
// somebody else's.
func (s *cryptStep) Do(ctx context.Context, h host.Host, was *cryptWas, r step.RunOf[host.Identity]) error {
	op := "make the mapping " + s.want.Name
	now, mine, err := s.find(h, was)
	if err != nil {
		return err
	}
	if mine { // what a killed run left
		if err := crypt.Close(ctx, h, s.want.Name); err != nil {
			return err
		}
	} else if now.Exists {
		return s.taken(h, now)
	}
	on, err := h.Identify(s.want.Backing)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if err := r.Note(on); err != nil {
		return err
	}
	return s.want.Open(ctx, h)
}

// find looks for the mapping, and whether it is the one in the journal.
func (s *cryptStep) find(h host.Host, was *cryptWas) (now crypt.State, mine bool, err error) {
	now, err = crypt.Find(h, s.want.Name)
	if err != nil || !now.Exists {
		return now, false, err
	}
	return now, isOurMapping(h, now, s.want, was.Made), nil
}

// Undo closes the mapping, if it is ours. If there is none any more, after a
// reboot, nothing below it is touched: the random data there may be somebody
// else's by now.
func (s *cryptStep) Undo(ctx context.Context, h host.Host, was *cryptWas, _ step.Progress) error {
	now, mine, err := s.find(h, was)
	if err != nil || !mine {
		return err
	}
	below := now.HasTable && now.IsOn(h, s.want.Backing)
	if err := crypt.Close(ctx, h, s.want.Name); err != nil || !below {
		return err
	}
	return s.blank(h)
}

// blank zeroes the start of what was below our mapping: the ciphertext of our
// header, and of what was swapped out after it. The rest is unreadable without
// the key; without the ciphertext at its start, the file or device is free for
// the next use, also by swapctl.
func (s *cryptStep) blank(h host.Host) error {
	st, err := h.Files.Stat(s.want.Backing)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, "blank the start of "+s.want.Backing, err)
	}
	if users, err := crypt.UsersOf(h, st); err != nil || len(users) > 0 {
		return err
	}
	if s.want.OffsetBytes == 0 { // a change to plain swap that was killed may go on here, with its header
		c, err := swapfile.Probe(h, s.want.Backing)
		if err != nil || !c.Noise() {
			return err
		}
	}
	return swapfile.Blank(h, s.want.Backing, s.want.OffsetBytes)
}
