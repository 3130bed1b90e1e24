package report

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/report/reporttest"
)

func TestNoCommandIsBroken(t *testing.T) {
	for text, commands := range map[string][]string{
		"use another path, or: chown root:root /var/lib/swapctl/swapfile":                           {"chown root:root /var/lib/swapctl/swapfile"},
		"chown root:root /etc/fstab; chmod go-w /etc/fstab":                                         {"chown root:root /etc/fstab;", "chmod go-w /etc/fstab"},
		"fix /etc/swapctl/config.yaml; 'swapctl setup --help' lists what can be set":                {"'swapctl setup --help'"},
		"take swap away here (swapctl teardown), and keep it to worker nodes":                       {"(swapctl teardown),"},
		"swapctl plan --pods FILE, or kubectl get pods -A -o json | swapctl plan --pods -":          {"swapctl plan --pods FILE,", "kubectl get pods -A -o json | swapctl plan --pods -"},
		"for example --node-memory 64Gi and --node-swap 32Gi, as you like":                          {"--node-memory 64Gi", "--node-swap 32Gi,"},
		"have it used as it is: --encrypt=false --adopt --size 8388608":                             {"--size 8388608"},
		"see 'swapctl plan --help' for the flags that say how the node is: --kubernetes-version":    {"'swapctl plan --help'"},
		"swapctl setup --protect-system-slice, or: systemctl set-property system.slice MemoryMax=0": {"swapctl setup --protect-system-slice,", "systemctl set-property system.slice MemoryMax=0"},
		"or let swapctl bring swap back by a unit of its own, as 'swapctl setup' does by itself":    {"'swapctl setup'"},
	} {
		for _, room := range []int{30, 40, 60} {
			tty := reporttest.Open(t, room)
			_ = New(tty.File, Options{Env: xterm}).Prose("swapctl: hint: " + text)
			got := strings.ReplaceAll(tty.Close(), "\r", "")
			if flat := strings.Join(strings.Fields(got), " "); flat != "swapctl: hint: "+text {
				t.Errorf("at %d %q became %q", room, text, flat)
			}
			for _, command := range commands {
				if !strings.Contains(got, command) {
					t.Errorf("at %d %q is broken:\n%s", room, command, got)
				}
			}
			for line := range strings.Lines(got) {
				if line = strings.TrimSpace(line); len(line) > room && !containsAny(line, commands) {
					t.Errorf("at %d: does not fit: %q", room, line)
				}
			}
		}
	}
}

func containsAny(line string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(line, part) && len(part) >= len(line)-len("swapctl: hint: ") {
			return true
		}
	}
	return false
}

// TestProseIsOneLineForGrep where there is no terminal.
func TestProseIsOneLineForGrep(t *testing.T) {
	var b strings.Builder
	text := "swapctl: warning: " + strings.Repeat("word ", 60) + "end"
	_ = New(&b, Options{Env: noEnv}).Prose(text)
	if b.String() != text+"\n" {
		t.Errorf("got %q", b.String())
	}
}
