// Command swapctl gives a Kubernetes node encrypted swap, and removes it again.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/host"
)

// Set by the linker (-ldflags -X, see Makefile); 'go install' takes them from
// the module instead.
var version, commit, date string //nolint:gochecknoglobals // the linker cannot set anything else

func main() {
	if status, ok := host.SwapOffMain(os.Args); ok {
		os.Exit(status)
	}
	// If the reader of our output exits (swapctl setup | head), SIGPIPE must
	// not kill us between two steps: see Printed.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(root.Run(host.Local(), os.Args[1:], cli.Process{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, LookupEnv: os.LookupEnv, Environ: os.Environ(), Name: os.Args[0],
		Build: cli.Build{Version: version, Commit: commit, Date: date},
	}))
}
