package report

import (
	"slices"
	"strings"
)

// Column is the head of one column of a table.
type Column struct {
	Title string
	// Right: numbers, aligned to the right.
	Right bool
	// Short: the middle of its texts may be left out on a narrow terminal; the
	// ends of names distinguish them.
	Short bool
	// Wrap: its texts are sentences, which may continue on the next line.
	Wrap bool
	// Spare: on a narrow terminal the columns with a Spare are left out, 1
	// first; 0: never.
	Spare int
}

// Titles are columns with only their titles.
func Titles(titles ...string) []Column {
	head := make([]Column, len(titles))
	for i, title := range titles {
		head[i].Title = title
	}
	return head
}

// Columns is the head of a table that is written row by row, because it may be
// too long for a Grid. Give every row to Measure first, then to Rows.
type Columns struct {
	Head []Column

	widths  []int // hidden: the column is left out
	records bool  // the table is too wide for columns: each row is a paragraph
}

const hidden = -1

// How far a column is made narrower before any is left out, and at most.
const (
	comfortableShort, leastShort = 24, 8
	comfortableWrap, leastWrap   = 30, 20
)

// Measure takes the width of a row's cells into account.
func (c *Columns) Measure(cells []Cell) {
	c.begin()
	for i, cell := range cells {
		c.widths[i] = max(c.widths[i], width(cell.Text))
	}
}

func (c *Columns) begin() {
	if c.widths != nil {
		return
	}
	c.widths = make([]int, len(c.Head))
	for i, column := range c.Head {
		c.widths[i] = width(column.Title)
	}
}

// fit makes the table fit into so many columns of a terminal, as little as
// needed: names are shortened and sentences wrapped; then columns are left out;
// then names are shortened and sentences wrapped further; and if that is not
// enough, each row becomes a paragraph.
func (c *Columns) fit(room int) {
	whole := slices.Clone(c.widths)
	c.narrow(room, comfortableShort, comfortableWrap)
	for _, i := range c.spare() {
		if c.total() <= room {
			return
		}
		whole[i] = hidden
		copy(c.widths, whole)
		c.narrow(room, comfortableShort, comfortableWrap)
	}
	c.narrow(room, leastShort, leastWrap)
	c.records = c.total() > room
}

// spare lists the columns that may be left out, the first one first.
func (c *Columns) spare() []int {
	var list []int
	for i, column := range c.Head {
		if column.Spare > 0 {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return c.Head[a].Spare - c.Head[b].Spare })
	return list
}

func (c *Columns) total() int {
	total := -2
	for _, w := range c.widths {
		if w != hidden {
			total += w + 2
		}
	}
	return total
}

// narrow makes columns narrower until a row has no more than this many columns of
// the terminal, or none may be made narrower: always the widest first.
func (c *Columns) narrow(room, short, wrap int) {
	for total := c.total(); total > room; total-- {
		widest := -1
		for i, w := range c.widths {
			least := w
			switch column := c.Head[i]; {
			case column.Short:
				least = max(short, width(column.Title))
			case column.Wrap:
				least = max(wrap, width(column.Title))
			}
			if w > least && (widest < 0 || w > c.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		c.widths[widest]--
	}
}

// missing names the columns that are left out.
func (c *Columns) missing() string {
	var titles []string
	for i, w := range c.widths {
		if w == hidden && !c.records {
			titles = append(titles, c.Head[i].Title)
		}
	}
	return strings.Join(titles, ", ")
}
