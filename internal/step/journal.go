package step

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// journalVersion is the format written; a journal of a later one is refused.
// Version 1, of swapctl 1.x, had no checksums.
const journalVersion = 2

// Goals of a journal: the last desired state of the node.
const (
	GoalNone = "none"
	GoalUp   = "up"
	GoalDown = "down"
)

// Journal is the content of a journal: the goal, its configuration, and the
// steps of ours on the node, oldest first.
type Journal struct {
	Goal     string
	Config   json.RawMessage
	Records  []Record
	Restarts []PendingRestart
	// Incomplete: a part of it was damaged, and left out when it was written
	// again. There may be steps of ours that are not in it.
	Incomplete bool
}

// PendingRestart is a restart that is pending for a unit: its configuration has
// changed since it started.
type PendingRestart struct {
	Unit string `json:"unit,omitempty"`
	// Run is the run of the unit that has not read the change
	// (host.UnitState.Run). Any later run has: a restart by anybody, or a
	// reboot, does what is pending. It is anyRun if systemd did not say which
	// one runs.
	Run string `json:"run,omitempty"`
}

// Record returns the record of a step, the zero Record if there is none.
func (j Journal) Record(id string) Record {
	for _, r := range j.Records {
		if r.ID == id {
			return r
		}
	}
	return Record{}
}

// empty reports whether there is nothing to remember.
func (j Journal) empty() bool {
	return j.Goal == GoalNone && len(j.Records) == 0 && len(j.Restarts) == 0
}

// entry is one line of a journal. The entries of one write are synced before
// the act ("undone" and "woke": after), and end with "end".
type entry struct {
	Op      string          `json:"op"` // journal, goal, owe, begin, again, made, undone, woke, incomplete or end
	Version int             `json:"version,omitempty"`
	Goal    string          `json:"goal,omitempty"`
	Config  json.RawMessage `json:"config,omitempty"`
	Record
	PendingRestart
	// Sum and After are of "end": the checksum of the write, and that of the
	// one before it, which is part of the checksum's input.
	After string `json:"after,omitempty"`
	Sum   string `json:"sum,omitempty"`
}

// apply adds one line to the state.
func (j *Journal) apply(e entry) error {
	at := slices.IndexFunc(j.Records, func(r Record) bool { return r.ID == e.ID })
	switch e.Op {
	case "journal":
		if e.Version > journalVersion {
			return fmt.Errorf("written by a newer swapctl (format %d, this one knows %d)", e.Version, journalVersion)
		}
	case "goal":
		if j.Goal, j.Config = e.Goal, e.Config; j.Goal == GoalNone {
			j.Config = nil
		}
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
		j.Restarts = slices.DeleteFunc(j.Restarts, func(p PendingRestart) bool { return p.Unit == e.Unit })
		if e.Op == "owe" {
			j.Restarts = append(j.Restarts, e.PendingRestart)
		}
	case "incomplete":
		j.Incomplete = true
	default:
		return fmt.Errorf("unknown entry %q", e.Op)
	}
	return nil
}

// entries are the shortest journal with the same state.
func (j Journal) entries() []entry {
	entries := []entry{header()}
	if j.Incomplete {
		entries = append(entries, entry{Op: "incomplete"})
	}
	if j.Goal != GoalNone {
		entries = append(entries, entry{Op: "goal", Goal: j.Goal, Config: j.Config})
	}
	for _, d := range j.Restarts {
		entries = append(entries, entry{Op: "owe", PendingRestart: d})
	}
	for _, r := range j.Records {
		entries = append(entries, entry{Op: "begin", Record: r})
	}
	return entries
}

func header() entry { return entry{Op: "journal", Version: journalVersion} }

// encode makes one write of entries, after the write with that sum, "" for none.
func encode(after string, entries []entry) (write []byte, sum string) {
	for _, e := range entries {
		write = append(write, line(e)...)
	}
	sum = sumOf(after, write)
	return append(write, line(entry{Op: "end", After: after, Sum: sum})...), sum
}

const sumBytes = 8

// sumOf is a checksum against damage, not against attackers: root may write
// anything. 64 bits of SHA-256 are in the standard library and short enough to
// read.
func sumOf(after string, lines []byte) string {
	h := sha256.New()
	h.Write([]byte(after + "\n"))
	h.Write(lines)
	return hex.EncodeToString(h.Sum(nil)[:sumBytes])
}

func line(e entry) []byte {
	text, err := json.Marshal(e)
	if err != nil { // an entry is strings and raw JSON that was marshalled before
		panic(err)
	}
	return append(text, '\n')
}
