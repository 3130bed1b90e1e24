package setup_test

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup"
)

func TestANodeThatHibernatesKeepsItsKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cmdline, resume string
		encrypt, ignore       bool
		want                  string // in the error; empty: none
	}{
		{"set on the command line", "root=/dev/vda1 resume=UUID=1-2 quiet", "0:0", true, false, "resume=UUID=1-2 on the kernel command line"},
		{"set by the initramfs to another device", "quiet", "254:2", true, false, ""},
		{"not set", "quiet", "0:0", true, false, ""},
		{"switched off", "resume=/dev/vda2 noresume", "0:0", true, false, ""},
		{"switched off by the last word", "resume=/dev/vda2 resume=none", "0:0", true, false, ""},
		{"no encryption", "resume=/dev/vda2", "254:2", false, false, ""},
		{"told to", "resume=/dev/vda2", "254:2", true, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := hosttest.New(t)
			n.WriteFile("/proc/cmdline", c.cmdline+"\n", 0o444)
			n.WriteFile("/sys/power/resume", c.resume+"\n", 0o644)
			before := n.Snapshot()
			_, err := setup.Up(t.Context(), n.Host(), fileConfig("1Mi", c.encrypt), setup.UpOptions{IgnoreHibernation: c.ignore})
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), c.want) || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "--ignore-hibernation") {
				t.Errorf("%v\n%q", err, fail.Hints(err))
			}
			unchanged(t, n, before)
		})
	}
}

func TestTheDeviceToWakeUpFromKeepsItsKey(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := deviceConfig(true)
	st, err := n.Other().Files.Stat(c.Areas[0].Device)
	if err != nil {
		t.Fatal(err)
	}
	n.WriteFile("/sys/power/resume", kernel.DeviceNumber(st.Rdev)+"\n", 0o644)
	if err := run(n, c); fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), "/sys/power/resume names "+c.Areas[0].Device) {
		t.Error(err)
	}
}
