package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/fail"
)

// parseConfig reads a configuration file: one YAML mapping from key to value, of
// which only 'areas' is a list. It is strict, because a misspelt or doubled key that is passed over in
// silence is a node that is not what its owner believes.
func parseConfig(data []byte, fields []configField) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, another yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil // empty, or only comments
	} else if err != nil {
		return nil, badYAML(err)
	}
	if err := decoder.Decode(&another); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one YAML document")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d is not a key and its value, like 'size: 4Gi'", root.Line)
	}
	return parseMapping(root, fields)
}

// parseMapping reads keys and values.
func parseMapping(root *yaml.Node, fields []configField) (map[string]any, error) {
	said := map[string]any{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if _, twice := said[key.Value]; twice {
			return nil, fmt.Errorf("line %d: key %q stands there twice", key.Line, key.Value)
		}
		field, err := findField(key, fields)
		if err != nil {
			return nil, err
		}
		if field.kind == reflect.Slice {
			said[key.Value], err = parseAreas(value)
		} else if said[key.Value], err = field.scalar(value); err != nil {
			err = fmt.Errorf("line %d: %s: %w", value.Line, key.Value, err)
		}
		if err != nil {
			return nil, err
		}
	}
	return said, nil
}

// findField finds the field that a key names, in exactly this spelling.
func findField(key *yaml.Node, fields []configField) (configField, error) {
	for _, f := range fields {
		if key.Kind == yaml.ScalarNode && key.Value == f.key {
			return f, nil
		}
	}
	keys := keysOf(fields)
	unknown := fmt.Errorf("line %d: there is no key %q", key.Line, key.Value)
	for _, known := range keys {
		if strings.EqualFold(known, strings.NewReplacer("-", "", "_", "").Replace(key.Value)) {
			return configField{}, fail.New(0, "understand it", unknown, fmt.Sprintf("did you mean %s?", known))
		}
	}
	if near := nearest(key.Value, keys); near != "" {
		return configField{}, fail.New(0, "understand it", unknown, fmt.Sprintf("did you mean %s?", near))
	}
	return configField{}, fail.New(0, "understand it", unknown, "the keys are "+strings.Join(keys, ", "))
}

// scalar reads the field's value from YAML. A string may be written as a bare
// number ('size: 4294967296'), a number or a boolean only as itself.
func (f configField) scalar(n *yaml.Node) (any, error) {
	switch {
	case n.Kind != yaml.ScalarNode:
		return nil, errors.New("want one value")
	case n.Tag == "!!null":
		return nil, errors.New("it has no value")
	case f.kind == reflect.Bool && n.Tag != "!!bool":
		return nil, fmt.Errorf("%q is not true or false", n.Value)
	case f.kind == reflect.Int && n.Tag != "!!int":
		return nil, fmt.Errorf("%q is not a whole number", n.Value)
	case f.kind == reflect.String && n.Tag == "!!bool":
		return nil, fmt.Errorf("%s is not text", n.Value)
	}
	return f.parse(n.Value)
}

// badYAML takes the library's name out of its error.
func badYAML(err error) error {
	return errors.New("it is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "))
}
