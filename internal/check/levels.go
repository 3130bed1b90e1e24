package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// levels sorts the thresholds, from much free memory to little.
func (e Eviction) levels() []Level {
	all := []Level{
		{"high", e.HighBytes, "kswapd goes to sleep again"},
		{"low", e.LowBytes, "kswapd wakes: page cache is dropped, and memory is swapped out"},
		{"min", e.MinBytes, "allocations wait; with swap full, the kernel kills"},
	}
	add := func(name string, bytes *int64, meaning string) {
		if bytes != nil {
			level := max(0, *bytes-e.KernelBytes)
			all = append(all, Level{name, level, meaning})
		}
	}
	add("evictionSoft", e.SoftBytes, "memory.available is at the soft threshold: eviction after the grace period")
	if e.HardBytes != nil {
		add("evictionHard", e.HardBytes, "memory.available is at "+bytesize.Format(*e.HardBytes)+": the kubelet evicts")
	}
	if e.PodsLevelBytes != nil {
		all = append(all, Level{"evictionHard of pods", *e.PodsLevelBytes, fmt.Sprintf("pods have used up what is left beside %s reserved: the kubelet evicts", bytesize.Format(e.ReservedBytes))})
	}
	slices.SortStableFunc(all, func(a, b Level) int { return cmp.Compare(b.FreeBytes, a.FreeBytes) })
	return all
}
