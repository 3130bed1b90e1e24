// Package node is where Linux begins: the commands that look at or change a node, and
// what other commands ask of the machine if it is one. Everything that these import is
// written for Linux; the rest of the program is also built for workstations.
package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

var errNoNode = errors.New("it is no Linux node")

// Workstation is the program where there is no Linux: the commands of a node are in
// the help, and say where they can be run.
func Workstation() cli.Node {
	return cli.Node{
		Commands: func(*cli.App) []*cobra.Command {
			return []*cobra.Command{
				elsewhere("setup", "Give this node swap"),
				elsewhere("teardown", "Take back what setup made"),
				elsewhere("status", "Show this node's swap"),
				elsewhere("check", "Judge whether this node is fit for swap, and safe with it"),
			}
		},
		Memory:         func(host.Host) (int64, int64, error) { return 0, 0, errNoNode },
		KubeletVersion: func(context.Context, host.Host) string { return "" },
		Completion:     func(*cli.App, *pflag.Flag) cobra.CompletionFunc { return nil },
	}
}

// elsewhere is a command of a node. It takes any flags, so that it can say what is
// wrong in the first place.
func elsewhere(name, short string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              short + " (only on Linux)",
		Long:               short + " (only on Linux).\n\nThis machine is no Linux node. Run it on one: with a swapctl that is built for Linux.",
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fail.Newf(fail.Unfit, fmt.Sprintf("run '%s' on this machine", cmd.CommandPath()), "%w, and this works only on Linux", errNoNode).
				Hint("run it on the node: ssh NODE sudo swapctl %s", name).
				Hint("on any machine: swapctl plan, swapctl kubeadm-config")
		},
	}
}
