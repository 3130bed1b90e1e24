package systemd_test

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/systemd"
)

// TestTheSysctlThatWins: each node is given by its files of sysctl.d; the
// result is the place of the line that sets vm.swappiness at boot
// (sysctl.d(5)).
func TestTheSysctlThatWins(t *testing.T) {
	const ours = "/etc/sysctl.d/90-swapctl.conf"
	type files map[string]string
	for _, test := range []struct {
		name  string
		files files
		want  string
	}{
		{"ours alone", files{ours: "vm.swappiness = 60\n"}, ours + " line 1: 60"},
		{"a later name", files{ours: "vm.swappiness = 60\n", "/usr/lib/sysctl.d/99-k8s.conf": "# x\n\nvm.swappiness=0\n"}, "/usr/lib/sysctl.d/99-k8s.conf line 3: 0"},
		{"a letter sorts behind digits", files{ours: "vm.swappiness = 60\n", "/etc/sysctl.d/k8s.conf": "vm/swappiness = 1\n"}, "/etc/sysctl.d/k8s.conf line 1: 1"},
		{"an earlier name in a stronger place", files{ours: "vm.swappiness = 60\n", "/etc/sysctl.d/10-x.conf": "vm.swappiness=1\n"}, ours + " line 1: 60"},
		{"one name, two places", files{"/usr/lib/sysctl.d/99-x.conf": "vm.swappiness=1\n", "/run/sysctl.d/99-x.conf": "vm.swappiness=2\n"}, "/run/sysctl.d/99-x.conf line 1: 2"},
		{"masked", files{ours: "vm.swappiness = 60\n", "/usr/lib/sysctl.d/99-x.conf": "vm.swappiness=1\n", "/etc/sysctl.d/99-x.conf": "-> /dev/null"}, ours + " line 1: 60"},
		{"sysctl.conf by its link", files{ours: "vm.swappiness = 60\n", "/etc/sysctl.conf": "vm.swappiness = 5\n", "/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf"}, "/etc/sysctl.d/99-sysctl.conf line 1: 5"},
		{"sysctl.conf without one", files{ours: "vm.swappiness = 60\n", "/etc/sysctl.conf": "vm.swappiness = 5\n"}, ours + " line 1: 60"},
		{"a failure that does no harm", files{ours: "vm.swappiness = 60\n", "/etc/sysctl.d/99-x.conf": "-vm.swappiness = 7\n"}, "/etc/sysctl.d/99-x.conf line 1: 7"},
		{"a pattern is weaker than a name", files{ours: "vm.swappiness = 60\n", "/etc/sysctl.d/99-x.conf": "vm.swap* = 7\n"}, ours + " line 1: 60"},
		{"a pattern", files{"/etc/sysctl.d/99-x.conf": "vm.* = 7\n"}, "/etc/sysctl.d/99-x.conf line 1: 7"},
		{"an exception from it", files{"/etc/sysctl.d/99-x.conf": "vm.* = 7\n-vm.swappiness\n"}, ""},
		{"the last line of a file", files{ours: "vm.swappiness=1\nvm.swappiness=2\n"}, ours + " line 2: 2"},
		{"no setting", files{ours: "; vm.swappiness = 1\nvm.swappiness\n", "/etc/sysctl.d/99-x": "vm.swappiness = 1\n"}, ""},
	} {
		n := hosttest.New(t)
		for name, text := range test.files {
			if target, ok := strings.CutPrefix(text, "-> "); ok {
				n.Symlink(name, target)
			} else {
				n.WriteFile(name, text, 0o644)
			}
		}
		all, err := systemd.ReadSysctls(n.Host())
		got := ""
		if l, ok := all.Wins("vm/swappiness"); ok {
			got = l.At() + ": " + l.Value
		}
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, test.want)
		}
		file := "/etc/sysctl.d/" + all.FileThatWins("90-swapctl.conf", func(name string) bool { return name == ours }, "vm/swappiness")
		n.WriteFile(file, "vm.swappiness = 42\n", 0o644)
		if all, err = systemd.ReadSysctls(n.Host()); err != nil {
			t.Fatal(err)
		}
		if l, ok := all.Wins("vm/swappiness"); !ok || l.File != file || l.Value != "42" {
			t.Errorf("%s: %s does not win, but %+v", test.name, file, l)
		}
	}
}
