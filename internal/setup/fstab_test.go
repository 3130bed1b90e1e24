package setup_test

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

const cryptGenerator = "/usr/lib/systemd/system-generators/systemd-cryptsetup-generator"

func fstabConfig(encrypt bool) setup.Config {
	c := fileConfig("1Mi", encrypt)
	c.Persist = "fstab"
	return c
}

// withTables is a node whose boot reads fstab and crypttab.
func withTables(t *testing.T, fstab string) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t)
	n.WriteFile("/etc/fstab", fstab, 0o644)
	n.WriteFile(cryptGenerator, "", 0o755)
	n.WriteFile("/proc/sys/vm/swappiness", "60\n", 0o644)
	n.WriteFile("/proc/sys/vm/min_free_kbytes", "2048\n", 0o644)
	return n
}

func read(t *testing.T, n *hosttest.Node, name string) string {
	t.Helper()
	data, err := n.Other().Files.ReadFile(name, host.FileLimit)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFstabGetsItsLinesAndLosesThemAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		encrypt         bool
		change          func(*setup.Config)
		fstab, crypttab string
	}{
		{"plain", false, func(*setup.Config) {}, "/var/lib/swapctl/swapfile none swap sw,nofail 0 0", ""},
		{"plain with priority", false, func(c *setup.Config) { c.Areas[0].Priority, c.Areas[0].Discard = 7, "pages" },
			"/var/lib/swapctl/swapfile none swap sw,nofail,pri=7,discard=pages 0 0", ""},
		{"encrypted", true, func(*setup.Config) {}, "/dev/mapper/cryptswap none swap sw,nofail 0 0",
			"cryptswap /var/lib/swapctl/swapfile /dev/urandom swap,cipher=aes-xts-plain64,size=512,nofail"},
		{"device", true, func(c *setup.Config) {
			c.Areas[0].Device, c.Areas[0].Size, c.Areas[0].Discard = "/dev/disk/by-id/virtio-vdb", "", "once"
		},
			"/dev/mapper/cryptswap none swap sw,nofail,discard=once 0 0",
			"cryptswap /dev/disk/by-id/virtio-vdb /dev/urandom swap,cipher=aes-xts-plain64,size=512,discard,offset=2048,nofail"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := "UUID=1 / ext4 defaults 0 1\n# no newline at the end"
			n := withTables(t, before)
			fresh := n.Snapshot()
			config := fstabConfig(c.encrypt)
			c.change(&config)
			if err := run(n, config); err != nil {
				t.Fatal(err)
			}
			if got := read(t, n, "/etc/fstab"); got != before+"\n"+c.fstab {
				t.Errorf("fstab:\n%s", got)
			}
			if c.crypttab != "" {
				if got := read(t, n, "/etc/crypttab"); got != c.crypttab+"\n" {
					t.Errorf("crypttab:\n%s", got)
				}
			}
			r, err := setup.Up(t.Context(), n.Host(), config, setup.UpOptions{})
			if err != nil || r.Changed {
				t.Errorf("a second run: %v, %+v", err, r)
			}
			takenBack(t, n, fresh)
		})
	}
}

func TestFstabIsRefusedWhereItWouldNotWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, fstab string
		encrypt     bool
		prepare     func(*hosttest.Node)
		want, hint  string
	}{
		{"no generator", "", true, func(n *hosttest.Node) { _ = n.Other().Files.Remove(cryptGenerator) },
			"nothing on this node reads crypttab", "apt-get install systemd-cryptsetup"},
		{"nofail mount", "LABEL=var /var xfs nofail 0 2\n", false, func(*hosttest.Node) {}, "waits 90 seconds", "--persist systemd"},
		{"another line", "/var/lib/swapctl/swapfile swap swap defaults 0 0\n", false, func(*hosttest.Node) {}, "line 1 speaks of the same swap area", "sed -n 1p /etc/fstab"},
		{"another mapping", "", true, func(n *hosttest.Node) { n.WriteFile("/etc/crypttab", "\ncryptswap /dev/vdb none\n", 0o644) },
			"line 2 speaks of the same swap area", "sed -n 2p /etc/crypttab"},
		{"switched off on the command line", "", false, func(n *hosttest.Node) { n.WriteFile("/proc/cmdline", "quiet systemd.swap=0\n", 0o444) },
			"the kernel command line says systemd.swap=0", "--persist systemd"},
		{"a link", "", false, func(n *hosttest.Node) {
			_ = n.Other().Files.RenameNew("/etc/fstab", "/etc/fstab.real")
			n.Symlink("/etc/fstab", "fstab.real")
		}, "not a regular file", "--persist systemd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := withTables(t, c.fstab)
			c.prepare(n)
			before := n.Snapshot()
			err := run(n, fstabConfig(c.encrypt))
			if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), c.want) || !strings.Contains(strings.Join(fail.Hints(err), "\n"), c.hint) {
				t.Errorf("%v\n%q", err, fail.Hints(err))
			}
			unchanged(t, n, before)
		})
	}
}

