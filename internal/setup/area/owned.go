package area

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
)

// What is ours is only what can be proved, whatever name it has: the file with the
// inode that the journal knows, the mapping over what the journal says it was put
// on, the device that holds our tag or our header. Everything else is left as it is.

// known is what the journal says of another step now. It is read each time, because the
// run that asks writes to it.
func known[Want, Saved, Made any](h host.Host, id string) (*step.Was[Want, Saved, Made], error) {
	j, err := step.ReadJournal(h, config.JournalPath)
	if err != nil {
		return &step.Was[Want, Saved, Made]{}, err
	}
	return step.Read[Want, Saved, Made](j.Record(id))
}

// headerUUID is the UUID of the header that is ours in an area, the zero one if the
// journal knows none.
func headerUUID(h host.Host, area string) ([16]byte, error) {
	was, err := known[headerWant, headerSaved, step.None](h, "swap.header"+area)
	return was.Saved.UUID, err
}

// isOurMapping reports whether now, the mapping that has the name of m, is the one
// that the journal knows as m: put on what it says, and beginning there. One without
// a table is what a killed run left, and has no key to lose.
func isOurMapping(h host.Host, now crypt.State, m crypt.Mapping, made *host.Identity) bool {
	if now.UUID == crypt.UUID(m.Name) && !now.HasTable {
		return true
	}
	if made == nil {
		made = &host.Identity{}
	}
	return now.OffsetBytes == m.OffsetBytes && now.StandsOn(h, m.Backing, *made)
}

// ourMapping is isOurMapping of a target: by what the journal knows of its mapping,
// and otherwise by its path alone.
func (t Target) ourMapping(h host.Host, now crypt.State) (bool, error) {
	j, err := step.ReadJournal(h, config.JournalPath)
	if err != nil {
		return false, err
	}
	for _, r := range j.Records {
		if kind, _ := step.SplitID(r.ID); kind != "swap.crypt" {
			continue
		}
		was, err := step.Read[crypt.Mapping, step.None, host.Identity](r)
		if err != nil {
			return false, err
		}
		if was.Want.Name == t.Mapping && was.Want.Backing == t.Path {
			return isOurMapping(h, now, was.Want, was.Made), nil
		}
	}
	return now.StandsOn(h, t.Path, host.Identity{}), nil
}

// InSight refuses while a file that is to be removed cannot be seen.
func InSight(h host.Host, s step.Step, r step.Record) error {
	file, ok := step.As[*fileStep](s)
	if !ok || file.keep {
		return nil
	}
	was, err := step.Read[fileWant, fileSaved, host.Identity](r)
	if err != nil {
		return err
	}
	return file.elsewhere(h, was.Saved)
}

// LeavesAlone tells of a file at the path that is not the one we made.
func (s *fileStep) LeavesAlone(h host.Host, was *fileWas) string {
	if s.keep {
		return ""
	}
	if _, err := h.Files.Lstat(s.want.Path); err != nil {
		return ""
	}
	if mine, err := s.made(h, was); err != nil || mine {
		return ""
	}
	return fmt.Sprintf("%s is not the file that swapctl made there, and stays as it is", s.want.Path)
}

// LeavesAlone tells of a mapping of our name that is not ours.
func (s *cryptStep) LeavesAlone(h host.Host, was *cryptWas) string {
	now, err := crypt.Find(h, s.want.Name)
	if err != nil || !now.Exists || isOurMapping(h, now, s.want, was.Made) {
		return ""
	}
	return fmt.Sprintf("the mapping %s is somebody else's, on %s, and stays as it is", s.want.Name, now.BackingPath)
}

// LeavesAlone tells of content of the device that is not ours.
func (s *deviceStep) LeavesAlone(h host.Host, was *deviceWas) string {
	st, err := ResolveDevice(h, s.want.Device)
	if err != nil {
		return ""
	}
	users, err := crypt.UsersOf(h, st)
	if _, on, onErr := Active(h, Target{Path: s.want.Device}); on || err != nil || onErr != nil || len(users) > 0 {
		return ""
	}
	if mine, content, err := s.holdsOurs(h, was); err == nil && !mine {
		return fmt.Sprintf("%s holds what swapctl did not write there (%s), and stays as it is", s.want.Device, content.What)
	}
	return ""
}

// LeavesAlone tells of what has our path elsewhere.
func (s *onStep) LeavesAlone(h host.Host, _ *onWas) string { return OnElsewhere(h, s.want.Target) }

// OnElsewhere says that the kernel swaps to a file or device that has, in another
// mount namespace, the path of the target. /proc/swaps names both alike.
func OnElsewhere(h host.Host, t Target) string {
	if t.Mapping != "" {
		return ""
	}
	node, err := t.Node(h)
	swaps, swapsErr := kernel.Swaps(h)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || swapsErr != nil {
		return ""
	}
	lines := 0
	for _, s := range swaps {
		if s.Path == node {
			lines++
		}
	}
	if lines == 0 || lines == 1 && kernel.SwapsTo(h, node) {
		return ""
	}
	return fmt.Sprintf("a line of /proc/swaps for %s is not of what is there, but of something else that has this path in another mount namespace; it stays as it is", node)
}
