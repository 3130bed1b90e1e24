package plan

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// planView prints a SwapPlan: the containers, and below them the sums of the
// nodes, which then are last on the screen.
type planView struct {
	*planned
	flags *flags
	wide  bool
}

// tableNode is what the table needs of a node.
type tableNode struct {
	name      string // without the domain that all nodes share
	swapBytes int64
}

// shareColumns is the length of the bar of a container that may use all of the
// swap.
const shareColumns = 8

func (v planView) draw(p *report.Printer, rows iter.Seq2[*limits.Row, error]) error {
	nodes := planNodes(v.planned)
	table := planTable{wide: v.wide, several: len(nodes) > 1, unnamed: unnamed(nodes), nodes: map[string]tableNode{}}
	domain := commonDomain(nodes)
	for i, n := range nodes {
		short := strings.TrimSuffix(n.Name, domain)
		table.nodes[n.Name] = tableNode{short, n.SwapBytes}
		if !v.wide {
			nodes[i].Name = short
		}
	}
	count, err := table.draw(p, rows)
	if err != nil {
		return err
	}
	if count == 0 {
		if err := p.Text(v.nothing(nodes)); err != nil {
			return err
		}
	}
	if err := p.Line(""); err != nil {
		return err
	}
	return drawPlanNodes(p, nodes, v.wide)
}

// nothing says why the table is empty.
func (v planView) nothing(nodes []planNode) string {
	for _, n := range nodes {
		if n.Totals.Containers > 0 && v.flags.onlySwappable {
			return "No container gets swap."
		}
	}
	return "There are no pods."
}

// planTable is the table of the containers.
type planTable struct {
	wide    bool
	several bool // nodes
	unnamed bool // a single node needs no name
	nodes   map[string]tableNode

	node, namespace, pod string // of the row before
	cells                []report.Cell
	quantities           map[int64]string // a cache: the same few sizes are repeated
	shares               map[share]string
}

// share is a part of the swap of a node.
type share struct{ partBytes, wholeBytes int64 }

// quantity is quantity with a cache of bounded size.
func (t *planTable) quantity(bytes int64) string {
	text, known := t.quantities[bytes]
	if !known {
		if len(t.quantities) > 1000 || t.quantities == nil {
			t.quantities = map[int64]string{}
		}
		text = quantity(bytes)
		t.quantities[bytes] = text
	}
	return text
}

// amount is a size, and nothing of none.
func (t *planTable) amount(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return t.quantity(bytes)
}

func (t *planTable) columns() *report.Columns {
	if t.wide {
		head := report.Titles("NODE", "NAMESPACE", "POD", "WORKLOAD", "COPIES", "CONTAINER", "TYPE", "QOS", "PRIORITY",
			"REQUEST", "LIMIT", "SWAP", "MEMORY.SWAP.MAX", "REASON", "DETAIL")
		for _, i := range []int{4, 8, 9, 10, 11, 12} {
			head[i].Right = true
		}
		head[14].Wrap = true
		if t.unnamed {
			head = head[1:]
		}
		return &report.Columns{Head: head}
	}
	head := []report.Column{
		{Title: "NODE", Short: true}, {Title: "NAMESPACE", Short: true}, {Title: "POD", Short: true}, {Title: "CONTAINER", Short: true},
		{Title: "QOS", Spare: 3}, {Title: "REQUEST", Right: true, Spare: 4}, {Title: "LIMIT", Right: true, Spare: 2},
		{Title: "SWAP", Right: true}, {Title: "REASON"}, {Title: "SHARE", Spare: 1},
	}
	if !t.several {
		head = head[1:]
	}
	return &report.Columns{Head: head}
}

// draw prints the table and returns the number of its rows.
func (t *planTable) draw(p *report.Printer, rows iter.Seq2[*limits.Row, error]) (int, error) {
	columns := t.columns()
	count, err := measure(columns, rows, t.row)
	if err != nil || count == 0 {
		return 0, err
	}
	t.node, t.namespace, t.pod = "", "", ""
	return count, drawRows(p, columns, rows, t.row)
}

