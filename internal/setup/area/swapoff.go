package area

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/step"
)

// swapOff turns one area off and tells how much of it has been read back. An
// area with nothing in it goes at once.
func swapOff(ctx context.Context, h host.Host, swap kernel.Swap, node string, p step.Progress) error {
	if swap.UsedBytes == 0 {
		return h.Kernel.SwapOff(ctx, node)
	}
	over, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		tellUse(h, swap, p, over)
	}()
	err := h.Kernel.SwapOffApart(ctx, node)
	close(over)
	<-told // whoever hears of the progress hears one thing at a time
	return err
}

// useEvery is how often the use of an area that is being read back is looked at.
const useEvery = 200 * time.Millisecond

// tellUse reports how much of an area is no longer in use, until it is over.
func tellUse(h host.Host, area kernel.Swap, p step.Progress, over <-chan struct{}) {
	if p == nil {
		return
	}
	tick := time.NewTicker(useEvery)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		now, err := kernel.Swaps(h)
		if err != nil {
			continue
		}
		for _, s := range now {
			if s.Path == area.Path {
				p(max(0, area.UsedBytes-s.UsedBytes), area.UsedBytes)
			}
		}
	}
}

// FitsInMemory refuses to turn off an area whose content would not fit into
// available memory and the other areas. A twentieth of the memory must stay
// available: the kernel kills processes before it is quite full.
//
// Nor one that the kernel would not turn off however much is free: force does not help
// there.
func FitsInMemory(h host.Host, swap kernel.Swap, force bool) error {
	op := "turn off swap on " + swap.Path
	why, hints, err := commitForbids(h, swap.SizeBytes)
	if err != nil {
		return fail.New(fail.Failed, op, err, "cat /proc/meminfo /proc/sys/vm/overcommit_memory")
	}
	if why != "" {
		return fail.New(fail.Failed, op, errors.New(why), hints...)
	}
	m, err := readMemory(h)
	if err != nil {
		return err
	}
	margin := m.TotalBytes / 20
	others := max(0, m.SwapFreeBytes-(swap.SizeBytes-swap.UsedBytes))
	room := m.AvailableBytes + others
	switch {
	case force || swap.UsedBytes == 0:
		return nil
	case swap.UsedBytes+margin <= room && others < swap.UsedBytes:
		return fitsInGroups(h, swap)
	case swap.UsedBytes+margin <= room:
		return nil
	}
	return fail.Newf(fail.Failed, op,
		"%s of it is in use, and only %s of memory and other swap are free, of which %s must stay free",
		bytesize.Format(swap.UsedBytes), bytesize.Format(room), bytesize.Format(margin)).
		Hint("stop or move some of the workload, or add another swap area first").
		Hint("swapctl teardown --force tries anyway; the kernel may then kill processes")
}

// fitsInGroups refuses to turn off an area when a control group owns more of it
// than it may have in memory: the kernel would kill the group's processes, or
// give up with ENOMEM, although the node has room.
func fitsInGroups(h host.Host, swap kernel.Swap) error {
	groups, err := kernel.TightGroups(h)
	if err != nil || len(groups) == 0 {
		return fail.New(fail.Failed, "look at the control groups", err)
	}
	g := groups[0]
	more := ""
	if len(groups) > 1 {
		more = fmt.Sprintf(", and %d other groups are like it", len(groups)-1)
	}
	return fail.Newf(fail.Failed, "turn off swap on "+swap.Path,
		"control group %s has %s in swap and %s in memory, and may have only %s in memory%s", g.Path,
		bytesize.Format(g.SwapBytes), bytesize.Format(g.MemoryBytes), bytesize.Format(g.LimitBytes), more).
		Hint("give it more (/sys/fs/cgroup%s/memory.max), or stop what runs in it", g.Path).
		Hint("swapctl teardown --force tries anyway; the kernel may then kill its processes")
}
