// Package clitest runs swapctl on fake and captured nodes, for the tests of the commands
// and of the documents.
package clitest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/cli/setup"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// NoEnv is the environment of somebody who has set nothing.
func NoEnv(string) (string, bool) { return "", false }

// Main takes away what a person may have set for a swapctl of their own.
func Main(m *testing.M) {
	for _, one := range setup.NewSettings().All() {
		_ = os.Unsetenv(one.Env())
	}
	os.Exit(m.Run())
}

// Setenv sets SWAPCTL_ variables for the test, as viper reads the environment of
// the process, and looks them up.
func Setenv(t *testing.T, env map[string]string) func(string) (string, bool) {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
	return func(name string) (string, bool) { value, ok := env[name]; return value, ok }
}

// Run runs swapctl on a node, without an environment.
func Run(n *hosttest.Node, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = root.Run(n.Host(), args, cli.Process{Out: &out, Err: &errs, LookupEnv: NoEnv})
	return out.String(), errs.String(), code
}

// Undent takes away the two blanks that begin the lines of an example.
func Undent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimPrefix(line, "  "))
	}
	return b.String()
}

// ATerminal is the environment of a terminal that can do everything.
func ATerminal(name string) (string, bool) {
	if name == "TERM" {
		return "xterm", true
	}
	return "", false
}
