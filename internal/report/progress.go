package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// Progress is one line on a terminal, redrawn while something long goes on and
// gone when it is over. Where nobody can see a line being redrawn it is nothing.
type Progress struct {
	printer *Printer
	now     func() time.Time
	drawn   time.Time // when the line was drawn last; zero: there is no line
	columns int       // that the line takes
}

// Redrawing more often than this only costs time; a person cannot read it.
const redrawEvery = 100 * time.Millisecond

// leastForBar is how many columns a terminal must have for a bar beside the words.
const leastForBar = 60

// NewProgress returns a progress line on p. now is time.Now but in tests.
func NewProgress(p *Printer, now func() time.Time) *Progress {
	return &Progress{printer: p, now: now}
}

// Show draws title and how far it is, in bytes; a total of 0 shows no bar.
func (p *Progress) Show(title string, done, total int64) {
	now := p.now()
	if !p.printer.Terminal() || now.Sub(p.drawn) < redrawEvery {
		return
	}
	p.drawn = now
	// A person may have made the window narrower: a line that wraps cannot be
	// taken back.
	room, _ := columns(p.printer.tty)
	line := Printable(title)
	if total > 0 {
		line = fmt.Sprintf("%3d%%  %s of %s  %s", percent(done, total), bytesize.Format(done), bytesize.Format(total), line)
		if room == 0 || room >= leastForBar {
			line = Bar(done, total, 20) + " " + line
		}
	}
	if room > 0 {
		line = ansi.Truncate(line, room-1, "…")
		p.columns = min(p.columns, room-1)
	}
	p.write(line)
}

// Clear takes the line away, before anything else is written.
func (p *Progress) Clear() {
	if p.drawn.IsZero() {
		return
	}
	p.drawn = time.Time{}
	p.write("")
}

// write puts a text in the place of the line. Without escape sequences blanks have
// to do it.
func (p *Progress) write(line string) {
	erase := "\r\x1b[K"
	if !p.printer.colours {
		erase = "\r" + strings.Repeat(" ", p.columns) + "\r"
	}
	p.columns = lipgloss.Width(line)
	// A failed write to the terminal must not stop what is being done.
	_, _ = io.WriteString(p.printer.out, erase+line)
}

// Bar draws how much of total is done, width columns wide.
func Bar(done, total int64, width int) string {
	full := int(percent(done, total)) * width / 100
	return Paint(Good, strings.Repeat("█", full)) + Paint(Faint, strings.Repeat("░", width-full))
}

// percent is between 0 and 100 whatever it is given.
func percent(done, total int64) int64 {
	if total <= 0 || done <= 0 {
		return 0
	}
	return min(100, int64(float64(done)/float64(total)*100))
}
