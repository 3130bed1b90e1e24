package setup_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestWhatAFailedRunSaysOfTheNodeIsTrue: a setup that fails at any of its
// operations, or is interrupted at one, and says that the node is as it was before.
func TestWhatAFailedRunSaysOfTheNodeIsTrue(t *testing.T) {
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			said := 0
			for at, more := 1, true; more && !t.Failed(); at++ {
				var so bool
				if so, more = s.saysWhatIs(t, at, false); so {
					said++
				}
				if more && at%3 == 0 {
					s.saysWhatIs(t, at, true)
				}
				if !more && at > 5 && said == 0 {
					t.Error("no run was rolled back")
				}
			}
		})
	}
}

// saysWhatIs has setup go wrong at one operation, and reports whether it said that
// the node was as before, and whether it came to that operation.
func (s story) saysWhatIs(t *testing.T, at int, interrupted bool) (asBefore, more bool) {
	t.Helper()
	n, _ := s.prepare(t)
	defer n.Close()
	before := withoutKeys(n.Snapshot(setup.JournalPath))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	want, code := unix.EIO, fail.Failed
	if interrupted {
		want, code = 0, fail.Interrupted
		n.CallAt(at, cancel)
	} else {
		n.FailAt(at, want)
	}
	r, err := setup.Up(ctx, n.Host(), s.want, setup.UpOptions{})
	more = n.Fired() || ctx.Err() != nil
	if err == nil {
		return false, more // it got over it, or was at its end
	}
	if fail.Code(err) != code || !interrupted && !errors.Is(err, want) {
		t.Errorf("operation %d: exit code %d: %v", at, fail.Code(err), err)
	}
	if !strings.Contains(r.State, "as it was before") && !strings.Contains(r.State, "nothing was changed") {
		return false, more
	}
	if diff := before.Diff(withoutKeys(n.Snapshot(setup.JournalPath))); diff != "" {
		t.Errorf("operation %d: %v; %q, but\n%s", at, err, r.State, diff)
	}
	return true, more
}

// withoutKeys leaves out what is in swap files and on disks: an area that was made
// anew has another key or UUID.
func withoutKeys(s hosttest.Snapshot) hosttest.Snapshot {
	content := regexp.MustCompile(` bytes [0-9a-f]{16}`)
	for path, is := range s {
		if strings.HasPrefix(path, "/dev/vd") || strings.HasSuffix(path, "swapfile") || strings.HasPrefix(path, "kernel: mapping") {
			s[path] = content.ReplaceAllString(is, " bytes")
		}
	}
	return s
}
