package step

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// journalVersion is the format written; a journal of a later one is refused.
const journalVersion = 1

// Goals of a journal: what the node was last asked to be.
const (
	GoalNone = "none"
	GoalUp   = "up"
	GoalDown = "down"
)

// Journal is what a journal says: the goal, the configuration that belongs to
// it, and what is ours on the node, oldest first.
type Journal struct {
	Goal    string
	Config  json.RawMessage
	Records []Record
	Owed    []Debt
}

// Debt is a restart that is owed to a unit: what it reads has changed since it
// started.
type Debt struct {
	Unit string `json:"unit,omitempty"`
	// Run is the run of the unit that has not read it (host.UnitState.Run). Any
	// later one has: whoever restarts the unit pays, and so does a reboot.
	Run string `json:"run,omitempty"`
}

// Record returns what is known of a step, the zero Record if nothing is.
func (j Journal) Record(id string) Record {
	for _, r := range j.Records {
		if r.ID == id {
			return r
		}
	}
	return Record{}
}

// entry is one line of a journal. It is written and synced before the act that
// it announces ("undone" and "woke": after).
type entry struct {
	Op      string          `json:"op"` // journal, goal, owe, begin, again, made, undone or woke
	Version int             `json:"version,omitempty"`
	Goal    string          `json:"goal,omitempty"`
	Config  json.RawMessage `json:"config,omitempty"`
	Record
	Debt
}

// ReadJournal reads the journal at name. One that does not exist says GoalNone.
func ReadJournal(h host.Host, name string) (Journal, error) {
	j, _, _, err := readJournal(h, name)
	return j, err
}

func readJournal(h host.Host, name string) (j Journal, data []byte, torn bool, err error) {
	const op = "read the journal"
	data, err = h.Files.ReadFile(name, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return Journal{Goal: GoalNone}, nil, false, nil
	}
	if err != nil {
		return Journal{}, nil, false, fail.New(fail.Failed, op, err, storeHints(name, path.Dir(path.Dir(name)), err)...)
	}
	j, torn, err = parseJournal(data)
	return j, data, torn, fail.New(fail.Failed, op+" "+name, err,
		"look at "+name+": it says what swapctl changed on this node; mend it, or undo that by hand and move it away, then run the command again",
		"if another version wrote it, use that one")
}

