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

// Sixteen colours are enough, and the terminal's owner has chosen them: so they
// are readable on a light background too (ECMA-48, Select Graphic Rendition).
func (m Mood) start() string {
	switch m {
	case Good:
		return "\x1b[32m"
	case Notice:
		return "\x1b[33m"
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

// cutter takes escape sequences out of what is written: the colours alone, or
// all of them. Only this package writes any, whole ones and in one piece,
// because whatever comes from elsewhere goes through Printable.
type cutter struct {
	to  io.Writer
	all bool
}

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
		sequence := rest[at:min(end+1, len(rest))]
		if !c.all && !bytes.HasPrefix(sequence, []byte("\x1b[3")) { // 30 to 37 are the colours
			kept = append(kept, sequence...)
		}
		rest = rest[at+len(sequence):]
	}
	if _, err := c.to.Write(kept); err != nil {
		return 0, err
	}
	return len(p), nil
}
