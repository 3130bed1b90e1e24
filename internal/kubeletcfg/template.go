package kubeletcfg

import (
	"bytes"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// engine is a template language.
type engine struct {
	name   string
	marks  *regexp.Regexp
	render string // the command that renders FILE
}

// engines are the languages in which configurations are written, the most
// specific first.
func engines() []engine {
	return []engine{
		{"Helm", regexp.MustCompile(`\{\{[^}]*(\.Values|\.Release|\.Chart|\binclude\s+")`), "helm template CHART --show-only templates/FILE"},
		{"Jinja", regexp.MustCompile(`\{%|\{#|\{\{-?\s*[a-zA-Z_"'(]`), "ansible localhost -m ansible.builtin.template -a 'src=FILE dest=/tmp/FILE' -e @VARIABLES.yaml"},
		{"Go", regexp.MustCompile(`\{\{`), "gomplate --file FILE"},
		{"ERB", regexp.MustCompile(`<%`), "erb FILE"},
		{"the shell", regexp.MustCompile(`\$\{[A-Za-z_]`), "envsubst < FILE"},
	}
}

// goWords begin an action of Go's templates, as a variable name begins one of
// Jinja's.
var goWords = regexp.MustCompile(`\{\{-?\s*(if|range|with|end|else|define|template|block|toYaml|default|printf|quote)\b`) //nolint:gochecknoglobals // compiled once

// engineOf finds the language of a template.
func engineOf(text []byte) (engine, bool) {
	for _, e := range engines() {
		if e.marks.Match(text) && (e.name != "Jinja" || !goWords.Match(text)) {
			return e, true
		}
	}
	return engine{}, false
}

// template reports whether a file that cannot be parsed is a template, and adds
// a finding if it is.
func (l *linter) template(name string) bool {
	return l.say(Finding{File: name, Document: 1, Line: 1, Column: 1}, l.withoutComments(name))
}

// templated reports whether a value is a placeholder: what it is before
// rendering is not a fault.
func (l *linter) templated(f Finding, n *yaml.Node) bool {
	f.Line, f.Column = n.Line, n.Column
	return l.say(f, []byte(n.Value))
}

// say adds the finding about a template once for each file.
func (l *linter) say(at Finding, text []byte) bool {
	e, is := engineOf(text)
	if !is || l.templates[at.File] {
		return is
	}
	l.templates[at.File] = true
	command := bytes.ReplaceAll([]byte(e.render), []byte("FILE"), []byte(filepath.Base(at.File)))
	l.found = append(l.found, Finding{
		Rule: "template", File: at.File, Document: at.Document, Line: at.Line, Column: at.Column, Field: at.Field,
		Message: "a template of " + e.name + ": render it first, and lint what comes of it", Fix: string(command) + " | swapctl kubeadm-config lint -",
	})
	return true
}

func (l *linter) withoutComments(name string) []byte {
	var kept []byte
	for line := range bytes.Lines(l.texts[name]) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			kept = append(kept, line...)
		}
	}
	return kept
}
