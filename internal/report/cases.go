package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Case is one result, for machines that collect them: CI servers read JUnit,
// code scanning reads SARIF.
type Case struct {
	ID, Title string
	Help      string // URL of its documentation
	Outcome   Outcome
	Message   string // what was found
	Advice    string // what to do about it
}

// Outcome is the result of a case.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "passed"
	Warned   Outcome = "warned"
	Failed   Outcome = "failed"
	Skipped  Outcome = "skipped"
	Unjudged Outcome = "unjudged" // it could not be seen
)

// The formats of a command whose results are cases. They have no type, so that
// other commands need not handle them.
const (
	JUnit = "junit"
	SARIF = "sarif"
)

// CaseFormat is a Format of a command whose result are cases.
type CaseFormat struct{ *Format }

// Set implements pflag.Value.
func (f CaseFormat) Set(s string) error { return f.set(s, f.Words()) }

// Words lists what Set takes.
func (f CaseFormat) Words() []string { return words(append(Formats(), JUnit, SARIF)) }

// WriteJUnit writes the cases as one suite of a JUnit XML file, in the form of
// Ant's JUnit task that CI servers read. A warning is a case that passed, with
// a message.
func WriteJUnit(w io.Writer, suite string, cases []Case) error {
	var b bytes.Buffer
	count := map[Outcome]int{}
	for _, c := range cases {
		count[c.Outcome]++
	}
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=%s tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\">\n",
		attribute(suite), len(cases), count[Failed], count[Skipped]+count[Unjudged])
	for _, c := range cases {
		fmt.Fprintf(&b, "    <testcase classname=%s name=%s>\n", attribute(suite), attribute(c.ID+": "+c.Title))
		switch c.Outcome {
		case Failed:
			fmt.Fprintf(&b, "      <failure message=%s>%s</failure>\n", attribute(c.Message), text(c.Advice))
		case Skipped, Unjudged:
			fmt.Fprintf(&b, "      <skipped message=%s/>\n", attribute(c.Message))
		case Warned:
			fmt.Fprintf(&b, "      <system-out>%s</system-out>\n", text("warning: "+c.Message+"\n"+c.Advice))
		case Passed:
			fmt.Fprintf(&b, "      <system-out>%s</system-out>\n", text(c.Message))
		}
		b.WriteString("    </testcase>\n")
	}
	b.WriteString("  </testsuite>\n</testsuites>\n")
	_, err := w.Write(b.Bytes())
	return err
}

func attribute(s string) string { return `"` + text(s) + `"` }

// text escapes for XML 1.0, which has no way to write most control characters.
func text(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\n' || r == '\t':
			fmt.Fprintf(&b, "&#%d;", r)
		case r < ' ' || r == utf8.RuneError || r == 0xfffe || r == 0xffff:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Tool describes the program in a SARIF file.
type Tool struct {
	Name           string `json:"name"`
	Version        string `json:"version,omitempty"`
	InformationURI string `json:"informationUri"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID      string    `json:"id"`
	Short   sarifText `json:"shortDescription"`
	HelpURI string    `json:"helpUri"`
}

type sarifResult struct {
	RuleID    string    `json:"ruleId"`
	RuleIndex int       `json:"ruleIndex"`
	Kind      string    `json:"kind"`
	Level     string    `json:"level"`
	Message   sarifText `json:"message"`
}

type sarifDriver struct {
	Tool
	Rules []sarifRule `json:"rules"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Results []sarifResult `json:"results"`
}

// WriteSARIF writes the cases as a SARIF 2.1.0 log (OASIS): each is a rule and
// its result.
func WriteSARIF(w io.Writer, tool Tool, cases []Case) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Tool: tool, Rules: []sarifRule{}}
	for i, c := range cases {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: c.ID, Short: sarifText{c.Title}, HelpURI: c.Help})
		kind, level := c.Outcome.sarif()
		message := c.Message
		if c.Advice != "" && level != "none" {
			message += "\n" + c.Advice
		}
		run.Results = append(run.Results, sarifResult{RuleID: c.ID, RuleIndex: i, Kind: kind, Level: level, Message: sarifText{message}})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// sarif gives kind and level; a level other than none needs kind fail (3.27.9
// and 3.27.10 of the standard).
func (o Outcome) sarif() (kind, level string) {
	switch o {
	case Failed:
		return "fail", "error"
	case Warned:
		return "fail", "warning"
	case Skipped:
		return "notApplicable", "none"
	case Unjudged:
		return "open", "none"
	case Passed:
	}
	return "pass", "none"
}
