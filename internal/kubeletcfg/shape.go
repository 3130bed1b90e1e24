package kubeletcfg

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// shape is the type of a field, as the kubelet's Go type has it.
type shape int

const (
	aBool shape = iota
	aString
	aNumber
	texts // a map of strings
	bools // a map of booleans
	aList
	aStruct
)

// decides are the fields that decide over swap, and their types
// (k8s.io/kubelet/config/v1beta1, KubeletConfiguration).
func decides() map[string]shape {
	return map[string]shape{
		"failSwapOn": aBool, "failCgroupV1": aBool, "mergeDefaultEvictionSettings": aBool,
		"memorySwap": aStruct, "featureGates": bools,
		"evictionHard": texts, "evictionSoft": texts,
		"systemReserved": texts, "kubeReserved": texts,
		"systemReservedCgroup": aString, "kubeReservedCgroup": aString,
		"enforceNodeAllocatable": aList,
		"memoryThrottlingFactor": aNumber, "memoryReservationPolicy": aString,
	}
}

// wrong says why a value does not fit; "" when it does. null fits everywhere.
func (s shape) wrong(value any) string {
	if value == nil {
		return ""
	}
	var ok bool
	switch s {
	case aBool:
		_, ok = value.(bool)
	case aString:
		_, ok = value.(string)
	case aNumber:
		_, ok = value.(json.Number)
	case aList:
		_, ok = value.([]any)
	case aStruct:
		object, is := value.(map[string]any)
		for name, v := range object {
			if _, text := v.(string); !text && v != nil && strings.EqualFold(name, "swapBehavior") {
				return name + " is " + kindOf(v)
			}
		}
		ok = is
	default:
		return s.wrongMap(value)
	}
	if ok {
		return ""
	}
	return "it is " + kindOf(value)
}

func (s shape) wrongMap(value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		return "it is " + kindOf(value)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := object[name]
		_, isBool := v.(bool)
		_, isText := v.(string)
		if v != nil && (s == bools && !isBool || s == texts && !isText) {
			return name + " is " + kindOf(v)
		}
	}
	return ""
}

func (s shape) fix() string {
	return map[shape]string{
		aBool: "true or false, without quotes", aString: "a string", aNumber: "a number without quotes",
		aList: "a list", aStruct: "an object", bools: "an object of true and false, without quotes",
		texts: "an object of strings: quote numbers",
	}[s]
}
