// Package status is swapctl status.
package status

import (
	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/status"
)

// New returns the command status.
func New(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:        "status",
		Short:      "Show this node's swap",
		SuggestFor: []string{"show", "list", "ls", "info", "get"},
		Long: `Show every swap area that is on, swapctl's or not: what backs it down to the
disk, and whether every path to the disk is encrypted. Works without root, and
says what it could not see.`,
		Example: `  swapctl status
  swapctl status -o wide
  swapctl status -o json | jq '.areas[] | select(.encrypted | not) | .path'`,
		Args: cli.NoArguments(nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			journal, err := setup.JournalState(ctx, a.Host)
			if err != nil {
				journal.Err = err
			}
			doc, err := status.Read(ctx, a.Host, journal)
			if err != nil {
				return cli.Hinted(err, "see what the kernel shows: cat /proc/swaps /proc/meminfo")
			}
			return a.Print(doc, statusView(doc).draw)
		},
	}
}
