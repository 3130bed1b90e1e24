package check

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/check"
	"github.com/swapctl/swapctl/internal/report"
)

// checkView draws a CheckReport.
type checkView check.Report

// draw prints a line for each check, and the reason and fix of those that are
// not good below it: sentences do not fit into columns.
func (v checkView) draw(p *report.Printer, wide bool) error {
	var b strings.Builder
	for _, c := range v.Checks {
		b.WriteString(p.Wrap(report.Paint(checkMood(c.Status), fmt.Sprintf("%-7s", c.Status))+"  "+c.ID) + "\n")
		bad := c.Status == check.Warn || c.Status == check.Fail
		if bad || wide || c.Status == check.Unknown {
			b.WriteString(p.Wrap(v.detail("found", c.Found)))
		}
		if bad || wide {
			b.WriteString(p.Wrap(v.detail("want", c.Want) + v.detail("why", c.Why)))
		}
		if c.Hint != "" {
			b.WriteString(p.WrapProse(v.detail("do", c.Hint)))
		}
		if bad || wide {
			b.WriteString(v.detail("read", c.Doc))
		}
	}
	b.WriteString(v.picture(p, wide))
	s := v.Summary
	b.WriteString("\n" + p.Wrap(fmt.Sprintf("%d passed, %d warned, %d failed, %d skipped, %d unknown.", s.Pass, s.Warn, s.Fail, s.Skip, s.Unknown)))
	return p.Line(b.String())
}

func (v checkView) detail(label, text string) string {
	return fmt.Sprintf("         %s  %s\n", report.Paint(report.Faint, fmt.Sprintf("%-5s", label)), report.Printable(text))
}

// picture shows the thresholds of free memory in their order.
func (v checkView) picture(p *report.Printer, wide bool) string {
	e := v.Eviction
	if e == nil || e.Verdict == check.SwapFirst && !wide {
		return ""
	}
	columns := 30
	if w := p.Width(); w > 0 { // a third for the picture, the rest for words
		columns = min(columns, w/3)
	}
	most := int64(1)
	for _, l := range e.Levels {
		most = max(most, l.FreeBytes)
	}
	var b strings.Builder
	b.WriteString("\nAs free memory gets less:\n")
	for _, l := range e.Levels {
		bar := report.Share(l.FreeBytes, most, columns)
		line := fmt.Sprintf("%11s  %-*s  %s: %s", bytesize.Format(l.FreeBytes), columns, bar, l.Name, l.Meaning)
		b.WriteString(p.Wrap(line) + "\n")
	}
	return b.String()
}

func checkMood(s check.Status) report.Mood {
	switch s {
	case check.Pass:
		return report.Good
	case check.Warn:
		return report.Notice
	case check.Fail:
		return report.Bad
	case check.Skip, check.Unknown:
		return report.Faint
	}
	return report.Plain
}

func (l checkList) draw(p *report.Printer, wide bool) error {
	g := report.Grid{Head: []report.Column{{Title: "ID"}, {Title: "AT WORST"}, {Title: "TITLE", Wrap: true}}}
	if wide {
		g.Head = append(g.Head, report.Column{Title: "WANT", Wrap: true}, report.Column{Title: "NEEDS", Wrap: true})
	}
	for _, c := range l.Checks {
		row := report.Text(c.ID, c.Severity, c.Title)
		if wide {
			row = append(row, report.Text(c.Want, strings.Join(c.Needs, ", "))...)
		}
		g.Rows = append(g.Rows, row)
	}
	return p.Grid(g)
}

// cases are the results for machines that collect them.
func cases(r check.Report) []report.Case {
	var all []report.Case
	for _, c := range r.Checks {
		all = append(all, report.Case{
			ID: c.ID, Title: c.Title, Help: c.Doc, Message: c.Found, Advice: c.Hint,
			Outcome: map[check.Status]report.Outcome{
				check.Pass: report.Passed, check.Warn: report.Warned, check.Fail: report.Failed,
				check.Skip: report.Skipped, check.Unknown: report.Unjudged,
			}[c.Status],
		})
	}
	return all
}
