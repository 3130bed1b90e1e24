package report

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestEscapeSequencesAreCutWhereTheyDoNotBelong: all of them in a file, the
// colours alone where a person wants none.
func TestEscapeSequencesAreCutWhereTheyDoNotBelong(t *testing.T) {
	text := "\r\x1b[K" + Paint(Good, "on") + " " + Paint(Heading, "SIZE") + Paint(Plain, ", 漢字") + "\n"
	for _, test := range []struct {
		name string
		all  bool
		in   string
		want string
	}{
		{"a file", true, text, "\ron SIZE, 漢字\n"},
		{"no colour", false, text, "\r\x1b[Kon\x1b[m \x1b[1mSIZE\x1b[m, 漢字\n"},
		{"nothing to cut", true, "plain\n", "plain\n"},
		{"cut off in the middle", true, "a\x1b[3", "a"},
		{"two at once", true, "\x1b[1m\x1b[31mx", "x"},
		{"nothing", true, "", ""},
	} {
		var out bytes.Buffer
		n, err := cutter{to: &out, all: test.all}.Write([]byte(test.in))
		if n != len(test.in) || err != nil {
			t.Errorf("%s: wrote %d of %d bytes, %v", test.name, n, len(test.in), err)
		}
		if out.String() != test.want {
			t.Errorf("%s: %q, want %q", test.name, out.String(), test.want)
		}
	}
	if _, err := (cutter{to: &full{}}).Write([]byte("x")); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a full disk: %v", err)
	}
}
