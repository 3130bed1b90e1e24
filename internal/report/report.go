// Package report draws what a command has to say: tables for people, JSON and
// YAML for scripts, a progress line for the wait. Colour is cut in the writer,
// so that nobody else has to think of it. It knows no swap.
package report

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
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
	if f, ok := w.(*os.File); ok && !dumb {
		p.width, p.terminal = columns(f)
	}
	if noColor := o.NoColor || o.Env("NO_COLOR") != ""; !p.terminal || noColor {
		p.out = cutter{to: w, all: !p.terminal} // bold and a line redrawn are no colours
	}
	return p
}

// columns is how wide a terminal is, 0 when it does not say; ok is false for
// anything but a terminal.
func columns(f *os.File) (width int, ok bool) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return int(size.Col), true
}

// Terminal reports whether a person watches who can see a line being redrawn.
func (p *Printer) Terminal() bool { return p.terminal }

// Line writes one line.
func (p *Printer) Line(text string) error {
	_, err := io.WriteString(p.out, text+"\n")
	return err
}
