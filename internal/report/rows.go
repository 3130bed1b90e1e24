package report

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Columns is the head of a table that is drawn row by row, because it may be too
// long for a Grid to hold. Give every row to Measure first, then to Rows.
type Columns struct {
	Header []string
	// Right says which columns hold numbers, to be flush right.
	Right []bool
	// Short says which columns may be shortened where a terminal is too narrow.
	Short []bool

	widths []int
}

// shortest is how far a column may be shortened.
const shortest = 8

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
	c.widths = make([]int, len(c.Header))
	for i, title := range c.Header {
		c.widths[i] = width(title)
	}
}

// fit shortens columns until a row has no more than this many columns of the
// terminal, or nothing is left to shorten: always the widest first.
func (c *Columns) fit(room int) {
	total := 2 * (len(c.widths) - 1)
	for _, w := range c.widths {
		total += w
	}
	for ; total > room; total-- {
		widest := -1
		for i, w := range c.widths {
			if i < len(c.Short) && c.Short[i] && w > max(shortest, width(c.Header[i])) && (widest < 0 || w > c.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		c.widths[widest]--
	}
}

// Rows draws the rows of a table one by one, with two blanks between the columns
// and no lines. An empty cell shows as "-".
type Rows struct {
	stream  *stream
	columns *Columns
	moods   bool
}

// Rows draws the header. On a terminal the table is made to fit; anywhere else
// it depends on nothing but what is in it.
func (p *Printer) Rows(c *Columns) *Rows {
	c.begin()
	r := &Rows{stream: &stream{to: p.out}, columns: c, moods: p.terminal}
	if p.terminal && p.width > 0 {
		c.fit(p.width)
	}
	if !p.terminal {
		r.stream.to = p.bare // no escape sequences to be cut out
	}
	for i, title := range c.Header {
		r.cell(i, Cell{Text: title, Mood: Heading})
	}
	r.newline()
	return r
}

// Row draws a row. The error is that of the stream.
func (r *Rows) Row(cells []Cell) error {
	for i, cell := range cells {
		r.cell(i, cell)
	}
	r.newline()
	r.stream.flush(flushAt)
	return r.stream.err
}

// Close writes what is left.
func (r *Rows) Close() error { return r.stream.end() }

func (r *Rows) newline() {
	b := r.stream.buf
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	r.stream.buf = append(b, '\n')
}

func (r *Rows) cell(i int, cell Cell) {
	text, room := cell.Text, r.columns.widths[i]
	if !isPlain(text) {
		text = oneLine(text)
	}
	wide := width(text)
	if wide > room {
		text = shorten(text, room)
		wide = width(text)
	}
	pad := max(0, room-wide)
	right := i < len(r.columns.Right) && r.columns.Right[i]
	b := r.stream.buf
	if right {
		b = appendBlanks(b, pad)
	}
	start, end := "", ""
	if r.moods {
		start, end = cell.Mood.escapes()
	}
	b = append(append(append(b, start...), text...), end...)
	if !right {
		b = appendBlanks(b, pad)
	}
	if i < len(r.columns.widths)-1 {
		b = appendBlanks(b, 2)
	}
	r.stream.buf = b
}

func appendBlanks(b []byte, n int) []byte {
	const blanks = "                                "
	for ; n > len(blanks); n -= len(blanks) {
		b = append(b, blanks...)
	}
	return append(b, blanks[:n]...)
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

// width is how many columns of a terminal a text takes, an empty one that of "-".
func width(s string) int {
	if isPlain(s) {
		return utf8.RuneCountInString(s)
	}
	return displaywidth.String(oneLine(s))
}

// shorten takes the middle out of a text: the ends of names tell them apart.
func shorten(s string, room int) string {
	if room < 1 || len(s) != utf8.RuneCountInString(s) {
		return displaywidth.TruncateString(s, room, "…")
	}
	head := (room - 1) / 2
	return s[:head] + "…" + s[len(s)-(room-1-head):]
}

// Bars in eighths of a column, from none to a whole one.
const eighths = " ▏▎▍▌▋▊▉█"

// Share draws part of total as a bar of at most this many columns; what is more
// than nothing shows as something. It is plain text, so that it also says what
// it says in a file.
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
