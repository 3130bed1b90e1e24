package kubeyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestDocumentsAreReadUpToTheFirstFault(t *testing.T) {
	for text, want := range map[string]struct {
		documents, line int
		reason          string
	}{
		"":                                {0, 0, ""},
		"a: 1\n---\n---\n- b\n":           {3, 0, ""},
		"a: 1\n---\nb: [\n":               {1, 3, "invalid YAML: did not find expected node content"},
		"a: 1\n---\nb: .inf\n":            {1, 3, ".inf: not a number that JSON can have"},
		"a: &a 1\n---\nb: *a\n":           {1, 3, "the anchor is one of another document"},
		"a: 1\n<<: 2\n":                   {0, 2, "<<: expected an object, or a list of objects"},
		"a: 1\n? [b]\n: 2\n":              {0, 2, "a list or an object cannot be the name of a field"},
		"a: 1\nb: {~: 2}\n":               {0, 2, "expected the name of a field, found null"},
		"a: 1\nb: !!int x\n":              {0, 2, "the value is not what its tag !!int says"},
		"a:\n- &a [*a]\n":                 {0, 2, "the value of an anchor contains itself"},
		bomb():                            {0, 2, errAliases.Error()},
		"18446744073709551616: 1\n1: 2\n": {1, 0, ""},
	} {
		all, err := Documents([]byte(text))
		var line int
		var reason string
		if err != nil {
			var why error
			line, why = Place([]byte(text), err)
			reason = why.Error()
		}
		if len(all) != want.documents || line != want.line || reason != want.reason {
			t.Errorf("%q: %d documents, line %d: %s; want %+v", text, len(all), line, reason, want)
		}
	}
}

// bomb returns a few bytes that expand to a million values.
func bomb() string {
	text := "a0: &a0 x\n"
	for i := range 7 {
		text += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9), i)
	}
	return "x: 1\ny: {" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", ", ") + "}\n"
}

func TestAMemberSaysWhatItTakesThePlaceOf(t *testing.T) {
	v, err := Parse([]byte("a: 1\n<<: [{a: 2}, {a: 3}]\nb: &b {c: 4}\nd: *b\na: 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	var chain []string
	for m := v.Member("a"); m != nil; m = m.Before {
		chain = append(chain, fmt.Sprintf("%s in line %d, merged %v", m.Value.Text, m.Key.Line, m.Merged))
	}
	if got, want := strings.Join(chain, "; "), "5 in line 5, merged false; 2 in line 2, merged true; 3 in line 2, merged true; 1 in line 1, merged false"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if d := v.Get("d", "c"); d == nil || d.Text != "4" || v.Get("d").Line() != 3 || v.Get("d").Node.Line != 4 {
		t.Errorf("%+v", d)
	}
	if v.Get("d", "none", "of") != nil || v.Get("a", "b") != nil || (*Value)(nil).Get("a") != nil {
		t.Error("what is not there was found")
	}
}

func TestErrorsCanBeTakenApart(t *testing.T) {
	_, err := Parse([]byte(bomb()))
	own, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, errAliases) || own.Line != 2 || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("%v", err)
	}
}
