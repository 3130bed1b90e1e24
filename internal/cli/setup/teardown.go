package setup

import (
	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/setup"
)

// NewTeardown returns the command teardown.
func NewTeardown(a *cli.App) *cobra.Command {
	var o setup.DownOptions
	cmd := &cobra.Command{
		Use:        "teardown",
		Short:      "Take back what setup made",
		SuggestFor: []string{"disable", "uninstall", "remove", "rm", "reset", "delete", "destroy", "clean", "cleanup", "down", "off", "stop", "undo", "rollback", "revert", "swapoff"},
		Long: `Take back what setup made, newest step first, as the journal remembers it: swap
off, mapping and file gone. What was there before setup stays. A device keeps
its place and loses nothing but the swap on it.`,
		Example: `  # What would be undone
  swapctl teardown --dry-run

  # Take it back, but leave the swap file for the next setup
  swapctl teardown --keep-file`,
		Args:        cli.NoArguments(nil),
		Annotations: map[string]string{cli.Changes: "yes"},
		RunE: a.Change(func(cmd *cobra.Command) error {
			watch := watch(a)
			o.Events = watch.event
			r, err := setup.Down(cmd.Context(), a.Host, o)
			watch.end()
			return finish(a, r, err, false)
		}),
	}
	f := cmd.Flags()
	verboseFlag(a, f)
	f.BoolVar(&o.Force, "force", false, "even when what is swapped out does not fit into memory")
	f.BoolVar(&o.KeepFile, "keep-file", false, "leave the swap file")
	f.BoolVar(&o.NoRestart, "no-restart", false, "do not restart the kubelet; 'swapctl status' says that it is still to do")
	f.BoolVar(&o.JournalDamaged, "journal-damaged", false, "go by what can still be read of a damaged journal, and say what may be left")
	f.BoolVar(&o.DryRun, "dry-run", false, "only look: show the steps and change nothing")
	return cmd
}
