package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newCompletion(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a shell completion script",
		Example: `  source <(swapctl completion bash)
  swapctl completion fish > ~/.config/fish/completions/swapctl.fish`,
		DisableFlagsInUseLine: true,
		ValidArgs:             shells,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return usage(cmd, errors.New("name one shell: "+strings.Join(shells, ", ")))
			case !slices.Contains(shells, args[0]):
				return usage(cmd, fmt.Errorf("there is no completion for %q", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			a.started = true
			return printed("the script", a.complete(cmd, args[0]))
		},
	}
}

func (a *app) complete(cmd *cobra.Command, shell string) error {
	switch root := cmd.Root(); shell {
	case "bash":
		return root.GenBashCompletionV2(a.out, true)
	case "zsh":
		return root.GenZshCompletion(a.out)
	case "fish":
		return root.GenFishCompletion(a.out, true)
	default: // powershell
		return root.GenPowerShellCompletionWithDesc(a.out)
	}
}