// parseJournal reads journal lines. Bytes after the last newline are a line
// whose writing a crash cut short: its act was not begun, so they are left out
// and torn is true.
func parseJournal(data []byte) (j Journal, torn bool, err error) {
	j.Goal = GoalNone
	end := bytes.LastIndexByte(data, '\n') + 1
	torn = end != len(data)
	for n, line := range bytes.Split(bytes.TrimSuffix(data[:end], []byte("\n")), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return Journal{}, torn, fmt.Errorf("line %d is damaged: %w", n+1, err)
		}
		if err := j.apply(e); err != nil {
			return Journal{}, torn, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return j, torn, nil
}

// apply folds one line into the state.
func (j *Journal) apply(e entry) error {
	at := slices.IndexFunc(j.Records, func(r Record) bool { return r.ID == e.ID })
	switch e.Op {
	case "journal":
		if e.Version > journalVersion {
			return fmt.Errorf("written by a newer swapctl (format %d, this one knows %d)", e.Version, journalVersion)
		}
	case "goal":
		j.Goal, j.Config = e.Goal, e.Config
	case "begin":
		if at >= 0 {
			j.Records = slices.Delete(j.Records, at, at+1)
		}
		j.Records = append(j.Records, e.Record)
	case "again", "made":
		if at < 0 {
			return fmt.Errorf("repeats step %q, which it never began", e.ID)
		}
		if e.Op == "made" {
			j.Records[at].Made = e.Made
		}
	case "undone":
		if at >= 0 {
			j.Records = slices.Delete(j.Records, at, at+1)
		}
	case "owe", "woke":
		j.Owed = slices.DeleteFunc(j.Owed, func(d Debt) bool { return d.Unit == e.Unit })
		if e.Op == "owe" {
			j.Owed = append(j.Owed, e.Debt)
		}
	default:
		return fmt.Errorf("unknown entry %q", e.Op)
	}
	return nil
}

// lines writes the state as the shortest journal that says the same.
func (j Journal) lines() []byte {
	entries := []entry{{Op: "journal", Version: journalVersion}}
	if j.Goal != GoalNone {
		entries = append(entries, entry{Op: "goal", Goal: j.Goal, Config: j.Config})
	}
	for _, d := range j.Owed {
		entries = append(entries, entry{Op: "owe", Debt: d})
	}
	for _, r := range j.Records {
		entries = append(entries, entry{Op: "begin", Record: r})
	}
	var b bytes.Buffer
	for _, e := range entries {
		b.Write(encode(e))
	}
	return b.Bytes()
}

func encode(e entry) []byte {
	line, err := json.Marshal(e)
	if err != nil { // an entry is strings and raw JSON that was marshalled before
		panic(err)
	}
	return append(line, '\n')
}

// journalFile is a journal open for writing.
type journalFile struct {
	Journal
	host host.Host
	name string
	file host.File // nil until the first line is written

	// rewrite is true when the file must be written anew before it is
	// appended to: its end is torn, or it has grown long.
	rewrite bool
}

// longJournal is the size in bytes from which a journal is written anew in its
// shortest form: every boot appends some lines.
const longJournal = 64 << 10

func openJournal(h host.Host, name string) (*journalFile, error) {
	j, data, torn, err := readJournal(h, name)
	return &journalFile{Journal: j, host: h, name: name, rewrite: torn || len(data) > longJournal}, err
}

// write appends entries as one synced write: all of them are announced before
// the caller acts.
func (f *journalFile) write(entries ...entry) error {
	if err := f.append(entries); err != nil {
		f.abandon()
		err = errors.Join(err, f.restore())
		return fail.New(fail.Failed, "write the journal", err, storeHints(f.name, path.Dir(path.Dir(f.name)), err)...)
	}
	for _, e := range entries {
		if err := f.apply(e); err != nil {
			return err
		}
	}
	return nil
}

func (f *journalFile) append(entries []entry) error {
	var b []byte
	fresh, err := f.open()
	if err != nil {
		return err
	}
	if fresh {
		b = append(b, encode(entry{Op: "journal", Version: journalVersion})...)
	}
	for _, e := range entries {
		b = append(b, encode(e)...)
	}
	if _, err := f.file.Write(b); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	if !fresh {
		return nil
	}
	// The names come after the file: one commit of the file system's own
	// journal then serves all three.
	dir := path.Dir(f.name)
	if err := f.host.Files.SyncDir(dir); err != nil {
		return err
	}
	return f.host.Files.SyncDir(path.Dir(dir))
}

// abandon stops using a file whose last line may be cut short.
func (f *journalFile) abandon() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
		f.rewrite = true
	}
}

// restore takes out of the file what was not written well: a line may be whole
// there all the same, and a boot would act on it. One that says nothing else is
// left to close, which removes it.
func (f *journalFile) restore() error {
	if f.Goal == GoalNone && len(f.Records) == 0 && len(f.Owed) == 0 {
		return nil
	}
	return f.host.Files.Replace(f.name, f.lines(), 0o600)
}

// open opens the journal for appending; fresh is true when it is empty so far.
func (f *journalFile) open() (fresh bool, err error) {
	if f.file != nil {
		return false, nil
	}
	if f.rewrite {
		if err := f.host.Files.Replace(f.name, f.lines(), 0o600); err != nil {
			return false, err
		}
		f.rewrite = false
	}
	if err := f.host.Files.Mkdir(path.Dir(f.name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	f.file, err = f.host.Files.Open(f.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return false, err
	}
	st, err := f.file.Stat()
	return st.SizeBytes == 0, err
}

// close ends writing. A journal that owes nothing and remembers nothing is
// removed, and so is its directory, unless something else is kept there.
func (f *journalFile) close() error {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
	if len(f.Records) > 0 || f.Goal != GoalNone || len(f.Owed) > 0 {
		return nil
	}
	if _, err := f.host.Files.Lstat(path.Dir(f.name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range []string{host.ReplaceTemp(f.name), f.name} {
		if err := f.host.Files.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fail.New(fail.Failed, "remove the journal", err, storeHints(f.name, path.Dir(path.Dir(f.name)), err)...)
		}
	}
	_ = f.host.Files.Remove(path.Dir(f.name)) // fails unless empty, as it should
	return nil
}
