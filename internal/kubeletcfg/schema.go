package kubeletcfg

import (
	_ "embed" // fields.txt, gates.txt
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed fields.txt
var fieldsText string

//go:embed gates.txt
var gatesText string

// minors are the minors 1.x, from first to last, that have something.
type minors struct{ first, last int }

func (m minors) has(minor int) bool { return m.first <= minor && minor <= m.last }

// say formats the minors: "since 1.31", "1.22 to 1.27".
func (m minors) say(newest int) string {
	if m.last >= newest {
		return fmt.Sprintf("since 1.%d", m.first)
	}
	return fmt.Sprintf("from 1.%d to 1.%d", m.first, m.last)
}

// schemaField is a field of a configuration file.
type schemaField struct {
	holds shape
	in    minors
}

// knownGate is a feature gate that kubelets accept.
type knownGate struct {
	in     minors
	locked int // the first minor in which it can only be set to value; 0: none
	value  bool
}

// schema is what configuration files may contain in any minor. It is parsed
// from fields.txt and gates.txt, which a test has checked, one type at a time:
// a file uses five of a hundred types, and rarely a gate.
type schema struct {
	newest int
	known  map[string]map[string]schemaField // by type, those that were asked for so far
	gates  func() map[string]knownGate
}

func readSchema(newest int) schema {
	s := schema{newest: newest, known: map[string]map[string]schemaField{}}
	s.gates = sync.OnceValue(s.readGates)
	return s
}

// typ returns the fields of a type, "kubelet KubeletConfiguration"; nil if
// there is no such type.
func (s schema) typ(name string) map[string]schemaField {
	if fields, read := s.known[name]; read {
		return fields
	}
	var fields map[string]schemaField
	for field, words := range typeLines(name) {
		if fields == nil {
			fields = map[string]schemaField{}
		}
		fields[field] = schemaField{shape(words[0]), s.minors(words[1])}
	}
	s.known[name] = fields
	return fields
}

// typeLines yields the fields of a type, each with its shape and its minors.
func typeLines(name string) iter.Seq2[string, [2]string] {
	return func(yield func(string, [2]string) bool) {
		_, text, found := strings.Cut(fieldsText, "\n["+name+"]\n")
		if !found {
			return
		}
		text, _, _ = strings.Cut(text, "\n\n")
		for line := range strings.Lines(text) {
			if words := strings.Fields(line); len(words) == 3 && !yield(words[0], [2]string{words[1], words[2]}) {
				return
			}
		}
	}
}

func (s schema) readGates() map[string]knownGate {
	all := map[string]knownGate{}
	for line := range strings.Lines(gatesText) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		g := knownGate{in: s.minors(words[1])}
		if len(words) > 2 {
			value, since, _ := strings.Cut(words[2], "@")
			g.value = value == "true"
			g.locked, _ = strconv.Atoi(since)
		}
		all[words[0]] = g
	}
	for _, every := range []string{"AllAlpha", "AllBeta"} {
		all[every] = knownGate{in: minors{0, s.newest}}
	}
	return all
}

// minors parses "22-27" or "22-".
func (s schema) minors(text string) minors {
	first, last, _ := strings.Cut(text, "-")
	m := minors{last: s.newest}
	m.first, _ = strconv.Atoi(first)
	if last != "" {
		m.last, _ = strconv.Atoi(last)
	}
	return m
}

// fields returns the fields of a type in one minor, sorted.
func (s schema) fields(typ string, minor int) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.typ(typ))) {
		if s.typ(typ)[name].in.has(minor) {
			names = append(names, name)
		}
	}
	return names
}
