package kubeyaml

import (
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestPlace(t *testing.T) {
	rest := strings.Repeat("# "+strings.Repeat("x", 1022)+"\n", placeable>>10)
	for name, c := range map[string]struct {
		text   string
		line   int
		reason string
	}{
		"a tab":                  {"a:\n  b: 1\n\tc: 2\n", 3, "found a tab character that violates indentation"},
		"a mapping in a value":   {"a: 1\nb: c: d\n", 2, "mapping values are not allowed in this context"},
		"never closed":           {"a: 1\nb: [1,\n  2\n", 3, "did not find expected ',' or ']'"},
		"no last line break":     {"a: 1\nb: @", 2, "found character that cannot start any token"},
		"a line alone":           {"@", 1, "found character that cannot start any token"},
		"in the second document": {"a: 1\n---\nb: 2\nc: *none\n", 4, "unknown anchor 'none' referenced"},
		"too long to look for":   {"a:\n  b: 1\n\tc: 2\n" + rest, 2, "found a tab character that violates indentation"},
		"too long, and no line":  {"@\n" + rest, 0, "found character that cannot start any token"},
	} {
		t.Run(name, func(t *testing.T) {
			err := firstError(c.text)
			line, reason := Place([]byte(c.text), err)
			if line != c.line || !errors.Is(reason, ErrSyntax) || reason.Error() != "invalid YAML: "+c.reason {
				t.Errorf("line %d: %v; want %d: %s", line, reason, c.line, c.reason)
			}
		})
	}
}

func firstError(text string) error {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		if err := decoder.Decode(new(yaml.Node)); err != nil {
			return err
		}
	}
}
