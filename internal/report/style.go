package report

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Mood colours a cell. The meaning is also in the text, so that nothing is lost
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

// Three of the sixteen colours are enough: those that are readable on light and
// on dark. Yellow, the usual colour of warnings, is hardly visible on white;
// like compilers, swapctl uses magenta.
func (m Mood) style() lipgloss.Style {
	s := lipgloss.NewStyle()
	switch m {
	case Good:
		return s.Foreground(lipgloss.Green)
	case Notice:
		return s.Foreground(lipgloss.Magenta)
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

// escapes are the sequences before and after a styled text.
type escapes struct{ start, end string }

func (m Mood) escapes() (e escapes) {
	e.start, e.end, _ = strings.Cut(Paint(m, "x"), "x")
	return e
}

// Paint colours a line outside of a Grid. A Printer removes the colours where
// they must not be.
func Paint(m Mood, line string) string { return m.style().Render(line) }

// Text writes lines of prose, after Wrap.
func (p *Printer) Text(text string) error { return p.Line(p.Wrap(text)) }

// Wrap makes lines of prose fit a terminal: one that is too long is broken between
// words, and goes on below where its text begins, behind the last two blanks near
// its beginning, which stand between a label and what it is about. A word is never
// broken. Anywhere else lines stay as they are, for grep.
func (p *Printer) Wrap(text string) string {
	if p.width <= 0 {
		return text
	}
	return Wrap(text, p.width)
}

// Wrap is the wrapping of a Printer, for a given width.
func Wrap(text string, room int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if lipgloss.Width(line) > room {
			lines[i] = wrapLine(line, room)
		}
	}
	return strings.Join(lines, "\n")
}

// leastText is the least width of a text beside its label; with less it is
// printed below it.
const leastText = 16

func wrapLine(line string, room int) string {
	const near = 40 // columns in which a label ends
	head := strings.TrimRight(ansi.Truncate(line, near+1, ""), " ")
	begins := 0
	if at := strings.LastIndex(head, "  "); at >= 0 {
		begins = at + len("  ")
	}
	label, text := line[:begins], line[begins:]
	indent := lipgloss.Width(label)
	if room-indent < leastText {
		text = strings.TrimLeft(line, " ")
		indent = min(indent, 2, room/8)
		label = strings.Repeat(" ", min(indent, len(line)-len(text)))
	}
	text = hanging(text, room, indent)
	if first, _, _ := strings.Cut(text, "\n"); indent+lipgloss.Width(first) > room && strings.TrimSpace(label) != "" {
		label = strings.TrimRight(label, " ") + "\n" + strings.Repeat(" ", indent) // a long word stands alone
	}
	return label + text
}

// hanging wraps a text that starts in a column of its own, with the same
// indentation.
func hanging(text string, room, indent int) string {
	return strings.ReplaceAll(wrapWords(text, room-indent), "\n", "\n"+strings.Repeat(" ", indent))
}

// wrapWords breaks a text between words, so that no line takes more than room
// columns unless it is a single word.
func wrapWords(text string, room int) string {
	return keepHyphens(text, func(text string) string { return ansi.Wordwrap(text, room, "") })
}

// wrapCell is wrapWords for a column of a table: a word that is longer than the
// column, a path between two names, is broken too.
func wrapCell(text string, room int) []string {
	return strings.Split(keepHyphens(text, func(text string) string {
		return lipgloss.Wrap(ansi.Wordwrap(text, room, ""), room, "/")
	}), "\n")
}

// keepHyphens wraps a text that may not be broken at a hyphen: flags and names have
// them, and the library breaks behind all but this one.
func keepHyphens(text string, wrap func(string) string) string {
	const nonBreaking = "\u2011"
	return strings.ReplaceAll(wrap(strings.ReplaceAll(text, "-", nonBreaking)), nonBreaking, "-")
}
