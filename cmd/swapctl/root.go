package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/report"
)

// unchanged is the state of a node that a command did not come to change.
const unchanged = "nothing was changed"

// changes is the annotation of a command that changes the node: what it says
// when it fails ends with the state of the node.
const changes = "changes"

// app is what every command has in hand.
type app struct {
	host host.Host
	streams

	output     report.Format
	configFile string
	quiet      bool
	verbose    bool
	noColor    bool

	started bool   // a command runs: an error is no longer one of usage
	state   string // the state that a changing command leaves the node in
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "swapctl",
		Short: "Give a Kubernetes node swap, encrypted, and take it back",
		Long: `swapctl gives a Linux node swap the way Kubernetes wants it: encrypted with a
key that nobody knows, every step reversible.`,
		Example: `  sudo swapctl setup --size 4Gi --dry-run --explain
  sudo swapctl setup --size 4Gi
  sudo swapctl status
  sudo swapctl teardown`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// exit words suggestions as hints.
		DisableSuggestions: true,
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(badFlag)
	root.SetHelpFunc(a.help)
	root.SetHelpCommand(newHelp())
	a.output = report.Table
	f := root.PersistentFlags()
	f.VarP(&a.output, "output", "o", "how to print the result: table, wide, json or yaml")
	f.StringVar(&a.configFile, "config", "", "configuration `file` (default "+defaultConfigFile+" if there is one)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print only the result and errors")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "tell every step as it begins")
	f.BoolVar(&a.noColor, "no-color", false, "no colours, like the environment variable NO_COLOR")
	root.AddCommand(newSetup(a), newTeardown(a), newStatus(a), newCheck(a), newPlan(a), newKubeadmConfig(a), newVersion(a), newCompletion(a))
	return root
}

// action makes do a cobra RunE. From its first line on an error is the
// command's own, not one of usage.
func (a *app) action(do func(ctx context.Context, cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		a.started = true
		return do(cmd.Context(), cmd)
	}
}

// change is action for a command that changes the node. Only such a one has to
// hear signals, which costs a tenth of the time that a short command takes.
func (a *app) change(do func(ctx context.Context, cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return a.action(func(ctx context.Context, cmd *cobra.Command) error {
		ctx, stop := notify(ctx)
		defer stop()
		a.state = unchanged
		return do(ctx, cmd)
	})
}

// env returns an environment variable, empty when it is not set.
func (a *app) env(name string) string {
	value, _ := a.lookupEnv(name)
	return value
}

// stdout and stderr return a printer for each stream.
func (a *app) stdout() *report.Printer {
	return report.New(a.out, report.Options{NoColor: a.noColor, Env: a.env})
}

func (a *app) stderr() *report.Printer {
	return report.New(a.err, report.Options{NoColor: a.noColor, Env: a.env})
}

// print writes the result: doc itself as JSON or YAML, or what draw makes of it.
func (a *app) print(doc any, draw func(p *report.Printer, wide bool) error) error {
	var err error
	switch a.output {
	case report.JSON, report.YAML:
		err = report.Encode(a.out, a.output, doc)
	default: // whoever has rows prints them as CSV itself
		err = draw(a.stdout(), a.output == report.Wide)
	}
	return printed("the result", err)
}

// printed words the error of writing to stdout. A reader that went away (swapctl
// plan | head) has had all that it wanted: that is none, and the exit code is that
// of what was done.
func printed(what string, err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return fail.New(fail.Failed, "print "+what, err, "write it to a file on a disk with room")
}

// warn tells what a person should know, and should not stop for.
func (a *app) warn(format string, args ...any) {
	if !a.quiet {
		_ = a.stderr().Line("swapctl: " + report.Paint(report.Notice, "warning: ") +
			oneLine(fmt.Sprintf(format, args...)))
	}
}
