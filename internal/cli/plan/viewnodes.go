package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/report"
)

// drawPlanNodes prints the sums over the pods of each node.
func drawPlanNodes(p *report.Printer, nodes []planNode, wide bool) error {
	c := &report.Columns{Head: []report.Column{
		{Title: "NODE", Short: true}, {Title: "MEMORY", Right: true, Spare: 2}, {Title: "SWAP", Right: true},
		{Title: "PODS", Right: true, Spare: 1}, {Title: "SWAPPABLE", Right: true}, {Title: "REQUESTED", Right: true, Spare: 3},
		{Title: "UNREACHABLE", Right: true}, {Title: "GRANTED"},
	}}
	size := quantity
	if wide {
		c.Head = append(c.Head, report.Titles("KUBERNETES", "BEHAVIOR", "CGROUP", "PAGE")...)
		size = func(bytes int64) string { return strconv.FormatInt(bytes, 10) }
	}
	nameless := unnamed(nodes)
	if nameless {
		c.Head = c.Head[1:]
	}
	var rows [][]report.Cell
	for _, n := range nodes {
		cells := nodeCells(n, size)
		if nameless {
			cells = cells[1:]
		}
		if wide {
			cells = append(cells, report.Text(n.KubernetesVersion, n.SwapBehavior, "v"+strconv.Itoa(n.CgroupVersion), strconv.FormatInt(n.PageSizeBytes, 10))...)
		}
		rows = append(rows, cells)
		c.Measure(cells)
	}
	drawn := p.Rows(c)
	for _, cells := range rows {
		if err := drawn.Row(cells); err != nil {
			return err
		}
	}
	return drawn.Close()
}

func nodeCells(n planNode, size func(int64) string) []report.Cell {
	t := n.Totals
	cells := report.Text(n.Name, size(n.MemoryBytes), size(n.SwapBytes), strconv.FormatInt(t.Pods, 10),
		fmt.Sprintf("%d of %d", t.SwappableContainers, t.Containers),
		size(t.MemoryRequestBytes)+percentOf(t.MemoryRequestBytes, n.MemoryBytes),
		size(t.UnreachableSwapBytes), size(t.SwapLimitBytes)+percentOf(t.SwapLimitBytes, n.SwapBytes))
	granted := &cells[len(cells)-1]
	granted.Mood = report.Good
	switch {
	case t.UnlimitedContainers > 0:
		granted.Text = fmt.Sprintf("no limit for %d", t.UnlimitedContainers)
		granted.Mood = report.Bad
	case t.OvercommitBytes > 0:
		granted.Text += " overcommitted"
		granted.Mood = report.Bad
	default:
		if bar := report.Share(t.SwapLimitBytes, n.SwapBytes, shareColumns); bar != "" {
			granted.Text += " " + bar
		}
	}
	if t.UnreachableSwapBytes > 0 {
		cells[len(cells)-2].Mood = report.Notice
	}
	return cells
}

// percentOf is " 63%" of a total, "" if the total is 0.
func percentOf(part, total int64) string {
	if total <= 0 || part == 0 {
		return ""
	}
	return fmt.Sprintf(" %.0f%%", float64(part)/float64(total)*100)
}

// unnamed reports whether there is one node without a name, so that no name is
// printed.
func unnamed(nodes []planNode) bool { return len(nodes) == 1 && nodes[0].Name == "" }

// commonDomain is the domain that all nodes share, with its dot: it does not
// help to tell them apart.
func commonDomain(nodes []planNode) string {
	domain := ""
	for i, n := range nodes {
		host, rest, ok := strings.Cut(n.Name, ".")
		if !ok || host == "" || i > 0 && rest != domain {
			return ""
		}
		domain = rest
	}
	if len(nodes) < 2 {
		return ""
	}
	return "." + domain
}
