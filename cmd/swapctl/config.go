package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup"
)

// Precedence: flag, environment, file, default. What each of them says is read
// strictly by itself, so that every complaint can name its place, and then laid
// over what is weaker.

// defaultConfigFile is read when it exists; --config names one that must.
const defaultConfigFile = "/etc/swapctl/config.yaml"

// origin is where a setting came from.
type origin struct {
	rank  int // of the precedence; 0: nobody said anything
	place string
}

// setting is a value that somebody gave to a field.
type setting struct {
	value any
	origin
}

// loadConfig returns what the person wants, and by key where it was said.
func (a *app) loadConfig(flags *pflag.FlagSet) (setup.Config, map[string]origin, error) {
	c := setup.Default()
	fields := configFields()
	file, err := a.fileSettings(fields)
	if err != nil {
		return c, nil, err
	}
	environment, err := a.environmentSettings(fields)
	if err != nil {
		return c, nil, err
	}
	layers := []map[string]setting{file, environment, flagSettings(fields, flags)}
	origins := map[string]origin{}
	into := reflect.ValueOf(&c).Elem()
	for _, f := range fields {
		origins[f.key] = origin{0, "--" + f.flag}
		for _, said := range layers {
			if s, ok := said[f.key]; ok && f.kind != reflect.Slice {
				into.Field(f.index).Set(reflect.ValueOf(s.value))
				origins[f.key] = s.origin
			}
		}
	}
	if said, ok := file[areasKey]; ok {
		origins[areasKey] = said.origin
		c.Areas = areasOf(c, said.value.([]map[string]any))
		return c, origins, oneOrSeveral(origins)
	}
	return c, origins, chooseArea(&c, origins)
}

// chooseArea lets the stronger of path and device win: a --path is meant, even
// where the file says device.
func chooseArea(c *setup.Config, origins map[string]origin) error {
	path, device := origins["path"], origins["device"]
	switch {
	case path.rank == 0 || device.rank == 0 || path.rank < device.rank:
	case path.rank > device.rank:
		c.Device = ""
	case c.Device != "":
		return fail.Newf(fail.Usage, "use both "+path.place+" and "+device.place,
			"swap goes to a file or to a device").Hint("leave one of them out")
	}
	return nil
}

// environmentSettings are SWAPCTL_KEY_SIZE and its like.
func (a *app) environmentSettings(fields []configField) (map[string]setting, error) {
	said := map[string]setting{}
	for _, f := range fields {
		text := a.env(f.env)
		if text == "" || f.kind == reflect.Slice {
			continue
		}
		value, err := f.parse(text)
		if err != nil {
			return nil, fail.New(fail.Usage, "use "+f.env, err, "unset "+f.env+" or set it to another value; 'swapctl setup --help' lists what can be set")
		}
		said[f.key] = setting{value, origin{2, f.env}}
	}
	return said, nil
}

// fileSettings are those of the configuration file.
func (a *app) fileSettings(fields []configField) (map[string]setting, error) {
	name := a.configFile
	if name == "" {
		name = defaultConfigFile
	}
	op := "read the configuration file " + name
	data, err := a.readConfigFile(name)
	if errors.Is(err, fs.ErrNotExist) && a.configFile == "" {
		return nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail.New(fail.Usage, op, err, "without --config, swapctl reads "+defaultConfigFile+" if there is one")
	}
	if err != nil {
		return nil, unusable(op, name, err)
	}
	values, err := parseConfig(data, fields)
	if err != nil {
		return nil, unusable(op, name, err)
	}
	said := map[string]setting{}
	for key, value := range values {
		said[key] = setting{value, origin{1, name + ": " + key}}
	}
	return said, nil
}

