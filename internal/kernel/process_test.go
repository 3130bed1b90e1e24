package kernel_test

import (
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/kernel"
)

func TestReadsWhenAProcessBegan(t *testing.T) {
	for stat, want := range map[string]time.Duration{
		"": 0, "700 (x) S 1": 0,
		"700 (a) b) c) S 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 12 0 4200 1": 42 * time.Second,
		"700 (a) S 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 12 0 soon 1":       0,
	} {
		if got := kernel.ProcessStart([]byte(stat)); got != want {
			t.Errorf("%q: %s, want %s", stat, got, want)
		}
	}
}
