package main

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/check"
	"github.com/swapctl/swapctl/internal/report"
)

// checkView draws a CheckReport.
type checkView check.Report

// draw gives each check a line, and those that are not good their reason and
// remedy below: sentences do not fit into columns.
func (v checkView) draw(p *report.Printer, wide bool) error {
	var b strings.Builder
	for _, c := range v.Checks {
		fmt.Fprintf(&b, "%s  %s\n", report.Paint(checkMood(c.Status), fmt.Sprintf("%-7s", c.Status)), c.ID)
		bad := c.Status == check.Warn || c.Status == check.Fail
		if bad || wide || c.Status == check.Unknown {
			v.detail(&b, "found", c.Found)
		}
		if bad || wide {
			v.detail(&b, "want", c.Want)
			v.detail(&b, "why", c.Why)
		}
		if c.Hint != "" {
			v.detail(&b, "do", c.Hint)
		}
		if bad || wide {
			v.detail(&b, "read", c.Doc)
		}
	}
	b.WriteString(v.picture(wide))
	s := v.Summary
	fmt.Fprintf(&b, "\n%d passed, %d warned, %d failed, %d skipped, %d unknown.", s.Pass, s.Warn, s.Fail, s.Skip, s.Unknown)
	return p.Line(b.String())
}

func (v checkView) detail(b *strings.Builder, label, text string) {
	fmt.Fprintf(b, "         %-5s  %s\n", report.Paint(report.Faint, fmt.Sprintf("%-5s", label)), report.Printable(text))
}

// picture shows the thresholds of free memory in their order.
func (v checkView) picture(wide bool) string {
	e := v.Eviction
	if e == nil || e.Verdict == check.SwapFirst && !wide {
		return ""
	}
	const columns = 30
	most := int64(1)
	for _, l := range e.Levels {
		most = max(most, l.FreeBytes)
	}
	var b strings.Builder
	b.WriteString("\nAs free memory gets less:\n")
	for _, l := range e.Levels {
		bar := report.Share(l.FreeBytes, most, columns)
		fmt.Fprintf(&b, "%11s  %-*s  %s: %s\n", bytesize.Format(l.FreeBytes), columns, bar, l.Name, l.Meaning)
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
	g := report.Grid{Header: []string{"ID", "AT WORST", "TITLE"}}
	if wide {
		g.Header = append(g.Header, "WANT", "NEEDS")
	}
	for _, c := range l.Checks {
		row := report.Text(c.ID, c.Severity, c.Title)
		if wide {
			row = append(row, report.Text(c.Want, strings.Join(c.Needs, ","))...)
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
