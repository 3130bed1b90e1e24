package setup_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestAnInterruptedSetupSaysWhatIs: whenever the signal comes.
func TestAnInterruptedSetupSaysWhatIs(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for at, more := 1, true; more && !t.Failed(); at += 3 {
				more = s.interruptedAt(t, at)
			}
		})
	}
}

// interruptedAt interrupts a setup at one operation, and reports whether it came
// to that.
func (s *story) interruptedAt(t *testing.T, at int) bool {
	t.Helper()
	n, _ := s.prepare(t)
	defer n.Close()
	before := s.beginning(n)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n.CallAt(at, cancel)
	r, err := setup.Up(ctx, n.Host(), s.want, setup.UpOptions{})
	if err != nil { // otherwise it was at its end
		saysWhatIs(t, n, before, failedRun{err, r.State})
		if fail.Code(err) != fail.Interrupted {
			t.Errorf("exit code %d: %v", fail.Code(err), err)
		}
	}
	if t.Failed() {
		t.Errorf("interrupted at operation %d", at)
	}
	return ctx.Err() != nil
}

// saysWhatIs holds a node against what a setup said of it that failed: that it is
// as it was before, which is without keys.
func saysWhatIs(t *testing.T, n *hosttest.Node, before hosttest.Snapshot, err error) {
	t.Helper()
	failed, ok := errors.AsType[failedRun](err)
	if !ok || !strings.Contains(failed.state, "as it was before") && !strings.Contains(failed.state, "nothing was changed") {
		return
	}
	if diff := before.Diff(withoutKeys(n.Snapshot(setup.JournalPath))); diff != "" {
		t.Errorf("%v; it said %q, but\n%s", err, failed.state, diff)
	}
}

// contentHash is how a Snapshot shows what is in a file.
var contentHash = regexp.MustCompile(` bytes [0-9a-f]{16}`)

// withoutKeys leaves out what is in swap files and on disks: an area that was made
// anew has another key or UUID.
func withoutKeys(s hosttest.Snapshot) hosttest.Snapshot {
	for path, is := range s {
		if strings.HasPrefix(path, "/dev/vd") || strings.HasSuffix(path, "swapfile") || strings.HasPrefix(path, "kernel: mapping") {
			s[path] = contentHash.ReplaceAllString(is, " bytes")
		}
	}
	return s
}
