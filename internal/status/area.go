package status

import (
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// reader is one look at a node.
type reader struct {
	h         host.Host
	stacks    *kernel.Stacks
	managed   []managed
	notes     []string
	needsRoot bool
}

// note keeps a note once.
func (r *reader) note(text string) {
	if !slices.Contains(r.notes, text) {
		r.notes = append(r.notes, text)
	}
}

// area describes one line of /proc/swaps. known says whether it is known which
// areas swapctl manages.
func (r *reader) area(s kernel.Swap, known bool) Area {
	stack, err := r.stacks.Of(s)
	if err != nil {
		r.note(label(s.Path) + ": not all that it stands on could be found out: " + err.Error())
	}
	ours, isOurs := r.owner(stack, s)
	if isOurs && stack.Hidden {
		stack = r.lookAgain(stack, s, ours)
	}
	r.examine(s, stack)
	a := Area{
		Path: s.Path, Kind: s.Kind, SizeBytes: s.SizeBytes, UsedBytes: s.UsedBytes, Priority: s.Priority,
		Encrypted: stack.Encrypted(),
		Mapping:   stack.Mapping,
		Backing:   stack.Describe(),
	}
	if stack.Kind == kernel.KindZram {
		a.Kind = kernel.KindZram
	}
	if a.Encrypted {
		a.Cipher, a.KeySizeBits = ciphers(stack)
	}
	if known {
		a.Managed = &isOurs
	}
	return a
}

// lookAgain describes a file of ours whose path in /proc/swaps does not lead to
// it, by the path in the journal.
func (r *reader) lookAgain(stack kernel.Layer, s kernel.Swap, ours managed) kernel.Layer {
	if ours.err != nil {
		return stack
	}
	s.Path = ours.Path
	found, err := r.stacks.Of(s)
	if err != nil || found.Hidden {
		return stack
	}
	return found
}

// ciphers are those on the way to the disks, several only if they differ, and
// the size of the smallest key, 0 if one is not known.
func ciphers(l kernel.Layer) (names string, keyBits int) {
	var all []string
	unknown := false
	l.Walk(func(at kernel.Layer) bool {
		if at.Kind != kernel.KindCrypt || at.NullCipher {
			return true
		}
		if at.Cipher == "" {
			unknown = true
		} else if !slices.Contains(all, at.Cipher) {
			all = append(all, at.Cipher)
		}
		if keyBits == 0 || at.KeyBits < keyBits {
			keyBits = at.KeyBits
		}
		return false
	})
	if unknown {
		return "", 0
	}
	return strings.Join(all, ", "), keyBits
}
