package kubeletcfg

import (
	_ "embed" // fields.txt, gates.txt
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed fields.txt
var fieldsText string

//go:embed gates.txt
var gatesText string

// minors are the minors 1.x, from first to last, that know something.
type minors struct{ first, last int }

func (m minors) has(minor int) bool { return m.first <= minor && minor <= m.last }

// say words where something can be had: "since 1.31", "1.22 to 1.27".
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

// knownGate is a feature gate that kubelets take.
type knownGate struct {
	in     minors
	locked int // the minor since which it cannot be set to anything but value; 0: never
	value  bool
}

// schema is what configuration files may hold, in any minor.
type schema struct {
	types  map[string]map[string]schemaField // "kubelet KubeletConfiguration" -> field
	gates  map[string]knownGate
	newest int
}

// readSchema reads fields.txt and gates.txt, which a test has checked.
func readSchema(newest int) schema {
	s := schema{types: map[string]map[string]schemaField{}, gates: map[string]knownGate{}, newest: newest}
	typ := ""
	for line := range strings.Lines(fieldsText) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			typ = strings.TrimSuffix(name, "]")
			s.types[typ] = map[string]schemaField{}
			continue
		}
		if words := strings.Fields(line); len(words) == 3 && words[0] != "#" {
			s.types[typ][words[0]] = schemaField{shape(words[1]), s.minors(words[2])}
		}
	}
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
		s.gates[words[0]] = g
	}
	for _, every := range []string{"AllAlpha", "AllBeta"} {
		s.gates[every] = knownGate{in: minors{0, newest}}
	}
	return s
}

// minors reads "22-27" or "22-".
func (s schema) minors(text string) minors {
	first, last, _ := strings.Cut(text, "-")
	m := minors{last: s.newest}
	m.first, _ = strconv.Atoi(first)
	if last != "" {
		m.last, _ = strconv.Atoi(last)
	}
	return m
}

// fields are those of a type in one minor, sorted.
func (s schema) fields(typ string, minor int) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.types[typ])) {
		if s.types[typ][name].in.has(minor) {
			names = append(names, name)
		}
	}
	return names
}
