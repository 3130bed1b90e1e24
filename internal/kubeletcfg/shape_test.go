package kubeletcfg

import (
	"encoding/json"
	"testing"
)

func TestFieldsThatDecideHoldWhatTheReleasesSay(t *testing.T) {
	if known := decides(); len(known) != 15 || known["failSwapOn"] != "bool" || known["memorySwap"] != "MemorySwapConfiguration" || known["featureGates"] != "map:bool" {
		t.Errorf("got %v", known)
	}
	type object = map[string]any
	for field, values := range map[string][]struct {
		value any
		wrong string
	}{
		"failSwapOn":             {{true, ""}, {nil, ""}, {"false", "it is a string"}, {object{}, "it is an object"}},
		"memorySwap":             {{object{}, ""}, {object{"swapBehavior": nil, "other": 1}, ""}, {object{"SwapBehavior": true}, "SwapBehavior is a boolean"}, {"LimitedSwap", "it is a string"}},
		"featureGates":           {{object{"NodeSwap": true, "Other": nil}, ""}, {object{"B": "x", "A": "true"}, "A is a string"}, {[]any{}, "it is a list"}},
		"evictionHard":           {{object{"memory.available": "100Mi"}, ""}, {object{"memory.available": json.Number("1")}, "memory.available is a number"}},
		"memoryThrottlingFactor": {{json.Number("0.9"), ""}, {"0.9", "it is a string"}},
		"enforceNodeAllocatable": {{[]any{"pods"}, ""}, {"pods", "it is a string"}},
		"systemReservedCgroup":   {{"/x", ""}, {false, "it is a boolean"}},
	} {
		for _, v := range values {
			if got := decides()[field].wrong(v.value); got != v.wrong {
				t.Errorf("%s: %v: %q, want %q", field, v.value, got, v.wrong)
			}
		}
		if decides()[field].fix() == "" {
			t.Errorf("%s: no fix", field)
		}
	}
}
