package main

import (
	"cmp"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestSurvivesSignalsAtRandomMoments ends setups and teardowns on real file systems:
// afterwards setup converges and teardown leaves nothing. SWAPCTL_SIGNALS is how
// often on each ('make signals' says 300), SWAPCTL_SEED repeats the choices of a run.
func TestSurvivesSignalsAtRandomMoments(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may turn on swap: run the tests as root")
	}
	bin := built(t)
	times := cmp.Or(os.Getenv("SWAPCTL_SIGNALS"), "10")
	seed := cmp.Or(os.Getenv("SWAPCTL_SEED"), strconv.FormatInt(time.Now().UnixNano()%32768, 10))
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			t.Logf("SWAPCTL_SIGNALS=%s SWAPCTL_SEED=%s", times, seed)
			runReal(t, bin, "signals", kind, times, seed)
		})
	}
}
