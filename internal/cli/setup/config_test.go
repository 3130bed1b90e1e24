package setup

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestMain takes away what a person may have set for a swapctl of their own.
func TestMain(m *testing.M) {
	for _, one := range NewSettings().All() {
		_ = os.Unsetenv(one.Env())
	}
	os.Exit(m.Run())
}

// TestWithoutAWordTheConfigurationIsTheDefault: the flags are all the fields of
// setup.Config, with its defaults.
func TestWithoutAWordTheConfigurationIsTheDefault(t *testing.T) {
	a := &cli.App{Host: hosttest.New(t).Host(), Process: cli.Process{LookupEnv: os.LookupEnv}}
	c, origins, err := loadConfig(a, NewSettings())
	if err != nil || !reflect.DeepEqual(c, setup.Default()) {
		t.Errorf("%+v (%v), want\n%+v", c, err, setup.Default())
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[allSettings]()) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, ok := origins[key]; !ok && !field.Anonymous {
			t.Errorf("nothing sets %s", key)
		}
	}
}

// TestWhatIsStrongerWinsForEverySetting: flag, environment, file; and blame knows
// which it was.
func TestWhatIsStrongerWinsForEverySetting(t *testing.T) {
	for _, one := range NewSettings().All() {
		t.Run(one.Key(), func(t *testing.T) {
			values := map[string][]string{"string": {"in-file", "in-env", "in-flag"}, "int": {"5", "6", "7"}, "bool": {"true", "false", "true"}}[one.Flag.Value.Type()]
			n, s := hosttest.New(t), NewSettings()
			flag := s.All()[slices.IndexFunc(s.All(), func(o Setting) bool { return o.Key() == one.Key() })].Flag
			for i, place := range []string{DefaultConfigFile + ": " + one.Key(), one.Env(), "--" + flag.Name} {
				a := &cli.App{Host: n.Host(), Process: cli.Process{LookupEnv: os.LookupEnv}}
				switch i {
				case 0:
					n.WriteFile(DefaultConfigFile, one.Key()+": "+values[i]+"\n", 0o600)
				case 1:
					t.Setenv(one.Env(), values[i])
				case 2:
					flag.Changed = true
					if err := flag.Value.Set(values[i]); err != nil {
						t.Fatal(err)
					}
				}
				c, origins, err := loadConfig(a, s)
				named := func(name string) bool { return strings.EqualFold(name, one.Key()) }
				field := reflect.ValueOf(allSettings{c.Areas[0], c.Node}).FieldByNameFunc(named)
				if err != nil || fmt.Sprint(field) != values[i] || origins[one.Key()].place != place {
					t.Errorf("%v from %q (%v), want %s from %s", field, origins[one.Key()].place, err, values[i], place)
				}
			}
		})
	}
}

// TestAreasTakeWhatTheFileSaysOfAll: of encryption and discards, and nothing of
// what describes the one area.
func TestAreasTakeWhatTheFileSaysOfAll(t *testing.T) {
	n := hosttest.New(t)
	n.WriteFile(DefaultConfigFile, "keySize: 256\ndiscard: once\nareas:\n- {name: a, device: /dev/vdb}\n- {keySize: 512, encrypt: false, priority: 3}\n", 0o600)
	a := &cli.App{Host: n.Host(), Process: cli.Process{LookupEnv: os.LookupEnv}}
	c, _, err := loadConfig(a, NewSettings())
	first := setup.Area{Name: "a", Device: "/dev/vdb", Encrypt: true, Cipher: "aes-xts-plain64", KeySize: 256,
		SectorSize: "auto", Preallocation: "full", Priority: -1, Discard: "once"}
	second := first
	second.Name, second.Device, second.KeySize, second.Encrypt, second.Priority = "", "", 512, false, 3
	if want := []setup.Area{first, second}; err != nil || !slices.Equal(c.Areas, want) {
		t.Errorf("%+v (%v), want\n%+v", c.Areas, err, want)
	}
}