func TestALineThatSomebodyChangedIsTheirs(t *testing.T) {
	t.Parallel()
	n := withTables(t, "")
	if err := run(n, fstabConfig(false)); err != nil {
		t.Fatal(err)
	}
	n.WriteFile("/etc/fstab", "/var/lib/swapctl/swapfile none swap sw,pri=1 0 0\n", 0o644)
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	if got := read(t, n, "/etc/fstab"); got != "/var/lib/swapctl/swapfile none swap sw,pri=1 0 0\n" {
		t.Errorf("%q", got)
	}
}

func TestSysctlsAreSetAndRestored(t *testing.T) {
	t.Parallel()
	n := withTables(t, "")
	n.WriteFile("/proc/sys/vm/watermark_scale_factor", "100\n", 0o644)
	n.WriteFile("/proc/sys/vm/watermark_boost_factor", "15000\n", 0o644)
	fresh := n.Snapshot()
	c := fileConfig("1Mi", true)
	c.Swappiness, c.WatermarkScaleFactor, c.WatermarkBoostFactor = 30, 200, 0
	if err := run(n, c); err != nil {
		t.Fatal(err)
	}
	if got := read(t, n, "/etc/sysctl.d/90-swapctl.conf"); !strings.HasSuffix(got, "vm.swappiness = 30\nvm.watermark_scale_factor = 200\nvm.watermark_boost_factor = 0\n") {
		t.Errorf("%q", got)
	}
	if got := strings.TrimSpace(read(t, n, "/proc/sys/vm/swappiness")); got != "30" {
		t.Errorf("swappiness %s", got)
	}
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(read(t, n, "/proc/sys/vm/swappiness")); got != "60" {
		t.Errorf("swappiness %s after teardown", got)
	}
	unchanged(t, n, fresh)
}

func TestSysctlsKeepToWhatTheKernelAndTheNodeAllow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		release string
		change  func(*setup.Config)
		want    string
	}{
		{"5.4.0-42-generic", func(c *setup.Config) { c.Swappiness = 150 }, "takes at most 100"},
		{"5.15.0", func(c *setup.Config) { c.WatermarkScaleFactor = 2000 }, "takes at most 1000"},
		{"6.1.0", func(c *setup.Config) { c.MinFreeKbytes = 1 << 30 }, "more than a tenth"},
		{"6.1.0", func(c *setup.Config) { c.Swappiness = 201 }, "not between 0 and 200"},
		{"6.1.0", func(c *setup.Config) { c.WatermarkScaleFactor = 0 }, "not between 1 and 3000"},
		{"6.1.0", func(c *setup.Config) { c.WatermarkBoostFactor = -2 }, "not 0 or more"},
	} {
		n := hosttest.New(t)
		n.WriteFile("/proc/sys/kernel/osrelease", c.release+"\n", 0o444)
		config := fileConfig("1Mi", true)
		c.change(&config)
		before := n.Snapshot()
		if err := run(n, config); fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.release, err)
		}
		unchanged(t, n, before)
	}
}

func TestWhatIsMaskedIsUnmaskedAndMaskedAgain(t *testing.T) {
	t.Parallel()
	n := withTables(t, "")
	n.Symlink("/etc/systemd/system/swap.target", "/dev/null")
	n.Symlink("/etc/systemd/system/dev-mapper-cryptswap.swap", "/dev/null")
	fresh := n.Snapshot()
	if err := run(n, fstabConfig(true)); err != nil {
		t.Fatal(err)
	}
	for _, unit := range []string{"swap.target", "dev-mapper-cryptswap.swap"} {
		if _, err := n.Other().Files.Lstat("/etc/systemd/system/" + unit); err == nil {
			t.Errorf("%s is still masked", unit)
		}
	}
	takenBack(t, n, fresh)
}
