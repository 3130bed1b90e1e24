package fail_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
)

func TestTheWordThatWasMeantIsFound(t *testing.T) {
	words := []string{"size", "path", "device", "key-size", "kubernetes-version", "o"}
	for typed, want := range map[string]string{
		"sise": "size", "szie": "size", "devce": "device", "keysize": "key-size", "size": "size",
		"x": "", "memory": "", "": "", "paht": "path", "SIZE": "size", "o": "o",
		"kubernets-verzoin": "kubernetes-version", "kubectl-verzoin": "", strings.Repeat("k", 1<<20): "",
	} {
		if got := fail.Nearest(typed, words); got != want {
			t.Errorf("Nearest(%q) is %q, want %q", typed, got, want)
		}
	}
}

func TestTheWordsThatWereBegunAreFound(t *testing.T) {
	words := []string{"fix-script", "node-swap", "node", "size"}
	for typed, want := range map[string][]string{
		"fix": {"fix-script"}, "FIX": {"fix-script"}, "node": {"node-swap", "node"}, "f": nil, "": nil, "sizes": nil, "script": nil,
	} {
		if got := fail.Beginning(typed, words); !slices.Equal(got, want) {
			t.Errorf("Beginning(%q) is %q, want %q", typed, got, want)
		}
	}
}
