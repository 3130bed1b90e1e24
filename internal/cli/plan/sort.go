package plan

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/limits"
)

// sortOrder returns the order of --sort, nil for the order of the input.
func sortOrder(name string) func(a, b *limits.Row) int {
	byName := func(a, b *limits.Row) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Pod, b.Pod),
			strings.Compare(a.Workload, b.Workload), strings.Compare(a.Node, b.Node))
	}
	switch name {
	case "swap":
		return func(a, b *limits.Row) int { return cmp.Or(cmp.Compare(swapOf(b), swapOf(a)), byName(a, b)) }
	case "request":
		return func(a, b *limits.Row) int {
			return cmp.Or(cmp.Compare(b.MemoryRequestBytes, a.MemoryRequestBytes), byName(a, b))
		}
	case "name":
		return byName
	}
	return nil
}

// swapOf is a container's swap; no limit sorts as the largest.
func swapOf(r *limits.Row) int64 {
	if r.SwapLimitBytes == nil {
		return math.MaxInt64
	}
	return *r.SwapLimitBytes
}

// planRows returns the containers that were asked for, in the order that was
// asked for. Only an order other than that of the input takes memory for each.
func planRows(plan *planned, o *flags) iter.Seq2[*limits.Row, error] {
	rows := plan.Rows()
	if o.onlySwappable {
		rows = swappable(rows)
	}
	if order := sortOrder(o.sort); order != nil {
		rows = sorted(rows, order)
	}
	return rows
}

// swappable leaves out containers that get no swap.
func swappable(rows iter.Seq2[*limits.Row, error]) iter.Seq2[*limits.Row, error] {
	return func(yield func(*limits.Row, error) bool) {
		for row, err := range rows {
			if (err != nil || swapOf(row) > 0) && !yield(row, err) {
				return
			}
		}
	}
}

// sorted keeps all rows in memory. Equal containers of a pod keep their order.
func sorted(rows iter.Seq2[*limits.Row, error], order func(a, b *limits.Row) int) iter.Seq2[*limits.Row, error] {
	var all []*limits.Row
	return func(yield func(*limits.Row, error) bool) {
		if all == nil {
			for row, err := range rows {
				if err != nil {
					yield(nil, err)
					return
				}
				all = append(all, keepRow(row))
			}
			slices.SortStableFunc(all, order)
		}
		for _, row := range all {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// keepRow copies a row, which the next one overwrites.
func keepRow(r *limits.Row) *limits.Row {
	c := *r
	if r.Priority != nil {
		c.Priority = new(*r.Priority)
	}
	if r.SwapLimitBytes != nil {
		c.SwapLimitBytes = new(*r.SwapLimitBytes)
	}
	if r.MemorySwapMax != nil {
		c.MemorySwapMax = new(*r.MemorySwapMax)
	}
	return &c
}
