package kubeadm

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/report"
)

// lintDocument is a CheckReport of files: one result for a check that found
// nothing, otherwise one for each finding.
type lintDocument struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Kubernetes string      `json:"kubernetesVersion"`
	Checks     []lintCheck `json:"checks"`
	Summary    lintSummary `json:"summary"`
}

type lintCheck struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Status   string `json:"status"` // pass, warn, fail, skip
	Found    string `json:"found"`
	Want     string `json:"want"`
	Why      string `json:"why"`
	Hint     string `json:"hint"`
	Doc      string `json:"doc"`
	File     string `json:"file,omitempty"`
	Document int    `json:"document,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Field    string `json:"field,omitempty"`
}

type lintSummary struct {
	Pass    int `json:"pass"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Skip    int `json:"skip"`
	Unknown int `json:"unknown"`
}

func newLintDocument(row kubeletcfg.Row, found []kubeletcfg.Finding, docs string) lintDocument {
	docOf := func(rule string) string { return docs + "kubeadm.md#" + rule }
	doc := lintDocument{APIVersion: cli.APIVersion, Kind: "CheckReport", Kubernetes: row.Kubernetes}
	titles := map[string]string{}
	broken := map[string]bool{}
	for _, rule := range kubeletcfg.Rules() {
		titles[rule[0]] = rule[1]
	}
	for _, f := range found {
		check := lintCheck{
			ID: f.Rule, Title: titles[f.Rule], Status: "fail", Found: place(f), Want: f.Fix, Why: f.Message, Hint: f.Fix,
			Doc: docOf(f.Rule), File: f.File, Document: f.Document, Line: f.Line, Column: f.Column, Field: f.Field,
		}
		if f.Field != "" {
			check.Found += ": " + f.Field
		}
		switch {
		case f.Note:
			check.Status = "skip"
			doc.Summary.Skip++
		case f.Warning:
			check.Status = "warn"
			doc.Summary.Warn++
		default:
			doc.Summary.Fail++
		}
		broken[f.Rule] = broken[f.Rule] || !f.Note
		doc.Checks = append(doc.Checks, check)
	}
	for _, rule := range kubeletcfg.Rules() {
		if !broken[rule[0]] {
			doc.Checks = append(doc.Checks, lintCheck{ID: rule[0], Title: rule[1], Status: "pass", Doc: docOf(rule[0])})
			doc.Summary.Pass++
		}
	}
	return doc
}

// place is the position of a finding, in the form that editors accept.
func place(f kubeletcfg.Finding) string {
	return report.Place{File: f.File, Line: f.Line, Column: f.Column}.String()
}

func (d lintDocument) print(a *cli.App) error {
	var err error
	switch a.Output {
	case report.JUnit:
		cases := d.cases()
		for i, c := range cases { // the schema of Jenkins has no attributes for it
			if c.Place.File != "" {
				cases[i].Message = c.Place.String() + ": " + c.Message
			}
		}
		err = report.WriteJUnit(a.Out, "swapctl kubeadm-config lint", cases)
	case report.SARIF:
		err = report.WriteSARIF(a.Out, a.Tool(), d.cases())
	default:
		return a.Print(d, d.draw)
	}
	return cli.Printed("the result", err)
}

// cases are the findings for machines that collect them.
func (d lintDocument) cases() []report.Case {
	var all []report.Case
	for _, c := range d.Checks {
		message := c.Why
		if c.Field != "" {
			message = c.Field + ": " + message
		}
		advice := c.Hint
		if advice != "" {
			advice = "fix: " + advice
		}
		all = append(all, report.Case{
			ID: c.ID, Title: c.Title, Help: c.Doc, Message: message, Advice: advice,
			Place: report.Place{File: c.File, Line: c.Line, Column: c.Column, Field: c.Field},
			Outcome: map[string]report.Outcome{
				"pass": report.Passed, "warn": report.Warned, "fail": report.Failed, "skip": report.Skipped,
			}[c.Status],
		})
	}
	return all
}

func (d lintDocument) draw(p *report.Printer, wide bool) error {
	for _, c := range d.Checks {
		if c.Status == "pass" && !wide {
			continue
		}
		if err := d.drawCheck(p, c); err != nil {
			return err
		}
	}
	others := ""
	if d.Summary.Skip > 0 {
		others = "; not judged as kubeadm's or a kubelet's: " + count(d.Summary.Skip, "document")
	}
	return p.Text(fmt.Sprintf("For Kubernetes %s: %s, %s; %s kept%s.", d.Kubernetes,
		count(d.Summary.Fail, "fault"), count(d.Summary.Warn, "warning"), count(d.Summary.Pass, "rule"), others))
}

// count formats a number with its noun.
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func (d lintDocument) drawCheck(p *report.Printer, c lintCheck) error {
	mood := map[string]report.Mood{"pass": report.Good, "warn": report.Notice, "fail": report.Bad, "skip": report.Notice}[c.Status]
	if c.Status == "pass" {
		return p.Text(report.Paint(mood, c.Status) + "  " + c.ID + ": " + c.Title)
	}
	lines := []string{
		report.Paint(mood, c.Status) + "  " + report.Printable(c.Found) + "  (" + c.ID + ")",
		"      " + report.Printable(c.Why),
	}
	if c.Status != "skip" {
		for i, line := range strings.Split(c.Hint, "\n") {
			lines = append(lines, "      "+map[bool]string{true: "fix: ", false: "     "}[i == 0]+report.Printable(line))
		}
	}
	return p.Text(strings.Join(lines, "\n"))
}