// flagSettings are the flags that were given. Their own types have read them.
func flagSettings(fields []configField, flags *pflag.FlagSet) map[string]setting {
	said := map[string]setting{}
	for _, f := range fields {
		flag := flags.Lookup(f.flag)
		if flag == nil { // a list has none
			continue
		}
		if value, err := f.parse(flag.Value.String()); flag.Changed && err == nil {
			said[f.key] = setting{value, origin{3, "--" + f.flag}}
		}
	}
	return said
}

// unusable is the error of a configuration file that is there.
func unusable(op, name string, err error) error {
	hints := fail.Hints(err)
	if len(hints) == 0 {
		hints = []string{fmt.Sprintf("mend %s; 'swapctl setup --help' lists what can be set", name)}
	}
	if inner, ok := errors.AsType[*fail.Error](err); ok {
		err = inner.Err // one "cannot" is enough
	}
	return fail.New(fail.Usage, op, err, hints...)
}

// configFileLimit is far more than every key at its longest.
const configFileLimit = 64 << 10

// readConfigFile reads the file, and refuses one that somebody else than root
// can change when we are root: it decides what we do to the machine.
func (a *app) readConfigFile(name string) ([]byte, error) {
	st, err := a.host.Files.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !st.Mode.IsRegular():
		return nil, errors.New("it is not a regular file")
	case a.host.Kernel.EUID() == 0:
		if err := a.onlyRoots(name); err != nil {
			return nil, err
		}
	}
	data, err := a.host.Files.ReadFile(name, configFileLimit)
	return bytes.TrimPrefix(data, []byte("\ufeff")), reason(err)
}

// onlyRoots refuses a configuration file that others can change.
func (a *app) onlyRoots(name string) error {
	err := host.OnlyRoot(a.host.Files, name)
	if others, ok := errors.AsType[*host.OthersError](err); ok {
		return (&fail.Error{Op: "trust it", Err: err}).Hint("%s", others.Hint())
	}
	return err
}

// configField is one key of setup.Config, under its three names.
type configField struct {
	key  string // keySize, in the file
	flag string // key-size
	env  string // SWAPCTL_KEY_SIZE
	kind reflect.Kind

	index int // of the field in its struct
}

// configFields lists the fields of setup.Config, in its order.
func configFields() []configField {
	return fieldsOf(reflect.TypeFor[setup.Config]())
}

func fieldsOf(t reflect.Type) []configField {
	var fields []configField
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		var flag strings.Builder
		for _, r := range key {
			if r >= 'A' && r <= 'Z' {
				flag.WriteByte('-')
			}
			flag.WriteString(strings.ToLower(string(r)))
		}
		fields = append(fields, configField{
			key: key, flag: flag.String(), kind: t.Field(i).Type.Kind(), index: i,
			env: "SWAPCTL_" + strings.ReplaceAll(strings.ToUpper(flag.String()), "-", "_"),
		})
	}
	return fields
}

// parse reads a value of the field's type.
func (f configField) parse(text string) (any, error) {
	switch f.kind { //nolint:exhaustive // setup.Config has no others; a test says so
	case reflect.Bool:
		if value, err := strconv.ParseBool(text); err == nil {
			return value, nil
		}
		return nil, fmt.Errorf("%q is not true or false", text)
	case reflect.Int:
		if value, err := strconv.Atoi(text); err == nil {
			return value, nil
		}
		return nil, fmt.Errorf("%q is not a whole number", text)
	}
	return text, nil
}

// blame names the place of a wrong value, as the person knows it.
func blame(err error, origins map[string]origin) error {
	var field *setup.FieldError
	if !errors.As(err, &field) {
		return err
	}
	place := origins[field.Field].place
	if key, ok := strings.CutPrefix(field.Field, areasKey); ok {
		place = origins[areasKey].place + key
	}
	return &fail.Error{
		Op: "use " + place, Err: field.Err,
		Hints: fail.Hints(err), Code: fail.Usage,
	}
}

// keysOf lists the keys that a file may have.
func keysOf(fields []configField) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	slices.Sort(keys)
	return keys
}
