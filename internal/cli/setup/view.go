package setup

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/report"
	"github.com/swapctl/swapctl/internal/setup"
)

// reportView prints a SetupReport.
type reportView struct {
	setup.Report
	explain bool
	failed  bool // the error that follows on stderr has the state
}

func (v reportView) draw(p *report.Printer, wide bool) error {
	var err error
	if v.explain {
		err = v.drawExplained(p)
	} else {
		err = v.drawSteps(p, wide)
	}
	if err != nil {
		return err
	}
	for _, line := range v.summary() {
		if err := p.Text(report.Printable(line)); err != nil {
			return err
		}
	}
	return nil
}

func (v reportView) drawSteps(p *report.Printer, wide bool) error {
	g := report.Grid{Head: []report.Column{{Title: "STATE"}, {Title: "STEP", Wrap: true}, {Title: "FOUND", Wrap: true}}}
	if wide {
		g.Head = []report.Column{{Title: "STATE"}, {Title: "ID"}, {Title: "STEP", Wrap: true}, {Title: "FOUND", Wrap: true}, {Title: "WHY", Wrap: true}}
	}
	for _, s := range v.Steps {
		row := []report.Cell{{Text: s.State, Mood: moodOf(s.State)}}
		if wide {
			row = append(row, report.Text(s.ID)...)
		}
		row = append(row, report.Text(s.Title, s.Found)...)
		if wide {
			row = append(row, report.Cell{Text: s.Why, Mood: report.Faint})
		}
		g.Rows = append(g.Rows, row)
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return p.Grid(g)
}

// drawExplained prints each step as a paragraph, because commands must not be
// cut.
func (v reportView) drawExplained(p *report.Printer) error {
	var b strings.Builder
	for _, s := range v.Steps {
		b.WriteString(p.Wrap(report.Paint(moodOf(s.State), s.State)+"  "+report.Printable(s.Title)) + "\n")
		b.WriteString(p.Wrap(paragraph("found", s.Found) + paragraph("why", s.Why)))
		b.WriteString(paragraph("by hand", s.ByHand...) + "\n")
	}
	return p.Line(strings.TrimSuffix(b.String(), "\n"))
}

// paragraph is a label and lines beside it.
func paragraph(label string, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		if line != "" {
			fmt.Fprintf(&b, "  %-7s  %s\n", label, report.Printable(line))
			label = ""
		}
	}
	return b.String()
}

// summary is the text below the steps.
func (v reportView) summary() []string {
	var lines []string
	areas := v.Areas
	if len(areas) == 0 && v.Swap != nil {
		areas = []setup.SwapReport{*v.Swap}
	}
	for _, s := range areas {
		if v.Changed {
			break
		}
		what := "not encrypted"
		if s.Encrypted {
			what = "encrypted, mapping " + s.Mapping
		}
		lines = append(lines, fmt.Sprintf("Swap: %s %s, %s (%d bytes), %s.",
			s.Kind, s.Path, bytesize.Format(s.SizeBytes), s.SizeBytes, what))
	}
	if v.failed {
		return lines
	}
	if v.Pending {
		lines = append(lines, fmt.Sprintf("To do: %d of %d steps.", v.count("todo"), len(v.Steps)))
	}
	for _, r := range v.Restarts {
		if r.State == "todo" || r.State == "owed" && v.Pending {
			lines = append(lines, fmt.Sprintf("At the end: systemctl restart %s.", r.Unit))
		}
	}
	if v.State != "" {
		lines = append(lines, sentence(v.State))
	}
	return lines
}

func (v reportView) count(state string) int {
	n := 0
	for _, s := range v.Steps {
		if s.State == state {
			n++
		}
	}
	return n
}

// sentence makes a sentence of a state.
func sentence(s string) string {
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func moodOf(state string) report.Mood {
	switch state {
	case "done", "changed":
		return report.Good
	case "todo", "undone":
		return report.Notice
	case "blocked", "failed":
		return report.Bad
	}
	return report.Plain
}
