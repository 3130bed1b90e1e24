package kernel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Zone is a part of the machine's memory with its own watermarks, a block of
// /proc/zoneinfo. Pages are of the machine's page size.
type Zone struct {
	Node int
	Name string // DMA, DMA32, Normal, Movable, HighMem

	FreePages    int64
	MinPages     int64 // below: only urgent allocations of the kernel succeed
	LowPages     int64 // below: kswapd is woken
	HighPages    int64 // kswapd continues until this is reached
	ManagedPages int64 // pages managed by the page allocator

	// ReservedPages is what the zone reserves against allocations that a higher
	// zone could serve as well: the last number of "protection". It is added to
	// every watermark (mm/page_alloc.c, __zone_watermark_ok).
	ReservedPages int64
	// InactiveFilePages is the node's, and only in its first zone.
	InactiveFilePages int64
}

// Zones reads /proc/zoneinfo; zones without memory are left out.
func Zones(h host.Host) ([]Zone, error) {
	data, err := h.Files.ReadFile("/proc/zoneinfo", host.TableLimit)
	if err != nil {
		return nil, err
	}
	return ParseZones(data)
}

// ParseZones parses /proc/zoneinfo (mm/vmstat.c, zoneinfo_show_print).
func ParseZones(data []byte) ([]Zone, error) {
	var zones []Zone
	var z *Zone
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) >= 4 && f[0] == "Node" && f[2] == "zone" {
			node, err := strconv.Atoi(strings.TrimSuffix(f[1], ","))
			if err != nil {
				return nil, fmt.Errorf("/proc/zoneinfo: node %q", f[1])
			}
			zones = append(zones, Zone{Node: node, Name: f[3]})
			z = &zones[len(zones)-1]
			continue
		}
		if z == nil {
			continue
		}
		if err := z.parse(f); err != nil {
			return nil, fmt.Errorf("/proc/zoneinfo: %w in line %q", err, strings.TrimSpace(line))
		}
	}
	if len(zones) == 0 {
		return nil, fmt.Errorf("/proc/zoneinfo: no zone in it")
	}
	return populated(zones), nil
}

// parse parses a line of the zone's block, if it matters.
func (z *Zone) parse(f []string) error {
	if len(f) < 2 {
		return nil
	}
	figure := map[string]*int64{
		"min": &z.MinPages, "low": &z.LowPages, "high": &z.HighPages, "managed": &z.ManagedPages,
		"nr_inactive_file": &z.InactiveFilePages,
	}[f[0]]
	text := f[1]
	switch {
	case f[0] == "pages" && f[1] == "free" && len(f) > 2:
		figure, text = &z.FreePages, f[2]
	case f[0] == "protection:":
		figure, text = &z.ReservedPages, strings.Trim(f[len(f)-1], "()")
	}
	if figure == nil {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a number of pages", text)
	}
	*figure = n
	return nil
}

func populated(zones []Zone) []Zone {
	var with []Zone
	for _, z := range zones {
		if z.ManagedPages > 0 {
			with = append(with, z)
		}
	}
	return with
}

// IsUserOnly reports whether the kernel cannot have its own structures there:
// movable memory and, on 32-bit machines, high memory.
func (z Zone) IsUserOnly() bool { return z.Name == "Movable" || z.Name == "HighMem" }
