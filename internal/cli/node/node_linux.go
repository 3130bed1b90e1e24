package node

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/check"
	"github.com/swapctl/swapctl/internal/cli/setup"
	"github.com/swapctl/swapctl/internal/cli/status"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubelet"
)

// Local is the program on this machine.
func Local() cli.Node {
	return cli.Node{
		Commands: func(a *cli.App) []*cobra.Command {
			return []*cobra.Command{setup.New(a), setup.NewTeardown(a), status.New(a), check.New(a)}
		},
		Memory: func(h host.Host) (totalBytes, swapBytes int64, err error) {
			m, err := kernel.ReadMemory(h)
			return m.TotalBytes, m.SwapTotalBytes, err
		},
		KubeletVersion: func(ctx context.Context, h host.Host) string {
			k, _ := kubelet.Find(ctx, h) // one that cannot be asked is as good as none
			return k.Version
		},
		Completion: completion,
	}
}

// completion completes the flags of a node's commands.
func completion(a *cli.App, f *pflag.Flag) cobra.CompletionFunc {
	switch f.Name {
	case "only", "ignore":
		return check.CompleteIDs
	case "device", "erase":
		return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return setup.CompleteDevices(a, typed)
		}
	}
	return nil
}
