package setup

import (
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// bridgeSuffix marks the steps of the area that bridges a change.
const bridgeSuffix = "@" + config.BridgeName

// bridge decides on a second swap file for the time in which the area that is
// on is taken down and made anew, so that the node never has less swap than the
// smaller of the two. It lies beside the swap file, and there is none for a
// device. A bridge that a killed run left is used again.
func bridge(ctx context.Context, h host.Host, c change, items []step.Item) (area.Area, bool) {
	a, old := c.area, c.old
	b := a
	b.Suffix = bridgeSuffix
	beside := a.Path
	if beside == "" {
		beside = old.Path
	}
	b.Device, b.Path = "", path.Join(path.Dir(beside), "."+path.Base(beside)+config.BridgeFile)
	b.Name, b.Priority, b.Discard = a.Name+"-"+config.BridgeName, -1, "none"
	b.SizeBytes = min(old.sizeBytes, a.SizeBytes)
	b.Erase = false
	if !hasRoom(h, a, b, old) {
		return area.Area{}, false
	}
	for _, s := range append(b.Upper(), b.Lower()) {
		f, err := s.Check(ctx, h, step.Record{})
		if err != nil || f.State == step.Blocked && !journaled(items, s.Info().ID) {
			return area.Area{}, false
		}
	}
	return b, true
}

// oldArea is the area that is on now.
type oldArea struct {
	area.Target
	swap      kernel.Swap
	sizeBytes int64 // of the file or device
	usedBytes int64 // of the file system, which its removal gives back
}

// change is an area that is on, and is taken down to become another.
type change struct {
	area area.Area
	old  oldArea
}

// comesDown finds the areas of ours that are on and that the items take down,
// the largest first.
func (n node) comesDown(h host.Host, items []step.Item) []change {
	var down []change
	for _, a := range n.areas {
		for _, it := range items {
			target, ok := area.OnTarget(it.Was)
			if it.Info.ID != "swap.on"+a.Suffix || !it.TakenDown || !ok || area.Adopted(it.Was) {
				continue
			}
			if swap, on, err := area.Active(h, target); err == nil && on {
				down = append(down, change{a, oldAreaOf(h, target, swap)})
			}
		}
	}
	slices.SortStableFunc(down, func(a, b change) int { return cmp.Compare(b.old.sizeBytes, a.old.sizeBytes) })
	return down
}

func oldAreaOf(h host.Host, t area.Target, swap kernel.Swap) oldArea {
	old := oldArea{Target: t, swap: swap, sizeBytes: swap.SizeBytes + int64(h.Kernel.PageSize())}
	if st, err := h.Files.Stat(t.Path); err == nil && st.Mode.IsRegular() {
		old.usedBytes = st.UsedBytes
	}
	return old
}

// hasRoom reports whether the file system holds the bridge beside the old area,
// and then beside the new one.
func hasRoom(h host.Host, a, b area.Area, old oldArea) bool {
	place, err := swapfile.CheckPlace(h, b.Path)
	if err != nil {
		return false
	}
	grown := b.SizeBytes
	if a.Device == "" {
		grown += max(a.SizeBytes-old.usedBytes, 0)
	}
	return swapfile.CheckRoom(h, place, grown, 0, true) == nil
}

func journaled(items []step.Item, id string) bool {
	for _, it := range items {
		if it.Info.ID == id {
			return it.Was.Ours()
		}
	}
	return false
}
