package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format is how a document is written.
type Format string

// The formats that -o takes.
const (
	Table Format = "table"
	Wide  Format = "wide"
	JSON  Format = "json"
	YAML  Format = "yaml"
)

// Formats lists every Format.
func Formats() []Format { return []Format{Table, Wide, JSON, YAML} }

// String implements pflag.Value.
func (f *Format) String() string { return string(*f) }

// Type implements pflag.Value: what help shows in place of a value.
func (f *Format) Type() string { return "format" }

// Set implements pflag.Value.
func (f *Format) Set(s string) error {
	var names []string
	for _, known := range Formats() {
		if s == string(known) {
			*f = known
			return nil
		}
		names = append(names, string(known))
	}
	return fmt.Errorf("%q is not one of %s", s, strings.Join(names, ", "))
}

// Encode writes doc as JSON or, from its JSON tags and in the same order, as
// YAML. The document is made whole before the first byte is written.
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
	if err := yaml.Unmarshal(text.Bytes(), &document); err != nil {
		return err
	}
	plain(&document)
	text.Reset()
	encoder := yaml.NewEncoder(text)
	encoder.SetIndent(2)
	return encoder.Encode(&document)
}

// plain takes the JSON style off a node. A word that YAML 1.1 readers, kubectl's
// among them, take for a boolean keeps its quotes.
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
