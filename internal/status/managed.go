package status

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// managed is an area of the journal, and what is at its path now.
type managed struct {
	Managed
	st  host.Stat
	err error
	on  bool // the kernel swaps to it, and not only to something of this path
}

func statManaged(h host.Host, j Journal) []managed {
	var all []managed
	for _, a := range j.Areas {
		st, err := h.Files.Stat(a.Path)
		all = append(all, managed{a, st, err, a.Mapping != "" || kernel.SwapsTo(h, a.Path)})
	}
	return all
}

// owner finds the area in the journal that this one is. Device and inode
// decide; a name only if these are not known.
func (r *reader) owner(stack kernel.Layer, s kernel.Swap) (managed, bool) {
	for _, m := range r.managed {
		if m.Mapping == "" {
			switch {
			case !m.is(stack, s):
			case m.on:
				return m, true
			default:
				r.note(fmt.Sprintf("%s: the kernel does not swap to what has this path here, which swapctl made, but to something else in another mount namespace", label(s.Path)))
			}
			continue
		}
		if m.Mapping != stack.Mapping {
			continue
		}
		below := underneath(stack)
		if m.is(below, kernel.Swap{}) {
			return m, true
		}
		r.note(fmt.Sprintf("%s: the mapping %s is not the one that swapctl made: it stands on %s, not on %s",
			label(s.Path), label(m.Mapping), label(below.Path), label(m.Path)))
	}
	return managed{}, false
}

// underneath is what is below a mapping: a device, or the backing file of a
// loop device.
func underneath(mapping kernel.Layer) kernel.Layer {
	if len(mapping.Below) == 0 {
		return kernel.Layer{Kind: kernel.KindUnknown}
	}
	below := mapping.Below[0]
	if below.Kind == kernel.KindLoop && len(below.Below) > 0 {
		return below.Below[0]
	}
	return below
}

// is reports whether the layer, the area s or what is below a mapping, is the
// one in the journal.
func (m managed) is(l kernel.Layer, s kernel.Swap) bool {
	switch {
	case l.Kind != kernel.KindFile:
		return m.isDevice(l)
	case l.Deleted || l.Unseen:
		return l.Path == m.Path
	case l.Hidden && l.Ino != 0 && m.err == nil && m.st.Dev == l.Dev && m.st.Ino == l.Ino:
		return true
	case l.Hidden:
		// The kernel shows the path below the mount point. A file at our path
		// now must at least be large enough.
		return strings.HasSuffix(m.Path, l.Path) && (m.err != nil || m.st.SizeBytes >= s.SizeBytes)
	default:
		return m.err == nil && m.st.Dev == l.Dev && m.st.Ino == l.Ino
	}
}

func (m managed) isDevice(l kernel.Layer) bool {
	if m.err != nil {
		return l.Path == m.Path // a node that is gone, or not to be seen
	}
	return m.st.IsBlock() && l.Dev != 0 && m.st.Rdev == l.Dev
}
