package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sigsyaml "sigs.k8s.io/yaml"
)

// awkward texts that one of the formats could take for something else.
var awkward = []string{
	"", "app", "yes", "No", "null", "~", "true", "1", "0x10", "1e3", "1.37", "a: b", "a #b", "- a", "-", "[a]", "{a}", "a,b",
	`say "hi"`, `back\slash`, "two\nlines", "tab\tbed", " front", "back ", "é\u2028\u0085", "\x7f\x1b[2J", "bad\xff", "*a", "&a", "!a", "%a", "@a", "`a`", "a'b", "=cmd()", "...", "---", "/x", "a;b(c)", "漢字😀", ".inf", "2001-01-01", "12:30",
}

func putAwkward(r *Records, text string, number int64) {
	r.Text("text", text)
	r.Number("numberBytes", number)
	r.Maybe("nothing", nil)
	r.Maybe("maybe", &number)
}

// TestAStreamedDocumentReadsAsOneMadeWhole holds Document against Encode.
func TestAStreamedDocumentReadsAsOneMadeWhole(t *testing.T) {
	type row struct {
		Text        string `json:"text"`
		NumberBytes int64  `json:"numberBytes"`
		Nothing     *int   `json:"nothing"`
		Maybe       int64  `json:"maybe"`
	}
	type whole struct {
		Kind  string         `json:"kind"`
		Nodes map[string]any `json:"nodes"`
		Rows  []row          `json:"rows"`
		None  []row          `json:"none"`
		Last  []string       `json:"last"`
	}
	doc := whole{Kind: "Test", Nodes: map[string]any{"a": []int{1}, "b": "yes"}, Rows: []row{}, None: []row{}, Last: []string{}}
	for _, text := range awkward {
		for _, n := range []int64{0, math.MinInt64, math.MaxInt64} {
			doc.Rows = append(doc.Rows, row{text, n, nil, n})
		}
	}
	for _, f := range []Format{JSON, YAML} {
		t.Run(string(f), func(t *testing.T) {
			var streamed, made bytes.Buffer
			d := NewDocument(&streamed, f)
			d.Member("kind", doc.Kind)
			d.Member("nodes", doc.Nodes)
			rows := d.List("rows")
			for _, r := range doc.Rows {
				putAwkward(rows, r.Text, r.NumberBytes)
				if err := rows.Next(); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(rows.Close(), d.List("none").Close()); err != nil {
				t.Fatal(err)
			}
			d.Member("last", doc.Last)
			if err := d.End(); err != nil {
				t.Fatal(err)
			}
			if err := Encode(&made, f, doc); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parsed(t, f, made.Bytes()), parsed(t, f, streamed.Bytes())); diff != "" {
				t.Errorf("(-whole +streamed):\n%s", diff)
			}
			if f == JSON && made.String() != streamed.String() {
				t.Errorf("laid out otherwise (-whole +streamed):\n%s", cmp.Diff(made.String(), streamed.String()))
			}
		})
	}
}

func parsed(t *testing.T, f Format, text []byte) any {
	t.Helper()
	if f == YAML {
		var err error
		if text, err = sigsyaml.YAMLToJSONStrict(text); err != nil {
			t.Fatal(err)
		}
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCSVReadsBackAsItWas(t *testing.T) {
	var out bytes.Buffer
	list := NewCSV(&out, func(r *Records) { putAwkward(r, "", 0) })
	want := [][]string{{"text", "numberBytes", "nothing", "maybe"}}
	for _, text := range awkward {
		putAwkward(list, text, -7)
		if err := list.Next(); err != nil {
			t.Fatal(err)
		}
		want = append(want, []string{text, "-7", "", "-7"})
	}
	if err := list.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACSVWithoutRecordsStillNamesItsFields(t *testing.T) {
	var out bytes.Buffer
	if err := NewCSV(&out, func(r *Records) { putAwkward(r, "", 0) }).Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "text,numberBytes,nothing,maybe\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// full takes this many bytes and then no more, as a full disk does.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAFullDiskEndsTheListSoon(t *testing.T) {
	d := NewDocument(&full{100 << 10}, JSON)
	list := d.List("rows")
	for i := range 1 << 20 {
		putAwkward(list, "app", 1)
		if err := list.Next(); err != nil {
			if i > 2000 {
				t.Errorf("told only at record %d", i)
			}
			if list.Close() == nil || d.End() == nil {
				t.Error("the error is forgotten")
			}
			return
		}
	}
	t.Error("no error")
}

func TestALongListTakesNoMemory(t *testing.T) {
	for _, f := range []Format{JSON, YAML, CSV} {
		var list *Records
		if f == CSV {
			list = NewCSV(io.Discard, func(r *Records) { putAwkward(r, "", 0) })
		} else {
			list = NewDocument(io.Discard, f).List("rows")
		}
		put := func() {
			putAwkward(list, "checkout-6d5f8c9b7-abcde", 1<<30)
			_ = list.Next()
		}
		for range 1000 {
			put() // the buffer is there
		}
		if n := testing.AllocsPerRun(1000, put); n >= 1 {
			t.Errorf("%s: %v allocations per record", f, n)
		}
	}
}

func TestEveryFormatIsKnownWhereItIsTaken(t *testing.T) {
	var f Format
	if err := f.Set("csv"); err == nil || strings.Contains(err.Error(), "yaml, csv") {
		t.Errorf("a document was to be printed as CSV: %v", err)
	}
	rows := RowFormat{&f}
	if err := rows.Set("csv"); err != nil || f != CSV {
		t.Errorf("got %q, %v", f, err)
	}
	if err := rows.Set("xml"); err == nil || !strings.Contains(err.Error(), "table, wide, json, yaml, csv") {
		t.Errorf("xml: %v", err)
	}
}

func BenchmarkRecords(b *testing.B) {
	for _, f := range []Format{JSON, YAML, CSV} {
		b.Run(string(f), func(b *testing.B) {
			var list *Records
			if f == CSV {
				list = NewCSV(io.Discard, func(r *Records) { putAwkward(r, "", 0) })
			} else {
				list = NewDocument(io.Discard, f).List("rows")
			}
			for b.Loop() {
				for range 4 { // 16 fields, as a container has
					putAwkward(list, "checkout-6d5f8c9b7-abcde", 1<<30)
				}
				_ = list.Next()
			}
		})
	}
}
