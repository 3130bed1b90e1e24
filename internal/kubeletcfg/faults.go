package kubeletcfg

import (
	"maps"
	"slices"
	"strings"
)

// Faults are what Lint finds in a kubelet's inputs besides the Problems of
// their Effective configuration: what this minor does not know, and values in
// any field with which it does not start.
func (r Row) Faults(in Inputs, e Effective) []Problem {
	roles := map[string]Role{}
	var files []Source
	if in.Config != nil {
		files, roles[in.Config.Name] = append(files, *in.Config), RoleConfig
	}
	for _, s := range in.Dropins {
		files, roles[s.Name] = append(files, s), RoleDropin
	}
	found := append(Lint(files, LintOptions{Row: r, Roles: roles}), r.flagGates(e)...)
	var faults []Problem
	for _, f := range found {
		p, ok := f.problem(roles[f.File])
		if ok && (f.Rule != "wrong-type" || !e.names(p)) {
			faults = append(faults, p)
		}
	}
	return faults
}

// flagGates checks the gates that flags set.
func (r Row) flagGates(e Effective) []Finding {
	l := newLinter(r, 0, readSchema(minor(r.table.Newest())))
	for _, name := range slices.Sorted(maps.Keys(e.Gates)) {
		if from := e.GatesFrom[name]; strings.HasPrefix(from, "-") {
			l.gate(scene{doc: document{source: from}}, nil, name, e.Gates[name], "featureGates."+name)
		}
	}
	return l.found
}

// problem makes a Problem of a finding; ok is false if the finding is not about
// one kubelet file alone, or is a matter of taste.
func (f Finding) problem(role Role) (p Problem, ok bool) {
	p = Problem{Severity: Fatal, Source: f.File, Line: f.Line, Column: f.Column, Field: f.Field, Message: f.Message, Fix: f.Fix}
	switch f.Rule {
	case "unknown-field":
		p.Severity = Silent
	case "duplicate-field":
		if role != RoleDropin {
			p.Severity = Silent
		}
	case "wrong-type", "feature-gate", "eviction", "reserved", "memory-qos":
		return p, !f.Warning
	default:
		return p, false
	}
	return p, true
}

// names reports whether a field, or an object around it, has a problem already.
func (e Effective) names(p Problem) bool {
	return slices.ContainsFunc(e.Problems, func(old Problem) bool {
		return old.Source == p.Source && (p.Field == old.Field || strings.HasPrefix(p.Field, old.Field+"."))
	})
}
