package root_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/report/reporttest"
)

// drawings are commands that draw something, each with the machine to draw.
func drawings(t *testing.T) map[string]host.Host {
	t.Helper()
	pods := "plan --pods examples/pods.yaml --node examples/node.yaml"
	made := clitest.ExampleNode(t)
	if _, errs, code := clitest.Run(made, "setup", "--size=64Mi"); code != fail.OK {
		t.Fatal(errs)
	}
	bad := clitest.ExampleNode(t)
	bad.WriteFile("/root/bad.yaml", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: true\nmemorySwap:\n  swapBehaviour: LimitedSwap\n", 0o644)
	all := map[string]host.Host{
		"setup --size 64Mi --dry-run":           clitest.ExampleNode(t).Host(),
		"setup --size 64Mi --dry-run -o wide":   clitest.ExampleNode(t).Host(),
		"setup --size 64Mi --dry-run --explain": clitest.ExampleNode(t).Host(),
		"teardown --dry-run":                    made.Host(),
		"status":                                made.Host(),
		"status -o wide":                        made.Host(),
		"check":                                 clitest.CheckNode(t, "kubespray"),
		"check -o wide":                         clitest.CheckNode(t, "kubespray"),
		"check --list":                          made.Host(),
		"check --list -o wide":                  made.Host(),
		pods:                                    made.Host(),
		pods + " -o wide":                       made.Host(),
		pods + " --explain default/burstable":   made.Host(),
		pods + " --diff swap=1Gi":               made.Host(),
		pods + " --recommend --target-per-container 512Mi":       made.Host(),
		"kubeadm-config lint bad.yaml --kubernetes-version 1.34": bad.Host(),
		"version": made.Host(),
	}
	for _, cmd := range allCommands() {
		all[strings.TrimPrefix(cmd.CommandPath()+" --help", "swapctl ")] = made.Host()
	}
	return all
}

// drawn runs a command on a terminal and returns all that was written to it.
func drawn(t *testing.T, h host.Host, line string, columns int, env map[string]string) string {
	t.Helper()
	tty := reporttest.Open(t, columns)
	code := root.Run(h, strings.Fields(line), cli.Process{
		In: strings.NewReader(""), Out: tty.File, Err: tty.File,
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	text := tty.Close()
	if code != fail.OK && code != fail.Unfit {
		t.Errorf("%s at %d: exit code %d\n%s", line, columns, code, text)
	}
	return text
}

func xterm() map[string]string { return map[string]string{"TERM": "xterm"} }

// toCopy are lines that stay whole however narrow the terminal: commands, messages.
var toCopy = regexp.MustCompile(`^( +(do +)?(swapctl|systemctl|blkid) | +read  |  by hand  |           [^ ]|swapctl: |           swapctl |      [>'|])`)

// TestEverythingFitsTheTerminal: no line is wider than the terminal, unless it is a
// single word, or there to be copied.
func TestEverythingFitsTheTerminal(t *testing.T) {
	for line, h := range drawings(t) {
		for _, columns := range []int{80, 60, 40, 20} {
			text := drawn(t, h, line, columns, xterm())
			byHand := false
			for _, l := range reporttest.Screen(text, 1<<20) {
				byHand = strings.HasPrefix(l, "  by hand") || byHand && strings.HasPrefix(l, "           ")
				if len([]rune(l)) > columns && strings.Contains(strings.TrimSpace(strings.TrimSuffix(l, " \\")), " ") && !byHand && !toCopy.MatchString(l) {
					t.Errorf("swapctl %s: more than %d columns: %q", line, columns, l)
				}
			}
		}
	}
}

// TestNoTerminalIsTooNarrow: whatever the width, everything is said.
func TestNoTerminalIsTooNarrow(t *testing.T) {
	all := drawings(t)
	lines := []string{"setup --size 64Mi --dry-run", "status", "check", "plan --pods examples/pods.yaml --node examples/node.yaml", "setup --help"}
	want := map[string]string{"status": "aes-xts-plain64", "check": "swap-active", "setup --help": "--size"}
	for _, line := range lines {
		for _, columns := range []int{0, 1, 2, 3, 5, 8, 13, 20} {
			text := strings.Join(reporttest.Screen(drawn(t, all[line], line, columns, xterm()), 1<<20), "\n")
			if !strings.Contains(text, want[line]) {
				t.Errorf("swapctl %s at %d: %s is missing:\n%s", line, columns, want[line], text)
			}
		}
	}
}

// TestNoEscapeSequences where nobody wants one, on any terminal or off it.
func TestNoEscapeSequences(t *testing.T) {
	for line, h := range drawings(t) {
		for _, env := range []map[string]string{{"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}} {
			if text := drawn(t, h, line, 80, env); strings.Contains(text, "\x1b") {
				t.Errorf("swapctl %s with %v: %q", line, env, text)
			}
		}
		if text := drawn(t, h, line+" --no-color", 80, xterm()); strings.Contains(text, "\x1b") {
			t.Errorf("swapctl %s --no-color: %q", line, text)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			root.Run(h, strings.Fields(line), cli.Process{In: strings.NewReader(""), Out: w, Err: w, LookupEnv: clitest.ATerminal})
			w.Close()
		}()
		var piped strings.Builder
		if _, err := r.WriteTo(&piped); err != nil || strings.Contains(piped.String(), "\x1b") || piped.Len() == 0 {
			t.Errorf("swapctl %s | cat: %v %q", line, err, piped.String())
		}
		r.Close()
	}
}

// TestNothingIsSaidByColourAlone: whatever is painted is a word, or has one, so that
// a screen reader says it too; and only the colours that can be read anywhere are used.
func TestNothingIsSaidByColourAlone(t *testing.T) {
	painted := regexp.MustCompile(`\x1b\[([0-9;]+)m([^\x1b]*)\x1b\[m`)
	colours := map[string]int{}
	for line, h := range drawings(t) {
		text := drawn(t, h, line, 200, xterm())
		for _, m := range painted.FindAllStringSubmatch(text, -1) {
			colours[m[1]]++
			if m[1][0] == '3' && !regexp.MustCompile(`[A-Za-z0-9-]`).MatchString(m[2]) {
				t.Errorf("swapctl %s: %q is only a colour", line, m[0])
			}
		}
		if rest := painted.ReplaceAllString(text, ""); strings.Contains(rest, "\x1b") {
			t.Errorf("swapctl %s: another escape sequence in %q", line, rest)
		}
	}
	for code, n := range colours {
		if !slices.Contains([]string{"1", "2", "31", "32", "35"}, code) {
			t.Errorf("%d times \\x1b[%sm", n, code)
		}
	}
	if len(colours) < 5 {
		t.Errorf("only %v", colours)
	}
}

// slow is long enough for something to be shown on a terminal.
const slow = 300 * time.Millisecond

// slowKernel takes its time to turn swap on and off.
type slowKernel struct{ host.Kernel }

func (k slowKernel) SwapOn(path string, flags int) error {
	time.Sleep(slow)
	return k.Kernel.SwapOn(path, flags)
}

func (k slowKernel) SwapOff(ctx context.Context, path string) error {
	time.Sleep(slow)
	return k.Kernel.SwapOff(ctx, path)
}

// progressLine is what only the line that is redrawn says.
var progressLine = regexp.MustCompile(`step \d+ of \d+`)

// staysOnScreen are all words that can still be read at the end, however they are wrapped.
func staysOnScreen(text string) string {
	return strings.Join(strings.Fields(strings.Join(reporttest.Screen(text, 1<<20), "\n")), " ")
}

// TestProgressVanishes when a change ends well, fails, or is interrupted: what stays
// on the screen is what would stand in a file.
func TestProgressVanishes(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(n *hosttest.Node)
		args    []string
		code    int
		left    string // begins what stays
		drawn   bool
	}{
		"it ends well":   {nil, []string{"setup", "--size=64Mi"}, fail.OK, "", true},
		"it fails":       {func(n *hosttest.Node) { n.FailOn("swapon", "", syscall.EINVAL) }, []string{"setup", "--size=64Mi"}, fail.Failed, "swapctl: ", true},
		"nothing to do":  {func(n *hosttest.Node) { clitest.Run(n, "setup", "--size=64Mi") }, []string{"setup", "--size=64Mi"}, fail.OK, "", false},
		"it is verbose":  {nil, []string{"setup", "--size=64Mi", "-v"}, fail.OK, "swapctl: ", true},
		"it is quiet":    {nil, []string{"setup", "--size=64Mi", "-q"}, fail.OK, "", false},
		"a taking back":  {func(n *hosttest.Node) { clitest.Run(n, "setup", "--size=64Mi") }, []string{"teardown"}, fail.OK, "", true},
		"it cannot even": {func(n *hosttest.Node) { n.SetEUID(1000) }, []string{"setup", "--size=64Mi"}, fail.NeedsRoot, "swapctl: ", false},
	} {
		for _, columns := range []int{80, 20, 3} {
			n := hosttest.New(t)
			if test.prepare != nil {
				test.prepare(n)
			}
			h := n.Host()
			h.Kernel = slowKernel{h.Kernel}
			tty := reporttest.Open(t, columns)
			var out strings.Builder
			code := root.Run(h, test.args, cli.Process{In: strings.NewReader(""), Out: &out, Err: tty.File, LookupEnv: clitest.ATerminal})
			text := tty.Close()
			if code != test.code {
				t.Errorf("%s: exit code %d\n%s", name, code, text)
			}
			if stays := staysOnScreen(text); (stays == "") != (test.left == "") || !strings.HasPrefix(stays, test.left) || progressLine.MatchString(stays) {
				t.Errorf("%s at %d: this stays on the screen: %q", name, columns, stays)
			}
			drew := strings.Contains(text, "\r\x1b[K")
			if drew != test.drawn {
				t.Errorf("%s: a line was drawn: %v\n%q", name, drew, text)
			}
		}
	}
}

// TestProgressVanishesOnInterrupt: with ^C in the middle of a swapoff.
func TestProgressVanishesOnInterrupt(t *testing.T) {
	n := hosttest.New(t)
	if _, errs, code := clitest.Run(n, "setup", "--size=64Mi"); code != fail.OK {
		t.Fatal(errs)
	}
	n.ResetOps()
	n.StickSwapOff()
	tty := reporttest.Open(t, 60)
	done := make(chan int)
	go func() {
		var out strings.Builder
		done <- root.Run(n.Host(), []string{"teardown"}, cli.Process{Out: &out, Err: tty.File, LookupEnv: clitest.ATerminal})
	}()
	for len(n.Ops()) == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(slow)
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-done:
		text := tty.Close()
		if code != fail.Interrupted || !strings.Contains(text, "\r\x1b[K") {
			t.Errorf("exit code %d: %q", code, text)
		}
		if stays := staysOnScreen(text); !strings.HasPrefix(stays, "swapctl: ") || progressLine.MatchString(stays) {
			t.Errorf("this stays on the screen: %q", stays)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the signal did not end it")
	}
}

// TestHowTerminalsShowIt shows what a person sees at some widths, to look at:
// go test -run TestHowTerminalsShowIt -v
func TestHowTerminalsShowIt(t *testing.T) {
	if !testing.Verbose() {
		t.Skip("only to look at, with -v")
	}
	for line, h := range drawings(t) {
		if strings.Contains(line, "--help") && line != "plan --help" {
			continue
		}
		for _, columns := range []int{80, 60, 40, 20} {
			fmt.Printf("--- swapctl %s, %d columns\n%s\n", line, columns,
				strings.Join(reporttest.Screen(drawn(t, h, line, columns, xterm()), 1<<20), "\n"))
		}
	}
}
