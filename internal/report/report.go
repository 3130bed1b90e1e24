// Package report draws what a command has to say: tables for people, JSON and
// YAML for scripts, a progress line for the wait. Colour is cut in the writer,
// so that nobody else has to think of it. It knows no swap.
package report

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
)

// Printer writes to one stream, as that stream can show it.
type Printer struct {
	out      io.Writer
	bare     io.Writer // the stream itself, for text without escape sequences
	terminal bool
	width    int // columns; 0: do not cut
}

// Options say what a person asked of a stream, beyond what it can show.
type Options struct {
	// NoColor is --no-color.
	NoColor bool
	// Env looks up an environment variable: NO_COLOR and TERM.
	Env func(string) string
}

// New returns a Printer for w. It shows colours only on a terminal, and never
// with --no-color, a NO_COLOR that is not empty (https://no-color.org) or
// TERM=dumb. It asks the terminal nothing, so it cannot hang on one.
func New(w io.Writer, o Options) *Printer {
	p := &Printer{out: w, bare: w}
	dumb := o.Env("TERM") == "" || o.Env("TERM") == "dumb"
	if f, ok := w.(*os.File); ok && term.IsTerminal(f.Fd()) && !dumb {
		p.terminal = true
		p.width, _, _ = term.GetSize(f.Fd())
	}
	profile := colorprofile.NoTTY // no escape sequence at all
	switch {
	case !p.terminal:
	case o.NoColor || o.Env("NO_COLOR") != "":
		profile = colorprofile.ASCII // bold and a line redrawn, but no colour
	default:
		// Sixteen colours are enough, and the terminal's owner has chosen them.
		profile = colorprofile.ANSI
	}
	p.out = &colorprofile.Writer{Forward: w, Profile: profile}
	return p
}

// Terminal reports whether a person watches who can see a line being redrawn.
func (p *Printer) Terminal() bool { return p.terminal }

// Line writes one line.
func (p *Printer) Line(text string) error {
	_, err := io.WriteString(p.out, text+"\n")
	return err
}
