package kubeletcfg

import (
	"maps"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// shape is what a field of a configuration contains, in the words of
// fields.txt: bool, string, number, any, []x for a list of x, map:x for an
// object with any names, or a type with its own fields.
type shape string

// decides returns the fields that affect swap, and their shapes.
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

// shapes returns the fields of a type of the kubelet, in any minor.
func shapes(typ string) map[string]shape {
	fields := map[string]shape{}
	for field, words := range typeLines("kubelet " + typ) {
		fields[field] = shape(words[0])
	}
	return fields
}

// kind returns the JSON type of a field of this shape.
func (s shape) kind() kubeyaml.Kind {
	switch {
	case s == "bool":
		return kubeyaml.Bool
	case s == "string":
		return kubeyaml.String
	case s == "number":
		return kubeyaml.Number
	case strings.HasPrefix(string(s), "[]"):
		return kubeyaml.List
	}
	return kubeyaml.Object
}

// fits reports whether a value of this kind can be decoded, whatever it
// contains. null can be decoded into every field.
func (s shape) fits(found kubeyaml.Kind) bool {
	return s == "any" || found == kubeyaml.Null || found == s.kind()
}

// element is the shape of the values in a list or a map; "" for other shapes.
func (s shape) element() shape {
	for _, of := range []string{"[]", "map:"} {
		if element, ok := strings.CutPrefix(string(s), of); ok {
			return shape(element)
		}
	}
	return ""
}

// wrong says why a value, or a value in it, cannot be decoded; "" if it can.
func (s shape) wrong(value any) string {
	if !s.fits(kindOf(value)) {
		return "it is " + kindOf(value).String()
	}
	object, _ := value.(map[string]any)
	fields := shapes(string(s))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		kind := kindOf(object[name])
		misfit := s.element() != "" && !s.element().fits(kind)
		for field, holds := range fields {
			misfit = misfit || strings.EqualFold(field, name) && !holds.fits(kind)
		}
		if misfit {
			return name + " is " + kind.String()
		}
	}
	return ""
}

// words says what a field must be.
func (s shape) words() string {
	switch {
	case s == "bool":
		return "true or false"
	case s == "[]Arg":
		return "a list of name and value"
	}
	return s.kind().String()
}

// fix says how to write the value.
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
