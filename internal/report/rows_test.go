package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func draw(t *testing.T, p *Printer, c *Columns, rows [][]Cell) {
	t.Helper()
	for _, cells := range rows {
		c.Measure(cells)
	}
	drawn := p.Rows(c)
	for _, cells := range rows {
		if err := drawn.Row(cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := drawn.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestATableLinesUpWhateverIsInIt: numbers to the right, wide characters, none at
// all, and what would draw on the terminal.
func TestATableLinesUpWhateverIsInIt(t *testing.T) {
	var out bytes.Buffer
	err := New(&out, Options{Env: noEnv}).Grid(Grid{
		Head: []Column{{Title: "PATH"}, {Title: "SIZE", Right: true}, {Title: "NOTE"}},
		Rows: [][]Cell{
			{{Text: "/swapfile"}, {Text: "4 GiB"}, {Text: "ours", Mood: Good}},
			{{Text: "/dev/zram0"}, {Text: "512 MiB"}, {Text: ""}},
			{{Text: "/漢字"}, {Text: ""}, {Text: "wide", Mood: Bad}},
			{{Text: "/größe"}, {Text: "1 MiB"}, {Text: "not wide"}},
			{{Text: "/a\x1b[2J\nb\u0085c"}, {Text: "1 KiB"}, {Text: strings.Repeat("long ", 30)}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "PATH           SIZE  NOTE\n" +
		"/swapfile     4 GiB  ours\n" +
		"/dev/zram0  512 MiB  -\n" +
		"/漢字             -  wide\n" +
		"/größe        1 MiB  not wide\n" +
		"/a?[2J?b?c    1 KiB  " + strings.TrimSpace(strings.Repeat("long ", 30)) + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestATerminalGetsATableThatFits: names give way, their ends stay.
func TestATerminalGetsATableThatFits(t *testing.T) {
	w, read := terminal(t) // 80 columns
	p := New(w, Options{NoColor: true, Env: xterm})
	rows := [][]Cell{
		Text("shop", strings.Repeat("checkout-", 6)+"7d9f-x2v5k", "the-container", "128Mi"),
		Text("a-namespace-of-some-length", "größe-"+strings.Repeat("ü", 60), "b", "1Gi"),
	}
	draw(t, p, &Columns{Head: []Column{
		{Title: "NAMESPACE", Short: true}, {Title: "POD", Short: true}, {Title: "CONTAINER", Short: true}, {Title: "SWAP", Right: true},
	}}, rows)
	got := read()
	for line := range strings.Lines(got) {
		if n := width(strings.TrimRight(strip(line), "\r\n")); n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, want := range []string{"…", "f-x2v5k  ", "the-container", "128Mi", "1Gi"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
}

// strip takes escape sequences away.
func strip(s string) string {
	var out bytes.Buffer
	_ = New(&out, Options{Env: noEnv}).Line(s)
	return strings.TrimSuffix(out.String(), "\n")
}

func TestAFileGetsTheWholeNames(t *testing.T) {
	name := strings.Repeat("checkout-", 20)
	var out bytes.Buffer
	draw(t, New(&out, Options{Env: noEnv}), &Columns{Head: []Column{{Title: "POD", Short: true}, {Title: "SWAP"}}}, [][]Cell{Text(name, "1Gi")})
	if !strings.Contains(out.String(), name+"  1Gi\n") {
		t.Errorf("got\n%s", out.String())
	}
}

func TestAColumnIsNeverShorterThanItsTitle(t *testing.T) {
	c := &Columns{Head: []Column{{Title: "A VERY LONG TITLE", Short: true}, {Title: "B", Short: true}}}
	c.Measure(Text(strings.Repeat("x", 40), strings.Repeat("y", 40)))
	c.fit(10)
	if c.widths[0] != len(c.Head[0].Title) || c.widths[1] != leastShort {
		t.Errorf("widths %v", c.widths)
	}
}

func TestAShareIsSeenHoweverSmall(t *testing.T) {
	for _, test := range []struct {
		part, total int64
		want        string
	}{
		{0, 10, ""}, {-1, 10, ""}, {1, 0, ""}, {1, 1 << 40, "▏"}, {1, 8, "█"}, {1, 2, "████"},
		{3, 16, "█▌"}, {8, 8, "████████"}, {100, 8, "████████"}, {1 << 62, 1 << 62, "████████"},
	} {
		if got := Share(test.part, test.total, 8); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.part, test.total, got, test.want)
		}
	}
}

func TestARowOfATableTakesNoMemory(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, Options{Env: noEnv})
	p.bare = &full{1 << 40}
	c := &Columns{Head: []Column{{Title: "POD"}, {Title: "SWAP", Right: true}}}
	cells := Text("checkout-6d5f8c9b7-abcde", "1Gi")
	c.Measure(cells)
	rows := p.Rows(c)
	for range 2000 {
		_ = rows.Row(cells)
	}
	if n := testing.AllocsPerRun(1000, func() { _ = rows.Row(cells) }); n >= 1 {
		t.Errorf("%v allocations per row", n)
	}
}
