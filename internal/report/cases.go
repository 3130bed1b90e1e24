package report

import (
	"bytes"
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
	Place     Place  // what the judgement is about
}

// Place is a place in a file. Line and Column count from 1; 0: not known.
type Place struct {
	File         string
	Line, Column int
	Field        string // what tells it from others in the file
}

// String is a place as editors take it.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
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
	Short = "short" // one line for each case that is not good
)

// CaseFormat is a Format of a command whose result are cases.
type CaseFormat struct {
	*Format
	Short bool // it has that, too
}

// Set implements pflag.Value.
func (f CaseFormat) Set(s string) error { return f.set(s, f.Words()) }

// Words lists the words that Set accepts.
func (f CaseFormat) Words() []string {
	list := append(Formats(), JUnit, SARIF)
	if f.Short {
		list = append(list, Short)
	}
	return words(list)
}

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
