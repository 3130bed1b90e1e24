package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// Progress shows the progress of long work: on a terminal one line that is
// redrawn, and removed at the end; elsewhere a line every ten seconds, so that
// a log shows that something is happening. It shows one thing at a time.
type Progress struct {
	console console
	title   string
	sized   bool          // the bar has a total
	drawing *mpb.Progress // nil: nothing is shown
	bar     *mpb.Bar
}

const (
	redrawEvery = 100 * time.Millisecond // more often only costs time; nobody can read it
	tellEvery   = 10 * time.Second
	barColumns  = 10
	leastForBar = 60 // least width of a terminal for a bar beside the words
)

// NewProgress returns a progress line on p.
func NewProgress(p *Printer) *Progress { return &Progress{console: console{printer: p}} }

// Show says what is being done and how far it is, in bytes; a total of 0 is
// unknown.
func (p *Progress) Show(title string, done, total int64) {
	if p.drawing == nil || title != p.title || (total > 0) != p.sized {
		p.Clear()
		p.title, p.sized = title, total > 0
		p.begin()
	}
	p.bar.SetTotal(units(total), false)
	p.bar.SetCurrent(units(done))
}

// units are what the bar counts in, MiB: mpb computes the time that is left from whole
// nanoseconds for each, and a fast disk writes several bytes in one.
func units(size int64) int64 { return (max(0, size) + 1<<20 - 1) >> 20 }

func (p *Progress) begin() {
	every := tellEvery
	if p.console.IsTerminal() {
		every = redrawEvery
	}
	style := mpb.NopStyle()
	if p.console.IsTerminal() && p.sized {
		style = mpb.BarStyle().Lbound("").Rbound("").Tip("").Filler("█").Padding("░").
			FillerMeta(func(s string) string { return Paint(Good, s) }).
			PaddingMeta(func(s string) string { return Paint(Faint, s) })
	}
	const whole = 1 << 13 // columns of a line in a log: more than any
	p.drawing = mpb.New(mpb.WithConsoleWriter(&p.console), mpb.WithRefreshRate(every), mpb.WithAutoRefresh(), mpb.WithWidth(whole))
	// With a total from the beginning the bar would tell once more when it is full.
	p.bar = p.drawing.New(0, style, mpb.BarWidth(barColumns), mpb.BarFillerTrim(), mpb.AppendDecorators(p.words()))
}

// words are the words beside the bar.
func (p *Progress) words() decor.Decorator {
	title := Printable(p.title)
	rate, left := decor.AverageSpeed(0, "%.0f MiB/s"), decor.AverageETA(decor.ET_STYLE_GO)
	return decor.Any(func(s decor.Statistics) string {
		if s.Total == 0 {
			return title
		}
		facts := fmt.Sprintf("%3d%%  %s of %s", min(100, s.Current*100/s.Total), bytesize.Format(s.Current<<20), bytesize.Format(s.Total<<20))
		if s.Current > 0 {
			perSecond, _ := rate.Decor(s)
			remaining, _ := left.Decor(s)
			facts += "  " + perSecond + "  " + remaining + " left"
		}
		if !p.console.IsTerminal() {
			return title + ": " + strings.ReplaceAll(strings.TrimLeft(facts, " "), "  ", ", ")
		}
		room := s.AvailableWidth
		if room >= leastForBar {
			room -= barColumns // the bar uses the rest of the line
		}
		return ansi.Truncate(" "+facts+"  "+title, room, "…")
	})
}

// Clear removes the line, before anything else is written.
func (p *Progress) Clear() {
	if p.drawing == nil {
		return
	}
	p.drawing.Shutdown() // now nothing else draws
	p.drawing = nil
	if p.console.drawn {
		p.console.replace("")
	}
}

// console is where mpb draws, a frame at a time. It is on no terminal as well: mpb
// itself would move the cursor up, also where nobody wants escape sequences.
type console struct {
	bytes.Buffer
	printer *Printer
	drawn   bool
	columns int // that the line takes
}

// IsTerminal implements mpb.ConsoleWriter.
func (c *console) IsTerminal() bool { return c.printer.redraws }

// GetTermSize implements mpb.ConsoleWriter. A person may have made the window
// narrower, and a line that wraps, or fills the last column, cannot be taken back.
func (c *console) GetTermSize() (width, height int, err error) {
	if width, _ = columns(c.printer.tty); width == 0 {
		width = 80
	}
	return width - 1, 1, nil
}

// Flush implements mpb.ConsoleWriter. A failed write must not stop the work.
func (c *console) Flush(int) error {
	line := strings.TrimRight(c.String(), "\n")
	c.Reset()
	if !c.IsTerminal() {
		_ = c.printer.Line("swapctl: in progress: " + line)
		return nil
	}
	c.replace(line)
	return nil
}

// replace writes a line over the previous one. Without escape sequences, blanks
// have to erase that.
func (c *console) replace(line string) {
	erase := "\r\x1b[K"
	if !c.printer.colours {
		room, _, _ := c.GetTermSize()
		erase = "\r" + strings.Repeat(" ", min(c.columns, room)) + "\r"
	}
	c.drawn, c.columns = line != "", lipgloss.Width(line)
	_, _ = io.WriteString(c.printer.out, erase+line)
}
