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
	run := log.Runs[0]
	if len(run.Tool.Driver.Rules) != 5 {
		t.Errorf("%d rules", len(run.Tool.Driver.Rules))
	}
	var got [][]string
	for _, r := range run.Results {
		got = append(got, []string{run.Tool.Driver.Rules[r.RuleIndex].ID, r.RuleID, r.Kind, r.Level})
	}
	// Whatever else is a result is shown as an alert by code scanning.
	want := [][]string{{"b", "b", "fail", "warning"}, {"c", "c", "fail", "error"}}
	if diff := cmp.Diff(want, got); diff != "" || log.Version != "2.1.0" {
		t.Errorf("version %s (-want +got):\n%s", log.Version, diff)
	}
	if message := run.Results[1].Message.Text; message != "0\nfix it" {
		t.Errorf("message %q", message)
	}
}

// TestSARIFHasPlaces as code scanning wants them: a relative address, a line from 1 on,
// and the same fingerprint as long as it is the same fault.
func TestSARIFHasPlaces(t *testing.T) {
	results := func(cases ...Case) []sarifResult {
		var b bytes.Buffer
		var log struct{ Runs []sarifRun }
		if err := WriteSARIF(&b, Tool{Name: "x"}, cases); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		return log.Runs[0].Results
	}
	at := func(file string, line int, field string) Case {
		return Case{ID: "a", Outcome: Failed, Message: "m", Place: Place{File: file, Line: line, Column: 3, Field: field}}
	}
	for file, uri := range map[string]string{
		"/etc/fstab": "etc/fstab", "./a b.yaml": "a%20b.yaml", "../x.yaml": "x.yaml", "standard input": "standard%20input", "c:x": "c%3Ax", "dir/ü#1.yaml": "dir/%C3%BC%231.yaml",
	} {
		r := results(at(file, 0, ""))[0].Locations[0].Physical
		if r.Artifact.URI != uri || r.Region.StartLine != 1 {
			t.Errorf("%s: %+v, want %s", file, r, uri)
		}
	}
	const key = "primaryLocationLineHash"
	all := results(at("f", 4, "x"), at("f", 9, "x"), at("f", 4, "y"))
	moved := results(at("f", 5, "x"))
	if a := all[0]; a.Locations[0].Physical.Region.StartLine != 4 || a.Locations[0].Physical.Region.StartColumn != 3 || a.Fingerprints[key] != moved[0].Fingerprints[key] {
		t.Errorf("%+v, moved %+v", a, moved)
	}
	if all[0].Fingerprints[key] == all[1].Fingerprints[key] || all[0].Fingerprints[key] == all[2].Fingerprints[key] {
		t.Errorf("two faults have one fingerprint: %+v", all)
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
		if err := (CaseFormat{Format: &f}).Set(word); err != nil || string(f) != word {
			t.Errorf("%s: %v", word, err)
		}
	}
	if err := (CaseFormat{Format: &f, Short: true}).Set("short"); err != nil {
		t.Error(err)
	}
	if (CaseFormat{Format: &f}).Set("short") == nil || (CaseFormat{Format: &f}).Set("csv") == nil || f.Set("junit") == nil {
		t.Error("a format of another command is taken")
	}
}
