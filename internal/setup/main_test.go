package setup_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets more garbage lie about: the matrices make thousands of nodes, and
// none of them is large.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
