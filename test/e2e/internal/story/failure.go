package story

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shownLines is how many lines of the console and of the journal a failed test
// prints. A CI system that shows only a part of a long output must show the
// reason, not the boot.
const shownLines = 25

// reportFailure prints the end of the console and of the journal, and writes
// all of it to a file.
func (r *Runner) reportFailure(ctx context.Context, t *testing.T, s *underway) {
	m := s.machine
	console := m.Console()
	state, err := m.state(ctx)
	journal := "not read, as the machine does not answer"
	if err == nil {
		journal = m.Journal(ctx)
	} else {
		state = err.Error()
	}
	name := filepath.Join(r.Failures, strings.ReplaceAll(s.run.Name(), "/", "_")+".log")
	all := fmt.Sprintf("CONSOLE\n%s\nJOURNAL\n%s\nSTATE\n%s\n", console, journal, state)
	if err := os.WriteFile(name, []byte(all), 0o600); err != nil {
		name = err.Error()
	}
	t.Logf("the console ends with:\n%s", tail(console, shownLines))
	t.Logf("the journal ends with:\n%s", tail(journal, shownLines))
	if m.fresh != "" && err == nil {
		state = difference(m.fresh, state)
	}
	t.Logf("the state, where it is not that of a fresh machine:\n%s", tail(state, 2*shownLines))
	t.Logf("all of it: %s", name)
}
