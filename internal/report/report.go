// Package report prints results: tables for people, JSON and YAML for scripts,
// progress for long work. Colours are removed in the writer, so that no other
// code has to care. It does not know about swap.
package report

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	_ "github.com/swapctl/swapctl/internal/notmux" // before lipgloss
)

// Printer writes to one stream, in the form that the stream can show.
type Printer struct {
	out     io.Writer // for text with escape sequences
	bare    io.Writer // the stream itself, for text without
	tty     *os.File  // the terminal; nil if there is none
	redraws bool      // the terminal can erase a line
	colours bool
	width   int // columns; 0: whatever there is
}

// Options are the user's settings for a stream.
type Options struct {
	// NoColor is --no-color.
	NoColor bool
	// Env looks up an environment variable: NO_COLOR and TERM.
	Env func(string) string
}

// New returns a Printer for w. On a terminal the output is fitted to its width.
// Escape sequences go only to a terminal that has them (TERM is neither dumb
// nor empty), and never with --no-color or a NO_COLOR that is not empty
// (https://no-color.org). It does not query the terminal, so it cannot hang on
// one.
func New(w io.Writer, o Options) *Printer {
	p := &Printer{out: w, bare: w}
	if f, ok := w.(*os.File); ok {
		if width, ok := columns(f); ok {
			p.tty, p.width = f, width
			p.redraws = o.Env("TERM") != "" && o.Env("TERM") != "dumb"
			p.colours = p.redraws && !o.NoColor && o.Env("NO_COLOR") == ""
		}
	}
	if !p.colours {
		p.out = &colorprofile.Writer{Forward: w, Profile: colorprofile.NoTTY}
	}
	return p
}

// columns is the width of a terminal, 0 if it does not say; ok is false for
// anything else.
func columns(f *os.File) (width int, ok bool) {
	width, _, err := term.GetSize(f.Fd())
	return width, err == nil
}

// Terminal reports whether there is a terminal on which a line can be redrawn.
func (p *Printer) Terminal() bool { return p.redraws }

// Width is the width of the terminal in columns; 0 if there is none, or it does
// not say.
func (p *Printer) Width() int { return p.width }

// Line writes one line unchanged, for text to copy: a command, a message to
// search for.
func (p *Printer) Line(text string) error {
	_, err := io.WriteString(p.out, text+"\n")
	return err
}
