package step

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// DamagedError is the error of a journal whose damage no crash can have caused:
// there is more after the unreadable part, so the acts of the lost part were
// begun.
type DamagedError struct {
	Line int // the first that cannot be trusted
	Why  string
	// Rest is what can be trusted: everything before the damage, and whole
	// writes after it.
	Rest Journal
}

// Error implements error.
func (e *DamagedError) Error() string { return fmt.Sprintf("line %d is damaged: %s", e.Line, e.Why) }

// ReadJournal reads the journal at name. One that does not exist says GoalNone.
func ReadJournal(h host.Host, name string) (Journal, error) {
	p, err := readJournal(h, name)
	return p.Journal, err
}

// parsed is the content of a journal.
type parsed struct {
	Journal
	there bool   // there is such a file
	data  []byte // all of it
	sum   string // of the last write
	// stale: it must be written again before anything is added: it is of an
	// older format, or a crash cut its last write short.
	stale bool
}

func readJournal(h host.Host, name string) (parsed, error) {
	const op = "read the journal"
	data, err := host.ReadTrusted(h.Files, name, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return parsed{Journal: Journal{Goal: GoalNone}}, nil
	}
	if others, ok := errors.AsType[*host.OthersError](err); ok {
		return parsed{}, fail.New(fail.Usage, "trust the journal", err, others.Hint())
	}
	if err != nil {
		return parsed{}, fail.New(fail.Failed, op, err, storeHints(name, path.Dir(path.Dir(name)), err)...)
	}
	p, err := parseJournal(data)
	if _, damaged := errors.AsType[*DamagedError](err); damaged {
		return p, fail.New(fail.Failed, op+" "+name, err,
			"look at "+name+": it says what swapctl changed on this node; what that line said is lost",
			"to take back what the rest of it says: swapctl teardown --journal-damaged")
	}
	return p, fail.New(fail.Failed, op+" "+name, err,
		"look at "+name+": it says what swapctl changed on this node",
		"if another version wrote it, use that one")
}

// parseJournal reads a journal of any format.
func parseJournal(data []byte) (parsed, error) {
	p := parsed{Journal: Journal{Goal: GoalNone}, there: true, data: data}
	version, err := versionOf(data)
	switch {
	case err != nil:
		return p, err
	case version == 1:
		return p, p.parseLines()
	}
	return p, p.parseWrites()
}

// versionOf finds out the format. The first line says it, but only a journal
// with checksums has an "end", whatever has happened to its first line. If
// nothing is readable at all, it is what a crash made of the first write,
// unless it is text that somebody wrote.
func versionOf(data []byte) (int, error) {
	opOf := func(text []byte) (e entry) {
		_ = json.Unmarshal(text, &e) // what is no entry has no op
		return e
	}
	lines := whole(data)
	switch {
	case len(lines) > 0 && opOf(lines[0]).Version > journalVersion:
		return 0, fmt.Errorf("line 1: %w", (&Journal{}).apply(opOf(lines[0])))
	case len(lines) == 0, bytes.Contains(data, []byte(endMark)), opOf(lines[0]).Version == journalVersion:
		return journalVersion, nil
	}
	legible := slices.ContainsFunc(lines, func(text []byte) bool { return isText(text) && opOf(text).Op != "" })
	if legible || isText(data) {
		return 1, nil
	}
	return journalVersion, nil
}

func isText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' })
}

// whole returns the complete lines.
func whole(data []byte) [][]byte {
	return slices.Collect(bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]))
}

// parseLines reads version 1. Bytes after the last newline are a line that a
// crash cut short: its act was not begun.
func (p *parsed) parseLines() error {
	p.stale = true
	for n, text := range whole(p.data) {
		if text = bytes.TrimRight(text, "\n"); len(text) == 0 {
			continue
		}
		var e entry
		if err := json.Unmarshal(text, &e); err != nil {
			p.Incomplete = true
			return &DamagedError{Line: n + 1, Why: err.Error(), Rest: p.Journal}
		}
		if err := p.apply(e); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return nil
}

// endMark is the beginning of the last line of a write.
const endMark = `{"op":"end",`

// write is one whole write: its checksum is right.
type write struct {
	entry   // its "end"
	entries [][]byte
	first   int // line of its first entry, from 0
	next    int // line after its end
}

// parseWrites reads version 2. What follows the last whole write is what a
// crash left of the next one, whose acts were not begun: zeros where blocks had
// not reached the disk, or anything else. If it is clear that more than one
// write at the end was lost, it was not a crash.
func (p *parsed) parseWrites() error {
	lines := whole(p.data)
	writes, broken := wholeWrites(lines)
	damaged := -1 // the line where the lost part begins
	next := 0
	for _, w := range writes {
		if w.After != p.sum && damaged < 0 {
			damaged = next
		}
		if err := p.take(w, damaged >= 0); err != nil {
			return err
		}
		p.stale = p.stale || w.first != next
		p.sum, next = w.Sum, w.next
	}
	// A write that is not whole and follows another than the last whole one:
	// the one between is lost as well. And a part that is all text: somebody
	// has edited it.
	for _, end := range broken {
		another := isSum(end.After) && end.After != p.sum
		if end.next > next && damaged < 0 && (another || isText(bytes.Join(lines[next:end.next], nil))) {
			damaged = next
		}
	}
	p.stale = p.stale || next < len(lines) || len(p.data) > 0 && !bytes.HasSuffix(p.data, []byte("\n"))
	if damaged < 0 {
		return nil
	}
	p.stale, p.Incomplete = true, true
	return &DamagedError{Line: firstBad(lines, damaged) + 1, Why: "it, or what follows it, has not its checksum", Rest: p.Journal}
}

func isSum(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == sumBytes
}

// wholeWrites finds the writes with a correct checksum, and the ends of others.
func wholeWrites(lines [][]byte) (writes, broken []write) {
	from := 0
	for n, text := range lines {
		var end entry
		if !bytes.HasPrefix(text, []byte(endMark)) || json.Unmarshal(text, &end) != nil {
			continue
		}
		w := write{entry: end, first: beginning(lines, from, n, end), next: n + 1}
		if from = n + 1; w.first < 0 {
			broken = append(broken, w)
			continue
		}
		w.entries = lines[w.first:n]
		writes = append(writes, w)
	}
	return writes, broken
}

// beginning finds the first line of the write that ends at a line: the one
// after the end before it or, if that end is lost, one of the last.
func beginning(lines [][]byte, from, end int, e entry) int {
	const last = 16
	for i := from; i <= end; i = max(i+1, end-last) {
		if sumOf(e.After, bytes.Join(lines[i:end], nil)) == e.Sum {
			return i
		}
	}
	return -1
}

// take adds a whole write to the state. After damage it may mention steps that
// only the lost part began.
func (p *parsed) take(w write, damaged bool) error {
	for i, text := range w.entries {
		var e entry
		err := json.Unmarshal(text, &e)
		if err == nil {
			err = p.apply(e)
		}
		if err != nil && !(damaged && e.ID != "" && !p.Record(e.ID).Ours()) {
			return fmt.Errorf("line %d: %w", w.first+i+1, err)
		}
	}
	return nil
}

// firstBad is the first line from there on that does not belong to a journal.
func firstBad(lines [][]byte, from int) int {
	for i := from; i < len(lines); i++ {
		var e entry
		if json.Unmarshal(lines[i], &e) != nil {
			return i
		}
	}
	return from
}
