package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	sigsyaml "sigs.k8s.io/yaml"
)

// FuzzRecords: a text of somebody else's, a pod's name as it may be, reads back
// from each format, and can break out of none.
func FuzzRecords(f *testing.F) {
	for _, text := range awkward {
		f.Add(text, int64(len(text)))
	}
	f.Fuzz(func(t *testing.T, text string, number int64) {
		want := strings.ToValidUTF8(text, "\ufffd")
		for _, format := range []Format{JSON, YAML} {
			var out bytes.Buffer
			d := NewDocument(&out, format)
			rows := d.List("rows")
			for range 3 { // the second and third are written in other ways
				putAwkward(rows, text, number)
				_ = rows.Next()
			}
			_ = rows.Close()
			if err := d.End(); err != nil {
				t.Fatal(err)
			}
			data := out.Bytes()
			if format == YAML {
				var err error
				if data, err = sigsyaml.YAMLToJSON(data); err != nil {
					t.Fatalf("%q: %v\n%s", text, err, out.String())
				}
			}
			var read struct {
				Rows []struct {
					Text        string
					NumberBytes int64
				}
			}
			if err := json.Unmarshal(data, &read); err != nil || len(read.Rows) != 3 {
				t.Fatalf("%q: %v\n%s", text, err, out.String())
			}
			for _, row := range read.Rows {
				if len([]rune(row.Text)) != len([]rune(want)) && utf8.ValidString(text) || row.NumberBytes != number || utf8.ValidString(text) && row.Text != want {
					t.Fatalf("%s: %q became %q", format, text, row.Text)
				}
			}
		}
		var out bytes.Buffer
		list := NewCSV(&out, func(r *Records) { putAwkward(r, "", 0) })
		putAwkward(list, text, number)
		_ = list.Next()
		_ = list.Close()
		if rows, err := csv.NewReader(&out).ReadAll(); err != nil || len(rows) != 2 {
			t.Fatalf("%q: %v, %q", text, err, rows)
		}
	})
}

// FuzzDraw: no text draws on a terminal, makes a table fail, or gets wider than
// the terminal.
func FuzzDraw(f *testing.F) {
	for _, text := range awkward {
		f.Add(text, uint8(len(text)))
	}
	f.Fuzz(func(t *testing.T, text string, room uint8) {
		if shown := Printable(text); strings.ContainsAny(shown, "\x1b\r\n\a\u009b\u2028") {
			t.Errorf("%q is printable as %q", text, shown)
		}
		for line := range strings.SplitSeq(Wrap(Printable(text), int(room)), "\n") {
			if len(line) > len(text)*3+int(room) {
				t.Errorf("%q has the line %q", text, line)
			}
		}
		p := New(io.Discard, Options{Env: func(string) string { return "" }})
		if err := p.Grid(Grid{Head: Titles("a", "b"), Rows: [][]Cell{Text(text, "x"), Text("y", text)}}); err != nil {
			t.Error(err)
		}
	})
}
