package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/step"
)

// What is ours is only what can be proved, whatever name it has: the file with the
// inode that the journal knows, the mapping over what the journal says it was put
// on, the device that holds our tag or our header. Everything else is left as it is.

// known is what the journal says of a step now. It is read each time, because the
// run that asks writes to it: what a step made is known once its Do has noted it.
func known(h host.Host, id string) (step.Record, error) {
	j, err := step.ReadJournal(h, JournalPath)
	return j.Record(id), err
}

// madeOf is what a step's Do noted; the zero Identity if nothing.
func madeOf(r step.Record) host.Identity {
	var made host.Identity
	_ = json.Unmarshal(r.Made, &made) // there is none, or it is damaged: then nothing is proved by it
	return made
}

// headerUUID is the UUID of the header that is ours in an area, the zero one if the
// journal knows none.
func headerUUID(h host.Host, area string) ([16]byte, error) {
	var saved headerSaved
	r, err := known(h, "swap.header"+area)
	if err == nil && r.Ours() {
		err = json.Unmarshal(r.Saved, &saved)
	}
	return saved.UUID, err
}

// isOurMapping reports whether now, the mapping that has the name of m, is the one
// that the journal knows as m: put on what it says, and beginning there. One without
// a table is what a killed run left, and has no key to lose.
func isOurMapping(h host.Host, now crypt.State, m crypt.Mapping, made host.Identity) bool {
	if now.UUID == crypt.UUID(m.Name) && !now.HasTable {
		return true
	}
	return now.OffsetBytes == m.OffsetBytes && now.StandsOn(h, m.Backing, made)
}

// ourMapping is isOurMapping of a target: by what the journal knows of its mapping,
// and otherwise by its path alone.
func (t target) ourMapping(h host.Host, now crypt.State) (bool, error) {
	j, err := step.ReadJournal(h, JournalPath)
	if err != nil {
		return false, err
	}
	for _, r := range j.Records {
		kind, _ := splitID(r.ID)
		if m := mappingOf(r); kind == "swap.crypt" && m.Name == t.Mapping && m.Backing == t.Path {
			return isOurMapping(h, now, m, madeOf(r)), nil
		}
	}
	return now.StandsOn(h, t.Path, host.Identity{}), nil
}

// leftAlone says what has a name of ours and is not ours, so that whoever takes
// ours away leaves it.
func leftAlone(h host.Host, records []step.Record, o DownOptions) []string {
	var left []string
	for _, r := range records {
		s, err := build(r, o)
		if err != nil {
			continue // whoever acts on it meets it again
		}
		if l, ok := s.(interface {
			leaves(h host.Host, r step.Record) string
		}); ok {
			if text := l.leaves(h, r); text != "" {
				left = append(left, text)
			}
		}
	}
	return left
}

func (s fileStep) leaves(h host.Host, r step.Record) string {
	if s.keep {
		return ""
	}
	if _, err := h.Files.Lstat(s.want.Path); err != nil {
		return ""
	}
	if mine, err := s.made(h, r); err != nil || mine {
		return ""
	}
	return fmt.Sprintf("%s is not the file that swapctl made there, and stays as it is", s.want.Path)
}

func (s cryptStep) leaves(h host.Host, r step.Record) string {
	now, err := crypt.Find(h, s.want.Name)
	if err != nil || !now.Exists || isOurMapping(h, now, s.want, madeOf(r)) {
		return ""
	}
	return fmt.Sprintf("the mapping %s is somebody else's, on %s, and stays as it is", s.want.Name, now.BackingPath)
}

func (s deviceStep) leaves(h host.Host, r step.Record) string {
	st, err := resolveDevice(h, s.want.Device)
	if err != nil {
		return ""
	}
	users, err := crypt.UsersOf(h, st)
	if _, on, onErr := activeSwap(h, target{Path: s.want.Device}); on || err != nil || onErr != nil || len(users) > 0 {
		return ""
	}
	if mine, content, err := s.holdsOurs(h, r); err == nil && !mine {
		return fmt.Sprintf("%s holds what swapctl did not write there (%s), and stays as it is", s.want.Device, content.What)
	}
	return ""
}

func (s onStep) leaves(h host.Host, _ step.Record) string { return onElsewhere(h, s.want.target) }

// onElsewhere says that the kernel swaps to a file or device that has, in another
// mount namespace, the path of the target. /proc/swaps names both alike.
func onElsewhere(h host.Host, t target) string {
	node, err := t.node(h)
	swaps, swapsErr := kernel.Swaps(h)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || swapsErr != nil || t.Mapping != "" {
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
