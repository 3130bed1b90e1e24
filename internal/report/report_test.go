package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/swapctl/swapctl/internal/report/reporttest"
)

func noEnv(string) string { return "" }

// xterm is the environment of a terminal that can do everything.
func xterm(name string) string {
	if name == "TERM" {
		return "xterm"
	}
	return ""
}

func TestTablesLineUpAndLeaveNoBlanksAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	err := New(&out, Options{Env: noEnv}).Grid(Grid{
		Head: []Column{{Title: "PATH"}, {Title: "SIZE", Right: true}, {Title: "NOTE"}},
		Rows: [][]Cell{
			{{Text: "/swapfile"}, {Text: "4 GiB"}, {Text: "ours", Mood: Good}},
			{{Text: "/dev/zram0"}, {Text: "512 MiB"}, {Text: ""}},
			{{Text: "/größe"}, {Text: "1 KiB"}, {Text: "wide: 漢字", Mood: Bad}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
PATH           SIZE  NOTE
/swapfile     4 GiB  ours
/dev/zram0  512 MiB  -
/größe        1 KiB  wide: 漢字
`, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestNamesCannotDrawOnTheTerminal(t *testing.T) {
	var out bytes.Buffer
	_ = New(&out, Options{Env: noEnv}).Grid(Grid{Head: Titles("PATH", "X"),
		Rows: [][]Cell{Text("/a\x1b[2J\nb\u0085c", "y")}})
	if got, want := out.String(), "PATH       X\n/a?[2J?b?c  y\n"; strings.ContainsAny(got, "\x1b\u0085") || strings.Count(got, "\n") != 2 {
		t.Errorf("got %q, want something like %q", got, want)
	}
}

func TestJSONAndYAMLAreTheSameDocument(t *testing.T) {
	doc := struct {
		Name      string   `json:"name"`
		SizeBytes int64    `json:"sizeBytes"`
		Cipher    *int     `json:"cipher"`
		Empty     []int    `json:"empty"`
		List      []string `json:"list"`
	}{"a<b", 1 << 60, nil, []int{}, []string{"yes", "1", "a: b\x1b", "two\nlines", "null", "~", "é\u2028"}}
	var j, y bytes.Buffer
	if err := Encode(&j, JSON, doc); err != nil {
		t.Fatal(err)
	}
	if err := Encode(&y, YAML, doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(y.String(), "name: a<b\nsizeBytes: 1152921504606846976\ncipher: null\nempty: []\nlist:\n") {
		t.Errorf("YAML is\n%s", y.String())
	}
	var fromJSON, fromYAML any
	if err := json.Unmarshal(j.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	asJSON, err := sigsyaml.YAMLToJSON(y.Bytes()) // as kubectl reads it
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
		t.Errorf("JSON and YAML differ (-json +yaml):\n%s\n%s", diff, y.String())
	}
	if !strings.Contains(j.String(), "a<b") {
		t.Errorf("JSON is escaped as for HTML: %s", j.String())
	}
}

func TestNothingIsWrittenOfADocumentThatCannotBeEncoded(t *testing.T) {
	var out bytes.Buffer
	if err := Encode(&out, JSON, func() {}); err == nil || out.Len() > 0 {
		t.Errorf("err %v, %d bytes written", err, out.Len())
	}
}

// TestColourIsForTerminalsOnly draws to a real pseudo-terminal.
func TestColourIsForTerminalsOnly(t *testing.T) {
	colour := "\x1b[32m"
	for _, test := range []struct {
		name    string
		tty     bool
		env     map[string]string
		noColor bool
		want    bool
	}{
		{name: "terminal", tty: true, env: map[string]string{"TERM": "xterm"}, want: true},
		{name: "pipe", env: map[string]string{"TERM": "xterm"}},
		{name: "pipe although colour is forced", env: map[string]string{"TERM": "xterm", "CLICOLOR_FORCE": "1"}},
		{name: "NO_COLOR", tty: true, env: map[string]string{"TERM": "xterm", "NO_COLOR": "1"}},
		{name: "--no-color", tty: true, env: map[string]string{"TERM": "xterm"}, noColor: true},
		{name: "dumb", tty: true, env: map[string]string{"TERM": "dumb"}},
		{name: "no TERM", tty: true},
		{name: "empty NO_COLOR says nothing", tty: true, env: map[string]string{"TERM": "xterm", "NO_COLOR": ""}, want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, read := pipe(t)
			if test.tty {
				w, read = terminal(t)
			}
			p := New(w, Options{NoColor: test.noColor, Env: func(k string) string { return test.env[k] }})
			if err := p.Line(Paint(Good, "fine")); err != nil {
				t.Fatal(err)
			}
			if got := read(); strings.Contains(got, colour) != test.want || !strings.Contains(got, "fine") {
				t.Errorf("drew %q, colour wanted: %v", got, test.want)
			}
		})
	}
}

// terminal returns a terminal of 80 columns, and what ends it and says what was
// written to it.
func terminal(t *testing.T) (*os.File, func() string) {
	t.Helper()
	tty := reporttest.Open(t, 80)
	return tty.File, tty.Close
}

func pipe(t *testing.T) (*os.File, func() string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return w, func() string { return readAll(t, r) }
}

func readAll(t *testing.T, f *os.File) string {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := f.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// TestTmuxIsNotRun: lipgloss would have it run at each start, from wherever $PATH says.
func TestTmuxIsNotRun(t *testing.T) {
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	if err := os.WriteFile(filepath.Join(dir, "tmux"), []byte("#!/bin/sh\n: >"+ran+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tty := reporttest.Open(t, 80)
	cmd := exec.Command(os.Args[0], "-test.run=^$") // any program with this package in it
	cmd.Env = []string{"PATH=" + dir, "TMUX=/tmp/tmux-0/default,1,0", "TERM=tmux-256color"}
	cmd.Stdout = tty.File
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	if _, err := os.Stat(ran); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("tmux was run: %v", err)
	}
}
