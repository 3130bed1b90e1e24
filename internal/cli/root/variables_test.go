package root_test

import (
	"bytes"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestUnknownVariablesAreWarnings: they may be misspelt settings, but not those that
// the kubelet sets for a Service that is called swapctl.
func TestUnknownVariablesAreWarnings(t *testing.T) {
	for variable, want := range map[string]string{
		"SWAPCTL_SISE=1Gi":     "unknown environment variable SWAPCTL_SISE; did you mean SWAPCTL_SIZE?",
		"SWAPCTL_KEYSIZE=256":  "unknown environment variable SWAPCTL_KEYSIZE; did you mean SWAPCTL_KEY_SIZE?",
		"SWAPCTL_PRIORTY=1=2":  "unknown environment variable SWAPCTL_PRIORTY; did you mean SWAPCTL_PRIORITY?",
		"SWAPCTL_COLOUR=never": "unknown environment variable SWAPCTL_COLOUR; 'swapctl setup --help' lists the settings",
		"SWAPCTL_AREAS=a":      "unknown environment variable SWAPCTL_AREAS; 'swapctl setup --help' lists the settings",
		"SWAPCTL_SIZE=1Gi":     "", "SWAPCTL_SISE=": "", "SWAPCTLSISE=1": "", "swapctl_sise=1": "", "HOME=/": "",
		"SWAPCTL_SERVICE_HOST=10.0.0.1": "", "SWAPCTL_SERVICE_PORT=80": "", "SWAPCTL_SERVICE_PORT_METRICS=80": "",
		"SWAPCTL_AGENT_SERVICE_HOST=10.0.0.1": "", "SWAPCTL_PORT=tcp://10.0.0.1:80": "", "SWAPCTL_PORT_80_TCP_ADDR=10.0.0.1": "",
	} {
		var out, errs bytes.Buffer
		code := root.Run(hosttest.New(t).Host(), []string{"setup", "--size=8Mi", "--encrypt=true", "--dry-run"},
			cli.Process{Out: &out, Err: &errs, LookupEnv: clitest.NoEnv, Environ: []string{variable}})
		if want != "" {
			want = "swapctl: warning: " + want + "\n"
		}
		if code != fail.OK || errs.String() != want {
			t.Errorf("%s: exit code %d, stderr %q, want %q", variable, code, errs.String(), want)
		}
	}
}
