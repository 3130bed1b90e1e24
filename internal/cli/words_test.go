package cli

import (
	"strings"
	"testing"
)

// FuzzWords: whatever is typed can be asked for a size, and printed on one line.
func FuzzWords(f *testing.F) {
	for _, text := range []string{"4Gi", "50%", "1e999999999", "a\nb", "\x1b[2J", "\xff", strings.Repeat("9", 5000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_ = isSize(text)
		if line := OneLine(text); strings.ContainsAny(line, "\x1b\n\r") {
			t.Errorf("%q is printed as %q", text, line)
		}
	})
}
