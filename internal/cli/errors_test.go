package cli

import (
	"strings"
	"testing"
)

// FuzzOneLine: whatever is typed can be printed on one line.
func FuzzOneLine(f *testing.F) {
	for _, text := range []string{"4Gi", "50%", "1e999999999", "a\nb", "\x1b[2J", "\xff", strings.Repeat("9", 5000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if line := OneLine(text); strings.ContainsAny(line, "\x1b\n\r") {
			t.Errorf("%q is printed as %q", text, line)
		}
	})
}
