package plan

import (
	"fmt"
	"iter"
	"strings"

	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// diffView prints what changes for each container, and below it what changes
// for the nodes.
type diffView struct {
	*plannedPair
	wide    bool
	several bool // nodes
}

func (v diffView) draw(p *report.Printer, changes iter.Seq2[*limits.Change, error], sum *diffSummary) error {
	v.several = len(v.before.Nodes()) > 1 || len(v.after.Nodes()) > 1
	c := &report.Columns{Head: []report.Column{
		{Title: "CHANGE"}, {Title: "NAMESPACE", Short: true}, {Title: "POD", Short: true}, {Title: "CONTAINER", Short: true},
		{Title: "REQUEST", Right: true, Spare: 1}, {Title: "SWAP BEFORE", Right: true}, {Title: "SWAP AFTER", Right: true}, {Title: "REASON", Spare: 2},
	}}
	if v.several {
		c.Head = append(c.Head, report.Column{Title: "NODE", Short: true})
	}
	rows, err := measure(c, changes, v.row)
	if err == nil && rows > 0 {
		err = drawRows(p, c, changes, v.row)
	}
	if err != nil {
		return err
	}
	lines := []string{
		fmt.Sprintf("Containers: %d changed, %d added, %d removed, %d the same.", sum.Changed, sum.Added, sum.Removed, sum.Same),
		fmt.Sprintf("Swap: %d get more, %d get less.", sum.MoreSwap, sum.LessSwap),
	}
	return p.Text(strings.Join(append(lines, v.nodeLines()...), "\n"))
}

func (v diffView) row(c *limits.Change) []report.Cell {
	before, after := c.Before, c.After
	size := swapAmount
	if v.wide {
		size = swapExact
	}
	cells := report.Text(string(c.Kind), c.Namespace, changedName(c), containerName(&limits.Row{Container: c.Container, Type: c.Type}),
		twice(before, after, func(o *limits.Outcome) string { return orNone(amount(o.MemoryRequestBytes)) }),
		outcomeText(before, size), outcomeText(after, size),
		twice(before, after, func(o *limits.Outcome) string { return string(o.Reason) }))
	if v.several {
		cells = append(cells, report.Text(twice(before, after, func(o *limits.Outcome) string { return o.Node }))...)
	}
	mood := report.Plain
	switch compareSwap(before, after) {
	case 1:
		mood = report.Good
	case -1:
		mood = report.Notice
	}
	cells[0].Mood, cells[6].Mood = mood, mood
	return cells
}

// changedName is the name of the pod, and how many copies there were and are.
func changedName(c *limits.Change) string {
	row := limits.Row{Pod: c.Pod, Workload: c.Workload}
	switch {
	case c.Before == nil:
		row.Replicas = c.After.Replicas
	case c.After == nil || c.After.Replicas == c.Before.Replicas:
		row.Replicas = c.Before.Replicas
	default:
		row.Replicas = 1
		return fmt.Sprintf("%s ×%d→%d", podName(&row), c.Before.Replicas, c.After.Replicas)
	}
	return podName(&row)
}

// outcomeText is the swap on one side, empty if there is no container.
func outcomeText(o *limits.Outcome, size func(*int64) string) string {
	if o == nil {
		return ""
	}
	return size(o.SwapLimitBytes)
}

// twice formats a value of both sides, once if they are equal.
func twice(before, after *limits.Outcome, say func(*limits.Outcome) string) string {
	switch {
	case before == nil:
		return say(after)
	case after == nil, say(before) == say(after):
		return say(before)
	}
	return say(before) + " → " + say(after)
}

// compareSwap returns whether a container gets more (1), less (-1) or as much
// (0).
func compareSwap(before, after *limits.Outcome) int {
	of := func(o *limits.Outcome) int64 {
		if o == nil {
			return 0
		}
		return swapOf(&limits.Row{SwapLimitBytes: o.SwapLimitBytes})
	}
	switch b, a := of(before), of(after); {
	case a > b:
		return 1
	case a < b:
		return -1
	}
	return 0
}

// nodeLines say what changes for each node.
func (v diffView) nodeLines() []string {
	before := map[string]planNode{}
	for _, n := range planNodes(v.before) {
		before[n.Name] = n
	}
	var lines []string
	for _, n := range planNodes(v.after) {
		old, known := before[n.Name]
		delete(before, n.Name)
		if !known {
			lines = append(lines, fmt.Sprintf("%s, new: %s.", nodeTitle(n.Name), nodeSummary(n)))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s before: %s.", nodeTitle(n.Name), nodeSummary(old)),
			fmt.Sprintf("%s after:  %s.", nodeTitle(n.Name), nodeSummary(n)))
	}
	for _, n := range planNodes(v.before) {
		if _, gone := before[n.Name]; gone {
			lines = append(lines, fmt.Sprintf("%s, gone: %s.", nodeTitle(n.Name), nodeSummary(n)))
		}
	}
	return lines
}

func nodeSummary(n planNode) string {
	text := fmt.Sprintf("%s memory, %s swap, granted %s%s, unreachable %s", quantity(n.MemoryBytes), quantity(n.SwapBytes),
		quantity(n.Totals.SwapLimitBytes), inBrackets(percentOf(n.Totals.SwapLimitBytes, n.SwapBytes)), quantity(n.Totals.UnreachableSwapBytes))
	if n.Totals.OvercommitBytes > 0 {
		text += ", overcommitted"
	}
	return text
}

// inBrackets makes " 20%" " (20%)".
func inBrackets(percent string) string {
	if percent == "" {
		return ""
	}
	return " (" + percent[1:] + ")"
}
