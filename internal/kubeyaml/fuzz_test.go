package kubeyaml

import (
	"bytes"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzPlace: the line of an error is a line of the text, for any broken text.
func FuzzPlace(f *testing.F) {
	for _, text := range []string{"a:\n  b: 1\n\tc: 2\n", "a: 1\nb: c: d\n", "b: [1,\n", "@", "a: 1\n---\nb: *x\n", "\xff\xfe", "a: \"\n\n", "&a [*a]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var n yaml.Node
		err := yaml.Unmarshal(text, &n)
		if err == nil {
			return
		}
		if line, reason := Place(text, err); line < 1 || line > bytes.Count(text, []byte("\n"))+1 || reason == nil {
			t.Errorf("%q: line %d, %q", text, line, reason)
		}
	})
}
