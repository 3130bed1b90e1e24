package setup

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/report"
	"github.com/swapctl/swapctl/internal/setup"
)

// bootAgain is 'swapctl setup --boot'. Its output goes to the system's journal:
// a line for each change, and one for the result.
func bootAgain(ctx context.Context, a *cli.App, cmd *cobra.Command, o flags) error {
	if name := desired(cmd.Flags()); name != "" {
		return cli.Usage(cmd, fmt.Errorf("--boot and --%s do not go together: a boot restores the last setup", name),
			"for another configuration: swapctl setup without --boot")
	}
	watch := watch(a)
	r, err := setup.Boot(ctx, a.Host, setup.BootOptions{
		DryRun: o.DryRun, Wait: setup.BootWait, Events: watch.event,
		Waits: func(what string) { watch.say("waiting for " + what) },
	})
	watch.end()
	if o.DryRun || a.Output == report.JSON || a.Output == report.YAML {
		return finish(a, r, err, o.explain)
	}
	if a.State = r.State; err != nil {
		return err
	}
	return cli.Printed("the result", a.Stdout().Text(report.Printable(sentence(r.State))))
}

// desired finds a flag that describes the desired node, which --boot takes from
// the journal.
func desired(flags *pflag.FlagSet) string {
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
