package report

import "strings"

// Cell is one field of a Grid.
type Cell struct {
	Text string
	Mood Mood
}

// Text returns plain cells.
func Text(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	return cells
}

// Grid is a table: its columns and rows of as many cells.
type Grid struct {
	Head []Column
	Rows [][]Cell
}

// Grid writes g with two blanks between the columns and no lines: easy to read,
// also for awk. An empty cell is printed as "-".
func (p *Printer) Grid(g Grid) error {
	c := &Columns{Head: g.Head}
	for _, row := range g.Rows {
		c.Measure(row)
	}
	rows := p.Rows(c)
	for _, row := range g.Rows {
		if err := rows.Row(row); err != nil {
			return err
		}
	}
	return rows.Close()
}

// oneLine keeps text from other programs (a label, a path) from drawing on the
// terminal or breaking the row.
func oneLine(s string) string {
	if s == "" {
		return "-"
	}
	return Printable(s)
}

// Printable replaces every control character in s by "?".
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, s)
}
