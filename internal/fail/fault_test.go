package fail_test

import (
	"regexp"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
)

// TestAPanicIsAnError: with what was to be done, the line, and where to report it.
func TestAPanicIsAnError(t *testing.T) {
	run := func() (err error) {
		defer fail.Recover(&err, "look at the node")
		var nothing *struct{ text string }
		_ = nothing.text
		return nil
	}
	err := run()
	if err == nil || !regexp.MustCompile(`^cannot look at the node: swapctl has a fault: runtime error: .* \(fail/fault_test\.go:\d+\)$`).MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	if hints := fail.Hints(err); fail.Code(err) != fail.Failed || len(hints) != 1 || !regexp.MustCompile(`^report it .*https://`).MatchString(hints[0]) {
		t.Errorf("code %d, hints %q", fail.Code(err), hints)
	}
}
