package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// DefaultConfigFile is read when it exists; --config names one that must.
const DefaultConfigFile = "/etc/swapctl/config.yaml"

// configFileLimit is far more than every key at its longest.
const configFileLimit = 64 << 10

// readConfigFile returns the name of the configuration file, and its values by
// key: a string, int or bool as the flag has it, and for areas a list of such
// maps.
func readConfigFile(a *cli.App, s Settings) (name string, said map[string]any, err error) {
	if name = a.ConfigFile; name == "" {
		name = DefaultConfigFile
	}
	data, err := trustedConfig(a, name)
	if errors.Is(err, fs.ErrNotExist) && a.ConfigFile == "" {
		return name, nil, nil
	}
	if err == nil {
		said, err = parseConfig(data, s)
	}
	hints := fail.Hints(err)
	if inner, ok := errors.AsType[*fail.Error](err); ok {
		err = inner.Err // one "cannot" is enough
	}
	switch others, ok := errors.AsType[*host.OthersError](err); {
	case ok:
		hints = []string{others.Hint()}
	case errors.Is(err, fs.ErrNotExist):
		hints = []string{"without --config, swapctl reads " + DefaultConfigFile + " if there is one"}
	case len(hints) == 0:
		hints = []string{fmt.Sprintf("fix %s; 'swapctl setup --help' lists what can be set", name)}
	}
	return name, said, fail.New(fail.Usage, "read the configuration file "+name, err, hints...)
}

// trustedConfig reads the file. If we are root, it refuses a file that another
// user can change, because the file decides what we do to the machine.
func trustedConfig(a *cli.App, name string) ([]byte, error) {
	st, err := a.Host.Files.Stat(name)
	if err == nil && !st.Mode.IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err == nil && a.Host.Kernel.EUID() == 0 {
		err = host.OnlyRoot(a.Host.Files, name)
	}
	if err != nil {
		return nil, cli.Reason(err)
	}
	data, err := a.Host.Files.ReadFile(name, configFileLimit)
	return bytes.TrimPrefix(data, []byte("\ufeff")), cli.Reason(err)
}

// parseConfig parses a configuration file: one YAML mapping, in which only
// areas is a list. It is strict, because if a misspelt or duplicate key were
// ignored, the node would not be what its owner believes.
func parseConfig(data []byte, s Settings) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, another yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil // empty, or only comments
	} else if err != nil {
		line, reason := kubeyaml.Place(data, err)
		return nil, fmt.Errorf("line %d: %w", line, reason)
	}
	if err := decoder.Decode(&another); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document")
	}
	root := document.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("line %d: expected a key and its value, like 'size: 4Gi'", root.Line)
	}
	return parseMapping(root, s.All(), listOf(s.area))
}

// parseMapping reads keys and values. The key areas takes a list of mappings
// with the keys ofArea; if that is nil, the key areas is unknown.
func parseMapping(mapping *yaml.Node, list, ofArea []Setting) (map[string]any, error) {
	said := map[string]any{}
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if _, twice := said[key.Value]; twice {
			return nil, fmt.Errorf("line %d: duplicate key %q", key.Line, key.Value)
		}
		found := slices.IndexFunc(list, func(s Setting) bool { return s.Key() == key.Value })
		var err error
		switch {
		case key.Kind == yaml.ScalarNode && found >= 0:
			said[key.Value], err = list[found].scalar(value)
		case key.Kind == yaml.ScalarNode && key.Value == areasKey && ofArea != nil:
			said[areasKey], err = parseAreas(value, ofArea)
		default:
			err = unknownKey(key, list, ofArea != nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return said, nil
}

// parseAreas reads the list of swap areas.
func parseAreas(list *yaml.Node, ofArea []Setting) ([]map[string]any, error) {
	switch {
	case list.Kind != yaml.SequenceNode:
		return nil, fmt.Errorf("line %d: areas: expected a list of swap areas, each beginning with '- name: '", list.Line)
	case len(list.Content) == 0:
		return nil, fmt.Errorf("line %d: areas: the list is empty", list.Line)
	}
	var areas []map[string]any
	for _, item := range list.Content {
		if item.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: areas: expected the keys of a swap area and their values, like 'name: fast'", item.Line)
		}
		said, err := parseMapping(item, ofArea, nil)
		if err != nil {
			return nil, err
		}
		areas = append(areas, said)
	}
	return areas, nil
}

// unknownKey is the error of an unknown key, with the nearest known one.
func unknownKey(key *yaml.Node, list []Setting, areas bool) error {
	var keys []string
	for _, s := range list {
		keys = append(keys, s.Key())
	}
	if areas {
		keys = append(keys, areasKey)
	}
	slices.Sort(keys)
	near := fail.Nearest(key.Value, keys)
	for _, known := range keys {
		if strings.EqualFold(known, strings.NewReplacer("-", "", "_", "").Replace(key.Value)) {
			near = known
		}
	}
	hint := "the keys are " + strings.Join(keys, ", ")
	if near != "" {
		hint = "did you mean " + near + "?"
	}
	return fail.New(0, "read it", fmt.Errorf("line %d: unknown key %q", key.Line, key.Value), hint)
}

// scalar reads a value from YAML. A string may be written as a bare number
// ('size: 4294967296'), a number or a boolean only as such.
func (s Setting) scalar(n *yaml.Node) (value any, err error) {
	kind := s.Flag.Value.Type()
	switch {
	case n.Kind != yaml.ScalarNode:
		err = errors.New("expected a single value")
	case n.Tag == "!!null":
		err = errors.New("it has no value")
	case kind == "string" && n.Tag == "!!bool":
		err = fmt.Errorf("%s is not text", n.Value)
	case kind != "string" && n.Tag != "!!"+kind:
		err = s.isNot(n.Value)
	default:
		value, err = s.parse(n.Value)
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: %s: %w", n.Line, s.Key(), err)
	}
	return value, nil
}

// parse parses a value of the flag's type. A number must mean the same to every
// parser: 010 is ten for some, and eight for YAML, viper and the flag.
func (s Setting) parse(text string) (any, error) {
	switch s.Flag.Value.Type() {
	case "bool":
		if value, err := strconv.ParseBool(text); err == nil {
			return value, nil
		}
		return nil, s.isNot(text)
	case "int":
		value, err := strconv.Atoi(text)
		if prefixed, _ := strconv.ParseInt(text, 0, 0); err != nil || int(prefixed) != value {
			return nil, s.isNot(text)
		}
		return value, nil
	}
	return text, nil
}

// isNot is the error of a value of another type.
func (s Setting) isNot(text string) error {
	if s.Flag.Value.Type() == "bool" {
		return fmt.Errorf("%q is not true or false", text)
	}
	return fmt.Errorf("%q is not a whole number", text)
}
