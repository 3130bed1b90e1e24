package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format is the format of a document.
type Format string

// The formats that -o takes.
const (
	Table Format = "table"
	Wide  Format = "wide"
	JSON  Format = "json"
	YAML  Format = "yaml"
	CSV   Format = "csv" // only for commands that offer it
)

// Formats lists the formats of every command that has a document.
func Formats() []Format { return []Format{Table, Wide, JSON, YAML} }

// Words lists the words that Set accepts.
func (f *Format) Words() []string { return words(Formats()) }

func words(formats []Format) []string {
	list := make([]string, len(formats))
	for i, f := range formats {
		list[i] = string(f)
	}
	return list
}

// String implements pflag.Value.
func (f *Format) String() string { return string(*f) }

// Type implements pflag.Value: what help shows in place of a value.
func (f *Format) Type() string { return "format" }

// Set implements pflag.Value.
func (f *Format) Set(s string) error { return f.set(s, f.Words()) }

func (f *Format) set(s string, among []string) error {
	if !slices.Contains(among, s) {
		return fmt.Errorf("%q is not one of %s", s, strings.Join(among, ", "))
	}
	*f = Format(s)
	return nil
}

// RowFormat is a Format of a command whose result has rows: CSV as well.
type RowFormat struct{ *Format }

// Set implements pflag.Value.
func (f RowFormat) Set(s string) error { return f.set(s, f.Words()) }

// Words lists the words that Set accepts.
func (f RowFormat) Words() []string { return words(append(Formats(), CSV)) }

// Encode writes doc as JSON or, with its JSON tags and in the same order, as
// YAML. The document is encoded completely before the first byte is written.
func Encode(w io.Writer, f Format, doc any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return err
	}
	if f == YAML {
		if err := toYAML(&text); err != nil {
			return err
		}
	}
	_, err := w.Write(text.Bytes())
	return err
}

// toYAML rewrites JSON, which is YAML in another style.
func toYAML(text *bytes.Buffer) error {
	var document yaml.Node
	if err := yaml.Unmarshal(escapeControls(text.Bytes()), &document); err != nil {
		return err
	}
	plain(&document)
	text.Reset()
	encoder := yaml.NewEncoder(text)
	encoder.SetIndent(2)
	return encoder.Encode(&document)
}

// escapeControls escapes the characters that JSON allows unescaped and that
// YAML refuses, or treats as a line break. They occur only inside of strings.
func escapeControls(text []byte) []byte {
	isControl := func(r rune) bool { return r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff }
	if bytes.IndexFunc(text, isControl) < 0 {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if isControl(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

// plain removes the JSON style of a node. A word that YAML 1.1 readers, such as
// kubectl, treat as a boolean keeps its quotes.
func plain(n *yaml.Node) {
	switch strings.ToLower(n.Value) {
	case "y", "n", "yes", "no", "on", "off":
	default:
		n.Style = 0
	}
	for _, child := range n.Content {
		plain(child)
	}
}
