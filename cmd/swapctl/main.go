// Command swapctl gives a Kubernetes node swap, encrypted, and takes it back.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/host"
)

func main() {
	if status, ok := host.SwapOffMain(os.Args); ok {
		os.Exit(status)
	}
	// A reader of our output that went away (swapctl setup | head) must not
	// kill us between two steps: see printed.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(host.Linux(), os.Args[1:], streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, lookupEnv: os.LookupEnv, environ: os.Environ(),
	}))
}

// streams is what the process was given, besides its arguments.
type streams struct {
	in        io.Reader
	out, err  io.Writer
	lookupEnv func(string) (string, bool)
	environ   []string // what there is, as name=value
}

// run is the whole program: it carries out one command line on a machine and
// returns the exit code.
func run(h host.Host, args []string, s streams) int {
	a := &app{host: h, streams: s}
	root := newRoot(a)
	root.SetArgs(args)
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		a.completions(root)
	}
	return a.exit(root, args, root.ExecuteContext(context.Background()))
}

// notify returns a context that the first SIGINT, SIGTERM or SIGHUP ends, so
// that what was begun is rolled back. The second one kills: whoever insists
// gets what he asks for, and the journal fixes it later.
func notify(ctx context.Context) (context.Context, context.CancelFunc) {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
