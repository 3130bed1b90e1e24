package check

import (
	"errors"

	"github.com/swapctl/swapctl/internal/kernel"
)

// Marks are the kernel's watermarks of free memory, summed over all zones, in
// bytes.
type Marks struct {
	MinBytes  int64 // below, allocations wait for reclaim, or the OOM killer runs
	LowBytes  int64 // below, kswapd begins to reclaim
	HighBytes int64 // until this it goes on
	From      string
}

// marks reads the watermarks from the zones, or computes them.
func (t Tuning) marks(memoryBytes, pageBytes int64) (Marks, error) {
	if t.ZonesErr == nil && len(t.Zones) > 0 {
		return zoneMarks(t.Zones, pageBytes), nil
	}
	minFree, ok1 := t.MinFree.Number()
	scale, ok2 := t.ScaleFactor.Number()
	if !ok1 || !ok2 || memoryBytes <= 0 {
		return Marks{}, errors.Join(t.ZonesErr, errors.New(t.MinFree.String()), errors.New(t.ScaleFactor.String()))
	}
	m := zoneMarks(setMarks([]kernel.Zone{{Name: "Normal", ManagedPages: memoryBytes / pageBytes}}, minFree, scale, pageBytes), pageBytes)
	m.From = t.MinFree.File + ", " + t.ScaleFactor.File
	return m, nil
}

// zoneMarks sums up the zones. The lowmem reserve of a zone is added to each of
// its watermarks.
func zoneMarks(zones []kernel.Zone, pageBytes int64) Marks {
	m := Marks{From: "/proc/zoneinfo"}
	for _, z := range zones {
		reserve := min(z.ReservedPages, z.ManagedPages)
		m.MinBytes += (z.MinPages + reserve) * pageBytes
		m.LowBytes += (z.LowPages + reserve) * pageBytes
		m.HighBytes += (z.HighPages + reserve) * pageBytes
	}
	return m
}

// Bounds of the "min" mark of zones that the kernel itself cannot use.
const (
	clusterPages = 32 // SWAP_CLUSTER_MAX
	mostPages    = 128
)

// setMarks computes the watermarks of zones as the kernel would for these
// values of vm.min_free_kbytes and vm.watermark_scale_factor (mm/page_alloc.c,
// __setup_per_zone_wmarks, Linux 5.0 to 6.18).
func setMarks(zones []kernel.Zone, minFreeKiB, scaleFactor, pageBytes int64) []kernel.Zone {
	minPages := minFreeKiB * 1024 / pageBytes
	usable := int64(0)
	for _, z := range zones {
		if !z.IsUserOnly() {
			usable += z.ManagedPages
		}
	}
	set := make([]kernel.Zone, len(zones))
	for i, z := range zones {
		share := int64(0)
		if usable > 0 {
			share = minPages * z.ManagedPages / usable
		}
		z.MinPages = share
		if z.IsUserOnly() {
			z.MinPages = min(max(z.ManagedPages/1024, clusterPages), mostPages)
		}
		gap := max(share/4, z.ManagedPages*scaleFactor/10000)
		z.LowPages = z.MinPages + gap
		z.HighPages = z.LowPages + gap
		set[i] = z
	}
	return set
}
