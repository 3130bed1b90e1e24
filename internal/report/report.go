// Package report draws what a command has to say: tables for people, JSON and
// YAML for scripts, a progress line for the wait. Colours are taken out in the writer,
// so that nobody else has to think of it. It knows no swap.
package report

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	_ "github.com/swapctl/swapctl/internal/notmux" // before lipgloss
)

// Printer writes to one stream, as that stream can show it.
type Printer struct {
	out     io.Writer // for text with escape sequences
	bare    io.Writer // the stream itself, for text without
	tty     *os.File  // the terminal; nil: it is none
	redraws bool      // the terminal can take a line back
	colours bool
	width   int // columns; 0: whatever there is
}

// Options say what a person asked of a stream, beyond what it can show.
type Options struct {
	// NoColor is --no-color.
	NoColor bool
	// Env looks up an environment variable: NO_COLOR and TERM.
	Env func(string) string
}

// New returns a Printer for w. On any terminal what is written is made to fit its
// width. Escape sequences go only to a terminal that has them (TERM is neither
// dumb nor empty), and never with --no-color or a NO_COLOR that is not empty
// (https://no-color.org). It asks the terminal nothing, so it cannot hang on one.
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

// columns is how wide a terminal is, 0 when it does not say; ok is false for
// anything but a terminal.
func columns(f *os.File) (width int, ok bool) {
	width, _, err := term.GetSize(f.Fd())
	return width, err == nil
}

// Terminal reports whether a person watches who can see a line being redrawn.
func (p *Printer) Terminal() bool { return p.redraws }

// Width is how many columns the terminal has; 0 when there is none, or it does
// not say.
func (p *Printer) Width() int { return p.width }

// Line writes one line as it is, for what is to be copied: a command, a message
// to search for.
func (p *Printer) Line(text string) error {
	_, err := io.WriteString(p.out, text+"\n")
	return err
}
