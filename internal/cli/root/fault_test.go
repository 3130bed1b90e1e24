package root

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// broken is a machine with which swapctl panics.
type broken struct{ host.Files }

func (broken) ReadFile(string, int64) ([]byte, error) { panic("a fault") }

// TestAPanicEndsAsAnError: with the line, where to report it, and the state of the node.
func TestAPanicEndsAsAnError(t *testing.T) {
	for _, test := range []struct{ args []string }{{[]string{"setup", "--size", "1Mi"}}, {[]string{"teardown"}}, {[]string{"status"}}, {[]string{"check"}}} {
		h := hosttest.New(t).Host()
		h.Files = broken{h.Files}
		var errs bytes.Buffer
		code := Run(h, test.args, cli.Process{In: &errs, Out: &bytes.Buffer{}, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false }})
		want := `(?s)^swapctl: error: cannot .*: swapctl has a fault: a fault \(cli/root/fault_test\.go:\d+\)\nswapctl: hint: report it .*https://.*\n`
		if test.args[0] == "setup" || test.args[0] == "teardown" {
			want += `swapctl: state: .*swapctl teardown.*\n`
		}
		if code != fail.Failed || !regexp.MustCompile(want+"$").MatchString(errs.String()) {
			t.Errorf("%s: exit code %d\n%s", test.args, code, errs.String())
		}
	}
}
