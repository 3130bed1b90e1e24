package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/report"
	"github.com/swapctl/swapctl/internal/setup"
)

// boot is 'swapctl setup --boot'. Its output goes to the system's journal: a
// line for each thing that it does, and one that says how it ended.
func (a *app) boot(ctx context.Context, cmd *cobra.Command, o setupFlags) error {
	if name := wish(cmd.Flags()); name != "" {
		return usage(cmd, fmt.Errorf("--boot and --%s do not go together: a boot does what was asked for last", name),
			"to ask for something else: swapctl setup without --boot")
	}
	watch := a.watch()
	r, err := setup.Boot(ctx, a.host, setup.BootOptions{
		DryRun: o.DryRun, Wait: setup.BootWait, Events: watch.event,
		Waits: func(what string) { watch.say("waiting for " + what) },
	})
	watch.end()
	if o.DryRun || a.output == report.JSON || a.output == report.YAML {
		return a.finish(r, err, o.explain)
	}
	if a.state = r.State; err != nil {
		return err
	}
	return printed("the result", a.stdout().Text(report.Printable(sentence(r.State))))
}

// wish is a flag that was given and says what the node shall be, which --boot
// takes from the journal.
func wish(flags *pflag.FlagSet) string {
	name := ""
	flags.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "boot", "dry-run", "explain", "output", "quiet", "verbose", "no-color":
		default:
			name = f.Name
		}
	})
	return name
}
