package kubeyaml

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// seeds are texts that YAML parsers treat differently; all of them run as a
// test.
func seeds() []string {
	all := []string{
		"", "\n", "# x\n", "---\n", "---\n---\na: 1\n", "...\n", "null\n", "~", "\ufeffa: 1\n", "a: 1\n\ufeffb: 2\n", "- a\n- [b, {c: d}]\n", "%YAML 1.1\n---\na: 1\n", "%YAML 1.2\n---\na: 1\n", "a: 1\n---\n: [\n", "{},\"",
		// Merge keys, in all orders.
		"a: 1\n<<: {a: 2}\n", "<<: {a: 2}\na: 1\n", "<<: {a: 1}\n<<: {a: 2}\n", "a: 1\n<<: [{a: 2}, {a: 3}]\n", "<<: [{a: 2}, {a: 3}]\na: 1\nb: 2\n", "<<: []\n", "<<: {<<: {a: 1}, a: 2}\n", "<<: {a: 2, <<: {a: 1}}\n",
		"<<: 1\n", "<<: null\n", "<<:\n", "<<: [1]\n", "<<: [[{a: 1}]]\n", "x: &x {a: 1}\n<<: *x\na: 2\n", "x: &x {a: 1}\na: 2\n<<: *x\n", "x: &x [{a: 1}]\n<<: *x\n", "x: &x {a: 1}\n<<: [*x, {a: 2}]\n", "x: &x 1\n<<: *x\n",
		"\"<<\": {a: 1}\n", "'<<': 1\n", "!!merge <<: {a: 1}\n", "!!merge '<<': {a: 1}\n", "!!merge x: 1\n", "!!str <<: {a: 1}\n", "a: <<\n", "- <<\n", "a: &m <<\n*m : 1\n", "<<: !!map {a: 1}\n", "<<: &y {<<: *y}\n",
		"a: 1\n<<: {a: .inf}\n", "<<: {a: .inf}\na: 1\n", "<<: {~: 1}\n", "1: 1\n<<: {1: 2}\n", "a: {b: 1}\n<<: {a: {c: 2}}\n",
		// Anchors.
		"a: &a {b: 1}\nc: *a\n", "a: &a [*a]\n", "a: *b\n", "a: &a 1\nb: &a 2\nc: *a\n", "&k a: *k\n", "a: &x b\n*x : 1\n", "a: &x [b]\n*x : 1\n", "a: &x\nb: *x\n", "&a {b: &b {c: *b}}\n", "&a b: &a c\nd: *a\n", "a: &a 1\n---\nb: *a\n",
		// Duplicate names, and names that are not strings.
		"a: 1\na: 2\n", "a: .inf\na: 1\n", "a: 1\na: .inf\n", "a: !!int x\na: 1\n", "{a: 1, a: 2}", "a: {b: 1, b: 2}\na: 1\n", "~: 1\n", "null: 1\n", ": 1\n", "1: a\n", "1.0: a\n", "1.5: a\n", "1e3: a\n", "1e7: a\n", "0x10: a\n", "010: a\n", "-0.0: a\n", "1e-7: a\n", "123456789.5: a\n",
		"yes: a\n", "no: a\ntrue: b\n", "18446744073709551615: a\n", "9223372036854775807: a\n", "1e208: a\n", "-1e39: a\n", ".inf: a\n", "-.inf: a\n", ".nan: a\n", "? {a: 1}\n: b\n", "? [a]\n: b\n", "[]: 1\n", "{}: 1\n", "{[]: 1}", "? |\n  a\n: b\n", "2001-01-01: a\n", "!!binary aGk=: a\n", "!!str 1: a\n", "x: {~: 1}\nx: 2\n", "? a\n? b\n", "0.1: a\n", "1_0: a\n",
		// Values with tags.
		"a: !!str 1\n", "a: !!int 1\n", "a: !!int \"1\"\n", "a: !!int 1.5\n", "a: !!float 1\n", "a: !!float 9007199254740993\n", "a: !!float 18446744073709551615\n", "a: !!float x\n", "a: !!bool yes\n", "a: !!bool \"no\"\n", "a: !!bool 1\n", "a: !!null ~\n", "a: !!null x\n", "a: !!null\n", "a: !!null ''\n",
		"a: !!timestamp 2001-01-01\n", "a: !!timestamp 2001-12-14t21:59:43.10-05:00\n", "a: !!timestamp x\n", "a: !!timestamp yes\n", "a: 2001-01-01\n", "a: 2001-12-14 21:59:43.10\n", "a: !!binary aGVsbG8=\n", "a: !!binary x\n", "a: !!binary /w==\n", "a: !foo 1\n", "a: !!foo yes\n", "a: !<tag:yaml.org,2002:int> 1\n",
		"a: ! 12\n", "&a  &a !0000", "a: &a\n! b: c\n", "a: ! \"12\"\n", "a: ! 'no'\n", "a: &x ! 'no'\n", "a: ! &x 'no'\n", "a: &x # !\n  'no'\n", "a: &x # !\n  no\n", "a: &x\n  ! no\n", "a: !\n", "! a: ! ~\n", "! <<: {a: 1}\n", "! '<<': {a: 1}\n", "! '<<':\n", "! 1: a\n", "- !\n- ! 1\n- !", "a: ! |\n  12\n", "a: ! |-\n  12\n", "a: ! {b: 1}\n", "a: !!map {b: 1}\n", "a: !!set {b, c}\n", "a: !!null {b: 1}\n", "a: !!seq x\n", "a: '! 12'\n", "%TAG ! tag:yaml.org,2002:\n---\na: !int 3\n", "ä: 'ö' # !\nb: ! 'no'\n",
		// Texts.
		"a: |\n  b\n  c\n", "a: >\n  b\n  c\n\n  d\n", "a: b\n  c\n", "a: 'b\n\n  c'\n", "a: \"b\\\n  c\"\n", "a: \"\\x41\\u00e9\\/\"\n", "a: \"\\ud800\"\n", "a: |2\n   b\n", "a: |+\n  b\n\n", "a: |\n\tb\n", "\ta: 1\n", "a:\t1\n", "a:\n\t- b\n", "a: 1\t# x\n", "a: 'it''s'\n", "a: \"\"\n", "a:\n", "a: b: c\n", "a: [b,\n", "a: {b\n", "a: @b\n", "a: `b\n", "a: b #c\n", "a: b#c\n", "a\n", "- - a\n  - b\n", "a: [b, ]\n", "[a: b]", "{a, b: }", "{\"a\":1}", "a: \x00\n", "a: \xff\n", "\xff\xfea\x00", "a: b\r\nc: d\r\n", "a: b\rc: d", "a: b\u0085c: d\n", "a: b\u2028c: d\n",
		"- a\n# b\n- c\n\n# d\n", "a:\n# b\n  c: 1\n # d\n  e: 2\n", "a: # b\n  - c\n  # d\n", "a:\n  - b\n# c\nd: 1\n", "[a, # b\nc # d\n]",
		"a: " + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "\n", strings.Repeat("a", 1100) + ": 1\n", "? " + strings.Repeat("a", 1100) + "\n: 1\n",
	}
	for _, word := range words() {
		all = append(all, "a: "+word+"\n", word+": a\n", "- "+word+"\n", word)
	}
	return all
}

