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

// reportCluster does the same for a cluster.
func (r *Runner) reportCluster(ctx context.Context, t *testing.T, s *underway) {
	var all strings.Builder
	for _, args := range [][]string{{"get", "nodes,pods", "-A", "-o", "wide"}, {"get", "events", "-A"}} {
		text, err := s.cluster.Kubectl(ctx, args...)
		fmt.Fprintf(&all, "KUBECTL %v\n%s%v\n", args, text, err)
	}
	t.Logf("the cluster:\n%s", tail(all.String(), 2*shownLines))
	fmt.Fprintf(&all, "CONTROL PLANE\n%s", s.cluster.Logs())
	for name, node := range s.cluster.nodes {
		journal := node.Journal(ctx)
		t.Logf("the journal of %s ends with:\n%s", name, tail(journal, shownLines))
		fmt.Fprintf(&all, "NODE %s\nCONSOLE\n%s\nJOURNAL\n%s\n", name, node.Console(), journal)
	}
	path := filepath.Join(r.Failures, strings.ReplaceAll(s.run.Name(), "/", "_")+".log")
	if err := os.WriteFile(path, []byte(all.String()), 0o600); err != nil {
		path = err.Error()
	}
	t.Logf("all of it: %s", path)
}
