// Package completion is swapctl completion, and computes the words that a shell
// offers.
package completion

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
)

// New returns the command completion.
func New(a *cli.App) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a shell completion script",
		Long: `Print a script that has a shell complete commands, flags and their values. Packages of
swapctl have installed it already; otherwise these lines do, for all users, from the
next shell on.`,
		Example: `  # bash, which needs the package bash-completion
  swapctl completion bash | sudo tee /usr/share/bash-completion/completions/swapctl > /dev/null

  # zsh, whose ~/.zshrc must have: autoload -U compinit; compinit
  swapctl completion zsh | sudo tee /usr/local/share/zsh/site-functions/_swapctl > /dev/null

  # fish
  swapctl completion fish | sudo tee /etc/fish/completions/swapctl.fish > /dev/null

  # This shell alone
  source <(swapctl completion bash)`,
		DisableFlagsInUseLine: true,
		ValidArgs:             shells,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return cli.Usage(cmd, errors.New("name one shell: "+strings.Join(shells, ", ")), "for example: source <(swapctl completion bash)")
			case !slices.Contains(shells, args[0]):
				return cli.Usage(cmd, fmt.Errorf("there is no completion for %q", args[0]), "there is one for "+strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return cli.Printed("the script", script(a, cmd, args[0]))
		},
	}
}

func script(a *cli.App, cmd *cobra.Command, shell string) error {
	switch root := cmd.Root(); shell {
	case "bash":
		return root.GenBashCompletionV2(a.Out, true)
	case "zsh":
		return root.GenZshCompletion(a.Out)
	case "fish":
		return root.GenFishCompletion(a.Out, true)
	default: // powershell
		return root.GenPowerShellCompletionWithDesc(a.Out)
	}
}
