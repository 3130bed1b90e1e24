package report

import (
	"io"
	"strings"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
)

// Mood colours a cell. What it says stands in the text, so that nothing is lost
// without colours.
type Mood int

// The moods of a cell.
const (
	Plain   Mood = iota
	Good         // as wanted
	Notice       // something is to do
	Bad          // something went wrong
	Faint        // beside the point
	Heading      // of a column
)

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

// Grid is a table: a header and rows of as many cells.
type Grid struct {
	Header []string
	Rows   [][]Cell
	// Right says which columns hold numbers, to be flush right.
	Right []bool
}

// Grid draws g with two blanks between the columns and no lines: it reads well,
// and awk reads it too. An empty cell shows as "-".
func (p *Printer) Grid(g Grid) error {
	t := table.New().Headers(g.Header...).Wrap(false).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		BorderColumn(false).BorderHeader(false).
		StyleFunc(g.style)
	for _, row := range g.Rows {
		texts := make([]string, len(row))
		for i, cell := range row {
			texts[i] = oneLine(cell.Text)
		}
		t.Row(texts...)
	}
	var b strings.Builder
	for line := range strings.Lines(t.String() + "\n") {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(p.out, b.String())
	return err
}

// style is a table.StyleFunc.
func (g Grid) style(row, col int) lipgloss.Style {
	style := lipgloss.NewStyle()
	if col < len(g.Header)-1 {
		style = style.PaddingRight(2)
	}
	if col < len(g.Right) && g.Right[col] {
		style = style.Align(lipgloss.Right)
	}
	if row == table.HeaderRow {
		return style.Bold(true)
	}
	return g.Rows[row][col].Mood.style(style)
}

// Paint colours text that stands outside a Grid.
func Paint(m Mood, text string) string { return m.style(lipgloss.NewStyle()).Render(text) }

func (m Mood) style(s lipgloss.Style) lipgloss.Style {
	switch m {
	case Good:
		return s.Foreground(lipgloss.Green)
	case Notice:
		return s.Foreground(lipgloss.Yellow)
	case Bad:
		return s.Foreground(lipgloss.Red)
	case Faint:
		return s.Faint(true)
	case Heading:
		return s.Bold(true)
	case Plain:
	}
	return s
}

// escapes are what stands before and after a text in this mood on a terminal.
func (m Mood) escapes() (start, end string) {
	start, end, _ = strings.Cut(Paint(m, "x"), "x")
	return start, end
}

// oneLine keeps what another program chose (a label, a path) from drawing on the
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
