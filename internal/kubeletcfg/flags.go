package kubeletcfg

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// flagValue is one flag of a kubelet's command line.
type flagValue struct{ name, value string }

// switches are the flags read here that need no value; pflag reads
// "--fail-swap-on false" as "--fail-swap-on" and an argument, which stops the
// kubelet.
func switches() []string { return []string{"fail-swap-on", "fail-cgroupv1"} }

// readFlags parses a command line as pflag does, for the flags that are read
// here. A "_" in a name is the same as "-" (WordSepNormalizeFunc of
// k8s.io/component-base/cli/flag).
func readFlags(argv []string) []flagValue {
	var all []flagValue
	for i := 0; i < len(argv); i++ {
		arg := argv[i]
		if arg == "--" {
			break
		}
		body, ok := strings.CutPrefix(arg, "--")
		if !ok {
			continue
		}
		name, value, given := strings.Cut(body, "=")
		name = strings.ReplaceAll(name, "_", "-")
		switch {
		case given:
		case slices.Contains(switches(), name):
			value = "true"
		case i+1 < len(argv) && !strings.HasPrefix(argv[i+1], "-"):
			i++
			value = argv[i]
		}
		all = append(all, flagValue{name, value})
	}
	return all
}

// Flag returns the last value of a flag on a kubelet's command line.
func Flag(argv []string, name string) (value string, given bool) {
	return flagText(readFlags(argv), name)
}

// pairs parses "a=1,b=2". The separator of eviction flags is "<".
func pairs(text, separator string) map[string]string {
	object := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, separator)
		if name = strings.TrimSpace(name); name != "" {
			object[name] = strings.TrimSpace(value)
		}
	}
	return object
}

// flagObject collects a flag that accepts a map and may be repeated; ok is
// false if it was not given.
func flagObject(all []flagValue, name, separator string) (object map[string]string, ok bool) {
	for _, f := range all {
		if f.name != name {
			continue
		}
		if object == nil {
			object, ok = map[string]string{}, true
		}
		maps.Copy(object, pairs(f.value, separator))
	}
	return object, ok
}

// flagText returns the last value of a flag.
func flagText(all []flagValue, name string) (string, bool) {
	for _, f := range slices.Backward(all) {
		if f.name == name {
			return f.value, true
		}
	}
	return "", false
}

// flagBool returns the last value of a switch; err says that it is not a
// boolean.
func flagBool(all []flagValue, name string) (on, given bool, err error) {
	text, given := flagText(all, name)
	if !given {
		return false, false, nil
	}
	on, err = strconv.ParseBool(text)
	return on, true, err
}
