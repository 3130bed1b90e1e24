package setup_test

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

func TestZramThatComesFirstIsNamed(t *testing.T) {
	t.Parallel()
	const swaps = "Filename Type Size Used Priority\n/dev/zram0 partition 4194300 0 100\n"
	for _, c := range []struct {
		name     string
		prepare  func(*hosttest.Node)
		priority int
		want     string
	}{
		{"on", func(n *hosttest.Node) { n.WriteFile("/proc/swaps", swaps, 0o444) }, -1, "the kernel fills /dev/zram0, which is in memory, before this area: its priority is 100 (--priority 101 or more"},
		{"on, and second", func(n *hosttest.Node) { n.WriteFile("/proc/swaps", swaps, 0o444) }, 200, ""},
		{"to come", func(n *hosttest.Node) { n.WriteFile("/etc/systemd/zram-generator.conf", "[zram0]\n", 0o644) }, -1, "zram is set up (/etc/systemd/zram-generator.conf)"},
		{"to come, by another place", func(n *hosttest.Node) { n.WriteFile("/usr/local/lib/systemd/zram-generator.conf", "[zram0]\n", 0o644) }, -1, "/usr/local/lib/systemd"},
		{"switched off in /etc", func(n *hosttest.Node) {
			n.WriteFile("/usr/lib/systemd/zram-generator.conf", "[zram0]\n", 0o644)
			n.WriteFile("/etc/systemd/zram-generator.conf", "# none\n", 0o644)
		}, -1, ""},
		{"none", func(*hosttest.Node) {}, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := hosttest.New(t)
			c.prepare(n)
			config := fileConfig("1Mi", true)
			config.Areas[0].Priority = c.priority
			r, err := setup.Up(t.Context(), n.Host(), config, setup.UpOptions{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(r.Warnings, "\n")
			if c.want == "" && strings.Contains(all, "zram") || !strings.Contains(all, c.want) {
				t.Errorf("warnings: %q", r.Warnings)
			}
		})
	}
}