// measure counts the rows of a table and finds its column widths; drawRows
// prints it. So a million rows need no more memory than one.
func measure[T any](c *report.Columns, rows iter.Seq2[T, error], cells func(T) []report.Cell) (count int, err error) {
	for row, err := range rows {
		if err != nil {
			return 0, err
		}
		c.Measure(cells(row))
		count++
	}
	return count, nil
}

func drawRows[T any](p *report.Printer, c *report.Columns, rows iter.Seq2[T, error], cells func(T) []report.Cell) error {
	drawn := p.Rows(c)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := drawn.Row(cells(row)); err != nil {
			return err
		}
	}
	return drawn.Close()
}

// row makes the cells of a container; the next call overwrites them.
func (t *planTable) row(r *limits.Row) []report.Cell {
	if t.wide {
		t.cells = append(t.cells[:0], wideCells(r)...)
		if t.unnamed {
			return t.cells[1:]
		}
		return t.cells
	}
	t.cells = t.cells[:0]
	again := report.Plain
	add := func(text string, mood report.Mood) { t.cells = append(t.cells, report.Cell{Text: text, Mood: mood}) }
	// Cells equal to those of the row above are printed faint.
	pod := podName(r)
	if r.Node == t.node && r.Namespace == t.namespace && pod == t.pod {
		again = report.Faint
	}
	t.node, t.namespace, t.pod = r.Node, r.Namespace, pod
	if t.several {
		add(t.nodes[r.Node].name, again)
	}
	add(r.Namespace, again)
	add(pod, again)
	add(containerName(r), report.Plain)
	add(r.QOSClass, report.Plain)
	add(t.amount(r.MemoryRequestBytes), report.Plain)
	add(t.amount(r.MemoryLimitBytes), report.Plain)
	mood := reasonMood(r.Reason)
	if r.SwapLimitBytes == nil {
		add(swapAmount(nil), mood)
	} else {
		add(t.quantity(*r.SwapLimitBytes), mood)
	}
	add(string(r.Reason), mood)
	add(t.share(r), mood)
	return t.cells
}

// share is the percentage of its node's swap that a container may use, with its
// copies.
func (t *planTable) share(r *limits.Row) string {
	whole := t.nodes[r.Node].swapBytes
	if r.SwapLimitBytes == nil || *r.SwapLimitBytes == 0 || r.Finished || whole <= 0 {
		return ""
	}
	part := *r.SwapLimitBytes * max(1, r.Replicas)
	key := share{part, whole}
	text, known := t.shares[key]
	if !known {
		if len(t.shares) > 1000 || t.shares == nil {
			t.shares = map[share]string{}
		}
		text = fmt.Sprintf("%3.0f%% %s", float64(part)/float64(whole)*100, report.Share(part, whole, shareColumns))
		t.shares[key] = text
	}
	return text
}

// wideCells are all columns, with sizes in bytes.
func wideCells(r *limits.Row) []report.Cell {
	priority := ""
	if r.Priority != nil {
		priority = strconv.FormatInt(int64(*r.Priority), 10)
	}
	pod := r.Pod
	if r.Note != "" {
		pod += " (" + r.Note + ")"
	}
	cells := report.Text(r.Node, r.Namespace, pod, r.Workload, strconv.FormatInt(r.Replicas, 10), r.Container,
		string(r.Type), r.QOSClass, priority, exact(r.MemoryRequestBytes), exact(r.MemoryLimitBytes),
		swapExact(r.SwapLimitBytes), swapExact(r.MemorySwapMax), string(r.Reason), r.Detail)
	mood := reasonMood(r.Reason)
	for i := 11; i <= 13; i++ {
		cells[i].Mood = mood
	}
	cells[14].Mood = report.Faint
	return cells
}

// reasonMood distinguishes containers with swap, without swap because of their
// manifest, and the rest.
func reasonMood(r limits.Reason) report.Mood {
	switch r {
	case limits.Proportional:
		return report.Good
	case limits.RequestEqualsLimit, limits.NoMemoryRequest, limits.RequestExceedsNode, limits.QOSGuaranteed, limits.QOSBestEffort:
		return report.Notice
	case limits.UnlimitedLegacy, limits.NoSwapController:
		return report.Bad
	default:
		return report.Faint
	}
}
