package main

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestWithoutAWordTheConfigurationIsTheDefault: the flags are all the fields of
// setup.Config, with its defaults.
func TestWithoutAWordTheConfigurationIsTheDefault(t *testing.T) {
	a := &app{host: hosttest.New(t).Host(), streams: streams{lookupEnv: noEnv}}
	c, origins, err := a.loadConfig(newSettings())
	if err != nil || !reflect.DeepEqual(c, setup.Default()) {
		t.Errorf("%+v (%v), want\n%+v", c, err, setup.Default())
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[setup.Config]()) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, ok := origins[key]; !ok && key != areasKey && !field.Anonymous {
			t.Errorf("nothing sets %s", key)
		}
	}
}

// TestWhatIsStrongerWinsForEverySetting: flag, environment, file; and blame knows
// which it was.
func TestWhatIsStrongerWinsForEverySetting(t *testing.T) {
	for _, one := range newSettings().all() {
		t.Run(one.key(), func(t *testing.T) {
			values := map[string][]string{"string": {"in-file", "in-env", "in-flag"}, "int": {"5", "6", "7"}, "bool": {"true", "false", "true"}}[one.flag.Value.Type()]
			n, s := hosttest.New(t), newSettings()
			flag := s.all()[slices.IndexFunc(s.all(), func(o setting) bool { return o.key() == one.key() })].flag
			for i, place := range []string{defaultConfigFile + ": " + one.key(), one.env(), "--" + flag.Name} {
				a := &app{host: n.Host(), streams: streams{lookupEnv: noEnv}}
				switch i {
				case 0:
					n.WriteFile(defaultConfigFile, one.key()+": "+values[i]+"\n", 0o600)
				case 1:
					a.lookupEnv = variables(t, map[string]string{one.env(): values[i]})
				case 2:
					flag.Changed = true
					if err := flag.Value.Set(values[i]); err != nil {
						t.Fatal(err)
					}
				}
				c, origins, err := a.loadConfig(s)
				field := reflect.ValueOf(c).FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, one.key()) })
				if err != nil || fmt.Sprint(field) != values[i] || origins[one.key()].place != place {
					t.Errorf("%v from %q (%v), want %s from %s", field, origins[one.key()].place, err, values[i], place)
				}
			}
		})
	}
}

// TestAreasTakeWhatTheFileSaysOfAll: of encryption and discards, and nothing of
// what describes the one area.
func TestAreasTakeWhatTheFileSaysOfAll(t *testing.T) {
	n := hosttest.New(t)
	n.WriteFile(defaultConfigFile, "keySize: 256\ndiscard: once\nareas:\n- {name: a, device: /dev/vdb}\n- {keySize: 512, encrypt: false, priority: 3}\n", 0o600)
	a := &app{host: n.Host(), streams: streams{lookupEnv: noEnv}}
	c, _, err := a.loadConfig(newSettings())
	first := setup.Area{Name: "a", Device: "/dev/vdb", Encrypt: true, Cipher: "aes-xts-plain64", KeySize: 256,
		SectorSize: "auto", Preallocation: "full", Priority: -1, Discard: "once"}
	second := first
	second.Name, second.Device, second.KeySize, second.Encrypt, second.Priority = "", "", 512, false, 3
	if want := []setup.Area{first, second}; err != nil || !slices.Equal(c.Areas, want) {
		t.Errorf("%+v (%v), want\n%+v", c.Areas, err, want)
	}
}

// TestUnknownVariablesAreWarnings: they may be misspelt settings, but not those that
// the kubelet sets for a Service that is called swapctl.
func TestUnknownVariablesAreWarnings(t *testing.T) {
	for variable, want := range map[string]string{
		"SWAPCTL_SISE=1Gi":     "unknown environment variable SWAPCTL_SISE; did you mean SWAPCTL_SIZE?",
		"SWAPCTL_KEYSIZE=256":  "unknown environment variable SWAPCTL_KEYSIZE; did you mean SWAPCTL_KEY_SIZE?",
		"SWAPCTL_PRIORTY=1=2":  "unknown environment variable SWAPCTL_PRIORTY; did you mean SWAPCTL_PRIORITY?",
		"SWAPCTL_COLOUR=never": "unknown environment variable SWAPCTL_COLOUR; 'swapctl setup --help' lists the settings",
		"SWAPCTL_AREAS=a":      "unknown environment variable SWAPCTL_AREAS; 'swapctl setup --help' lists the settings",
		"SWAPCTL_SIZE=1Gi":     "", "SWAPCTL_SISE=": "", "SWAPCTLSISE=1": "", "swapctl_sise=1": "", "HOME=/": "",
		"SWAPCTL_SERVICE_HOST=10.0.0.1": "", "SWAPCTL_SERVICE_PORT=80": "", "SWAPCTL_SERVICE_PORT_METRICS=80": "",
		"SWAPCTL_AGENT_SERVICE_HOST=10.0.0.1": "", "SWAPCTL_PORT=tcp://10.0.0.1:80": "", "SWAPCTL_PORT_80_TCP_ADDR=10.0.0.1": "",
	} {
		var out, errs bytes.Buffer
		code := run(hosttest.New(t).Host(), []string{"setup", "--size=8Mi", "--encrypt=true", "--dry-run"},
			streams{out: &out, err: &errs, lookupEnv: noEnv, environ: []string{variable}})
		if want != "" {
			want = "swapctl: warning: " + want + "\n"
		}
		if code != fail.OK || errs.String() != want {
			t.Errorf("%s: exit code %d, stderr %q, want %q", variable, code, errs.String(), want)
		}
	}
}

// TestWhatViperWouldTakeIsRefused: in the file, where a value is, and in the
// environment.
func TestWhatViperWouldTakeIsRefused(t *testing.T) {
	refusedFile := func(text, why string) {
		t.Helper()
		if said, err := parseConfig([]byte(text), newSettings()); err == nil || !strings.Contains(err.Error(), why) {
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
			a := &app{host: hosttest.New(t).Host(), streams: streams{lookupEnv: variables(t, map[string]string{"SWAPCTL_PRIORITY": value})}}
			if c, _, err := a.loadConfig(newSettings()); err == nil || !strings.Contains(err.Error(), "cannot use SWAPCTL_PRIORITY: ") {
				t.Errorf("it is %d (%v)", c.Priority, err)
			}
		})
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
	s := newSettings()
	f.Fuzz(func(t *testing.T, data []byte) {
		said, err := parseConfig(data, s)
		if err != nil {
			return
		}
		areas, _ := said[areasKey].([]map[string]any)
		delete(said, areasKey)
		for _, said := range append(areas, said) {
			var c setup.Config
			if err := layer(&c, s.all(), said); err != nil {
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
