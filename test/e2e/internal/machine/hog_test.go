package machine

import (
	"bytes"
	"testing"
	"time"
)

func TestHog(t *testing.T) {
	ctx := t.Context()
	m, err := New(ctx, Options{Lane: "uml", Images: "/tmp/e2eproto", Image: "root.ext4", Tools: "/tmp/e2eproto/umlroot", WorkDir: "/tmp/e2eproto/run"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	at := time.Now()
	lap := func(what string) { t.Logf("%8v %s", time.Since(at).Round(time.Millisecond), what); at = time.Now() }
	if err := m.Boot(ctx); err != nil {
		t.Log(m.Console())
		t.Fatal(err)
	}
	m.Settle(ctx)
	lap("boot")
	run := func(args ...string) {
		var out bytes.Buffer
		s, err := m.Exec(ctx, Command{Args: args, Stdout: &out, Stderr: &out, Timeout: 40 * time.Second})
		lap("run")
		t.Logf("%v: %d %v\n%s", args, s, err, out.String())
	}
	run("sh", "-c", "mkswap /dev/ubdb && swapon /dev/ubdb && cat /proc/swaps")
	diag := func() {
		run("sh", "-c", "for p in $(pgrep exe); do echo == $p; cat /proc/$p/cmdline | tr '\\0' ' '; for t in /proc/$p/task/*; do cat $t/wchan; echo; cat $t/stack $t/syscall; grep -E 'State|ctxt' $t/status;  done; done; cat /sys/fs/cgroup/canary/memory.stat /proc/vmstat | grep -E 'pgscan|pgsteal|anon|swp|swap'; cat /sys/fs/cgroup/canary/memory.current")
		run("sh", "-c", "dmesg | tail -20")
	}
	for range 8 {
		timer := time.AfterFunc(20*time.Second, diag)
		defer timer.Stop()
		run("guest", "hog", "--cgroup", "canary")
		run("guest", "hog-verify", "canary")
		run("guest", "hog-stop", "canary")
		timer.Stop()
	}
	run("sh", "-c", "dmesg | tail -20")
}
