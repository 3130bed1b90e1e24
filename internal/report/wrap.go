package report

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

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

// Wrap is what a Printer does, for a width of one's own.
func Wrap(text string, room int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if visible(line) > room {
			lines[i] = wrapLine(line, room, hang(line, room))
		}
	}
	return strings.Join(lines, "\n")
}

// leastText is how many columns a text needs beside its label; with less it stands
// below it.
const leastText = 16

// hang is where the text of a line begins.
func hang(line string, room int) int {
	const near = 40
	column := len(line) - len(strings.TrimLeft(line, " "))
	for i := column; i < len(line); {
		at := strings.Index(line[i:], "  ")
		if at < 0 {
			break
		}
		i += at
		i += len(line[i:]) - len(strings.TrimLeft(line[i:], " "))
		if c := visible(line[:i]); c <= near && i < len(line) {
			column = c
		}
	}
	if room-column < leastText {
		return min(column, 2, room/8)
	}
	return column
}

// wrapLine breaks a line between words, so that no part of it takes more than room
// columns unless it is a single word; all but the first are indented.
func wrapLine(line string, room, indent int) string {
	var b strings.Builder
	column, begun := 0, false
	for rest := line; rest != ""; {
		word := strings.TrimLeft(rest, " ")
		blanks := len(rest) - len(word)
		if at := strings.IndexByte(word, ' '); at >= 0 {
			word = word[:at]
		}
		rest = rest[blanks+len(word):]
		columns := visible(word)
		if begun && column+blanks+columns > room {
			b.WriteByte('\n')
			column, blanks, begun = 0, indent, false
		}
		b.WriteString(strings.Repeat(" ", blanks))
		b.WriteString(word)
		column += blanks + columns
		begun = begun || columns > 0
	}
	return b.String()
}

// visible is how many columns a text takes, which may have escape sequences.
func visible(s string) int {
	if s == "" {
		return 0
	}
	if isPlain(s) {
		return width(s)
	}
	return displaywidth.Options{ControlSequences: true}.String(s)
}
