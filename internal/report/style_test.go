package report

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
)

func TestProseIsBrokenBetweenWordsBelowWhereItsTextBegins(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		room             int
	}{
		{"it fits", "short", "short", 5},
		{"plain", "one two three", "one two\nthree", 8},
		{"behind a label", "  found  one two three four five", "  found  one two three\n         four five", 25},
		{"a label painted", "  " + Paint(Faint, "found") + "  one two three four five", "  \x1b[2mfound\x1b[m  one two three\n         four five", 25},
		{"no room beside the label", "  found  one two three", " found\n one two\n three", 10},
		{"a word is never broken", "see https://example.org/a/long/way now", "see\nhttps://example.org/a/long/way\nnow", 12},
		{"a long word beside a label", "  found  /a/long/way/to/go.d: no", "  found\n         /a/long/way/to/go.d:\n         no", 26},
		{"a hyphen is no place to break", "setup --dry-run --exit-code", "setup --dry-run\n--exit-code", 21},
		{"several lines", "one two\nthree four", "one\ntwo\nthree\nfour", 5},
		{"wide characters", "漢字 漢字 漢字", "漢字\n漢字\n漢字", 6},
		{"nothing", "", "", 1},
		{"hardly any room", "a b", "a\nb", 2},
		{"blanks alone", "     ", "", 2},
	} {
		if diff := cmp.Diff(test.want, Wrap(test.text, test.room)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// rowsAt draws a table at a width, as NO_COLOR has it.
func rowsAt(room int, head []Column, rows ...[]Cell) string {
	var out strings.Builder
	p := New(&out, Options{Env: noEnv})
	p.width = room
	if err := p.Grid(Grid{Head: head, Rows: rows}); err != nil {
		return err.Error()
	}
	return out.String()
}

// TestHowATableGivesWay: names lose their middle and sentences wrap; columns go;
// then names and sentences get shorter still; in the end there are no columns.
func TestHowATableGivesWay(t *testing.T) {
	head := []Column{
		{Title: "NAME", Short: true}, {Title: "SIZE", Right: true}, {Title: "QOS", Spare: 2}, {Title: "NOTE", Spare: 1}, {Title: "WHY", Wrap: true},
	}
	row := Text("a-name-of-thirty-letters-12345", "4 GiB", "Burstable", "odd", "for a reason that takes a whole sentence")
	for _, test := range []struct {
		room int
		want string
	}{
		{120, `
NAME                             SIZE  QOS        NOTE  WHY
a-name-of-thirty-letters-12345  4 GiB  Burstable  odd   for a reason that takes a whole sentence
`}, {84, `
NAME                           SIZE  QOS        NOTE  WHY
a-name-of-thi…-letters-12345  4 GiB  Burstable  odd   for a reason that takes a
                                                      whole sentence
`}, {79, `
NAME                            SIZE  QOS        WHY
a-name-of-thir…-letters-12345  4 GiB  Burstable  for a reason that takes a
                                                 whole sentence
Not shown, for lack of room: NOTE.
`}, {50, `
NAME                   SIZE  WHY
a-name-of…ters-12345  4 GiB  for a reason that
                             takes a whole
                             sentence
Not shown, for lack of room: QOS, NOTE.
`}, {36, `
NAME  a-name-of-thirty-letters-12345
SIZE  4 GiB
QOS   Burstable
NOTE  odd
WHY   for a reason that takes a
      whole sentence
`}, {20, `
NAME
  a-name-of-thirty-letters-12345
SIZE
  4 GiB
`}} {
		got := "\n" + rowsAt(test.room, head, row)
		if test.room == 20 {
			got, _, _ = strings.Cut(got, "QOS")
		}
		for line := range strings.Lines(got) {
			line = strings.TrimRight(line, "\n")
			if width := lipgloss.Width(line); line != "" && width > test.room && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("at %d: %d columns: %q", test.room, width, line)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("at %d (-want +got):\n%s", test.room, diff)
		}
	}
}

// TestNoWidthIsTooNarrow draws everything at every width.
func TestNoWidthIsTooNarrow(t *testing.T) {
	head := []Column{{Title: "NAME", Short: true}, {Title: "SIZE", Right: true, Spare: 1}, {Title: "漢字", Wrap: true}}
	rows := [][]Cell{Text("größe-ü", "1", "ein Satz mit 漢字 darin"), Text("", "", ""), Text("x", "12345678901234567890", strings.Repeat("w", 50))}
	for room := range 60 {
		text := rowsAt(room, head, rows...)
		for _, want := range []string{"Satz", "x", "www"} {
			if !strings.Contains(text, want) {
				t.Errorf("at %d: %q is missing:\n%s", room, want, text)
			}
		}
		if wrapped := Wrap("  label  "+strings.Repeat("word ", 9), room); strings.Count(wrapped, "word") != 9 {
			t.Errorf("at %d: %q", room, wrapped)
		}
	}
}

// TestALongWordInASentenceIsNotCut: nothing of a path is lost in a column.
func TestALongWordInASentenceIsNotCut(t *testing.T) {
	path := "/" + strings.Repeat("very/", 8) + "50-long-name.conf"
	text := rowsAt(60, []Column{{Title: "STATE"}, {Title: "STEP", Wrap: true}}, Text("done", "file "+path+" is there"))
	if got := strings.Join(strings.Fields(text), ""); !strings.Contains(got, path) || strings.Contains(text, "…") || !strings.Contains(text, "/\n") || strings.Contains(text, "-\n") {
		t.Errorf("got\n%s", text)
	}
}

// TestRecordsStandApart: without columns, a blank line tells one row from the next.
func TestRecordsStandApart(t *testing.T) {
	text := rowsAt(16, Titles("A TITLE", "ANOTHER ONE"), Text("one", "two"), Text("three", ""))
	want := "A TITLE\n  one\nANOTHER ONE\n  two\n\nA TITLE\n  three\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// palettes are what well-known terminals make of the colours 31, 32 and 35.
func palettes() map[string][3][3]float64 {
	return map[string][3][3]float64{
		"VGA":              {{170, 0, 0}, {0, 170, 0}, {170, 0, 170}},
		"xterm":            {{205, 0, 0}, {0, 205, 0}, {205, 0, 205}},
		"GNOME":            {{192, 28, 40}, {38, 162, 105}, {163, 71, 186}},
		"Terminal.app":     {{194, 54, 33}, {37, 188, 36}, {211, 56, 211}},
		"Windows Terminal": {{197, 15, 31}, {19, 161, 14}, {136, 23, 152}},
	}
}

// TestColoursReadOnLightAndDark measures the contrast (WCAG 2.2, 1.4.3) of every
// colour against white and black. 2 is little; yellow on white has 1.7 in xterm.
func TestColoursReadOnLightAndDark(t *testing.T) {
	used := map[string]int{"\x1b[31m": 0, "\x1b[32m": 1, "\x1b[35m": 2, "\x1b[1m": -1, "\x1b[2m": -1, "": -1}
	for mood := Plain; mood <= Heading; mood++ {
		n, known := used[mood.escapes().start]
		if !known {
			t.Errorf("mood %d is %q, which nobody has measured", mood, mood.escapes().start)
			continue
		}
		if n < 0 {
			continue // the terminal's own colour, bold or faint
		}
		for name, palette := range palettes() {
			l := luminance(palette[n])
			light, dark := 1.05/(l+0.05), (l+0.05)/0.05
			if light < 2 || dark < 2 {
				t.Errorf("%s: mood %d has contrast %.1f on white, %.1f on black", name, mood, light, dark)
			}
		}
	}
}

func luminance(rgb [3]float64) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := rgb[i] / 255 // near enough to the power of 2.2
		sum += weight * c * c
	}
	return sum
}

// TestNoEscapeSequenceWhereNobodyWantsOne: not in a file, not for NO_COLOR or
// --no-color, not on a terminal that has none. And the tables fit all the same.
func TestNoEscapeSequenceWhereNobodyWantsOne(t *testing.T) {
	for name, o := range map[string]Options{
		"NO_COLOR":   {Env: func(k string) string { return map[string]string{"TERM": "xterm", "NO_COLOR": "1"}[k] }},
		"--no-color": {NoColor: true, Env: xterm},
		"dumb":       {Env: func(string) string { return "dumb" }},
		"no TERM":    {Env: noEnv},
	} {
		w, read := terminal(t)
		p := New(w, o)
		_ = p.Grid(Grid{Head: Titles("A"), Rows: [][]Cell{{{Text: "x", Mood: Bad}}}})
		_ = p.Text(Paint(Good, strings.Repeat("fine ", 30)))
		_ = p.Line(Paint(Faint, "so so"))
		text := read()
		if strings.Contains(text, "\x1b") {
			t.Errorf("%s: %q", name, text)
		}
		for line := range strings.Lines(text) {
			if len(line) > 81 {
				t.Errorf("%s: does not fit: %q", name, line)
			}
		}
		if !strings.Contains(text, "so so") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
