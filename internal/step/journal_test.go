package step

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// aJournal is one of four writes, and where each of them ends.
func aJournal() (data []byte, ends []int, after []Journal) {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	j := Journal{Goal: GoalNone}
	sum := ""
	for _, entries := range [][]entry{
		{header(), {Op: "goal", Goal: GoalUp, Config: raw(`{"size":1}`)},
			{Op: "begin", Record: Record{ID: "one", Want: raw(`"a"`), Saved: raw(`{}`)}}, {Op: "begin", Record: Record{ID: "two", Want: raw(`"b"`)}}},
		{{Op: "made", Record: Record{ID: "one", Made: raw(`{"ino":7}`)}}},
		{{Op: "owe", PendingRestart: PendingRestart{Unit: "kubelet.service", Run: "1"}}, {Op: "begin", Record: Record{ID: "three", Want: raw(`3`)}}},
		{{Op: "undone", Record: Record{ID: "two"}}, {Op: "begin", Record: Record{ID: "two", Want: raw(`"c"`)}}, {Op: "woke", PendingRestart: PendingRestart{Unit: "kubelet.service"}}},
	} {
		var text []byte
		text, sum = encode(sum, entries)
		data, ends = append(data, text...), append(ends, len(data)+len(text))
		for _, e := range entries {
			_ = j.apply(e)
		}
		ends[len(ends)-1] = len(data)
		now := j
		now.Records, now.Restarts = slices.Clone(j.Records), slices.Clone(j.Restarts)
		after = append(after, now)
	}
	return data, ends, after
}

// says is a state for comparison.
func says(j Journal) string {
	if len(j.Restarts) == 0 {
		j.Restarts = nil
	}
	if len(j.Records) == 0 {
		j.Records = nil
	}
	text, err := json.Marshal(j)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// spans calls do with data in which every span from a to b that begins and ends in
// between is what a disk may have made of it.
func spans(data []byte, from, to int, do func(a, b int, damaged []byte)) {
	for a := from; a < to; a++ {
		for b := a + 1; b <= to; b += 1 + (b-a)/8 {
			for _, fill := range []byte{0, 0xA5} {
				damaged := slices.Clone(data)
				for i := a; i < b; i++ {
					damaged[i] = fill
				}
				do(a, b, damaged)
			}
		}
	}
}

// TestALastWriteThatIsDamagedIsACrashBeforeIt: cut, with zeros in it as from ext4
// after a power cut, or with anything else in it, at every byte.
func TestALastWriteThatIsDamagedIsACrashBeforeIt(t *testing.T) {
	data, ends, after := aJournal()
	for n := range ends {
		from, want := 0, Journal{Goal: GoalNone}
		if n > 0 {
			from, want = ends[n-1], after[n-1]
		}
		check := func(what string, a, b int, damaged []byte) {
			t.Helper()
			p, err := parseJournal(damaged)
			if err != nil || says(p.Journal) != says(want) || !p.stale && len(damaged) != from {
				t.Fatalf("write %d %s from %d to %d: %v, stale %v\n%s\nwant\n%s", n, what, a-from, b-from, err, p.stale, says(p.Journal), says(want))
			}
		}
		for cut := from; cut < ends[n]; cut++ {
			check("cut", cut, ends[n], data[:cut])
		}
		spans(data[:ends[n]], from, ends[n], func(a, b int, damaged []byte) { check("overwritten", a, b, damaged) })
	}
}

// TestDamageFurtherUpIsNamed: no crash damages a write that another one follows. What
// stands before it is trusted, and whole writes after it.
func TestDamageFurtherUpIsNamed(t *testing.T) {
	data, ends, after := aJournal()
	last := ends[len(ends)-1]
	for n := range ends[:len(ends)-1] {
		from := 0
		if n > 0 {
			from = ends[n-1]
		}
		spans(data, from, ends[n], func(a, b int, damaged []byte) {
			p, err := parseJournal(damaged)
			bad, ok := errors.AsType[*DamagedError](err)
			if !ok || !p.Incomplete || !bad.Rest.Incomplete {
				t.Fatalf("write %d from %d to %d: %v, %s", n, a-from, b-from, err, says(p.Journal))
			}
			if line := 1 + bytes.Count(data[:a], []byte("\n")); bad.Line > line {
				t.Fatalf("write %d from %d: line %d is blamed for line %d", n, a-from, bad.Line, line)
			}
			if n < len(ends)-2 && b < ends[n] && bad.Rest.Record("two").Ours() != after[3].Record("two").Ours() {
				t.Fatalf("write %d from %d to %d: the last write is lost as well: %s", n, a-from, b-from, says(bad.Rest))
			}
		})
	}
	// Whoever edits a journal is told, also in its last write; without its last line
	// it is one that was cut.
	lines := bytes.SplitAfter(data[:last], []byte("\n"))
	for n := range lines[:len(lines)-2] {
		edited := slices.Clone(lines)
		edited[n] = bytes.Replace(lines[n], []byte(`"op"`), []byte(`"po"`), 1)
		if _, err := parseJournal(bytes.Join(edited, nil)); err == nil {
			t.Errorf("line %d was edited, and it is believed", n+1)
		}
	}
	// Zeros over the end of a write and the beginning of the next, as far as that
	// ends well.
	spans(data, ends[1]-40, ends[2]+40, func(a, b int, damaged []byte) {
		if a >= ends[1] || b <= ends[2] {
			return
		}
		if _, err := parseJournal(damaged); err == nil {
			t.Fatalf("from %d to %d of %d: taken for a crash", a, b, last)
		}
	})
}

// TestHostileJournalsAreReadInTime: nothing in a large file makes reading it long. A
// second is usual; the minute is for a busy machine, and is far from what work that
// grows with the square of the lines would take.
func TestHostileJournalsAreReadInTime(t *testing.T) {
	const most = 256 << 10
	bad := line(entry{Op: "end", After: "0123456789abcdef", Sum: "0123456789abcdef"})
	for name, data := range map[string][]byte{
		"empty lines": bytes.Repeat([]byte("\n"), most), "ends": bytes.Repeat(bad, most/len(bad)),
		"one end":  append(bytes.Repeat([]byte("{}\n"), (most-len(bad))/3), bad...),
		"ends far": bytes.Repeat(append(bytes.Repeat([]byte("{}\n"), 5000), bad...), most/(15000+len(bad))),
	} {
		begin := time.Now()
		_, _ = parseJournal(data)
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// FuzzJournal: whatever is in the file, reading it does not panic, and what it says
// is said again by the journal that is written of it.
func FuzzJournal(f *testing.F) {
	data, ends, _ := aJournal()
	f.Add(data)
	f.Add(data[:ends[2]-9])
	f.Add(append(slices.Clone(data[:ends[0]]), data[ends[1]:]...))
	old, err := filepath.Glob("testdata/*.v1")
	if err != nil || len(old) == 0 {
		f.Fatal("no journals of version 1", err)
	}
	for _, name := range old {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseJournal(data)
		if _, damaged := errors.AsType[*DamagedError](err); err != nil && !damaged {
			return
		}
		text, sum := encode("", p.entries())
		again, err := parseJournal(text)
		if err != nil || says(again.Journal) != says(p.Journal) || again.stale || again.sum != sum {
			t.Errorf("%v, stale %v\n%s became\n%s", err, again.stale, says(p.Journal), says(again.Journal))
		}
	})
}
