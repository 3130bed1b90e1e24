package completion

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/help"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// The values of flags that have a fixed set. They are registered only when a
// line is completed, because that takes time.

// Add adds completion to every command.
func Add(a *cli.App, cmd *cobra.Command) {
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	if !cmd.HasParent() {
		cmd.InitDefaultHelpCmd() // otherwise it is added only when the command runs
	}
	add := func(f *pflag.Flag) {
		_, f.Usage = pflag.UnquoteUsage(f) // a shell shows it as it is
		if complete := Of(a, f); complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, beginning(complete)) // fails only if the flag does not exist
		}
	}
	cmd.LocalFlags().VisitAll(add)
	switch cmd.Name() {
	case "lint":
		cmd.ValidArgsFunction = files
	case "help":
		cmd.ValidArgsFunction = completeTopics
	}
	for _, below := range cmd.Commands() {
		Add(a, below)
	}
}

// beginning returns only the words that begin with what was typed: not every
// shell filters them itself.
func beginning(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		words, directive := complete(cmd, args, typed)
		return slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(word, typed) }), directive
	}
}

// Of returns the completion of a flag, nil if it takes any value.
func Of(a *cli.App, f *pflag.Flag) cobra.CompletionFunc {
	if words := cli.Described(f); words != nil {
		return oneOf(words...)
	}
	if words := flagWords(f); words != nil {
		return oneOf(words...)
	}
	if complete := a.Node.Completion(a, f); complete != nil {
		return complete
	}
	switch f.Name {
	case "kubernetes-version":
		return completeVersions
	case "path", "config", "pods", "node", "nodes", "merge", "diff":
		return files
	case "output-dir":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	}
	if f.Value.Type() == "bool" {
		return oneOf("true", "false")
	}
	return nil
}

// flagWords are what most people give a flag that takes more than a few words.
func flagWords(f *pflag.Flag) []string {
	switch f.Name {
	case "size":
		return []string{"50%\thalf as much as memory", "100%\tas much as memory", "4Gi", "8Gi", "16Gi"}
	case "cipher":
		return []string{f.DefValue}
	case "key-size":
		return []string{"512\tAES-256 in XTS", "256\tAES-128 in XTS"}
	case "feature-gates":
		return []string{"NodeSwap=true", "NodeSwap=false"}
	case "page-size":
		return []string{"4096", "16384", "65536"}
	}
	return nil
}

// oneOf completes a flag that takes one of a few words.
func oneOf(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
}

// files has the shell complete the name of a file.
func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeTopics offers the subcommands of the command typed so far.
func completeTopics(asked *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var topics []cobra.Completion
	if cmd, _, err := asked.Root().Find(args); err == nil {
		for _, c := range help.Subcommands(cmd) {
			topics = append(topics, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return topics, cobra.ShellCompDirectiveNoFileComp
}

// completeVersions offers all minors, newest first.
func completeVersions(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []cobra.Completion
	for _, row := range slices.Backward(rows) {
		words = append(words, row.Kubernetes)
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
