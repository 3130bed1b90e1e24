package step

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Kind is a kind of step that may be in a journal.
type Kind struct {
	// ID is what the IDs of its steps begin with: see SplitID.
	ID string
	// AtBoot is what a boot takes the step from.
	AtBoot AtBoot
	// Systemd reads what its steps write: a boot makes it reload at the end.
	Systemd bool
	// Files are those of its steps that always have the same names.
	Files []string
	// Build makes a step again from its record: see BuildOf.
	Build func(r Record, m Mode) (Step, error)
}

// AtBoot is the source of a step at boot.
type AtBoot int

// Sources of a step at boot.
const (
	// AsConfigured: from the configuration in the journal.
	AsConfigured AtBoot = iota
	// AsMade: from its record, because it depends on more than the
	// configuration. A step without a record was so before setup, and a boot
	// leaves it out.
	AsMade
	// AsMadeIfOurs: from its record; without one, from the configuration.
	AsMadeIfOurs
)

// Mode is how a run builds steps from the journal.
type Mode struct {
	Boot  bool // leave unchanged what another version of the program wrote
	Late  bool // systemd reloads at the end of the run
	Force bool // undo even if the node may run out of memory
	Keep  bool // keep what takes long to make again
}

// BuildOf is Build of steps with that Want. The suffix follows the kind in the
// step's ID.
func BuildOf[Want any](build func(suffix string, want Want, m Mode) Step) func(Record, Mode) (Step, error) {
	return func(r Record, m Mode) (Step, error) {
		var want Want
		if err := json.Unmarshal(r.Want, &want); err != nil {
			return nil, err
		}
		_, suffix := SplitID(r.ID)
		return build(suffix, want, m), nil
	}
}

// SplitID splits a step's ID: "swap.on@fast" is "swap.on" and "@fast".
func SplitID(id string) (kind, suffix string) {
	at := strings.IndexByte(id, '@')
	if at < 0 {
		return id, ""
	}
	return id[:at], id[at:]
}

// Kinds are all kinds of step that there are.
type Kinds []Kind

// Of returns the kind of the step with that ID.
func (k Kinds) Of(id string) (Kind, bool) {
	id, _ = SplitID(id)
	i := slices.IndexFunc(k, func(kind Kind) bool { return kind.ID == id })
	if i < 0 {
		return Kind{}, false
	}
	return k[i], true
}

// Build makes a step again from its record.
func (k Kinds) Build(r Record, m Mode) (Step, error) {
	kind, ok := k.Of(r.ID)
	if !ok {
		return nil, cannotUse(r.ID, errors.New("it is not one that this version knows"))
	}
	s, err := kind.Build(r, m)
	return s, cannotUse(r.ID, err)
}
