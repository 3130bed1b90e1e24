package area

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/systemd"
)

// ZramInTheWay says what zram does beside the area: the kernel uses areas in the
// order of their priorities, and those on zram are usually given a high one.
func ZramInTheWay(h host.Host, areas []Area) []string {
	var said []string
	swaps, _ := kernel.Swaps(h)
	for _, s := range swaps {
		if !strings.HasPrefix(s.Path, "/dev/zram") {
			continue
		}
		for _, a := range areas {
			if s.Priority > a.Priority {
				said = append(said, fmt.Sprintf("the kernel fills %s, which is in memory, before %s: its priority is %d (--priority %d or more puts this area first)",
					s.Path, a.areaName(len(areas)), s.Priority, min(s.Priority+1, 32767)))
			}
		}
	}
	if len(said) > 0 {
		return said
	}
	words, _ := kernel.ReadCommandLine(h)
	if by := systemd.Zram(h, words); len(by) > 0 {
		return []string{"zram is set up (" + by[0] + ") and may add swap in memory at the next boot, which the kernel fills first"}
	}
	return nil
}

// areaName is what a sentence calls one of so many areas.
func (a Area) areaName(of int) string {
	if of == 1 {
		return "this area"
	}
	return a.Backing()
}
