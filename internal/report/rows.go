package report

import (
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Rows writes the rows of a table one by one, with two blanks between the
// columns and no lines. An empty cell is printed as "-".
type Rows struct {
	stream  *stream
	columns *Columns
	escapes [Heading + 1]escapes // a style for each mood: styling every cell of a long table would take too long
	room    int                  // width of the terminal, 0: unlimited
	last    int                  // the last visible column
	drawn   int                  // rows
}

// Rows writes the header. On a terminal the table is fitted to its width;
// elsewhere it depends only on its content.
func (p *Printer) Rows(c *Columns) *Rows {
	c.begin()
	r := &Rows{stream: &stream{to: p.out}, columns: c, room: p.width}
	if p.width > 0 {
		c.fit(p.width)
	}
	if p.colours {
		for mood := range r.escapes {
			r.escapes[mood] = Mood(mood).escapes()
		}
	} else {
		r.stream.to = p.bare // there are no escape sequences to remove
	}
	if c.records {
		return r
	}
	for i, w := range c.widths {
		if w != hidden {
			r.last = i
		}
	}
	for i, column := range c.Head {
		r.cell(i, column.Title, Heading)
	}
	r.newline()
	return r
}

// Row draws a row. The error is that of the stream.
func (r *Rows) Row(cells []Cell) error {
	switch {
	case r.columns.records:
		r.record(cells)
	case r.wraps(cells):
		r.wrapped(cells)
	default:
		for i, cell := range cells {
			r.cell(i, cell.Text, cell.Mood)
		}
		r.newline()
	}
	r.drawn++
	r.stream.flush(flushAt)
	return r.stream.err
}

// Close writes the rest, and names the columns that are left out.
func (r *Rows) Close() error {
	if missing := r.columns.missing(); missing != "" && r.drawn > 0 {
		r.text(Wrap("Not shown, for lack of room: "+missing+".", r.room), Faint)
		r.newline()
	}
	return r.stream.end()
}

// record writes a row as a paragraph: a line for each cell that is not empty,
// with its title before it, or above it on a narrow terminal.
func (r *Rows) record(cells []Cell) {
	if r.drawn > 0 {
		r.newline()
	}
	indent := 0
	for _, column := range r.columns.Head {
		indent = max(indent, width(column.Title)+2)
	}
	above := r.room-indent < leastText
	if above {
		indent = min(2, r.room/8)
	}
	for i, cell := range cells {
		if cell.Text == "" {
			continue
		}
		title := r.columns.Head[i].Title
		r.text(title, Heading)
		pad := indent - width(title)
		if above {
			r.newline()
			pad = indent
		}
		r.stream.buf = appendBlanks(r.stream.buf, pad)
		r.text(hanging(strings.TrimLeft(oneLine(cell.Text), " "), r.room, indent), cell.Mood)
		r.newline()
	}
}

// wraps reports whether a row needs more than one line.
func (r *Rows) wraps(cells []Cell) bool {
	for i, column := range r.columns.Head {
		if column.Wrap && r.columns.widths[i] != hidden && width(cells[i].Text) > r.columns.widths[i] {
			return true
		}
	}
	return false
}

// wrapped writes a row of several lines.
func (r *Rows) wrapped(cells []Cell) {
	lines := make([][]string, len(cells))
	most := 0
	for i, cell := range cells {
		lines[i] = []string{cell.Text}
		if room := r.columns.widths[i]; r.columns.Head[i].Wrap && room != hidden {
			lines[i] = wrapCell(oneLine(cell.Text), room)
		}
		most = max(most, len(lines[i]))
	}
	for n := range most {
		for i, cell := range cells {
			switch {
			case n < len(lines[i]):
				r.cell(i, lines[i][n], cell.Mood)
			case r.columns.widths[i] != hidden:
				r.stream.buf = appendBlanks(r.stream.buf, r.columns.widths[i]+2)
			}
		}
		r.newline()
	}
}

func (r *Rows) newline() {
	b := r.stream.buf
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	r.stream.buf = append(b, '\n')
}

// text styles a text.
func (r *Rows) text(text string, mood Mood) {
	e := r.escapes[mood]
	r.stream.buf = append(append(append(r.stream.buf, e.start...), text...), e.end...)
}

func (r *Rows) cell(i int, text string, mood Mood) {
	room := r.columns.widths[i]
	if room == hidden {
		return
	}
	if !isPlain(text) {
		text = oneLine(text)
	}
	wide := width(text)
	if wide > room {
		text = shorten(text, room)
		wide = width(text)
	}
	pad := max(0, room-wide)
	right := r.columns.Head[i].Right
	if right {
		r.stream.buf = appendBlanks(r.stream.buf, pad)
	}
	r.text(text, mood)
	if !right {
		r.stream.buf = appendBlanks(r.stream.buf, pad)
	}
	if i < r.last {
		r.stream.buf = appendBlanks(r.stream.buf, 2)
	}
}

func appendBlanks(b []byte, n int) []byte {
	const blanks = "                                "
	for ; n > len(blanks); n -= len(blanks) {
		b = append(b, blanks...)
	}
	return append(b, blanks[:max(0, n)]...)
}

// isPlain reports whether oneLine would leave a text as it is, and each of its
// characters takes one column: ASCII, and the blocks that bars are made of.
func isPlain(s string) bool {
	for _, r := range s {
		if (r < ' ' || r >= 0x7f) && (r < '\u2580' || r > '\u259f') {
			return false
		}
	}
	return s != ""
}

// width is the number of terminal columns of a text, for an empty one that of
// "-".
func width(s string) int {
	if isPlain(s) {
		return utf8.RuneCountInString(s)
	}
	return lipgloss.Width(oneLine(s))
}

// shorten removes the middle of a text: the ends of names distinguish them.
func shorten(s string, room int) string {
	if room < 1 || len(s) != utf8.RuneCountInString(s) {
		return ansi.Truncate(s, room, "…")
	}
	head := (room - 1) / 2
	return s[:head] + "…" + s[len(s)-(room-1-head):]
}

// Bars in eighths of a column, from empty to full.
const eighths = " ▏▎▍▌▋▊▉█"

// Share draws part of total as a bar of at most this many columns; any part
// larger than 0 is visible. It is plain text, so that it means the same in a
// file.
func Share(part, total int64, columns int) string {
	if part <= 0 || total <= 0 {
		return ""
	}
	steps := int(min(1, float64(part)/float64(total)) * float64(columns*8))
	steps = max(1, steps)
	bar := strings.Repeat("█", steps/8)
	if rest := steps % 8; rest > 0 {
		bar += string([]rune(eighths)[rest])
	}
	return bar
}
