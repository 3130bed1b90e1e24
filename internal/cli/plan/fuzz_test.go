package plan

import (
	"testing"
)

// FuzzSizes: the sizes of --node-swap and --diff.
func FuzzSizes(f *testing.F) {
	for _, text := range []string{"swap=8Gi,memory=32Gi", "swap=0", "swap=1e999999999", "0Gi", "00", "50%", "swap=,", "memory=0", "a=b", "1e-1Gi", "0x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if bytes, err := parseSwap(text, 64<<30); err == nil && bytes < 0 {
			t.Errorf("%q is %d", text, bytes)
		}
		if isNothing(text) {
			if bytes, err := parseSwap(text, 1<<30); err != nil || bytes != 0 {
				t.Errorf("%q is nothing, and %d, %v", text, bytes, err)
			}
		}
		sizes, meant, err := parseNodeSizes(text)
		if err == nil && (!meant && (sizes.memory != nil || sizes.swap != nil) ||
			sizes.memory != nil && *sizes.memory <= 0 || sizes.swap != nil && *sizes.swap < 0) {
			t.Errorf("%q is %+v", text, sizes)
		}
	})
}
