package root_test

import (
	"bytes"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

func TestASignalEndsTheRunInOrder(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			if signal.Ignored(sig) {
				t.Skip("the tests were started with this signal ignored (nohup), and then swapctl ignores it too")
			}
			n := hosttest.New(t)
			if _, errs, code := clitest.Run(n, "setup", "--size=64Mi"); code != fail.OK {
				t.Fatal(errs)
			}
			n.ResetOps()
			n.StickSwapOff()
			type result struct {
				errs string
				code int
			}
			done := make(chan result)
			go func() {
				_, errs, code := clitest.Run(n, "teardown")
				done <- result{errs, code}
			}()
			// It hears signals before it does anything, and is at swapoff soon after.
			for len(n.Ops()) == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond)
			if err := syscall.Kill(os.Getpid(), sig); err != nil {
				t.Fatal(err)
			}
			select {
			case r := <-done:
				if r.code != fail.Interrupted || !strings.Contains(r.errs, "swapctl: state: ") {
					t.Errorf("exit code %d, stderr:\n%s", r.code, r.errs)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the signal did not end it")
			}
			if out, _, _ := clitest.Run(n, "status"); !strings.Contains(out, "cryptswap") {
				t.Errorf("swap is not on any more:\n%s", out)
			}
		})
	}
}

// gone is a stdout whose reader went away.
func gone(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	t.Cleanup(func() { w.Close() })
	return w
}

func TestAReaderThatGoesAwayDoesNotStopTheWork(t *testing.T) {
	n := hosttest.New(t)
	w := gone(t)
	for _, c := range []struct {
		args []string
		on   bool
	}{
		{[]string{"setup", "--size=64Mi"}, true},
		{[]string{"setup", "--size=64Mi", "-o", "json"}, true},
		{[]string{"setup", "--boot"}, true},
		{[]string{"teardown", "-o", "yaml"}, false},
		{[]string{"setup", "--size=64Mi", "--verbose"}, true},
		{[]string{"teardown"}, false},
	} {
		if code := root.Run(n.Host(), c.args, cli.Process{Out: w, Err: w, LookupEnv: clitest.NoEnv}); code != fail.OK {
			t.Errorf("%v: exit code %d", c.args, code)
		}
		if out, _, _ := clitest.Run(n, "status"); strings.Contains(out, "cryptswap") != c.on {
			t.Errorf("%v: swap is not as it was to be:\n%s", c.args, out)
		}
	}
}

// TestAReaderThatGoesAwayHasHadEnough: what ends a pipeline early is no error of
// ours, and the exit code is that of the work.
func TestAReaderThatGoesAwayHasHadEnough(t *testing.T) {
	many := strings.Repeat(clitest.APod("{requests: {memory: 1Gi}}")+"\n---\n", 2000)
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"status"}, fail.OK}, {[]string{"status", "-o", "json"}, fail.OK}, {[]string{"version", "-o", "yaml"}, fail.OK},
		{[]string{"check"}, fail.Unfit}, {[]string{"check", "-o", "json"}, fail.Unfit}, {[]string{"check", "-o", "junit"}, fail.Unfit},
		{[]string{"check", "-o", "sarif"}, fail.Unfit}, {[]string{"check", "--list"}, fail.OK}, {[]string{"check", "--fix-script"}, fail.OK},
		{[]string{"plan", "--pods", "-"}, fail.OK}, {[]string{"plan", "--pods", "-", "-o", "json"}, fail.OK}, {[]string{"plan", "--pods", "-", "-o", "yaml"}, fail.OK},
		{[]string{"plan", "--pods", "-", "-o", "csv"}, fail.OK}, {[]string{"plan", "--pods", "-", "--diff", "swap=1Gi"}, fail.OK},
		{[]string{"plan", "--pods", "-", "--diff", "swap=1Gi", "-o", "json"}, fail.OK},
		{[]string{"plan", "--pods", "-", "--explain", "default/web"}, fail.OK}, {[]string{"plan", "--pods", "-", "--recommend", "--target-ratio", "1"}, fail.OK},
		{[]string{"kubeadm-config", "--kubernetes-version", "1.34"}, fail.OK}, {[]string{"kubeadm-config", "lint", "-"}, fail.Unfit},
		{[]string{"completion", "bash"}, fail.OK}, {[]string{"completion", "zsh"}, fail.OK}, {[]string{"completion", "fish"}, fail.OK}, {[]string{"completion", "powershell"}, fail.OK},
		{[]string{"--help"}, fail.OK}, {[]string{"help", "setup"}, fail.OK}, {[]string{"setup", "--size=64Mi", "--dry-run", "--exit-code"}, fail.Pending},
	} {
		w := gone(t)
		var errs bytes.Buffer
		in := many
		if slices.Contains(c.args, "lint") {
			in = "kind: KubeletConfiguration\n"
		}
		code := root.Run(hosttest.New(t).Host(), c.args, cli.Process{In: strings.NewReader(in), Out: w, Err: &errs, LookupEnv: clitest.NoEnv})
		if code != c.code && !(c.args[0] == "check" && code == fail.OK) || strings.Contains(errs.String(), "broken pipe") {
			t.Errorf("%v: exit code %d, want %d; stderr:\n%.400s", c.args, code, c.code, errs.String())
		}
	}
}

// TestAResultThatCannotBeWrittenDoesNotHideWhatWasDone: the disk for the result is
// full, and the node is changed all the same.
func TestAResultThatCannotBeWrittenDoesNotHideWhatWasDone(t *testing.T) {
	n := hosttest.New(t)
	for _, c := range []struct {
		args  []string
		state string
	}{
		{[]string{"setup", "--size=64Mi"}, "swap is on"}, {[]string{"setup", "--size=64Mi", "-o", "json"}, "nothing was changed"}, // a second time
		{[]string{"teardown", "-o", "json"}, "\"state\":\"swap is off"}, {[]string{"setup", "--size=64Mi", "-o", "json"}, "all of it is done"},
	} {
		var errs bytes.Buffer
		code := root.Run(n.Host(), c.args, cli.Process{Out: brokenWriter{}, Err: &errs, LookupEnv: clitest.NoEnv})
		if code != fail.Failed || !strings.Contains(errs.String(), "cannot print the result: no space left on device") || !strings.Contains(errs.String(), c.state) {
			t.Errorf("%v: exit code %d, stderr:\n%s", c.args, code, errs.String())
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, args := range [][]string{
		{"status"}, {"status", "-o", "json"}, {"status", "-o", "yaml"}, {"version"},
		{"plan", "--pods", "-"}, {"plan", "--pods", "-", "-o", "wide"}, {"plan", "--pods", "-", "-o", "csv"},
		{"plan", "--pods", "-", "-o", "json"}, {"plan", "--pods", "-", "-o", "yaml"},
		{"plan", "--pods", "-", "--diff", "swap=1Gi"}, {"plan", "--pods", "-", "--explain", "default/web"},
		{"plan", "--pods", "-", "--recommend", "--target-ratio", "1"},
	} {
		var errs bytes.Buffer
		in := strings.NewReader(clitest.APod("{requests: {memory: 1Gi}}"))
		code := root.Run(hosttest.New(t).Host(), args, cli.Process{In: in, Out: brokenWriter{}, Err: &errs, LookupEnv: clitest.NoEnv})
		if code != fail.Failed || !strings.Contains(errs.String(), "cannot print the result: no space left on device") {
			t.Errorf("%v: exit code %d, stderr:\n%s", args, code, errs.String())
		}
	}
}
