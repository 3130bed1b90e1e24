package formats_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// element is what an element may have, and must.
type element struct {
	children, attributes, required []string
}

// elements are those of JUnit XML that are used here, as the schema that Jenkins validates
// with has them (jenkinsci/xunit-plugin, types/model/xsd/junit-10.xsd). It has neither file
// nor line of a testcase, which others read.
func elements() map[string]element {
	said := element{attributes: []string{"type", "message"}}
	return map[string]element{
		"":           {children: []string{"testsuites"}},
		"testsuites": {children: []string{"testsuite"}, attributes: []string{"name", "time", "tests", "failures", "errors"}},
		"testsuite": {
			children:   []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
			attributes: []string{"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
			required:   []string{"name", "tests", "failures", "errors"},
		},
		"testcase": {
			children:   []string{"skipped", "error", "failure", "system-out", "system-err"},
			attributes: []string{"name", "time", "classname", "group"}, required: []string{"name"},
		},
		"failure": said, "error": said, "skipped": said, "system-out": {}, "system-err": {},
	}
}

// wrong says what an XML file has that the schema does not allow.
func wrong(text string) (faults []string) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	open := []string{""}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return faults
		}
		if err != nil {
			return append(faults, err.Error())
		}
		switch token := token.(type) {
		case xml.StartElement:
			name, above := token.Name.Local, open[len(open)-1]
			if !slices.Contains(elements()[above].children, name) {
				faults = append(faults, name+" inside of "+above)
			}
			have := map[string]bool{}
			for _, a := range token.Attr {
				have[a.Name.Local] = true
				if !slices.Contains(elements()[name].attributes, a.Name.Local) {
					faults = append(faults, a.Name.Local+" of "+name)
				}
			}
			for _, must := range elements()[name].required {
				if !have[must] {
					faults = append(faults, name+" without "+must)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if above := open[len(open)-1]; len(elements()[above].children) > 0 && strings.TrimSpace(string(token)) != "" {
				faults = append(faults, strconv.Quote(string(token))+" inside of "+above)
			}
		}
	}
}

func TestJUnitIsOfItsSchema(t *testing.T) {
	for name, text := range outputs(t, "junit") {
		if faults := wrong(text); len(faults) > 0 {
			t.Errorf("%s: %q", name, faults)
		}
		if name == "lint" && !strings.Contains(text, `<failure message="standard input:4:3: memorySwap.swapBehaviour: `) {
			t.Errorf("lint does not say where:\n%s", text)
		}
	}
	for _, bad := range []string{
		`<testsuites><testcase name="x"/></testsuites>`, `<testsuites><testsuite name="x"/></testsuites>`,
		`<testsuites>text</testsuites>`, `<testsuites><testsuite`, `<testsuites line="1"/>`,
	} {
		if len(wrong(bad)) == 0 {
			t.Errorf("%s is taken", bad)
		}
	}
}
