package check

import (
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

func sideEffectsCheck() Check {
	return Check{
		ID: "swap-side-effects", Title: "Swap is in nobody's way",
		Want:  "no swap file in a btrfs subvolume that is snapshotted, no ZFS volume and no thin volume below swap",
		Why:   "btrfs makes no snapshot of a subvolume with an active swap file. A ZFS volume needs memory to write, which may then wait for swap for ever; a thin volume runs full when its pool does.",
		Needs: []string{"swap-active"},
		Says:  []Status{Pass, Warn}, Run: inTheWay,
	}
}

func inTheWay(f *Facts) Finding {
	var all []string
	hint := ""
	for _, a := range f.Areas {
		for _, w := range a.Warnings {
			what, cure, _ := strings.Cut(w, "; ")
			all = append(all, a.Name()+": "+what)
			hint = cure
		}
	}
	if len(all) > 0 {
		return warn(strings.Join(all, "; "), hint)
	}
	return pass("no area is in a btrfs subvolume of the system, on a ZFS volume or on a thin volume")
}

// sideEffects are the effects of swap there on other things, each with its cure
// after "; ".
func sideEffects(h host.Host, at kernel.Layer) []string {
	var said []string
	at.Walk(func(l kernel.Layer) bool {
		if text := kernel.SwapSideEffect(h, l); text != "" {
			said = append(said, text)
		}
		return true
	})
	return said
}
