package report

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestEscapeSequencesAreCutWhereTheyDoNotBelong(t *testing.T) {
	text := "\r\x1b[K" + Paint(Good, "on") + " " + Paint(Heading, "SIZE") + Paint(Plain, ", 漢字") + "\n"
	for _, test := range []struct {
		name string
		in   string
		want string
	}{
		{"all of them", text, "\ron SIZE, 漢字\n"},
		{"nothing to cut", "plain\n", "plain\n"},
		{"cut off in the middle", "a\x1b[3", "a"},
		{"two at once", "\x1b[1m\x1b[31mx", "x"},
		{"nothing", "", ""},
	} {
		var out bytes.Buffer
		n, err := cutter{to: &out}.Write([]byte(test.in))
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