// FuzzAsKubernetes checks that Parse equals sigs.k8s.io/yaml: both refuse the
// same texts, both return the same JSON for the others, and strict decoding
// refuses a name if it replaces another one.
func FuzzAsKubernetes(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed)
	}
	f.Fuzz(same)
}

var loneBelowAnchor = regexp.MustCompile(`&[^\r\n]*[\r\n]\s*(#[^\r\n]*[\r\n]\s*)*![ \t]*([\r\n#]|$)`)

func same(t *testing.T, text string) {
	want, wantErr := yaml.YAMLToJSON([]byte(text))
	_, strictErr := yaml.YAMLToJSONStrict([]byte(text))
	v, err := Parse([]byte(text))
	if err == nil {
		err = v.Check()
	}
	if v.ambiguous() || strings.Contains(text, "!<!") || loneBelowAnchor.MatchString(text) {
		// sigs.k8s.io/yaml picks one of two at random; and yaml/v3 does not
		// distinguish the verbatim tag !<!!int> from !!int, nor say to which
		// value a "!" belongs that is on the line below an anchor without a
		// value.
		return
	}
	if (errors.Is(err, errDepth) || errors.Is(err, errAliases)) && len(text) > 1000 {
		return // our limits are lower
	}
	if err != nil && wantErr == nil && streamError(text) != nil {
		// What follows the document is not YAML: yaml/v3 parses a few words of
		// it, and yaml/v2 none, even if it ends the document early, as in {}:
		// 1.
		return
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q:\n    kubeyaml: %v\nsigs.k8s.io: %v", text, err, wantErr)
	}
	if err != nil {
		if line, reason := Place([]byte(text), err); line < 1 || reason == nil {
			t.Fatalf("%q: line %d, %q", text, line, reason)
		}
		return
	}
	if got, err := json.Marshal(v.Any()); err != nil || string(got) != string(want) {
		t.Fatalf("%q:\n    kubeyaml: %s (%v)\nsigs.k8s.io: %s", text, got, err, want)
	}
	if v.twice() != (strictErr != nil) {
		t.Fatalf("%q: twice %v, %v", text, v.twice(), strictErr)
	}
}

// streamError returns the error of go.yaml.in/yaml/v2 for any document of a
// text.
func streamError(text string) error {
	decoder := yamlv2.NewDecoder(strings.NewReader(text))
	for {
		var v any
		if err := decoder.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// twice reports whether some name is duplicate.
func (v *Value) twice() bool {
	return v.some(func(m *Member) bool { return m.Before != nil })
}

// ambiguous reports whether two names are the same in JSON but not in
// go.yaml.in/yaml/v2, like 1 and "1".
func (v *Value) ambiguous() bool {
	return v.some(func(m *Member) bool {
		for at := m; at.Before != nil; at = at.Before {
			one, other := keyOf(at.Key), keyOf(at.Before.Key)
			if one.Kind != other.Kind || one.form != other.form || one.Text != other.Text || one.Text == ".nan" && one.Kind == Number {
				return true
			}
		}
		return false
	})
}

func keyOf(n *yamlv3.Node) Value {
	var r resolver
	v, _ := r.scalar(through(n))
	return v
}

func (v *Value) some(is func(*Member) bool) bool {
	for i := range v.Items {
		if v.Items[i].some(is) {
			return true
		}
	}
	for i := range v.Members {
		if m := &v.Members[i]; is(m) || m.Value.some(is) {
			return true
		}
	}
	return false
}

func TestSeedsAreReadAsKubernetesReadsThem(t *testing.T) {
	for _, seed := range seeds() {
		same(t, seed)
	}
}
