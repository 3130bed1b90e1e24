package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func someCases() []Case {
	return []Case{
		{ID: "a", Title: "All <fine>", Help: "https://x/#a", Outcome: Passed, Message: "60"},
		{ID: "b", Title: "Odd", Outcome: Warned, Message: `a "quoted" & odd` + "\x01\n\u0085", Advice: "do\nthis"},
		{ID: "c", Title: "Bad", Outcome: Failed, Message: "0", Advice: "fix it"},
		{ID: "d", Title: "No", Outcome: Skipped, Message: "see c"},
		{ID: "e", Title: "Who knows", Outcome: Unjudged, Message: "denied", Advice: "as root"},
	}
}

func TestJUnitIsXML(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJUnit(&b, "swapctl check", someCases()); err != nil {
		t.Fatal(err)
	}
	type note struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name    string `xml:"name,attr"`
		Failure *note  `xml:"failure"`
		Skipped *note  `xml:"skipped"`
		Out     string `xml:"system-out"`
	}
	var suites struct {
		Suite struct {
			Tests, Failures, Skipped int        `xml:",attr"`
			Cases                    []testcase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	want := []testcase{
		{Name: "a: All <fine>", Out: "60"},
		{Name: "b: Odd", Out: "warning: a \"quoted\" & odd?\n\u0085\ndo\nthis"},
		{Name: "c: Bad", Failure: &note{"0", "fix it"}},
		{Name: "d: No", Skipped: &note{Message: "see c"}},
		{Name: "e: Who knows", Skipped: &note{Message: "denied"}},
	}
	if diff := cmp.Diff(want, suites.Suite.Cases); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, b.String())
	}
	for _, counts := range []string{`tests="5"`, `failures="1"`, `skipped="2"`} {
		if !strings.Contains(b.String(), counts) {
			t.Errorf("%s is missing", counts)
		}
	}
}

func TestSARIFTellsEachCaseWithItsRule(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSARIF(&b, Tool{Name: "swapctl", InformationURI: "https://x"}, someCases()); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []sarifRun
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, r := range log.Runs[0].Results {
		got = append(got, []string{log.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID, r.RuleID, r.Kind, r.Level})
	}
	want := [][]string{
		{"a", "a", "pass", "none"}, {"b", "b", "fail", "warning"}, {"c", "c", "fail", "error"},
		{"d", "d", "notApplicable", "none"}, {"e", "e", "open", "none"},
	}
	if diff := cmp.Diff(want, got); diff != "" || log.Version != "2.1.0" {
		t.Errorf("version %s (-want +got):\n%s", log.Version, diff)
	}
	if message := log.Runs[0].Results[2].Message.Text; message != "0\nfix it" {
		t.Errorf("message %q", message)
	}
}

func TestNoCasesAreADocumentToo(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSARIF(&b, Tool{Name: "x"}, nil); err != nil || !strings.Contains(b.String(), `"results": []`) || !strings.Contains(b.String(), `"rules": []`) {
		t.Errorf("%v %s", err, b.String())
	}
	b.Reset()
	if err := WriteJUnit(&b, "x", nil); err != nil || !strings.Contains(b.String(), `tests="0"`) {
		t.Errorf("%v %s", err, b.String())
	}
}

func TestAReaderThatWentAwayIsAnError(t *testing.T) {
	w := broken{}
	if WriteJUnit(w, "x", someCases()) == nil || WriteSARIF(w, Tool{}, someCases()) == nil {
		t.Error("nothing is said")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestFormatsOfCases(t *testing.T) {
	var f Format
	for _, word := range []string{"table", "wide", "json", "yaml", "junit", "sarif"} {
		if err := (CaseFormat{&f}).Set(word); err != nil || string(f) != word {
			t.Errorf("%s: %v", word, err)
		}
	}
	if (CaseFormat{&f}).Set("csv") == nil || f.Set("junit") == nil {
		t.Error("a format of another command is taken")
	}
}