// TestWhatViperWouldTakeIsRefused: in the file, where a value is, and in the
// environment.
func TestWhatViperWouldTakeIsRefused(t *testing.T) {
	refusedFile := func(text, why string) {
		t.Helper()
		if said, err := parseConfig([]byte(text), NewSettings()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q is %v (%v), want %s", text, said, err, why)
		}
	}
	for text, why := range map[string]string{
		"SIZE: 1Gi": `line 1: unknown key "SIZE"`, "size: 1Gi\nSize: 2Gi": `line 2: unknown key "Size"`, "Areas: [{size: 1Gi}]": `unknown key "Areas"`,
		"areas: [{SIZE: 1Gi}]": `unknown key "SIZE"`, "areas: [{size: 1Gi, size: 2Gi}]": `duplicate key "size"`, "areas: [{areas: []}]": `unknown key "areas"`,
		"areas: [{swappiness: 1}]": `unknown key "swappiness"`, "size: 1Gi\nsize: 1Gi": `line 2: duplicate key "size"`, "size: 1Gi\n---\nsize: 1Gi": "more than one YAML document",
		"size: 1Gi\n---\n": "more than one YAML document", "areas: []": "the list is empty", "areas:": "expected a list", "areas: {name: a}": "expected a list",
		"areas: [a]": "expected the keys", "<<: {size: 1Gi}": `unknown key "<<"`, "size: &a 1Gi\npath: *a": "line 2: path: expected a single value",
		"size: &areas 1Gi\n*areas : [{name: a}]": `unknown key "areas"`, "? {size: 1}\n: 1": "unknown key", "size: {a: 1}": "expected a single value",
		"name: true": "true is not text", "key.size: 1": `unknown key "key.size"`, "[size]": "expected a key", "size": "expected a key", "size: \"1": "invalid YAML",
	} {
		refusedFile(text, why)
	}
	for key, kind := range map[string]string{"priority": "a whole number", "encrypt": "true or false"} {
		for _, value := range []string{"1.5", "010", "08", "-010", "4_000_000", "0x10", "0b1", "1e3", "'1'", "yes", "on", "'true'", ".inf"} {
			refusedFile(key+": "+value, "is not "+kind)
		}
		refusedFile(key+": null", key+": it has no value")
		refusedFile(key+": [1]", key+": expected a single value")
	}
	for _, value := range []string{"1.5", "010", "08", "-010", "4_000_000", "0x10", "1e3", " 1", "null", "true"} {
		t.Run(value, func(t *testing.T) {
			t.Setenv("SWAPCTL_PRIORITY", value)
			a := &cli.App{Host: hosttest.New(t).Host(), Process: cli.Process{LookupEnv: os.LookupEnv}}
			if c, _, err := loadConfig(a, NewSettings()); err == nil || !strings.Contains(err.Error(), "cannot use SWAPCTL_PRIORITY: ") {
				t.Errorf("it is %+v (%v)", c.Areas, err)
			}
		})
	}
}

// TestThePackagedConfigurationSaysNothingUntilItIsUncommented reads it also without
// its comment signs: every key is there, with its default.
func TestThePackagedConfigurationSaysNothingUntilItIsUncommented(t *testing.T) {
	text, err := os.ReadFile("../../../packaging/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSettings()
	if said, err := parseConfig(text, s); err != nil || len(said) > 0 {
		t.Errorf("it says %v (%v)", said, err)
	}
	var bare strings.Builder
	for line := range strings.Lines(string(text)) {
		if code, ok := strings.CutPrefix(line, "#"); ok && (!strings.HasPrefix(code, " ") || strings.HasPrefix(code, "  ")) {
			bare.WriteString(code)
		}
	}
	said, err := parseConfig([]byte(bare.String()), s)
	if err != nil || len(said) != len(s.All())+1 || said[areasKey] == nil {
		t.Fatalf("%d keys (%v):\n%s", len(said), err, bare.String())
	}
	for _, one := range s.All() {
		if def := one.Flag.DefValue; def != "" && fmt.Sprint(said[one.Key()]) != def {
			t.Errorf("%s is %v there, by default %v", one.Key(), said[one.Key()], def)
		}
	}
}

func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"size: 4Gi\n", "", "# only a comment", "size: [1]", "size: 1\nsize: 2", "a: &a\nb: *a", "---\n---\n", "? {a: b}\n: c",
		"priority: 0x10", "encrypt: !!str true", "size: !!binary aGk=", "<<: {size: 1}", "\xff", "- a", "size: \"\\0\"",
		"areas: [{name: a, priority: 010}]", "priority: 010",
	} {
		f.Add([]byte(seed))
	}
	s := NewSettings()
	f.Fuzz(func(t *testing.T, data []byte) {
		said, err := parseConfig(data, s)
		if err != nil {
			return
		}
		areas, _ := said[areasKey].([]map[string]any)
		delete(said, areasKey)
		for _, said := range append(areas, said) {
			var c allSettings
			if err := layer(&c, s.All(), said); err != nil {
				t.Error(err)
			}
			for key, value := range said {
				field := reflect.ValueOf(c).FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, key) })
				if !field.IsValid() || field.Interface() != value {
					t.Errorf("%s: %v of the file is %v", key, value, field)
				}
			}
		}
	})
}
