package setup

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/report"
	"github.com/swapctl/swapctl/internal/step"
)

// watcher prints the progress of a change on stderr: on a terminal one line
// that is redrawn and then removed, elsewhere a line for each finished step,
// and one every ten seconds during a long step.
type watcher struct {
	app     *cli.App
	printer *report.Printer
	line    *report.Progress
	now     string // the current step, as the line shows it
}

func watch(a *cli.App) *watcher {
	p := a.Stderr()
	return &watcher{app: a, printer: p, line: report.NewProgress(p)}
}

// event takes an event of the engine.
func (w *watcher) event(e step.Event) {
	if w.app.Quiet {
		return
	}
	title := e.Info.Title
	switch e.Kind {
	case step.Begin:
		w.begin("doing", e)
	case step.Undoing:
		w.begin("taking back", e)
	case step.Progressing:
		w.line.Show(w.now, e.DoneBytes, e.TotalBytes)
	case step.Finished:
		w.ended("done", title)
	case step.Undone:
		w.ended("undone", title)
	case step.Restarting:
		w.begin("restarting", e)
	case step.Restarted:
		w.ended("restarted", title)
	case step.Failed:
		w.line.Clear() // the error is printed later
	}
}

// end removes the line, whatever the result of the run.
func (w *watcher) end() { w.line.Clear() }

func (w *watcher) begin(what string, e step.Event) {
	if w.app.Verbose {
		w.say(what + ": " + e.Info.Title)
	}
	if w.now = e.Info.Title; e.Kind != step.Begin {
		w.now = what + ": " + w.now
	}
	if e.Steps > 0 {
		w.now = fmt.Sprintf("step %d of %d: %s", e.Step, e.Steps, w.now)
	}
	w.line.Show(w.now, 0, 0)
}

func (w *watcher) ended(what, title string) {
	if w.app.Verbose || !w.printer.Terminal() {
		w.say(what + ": " + title)
		return
	}
	w.line.Clear()
}

func (w *watcher) say(text string) {
	w.line.Clear()
	// A message that cannot be printed must not stop the run.
	_ = w.printer.Line("swapctl: " + report.Printable(text))
}

// verboseFlag adds the flag of those commands that have steps to tell of.
func verboseFlag(a *cli.App, f *pflag.FlagSet) {
	f.BoolVarP(&a.Verbose, "verbose", "v", false, "tell every step as it begins")
}
