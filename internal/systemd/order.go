package systemd

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// Order is the order in which a boot starts its units, as far as their files
// say it.
type Order struct {
	after   map[string][]string // the units that a unit waits for
	endless map[string]bool     // units whose start has no time limit
}

// Order reads the order of all units from their files, and from the output of
// generators. The error is that of a file that could not be read.
//
// It does not contain what systemd adds by itself and what all services have:
// services start after sysinit.target and basic.target, a mount after the
// mounts above it.
func (f Files) Order() (Order, error) {
	all := f
	all.Dirs = append(slices.Clone(f.Dirs), generated()...)
	o := Order{after: map[string][]string{}, endless: map[string]bool{}}
	var unseen error
	seen := map[string]bool{}
	for _, dir := range all.Dirs {
		names, err := all.host.Files.ReadDir(dir)
		unseen = errors.Join(unseen, unlessMissing(err))
		for _, name := range names {
			if ext := path.Ext(name); ext == ".wants" || ext == ".requires" {
				links, err := all.host.Files.ReadDir(dir + "/" + name)
				unseen = errors.Join(unseen, unlessMissing(err))
				o.wants(strings.TrimSuffix(name, ext), links)
				continue
			}
			if name = strings.TrimSuffix(name, ".d"); !isUnit(name) || seen[name] {
				continue
			}
			seen[name] = true
			if name == Ours { // callers ask what our own unit may wait for
				continue
			}
			settings, _, err := all.Settings(name)
			unseen = errors.Join(unseen, err)
			o.read(name, settings)
		}
	}
	return o, unseen
}

// generated returns the directories to which generators write, highest
// precedence first.
func generated() []string {
	return []string{"/run/systemd/generator.early", "/run/systemd/generator", "/run/systemd/generator.late"}
}

// Generated reports whether a generator made a unit of that name.
func (f Files) Generated(unit string) bool {
	return slices.ContainsFunc(generated(), func(dir string) bool { return isThere(f.host, dir+"/"+unit) })
}

func isUnit(name string) bool {
	return slices.Contains([]string{".service", ".target", ".mount", ".socket", ".path", ".timer", ".swap", ".slice", ".automount"}, path.Ext(name))
}

// wants: a target waits for what it wants (systemd.target(5), "Default Dependencies").
func (o Order) wants(unit string, others []string) {
	if path.Ext(unit) == ".target" {
		o.after[unit] = append(o.after[unit], others...)
	}
}

// read adds the settings of a unit. A service of Type=oneshot has no time limit
// unless one is set (systemd.service(5), TimeoutStartSec=).
func (o Order) read(unit string, settings []Setting) {
	limit, oneshot := "", false
	for _, s := range settings {
		words := strings.Fields(s.Value)
		switch s.Section + "." + s.Name {
		case "Unit.After":
			o.after[unit] = append(o.after[unit], words...)
		case "Unit.Before":
			for _, other := range words {
				o.after[other] = append(o.after[other], unit)
			}
		case "Unit.Wants", "Unit.Requires":
			o.wants(unit, words)
		case "Service.Type":
			oneshot = s.Value == "oneshot"
		case "Service.TimeoutStartSec", "Service.TimeoutSec", "Mount.TimeoutSec", "Unit.JobTimeoutSec":
			limit = s.Value
		}
	}
	o.endless[unit] = limit == "" && oneshot || NoLimit(limit)
}

// NoLimit reports whether the value of a time limit means that there is none
// (systemd.service(5), TimeoutStartSec=).
func NoLimit(value string) bool {
	return value == "infinity" || strings.Trim(value, "0") == "" && value != ""
}

// SaysNo reports whether a boolean value means no (systemd.syntax(7)).
func SaysNo(value string) bool {
	return slices.Contains([]string{"0", "no", "n", "false", "f", "off"}, strings.ToLower(value))
}

// Behind returns these units and all units that they wait for, directly or
// indirectly.
func (o Order) Behind(units ...string) map[string]bool {
	behind := map[string]bool{}
	for next := units; len(next) > 0; {
		unit := next[0]
		next = next[1:]
		if behind[unit] {
			continue
		}
		behind[unit] = true
		next = append(slices.Clone(next), o.after[unit]...)
	}
	return behind
}

// Endless reports whether the start of a unit has no time limit. It is false
// for a unit without a file, of which nothing is known: nothing waits for it.
func (o Order) Endless(unit string) bool { return o.endless[unit] }
