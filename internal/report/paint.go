package report

import (
	"bytes"
	"io"
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

// Three of the sixteen colours are enough (ECMA-48, Select Graphic Rendition). They
// are those that can be read on light and on dark: yellow, which others warn in, is
// hardly seen on white; compilers have magenta for that.
func (m Mood) start() string {
	switch m {
	case Good:
		return "\x1b[32m"
	case Notice:
		return "\x1b[35m"
	case Bad:
		return "\x1b[31m"
	case Faint:
		return "\x1b[2m"
	case Heading:
		return "\x1b[1m"
	case Plain:
	}
	return ""
}

// escapes are what stands before and after a text in this mood on a terminal.
func (m Mood) escapes() (start, end string) {
	if start = m.start(); start != "" {
		end = "\x1b[m"
	}
	return start, end
}

// Paint colours text that stands outside a Grid. A Printer takes the colours out
// again where they do not belong.
func Paint(m Mood, text string) string {
	start, end := m.escapes()
	return start + text + end
}

// cutter takes escape sequences out of what is written. Only this package writes
// any, whole ones and in one piece, because whatever comes from elsewhere goes
// through Printable.
type cutter struct{ to io.Writer }

// Write implements io.Writer.
func (c cutter) Write(p []byte) (int, error) {
	kept := make([]byte, 0, len(p))
	for rest := p; len(rest) > 0; {
		at := bytes.Index(rest, []byte("\x1b["))
		if at < 0 {
			kept = append(kept, rest...)
			break
		}
		kept = append(kept, rest[:at]...)
		end := at + 2
		for end < len(rest)-1 && (rest[end] < '@' || rest[end] > '~') {
			end++
		}
		rest = rest[min(end+1, len(rest)):]
	}
	if _, err := c.to.Write(kept); err != nil {
		return 0, err
	}
	return len(p), nil
}
