package setup

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/setup"
)

// The precedence is flag, environment, file, default. Viper applies it, and
// only this file imports viper. It accepts too much (keys in any case, 010 for
// 8), so the file and the variables are parsed strictly before.

// Settings are the flags that can also be set in the environment and in the
// configuration file.
type Settings struct {
	area *pflag.FlagSet // what describes one swap area
	node *pflag.FlagSet // what a node has once
}

// All lists them.
func (s Settings) All() []Setting { return append(listOf(s.area), listOf(s.node)...) }

func listOf(flags *pflag.FlagSet) []Setting {
	var list []Setting
	flags.VisitAll(func(f *pflag.Flag) { list = append(list, Setting{f}) })
	return list
}

// Setting is one of them, with its three names: the flag key-size is
// SWAPCTL_KEY_SIZE in the environment and keySize in the file.
type Setting struct{ Flag *pflag.Flag }

const envPrefix = "SWAPCTL_"

// Env is its name in the environment.
func (s Setting) Env() string {
	return envPrefix + strings.ReplaceAll(strings.ToUpper(s.Flag.Name), "-", "_")
}

// Key is its name in the configuration file.
func (s Setting) Key() string {
	words := strings.Split(s.Flag.Name, "-")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// areasKey is the key of a list of swap areas, which only the file can have.
const areasKey = "areas"

// origin is where a setting was set.
type origin struct {
	rank  int // of the precedence; 0: the default
	place string
}

// allSettings has a field for each setting.
type allSettings struct {
	setup.Area `mapstructure:",squash"` // the only one, unless the file lists several
	setup.Node `mapstructure:",squash"`
}

// loadConfig returns the desired configuration, and by key where each value was
// set.
func loadConfig(a *cli.App, s Settings) (setup.Config, map[string]origin, error) {
	warnOfUnknownEnv(a, s)
	name, file, err := readConfigFile(a, s)
	if err != nil {
		return setup.Config{}, nil, err
	}
	origins := map[string]origin{}
	for _, one := range s.All() {
		from := origin{0, "--" + one.Flag.Name}
		if _, ok := file[one.Key()]; ok {
			from = origin{1, name + ": " + one.Key()}
		}
		if text := a.Env(one.Env()); text != "" {
			from = origin{2, one.Env()}
			if _, err := one.parse(text); err != nil {
				return setup.Config{}, nil, fail.New(fail.Usage, "use "+one.Env(), err,
					"unset "+one.Env()+" or set it to another value; 'swapctl setup --help' lists what can be set")
			}
		}
		if one.Flag.Changed {
			from = origin{3, "--" + one.Flag.Name}
		}
		origins[one.Key()] = from
	}
	areas, listed := file[areasKey].([]map[string]any)
	delete(file, areasKey)
	var said allSettings
	if err := layer(&said, s.All(), file); err != nil {
		return setup.Config{}, nil, err
	}
	c := setup.Config{Areas: []setup.Area{said.Area}, Listed: listed, Node: said.Node}
	if !listed {
		return c, origins, chooseArea(&c.Areas[0], origins)
	}
	origins[areasKey] = origin{1, name + ": " + areasKey}
	if err := s.oneOrSeveral(origins); err != nil {
		return c, nil, err
	}
	c.Areas, err = s.layerAreas(areas, file)
	return c, origins, err
}

// layer sets the struct that into points to from the flags, variables and
// defaults of a list of settings, and from files, later ones overriding earlier
// ones.
func layer(into any, list []Setting, files ...map[string]any) error {
	v := viper.New()
	var errs []error
	for _, s := range list {
		errs = append(errs, v.BindPFlag(s.Key(), s.Flag), v.BindEnv(s.Key(), s.Env()))
	}
	for _, file := range files {
		errs = append(errs, v.MergeConfigMap(maps.Clone(file))) // it changes the keys
	}
	errs = append(errs, v.UnmarshalExact(into))
	return fail.New(fail.Usage, "read the configuration", errors.Join(errs...))
}

// layerAreas sets each area of a list, with the file's values for all areas
// (encryption and discards) as its defaults.
func (s Settings) layerAreas(list []map[string]any, file map[string]any) ([]setup.Area, error) {
	ofAll := map[string]any{"name": "", "path": ""} // name and path have no default that several areas could share
	for _, one := range listOf(s.area) {
		if value, ok := file[one.Key()]; ok {
			ofAll[one.Key()] = value
		}
	}
	areas := make([]setup.Area, len(list))
	for i, said := range list {
		if err := layer(&areas[i], listOf(s.area), ofAll, said); err != nil {
			return nil, err
		}
	}
	return areas, nil
}

// oneOrSeveral refuses the settings of a single area beside a list of areas: it
// is not clear which area they describe. The file's settings of encryption and
// discards are the defaults for the areas of the list.
func (s Settings) oneOrSeveral(origins map[string]origin) error {
	ofOne := []string{"name", "size", "path", "device", "priority"}
	for _, one := range listOf(s.area) {
		said := origins[one.Key()]
		if said.rank > 1 || said.rank == 1 && slices.Contains(ofOne, one.Key()) {
			return fail.New(fail.Usage, "use both "+said.place+" and "+origins[areasKey].place,
				errors.New("the one describes a single swap area, the other lists several"),
				"say it in the list, of the area that is meant", "or leave the list out")
		}
	}
	return nil
}

// chooseArea resolves path and device by precedence: --path wins, even if the
// file has device.
func chooseArea(a *setup.Area, origins map[string]origin) error {
	path, device := origins["path"], origins["device"]
	switch {
	case path.rank == 0 || device.rank == 0 || path.rank < device.rank:
	case path.rank > device.rank:
		a.Device = ""
	case a.Device != "":
		return fail.Newf(fail.Usage, "use both "+path.place+" and "+device.place,
			"swap goes to a file or to a device").Hint("use only one of them")
	}
	return nil
}

// warnOfUnknownEnv warns of SWAPCTL_ variables that are not settings.
func warnOfUnknownEnv(a *cli.App, s Settings) {
	var known []string
	for _, one := range s.All() {
		known = append(known, strings.TrimPrefix(one.Env(), envPrefix))
	}
	for _, variable := range a.Environ {
		name, value, _ := strings.Cut(variable, "=")
		setting, ours := strings.CutPrefix(name, envPrefix)
		if !ours || value == "" || slices.Contains(known, setting) || isServiceEnv(name) {
			continue
		}
		hint := "'swapctl setup --help' lists the settings"
		if near := fail.Nearest(setting, known); near != "" {
			hint = "did you mean " + envPrefix + near + "?"
		}
		a.Warn("unknown environment variable %s; %s", name, hint)
	}
}

// isServiceEnv reports whether the kubelet sets a variable in each pod beside a
// Service whose name begins with swapctl: SWAPCTL_SERVICE_HOST, SWAPCTL_PORT_80_TCP
// and so on (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
func isServiceEnv(name string) bool {
	return strings.Contains(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") ||
		strings.HasSuffix(name, "_PORT") || strings.Contains(name, "_PORT_")
}

// blame returns the place of a wrong value, in the user's terms.
func blame(err error, origins map[string]origin) error {
	var field *setup.FieldError
	if !errors.As(err, &field) {
		return err
	}
	place := origins[field.Field].place
	if list, ok := origins[areasKey]; ok && field.Area >= 0 {
		place = list.place + strings.TrimPrefix(field.Name(), areasKey)
	}
	return &fail.Error{
		Op: "use " + place, Err: field.Err,
		Hints: fail.Hints(err), Code: fail.Usage,
	}
}
