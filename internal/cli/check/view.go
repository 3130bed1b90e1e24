package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/check"
	"github.com/swapctl/swapctl/internal/report"
)

// checkView draws a CheckReport.
type checkView check.Report

// draw gives each check a line, group by group, and those that are not good their reason
// and remedy below: sentences do not fit into columns. What was skipped, often many checks
// for one reason, has a line for each reason at the end.
func (v checkView) draw(p *report.Printer, wide bool) error {
	var b strings.Builder
	group := ""
	for _, c := range v.Checks {
		if c.Status == check.Skip && !wide {
			continue
		}
		if c.Group != group {
			if group != "" {
				b.WriteString("\n")
			}
			group = c.Group
			title := check.GroupTitle(group)
			b.WriteString(report.Paint(report.Heading, title) + "\n" + strings.Repeat("-", len(title)) + "\n")
		}
		v.one(&b, p, c, wide)
	}
	if !wide {
		v.skipped(&b, p)
	}
	b.WriteString(v.picture(p, wide))
	b.WriteString("\n" + p.Wrap(v.sum()))
	return p.Line(b.String())
}

func (v checkView) sum() string {
	s := v.Summary
	return fmt.Sprintf("%d passed, %d warned, %d failed, %d skipped, %d unknown.", s.Pass, s.Warn, s.Fail, s.Skip, s.Unknown)
}

// label is a status at the beginning of a line.
func label(s check.Status) string {
	return report.Paint(checkMood(s), fmt.Sprintf("%-7s", s)) + "  "
}

// heading names a check and its status.
func heading(c check.Result) string { return label(c.Status) + c.Title + " (" + c.ID + ")" }

// one draws a check.
func (v checkView) one(b *strings.Builder, p *report.Printer, c check.Result, wide bool) {
	b.WriteString(p.Wrap(heading(c)) + "\n")
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

// skipped draws a line for each reason to skip checks.
func (v checkView) skipped(b *strings.Builder, p *report.Printer) {
	var reasons []string
	ids := map[string][]string{}
	for _, c := range v.Checks {
		if c.Status != check.Skip {
			continue
		}
		if ids[c.Found] == nil {
			reasons = append(reasons, c.Found)
		}
		ids[c.Found] = append(ids[c.Found], c.ID)
	}
	if len(reasons) == 0 {
		return
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	for _, reason := range reasons {
		b.WriteString(p.Wrap(label(check.Skip)+report.Printable(reason)+": "+strings.Join(ids[reason], ", ")) + "\n")
	}
}

// drawShort gives a line to each check that is not good, and to nothing else but the sum.
func (v checkView) drawShort(p *report.Printer) error {
	for _, c := range v.Checks {
		if c.Status == check.Pass || c.Status == check.Skip {
			continue
		}
		if err := p.Text(heading(c) + ": " + report.Printable(c.Found)); err != nil {
			return err
		}
	}
	return p.Text(v.sum())
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
	g := report.Grid{Head: []report.Column{{Title: "GROUP"}, {Title: "ID"}, {Title: "AT WORST"}, {Title: "TITLE", Wrap: true}}}
	if wide {
		g.Head = append(g.Head, report.Column{Title: "WANT", Wrap: true}, report.Column{Title: "NEEDS", Wrap: true})
	}
	for _, c := range l.Checks {
		row := report.Text(c.Group, c.ID, c.Severity, c.Title)
		if wide {
			row = append(row, report.Text(c.Want, strings.Join(c.Needs, ", "))...)
		}
		g.Rows = append(g.Rows, row)
	}
	return p.Grid(g)
}

// placeIn is the file that a finding is about, and its line: the first that it names, or
// what swapctl would write where it names none.
func placeIn(found string) report.Place {
	at := report.Place{File: "/etc/swapctl/config.yaml", Line: 1}
	parts := regexp.MustCompile(`(?:^|[ (])(/[^ :;,()]+)(?: line (\d+))?`).FindStringSubmatch(found)
	if parts != nil {
		at.File = parts[1]
		if line, err := strconv.Atoi(parts[2]); err == nil {
			at.Line = line
		}
	}
	return at
}

// cases are the results for machines that collect them.
func cases(r check.Report) []report.Case {
	var all []report.Case
	for _, c := range r.Checks {
		all = append(all, report.Case{
			ID: c.ID, Title: c.Title, Help: c.Doc, Message: c.Found, Advice: c.Hint, Place: placeIn(c.Found),
			Outcome: map[check.Status]report.Outcome{
				check.Pass: report.Passed, check.Warn: report.Warned, check.Fail: report.Failed,
				check.Skip: report.Skipped, check.Unknown: report.Unjudged,
			}[c.Status],
		})
	}
	return all
}
