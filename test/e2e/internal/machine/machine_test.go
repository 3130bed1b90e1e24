package machine

import (
	"bytes"
	"testing"
	"time"
)

func TestProto(t *testing.T) {
	ctx := t.Context()
	m, err := New(ctx, Options{Lane: "uml", Images: "/tmp/e2eproto", Image: "root.ext4", Tools: "/tmp/e2eproto/umlroot", WorkDir: "/tmp/e2eproto/run",
		Payload: map[string]string{"usr/local/bin/xx": "/usr/local/go/bin/go"}})
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
	lap("boot")
	run := func(args ...string) {
		var out bytes.Buffer
		s, err := m.Exec(ctx, Command{Args: args, Stdout: &out, Stderr: &out})
		lap("run")
		t.Logf("%v: %d %v\n%s", args, s, err, out.String())
	}
	s, err := m.Settle(ctx)
	t.Log(s, err)
	lap("settle")
	run("guest", "payload", "/dev/disk/by-id/payload")
	run("ls", "-la", "/dev/disk/by-id/", "/usr/local/bin", "/sys/fs/cgroup")
	run("systemd-analyze", "blame")
	run("systemd-analyze", "critical-chain")
	run("sh", "-c", "mkswap /dev/ubdb && swapon /dev/ubdb && cat /proc/swaps")
	run("guest", "hog", "--cgroup", "canary")
	run("guest", "flush")
	run("guest", "hog-verify", "canary")
	run("guest", "hog-stop", "canary")
	run("guest", "kill-at", "write", "1", "guest", "hog-stop", "canary")
	run("systemctl", "--failed")
	run("swapoff", "/dev/ubdb")
	err = m.Reboot(ctx)
	lap("reboot")
	s, err = m.Settle(ctx)
	t.Log(s, err)
	lap("settle")
	err = m.PowerCut(ctx)
	lap("cut")
	s, err = m.Settle(ctx)
	t.Log(s, err)
	lap("settle")
}
