package kubeletcfg

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// shape is what a field of the kubelet's configuration holds, in the words of
// fields.txt.
type shape string

// decides are the fields that decide over swap, and what they hold.
func decides() map[string]shape {
	all := shapes("KubeletConfiguration")
	maps.DeleteFunc(all, func(name string, _ shape) bool {
		return !slices.Contains([]string{
			"failSwapOn", "failCgroupV1", "mergeDefaultEvictionSettings", "memorySwap", "featureGates", "evictionHard", "evictionSoft",
			"systemReserved", "kubeReserved", "systemReservedCgroup", "kubeReservedCgroup", "enforceNodeAllocatable",
			"memoryThrottlingFactor", "memoryReservationPolicy", runtimeField,
		}, name)
	})
	return all
}

// shapes are the fields of a type of the kubelet's, in any minor. It looks into
// fields.txt for this one alone: readSchema takes twenty times as long.
func shapes(typ string) map[string]shape {
	_, text, _ := strings.Cut(fieldsText, "\n[kubelet "+typ+"]\n")
	text, _, _ = strings.Cut(text, "\n\n")
	fields := map[string]shape{}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 3 {
			fields[words[0]] = shape(words[1])
		}
	}
	return fields
}

// fits reports whether a value is of the right kind, whatever is in it. null fits
// everywhere.
func (s shape) fits(value any) bool {
	ok := value == nil
	switch {
	case ok:
	case s == "bool":
		_, ok = value.(bool)
	case s == "string":
		_, ok = value.(string)
	case s == "number":
		_, ok = value.(json.Number)
	case strings.HasPrefix(string(s), "[]"):
		_, ok = value.([]any)
	default:
		_, ok = value.(map[string]any)
	}
	return ok
}

// wrong says why a value, or one of an object, does not fit; "" when it does.
func (s shape) wrong(value any) string {
	if !s.fits(value) {
		return "it is " + kindOf(value)
	}
	object, _ := value.(map[string]any)
	of, isMap := strings.CutPrefix(string(s), "map:")
	fields := shapes(string(s))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		misfit := isMap && !shape(of).fits(object[name])
		for field, holds := range fields {
			misfit = misfit || strings.EqualFold(field, name) && !holds.fits(object[name])
		}
		if misfit {
			return name + " is " + kindOf(object[name])
		}
	}
	return ""
}

func (s shape) fix() string {
	fix, known := map[shape]string{
		"bool": "true or false, without quotes", "string": "a string", "number": "a number without quotes", "[]string": "a list",
		"map:bool": "an object of true and false, without quotes", "map:string": "an object of strings: quote numbers",
	}[s]
	if !known {
		return "an object"
	}
	return fix
}
