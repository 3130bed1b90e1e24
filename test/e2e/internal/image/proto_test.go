package image

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

func TestLanes(t *testing.T) {
	ctx := t.Context()
	b, err := NewBuilder(ctx, "/root/.cache/swapctl-e2e", "/tmp/e2eproto/guest", t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var wg sync.WaitGroup
	for _, lane := range []string{"trixie"} {
		wg.Go(func() {
			at := time.Now()
			lap := func(what string) {
				t.Logf("%s: %8v %s", lane, time.Since(at).Round(time.Millisecond), what)
				at = time.Now()
			}
			o, err := b.Lane(ctx, lane, t.TempDir())
			if err != nil {
				t.Error(err)
				return
			}
			lap("build")
			m, err := machine.New(ctx, o)
			if err != nil {
				t.Error(err)
				return
			}
			defer m.Close()
			if err := m.Boot(ctx); err != nil {
				t.Error(m.Console(), err)
				return
			}
			lap("boot")
			m.Settle(ctx)
			lap("settle")
			run := func(args ...string) {
				var out bytes.Buffer
				s, err := m.Exec(ctx, machine.Command{Args: args, Stdout: &out, Stderr: &out, Timeout: 5 * time.Minute})
				lap("run")
				t.Logf("%s: %v: %d %v\n%s", lane, args, s, err, out.String())
			}
			run("sh", "-c", "mkswap /dev/disk/by-id/scratchb && swapon /dev/disk/by-id/scratchb && cat /proc/swaps")
			run("guest", "hog", "--cgroup", "canary")
			run("guest", "hog-verify", "canary")
			run("guest", "hog-stop", "canary")
			run("guest", "kill-at", "write", "1", "guest", "x")
			run("systemctl", "--failed")
			run("systemd-analyze", "blame")
			if err := m.Reboot(ctx); err != nil {
				t.Error(err)
			}
			lap("reboot")
			m.Settle(ctx)
			lap("settle")
			if err := m.PowerCut(ctx); err != nil {
				t.Error(m.Console(), err)
			}
			lap("cut")
			m.Settle(ctx)
			lap("settle")
		})
	}
	wg.Wait()
}
