// Package root is the whole program: the commands, the global flags, and how
// errors are printed.
package root

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/completion"
	"github.com/swapctl/swapctl/internal/cli/help"
	"github.com/swapctl/swapctl/internal/cli/kubeadm"
	"github.com/swapctl/swapctl/internal/cli/node"
	"github.com/swapctl/swapctl/internal/cli/plan"
	"github.com/swapctl/swapctl/internal/cli/version"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/report"
)

// New returns the command swapctl, with all its subcommands.
func New(a *cli.App) *cobra.Command {
	if a.Node.Commands == nil {
		a.Node = node.Local()
	}
	askedVersion := false
	versions := version.New(a)
	root := &cobra.Command{
		Use:   "swapctl COMMAND [flags]",
		Short: "Give a Kubernetes node swap, encrypted, and take it back",
		Long: `Give a Kubernetes node swap, encrypted with a key that nobody knows, and take it back:
every step is reversible.`,
		Example: `  sudo swapctl setup --size 4Gi --dry-run --explain
  sudo swapctl setup --size 4Gi
  sudo swapctl status
  sudo swapctl teardown`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.UnknownCommand(cmd, args[0])
			}
			return nil
		},
		PersistentPreRun: func(*cobra.Command, []string) { a.Started = true },
		RunE: func(cmd *cobra.Command, _ []string) error {
			if askedVersion {
				return versions.RunE(versions, nil)
			}
			return cmd.Help()
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		// UnknownCommand prints the suggestions as hints.
		DisableSuggestions: true,
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	if isPlugin(a.Name) {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl swap"}
	}
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(badFlag)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { help.Print(a, cmd) })
	root.SetHelpCommand(help.New())
	a.Output = report.Table
	f := root.PersistentFlags()
	f.VarP(&a.Output, "output", "o", "how to print the result")
	f.BoolVarP(&a.Quiet, "quiet", "q", false, "print only the result and errors")
	f.BoolVar(&a.NoColor, "no-color", false, "no colours, like the environment variable NO_COLOR")
	root.AddCommand(a.Node.Commands(a)...)
	root.AddCommand(plan.New(a), kubeadm.New(a), versions, completion.New(a))
	root.Flags().BoolVar(&askedVersion, "version", false, "like the command version")
	return root
}

// isPlugin reports whether kubectl runs the program, as "kubectl swap"
// (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/).
func isPlugin(name string) bool {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == "kubectl-swap"
}

// Run is the whole program: it runs one command line on a machine and returns
// the exit code.
func Run(h host.Host, args []string, s cli.Process) int {
	return run(&cli.App{Host: h, Process: s}, args)
}

func run(a *cli.App, args []string) int {
	root := New(a)
	root.SetArgs(args)
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		completion.Add(a, root)
	}
	return exit(a, root, args, execute(a, root, args))
}

// begun is the state of a node after an internal error of swapctl.
const begun = "see what is there: swapctl status; what was begun is in the journal: 'swapctl setup' completes it, 'swapctl teardown' takes it back"

// execute runs the command. A panic becomes an error, and its trace is never
// printed.
func execute(a *cli.App, root *cobra.Command, args []string) (err error) {
	returned := false
	defer func() {
		if !returned && a.State != "" { // it changes the node
			a.State = begun
		}
	}()
	cmd, _, _ := root.Find(args) // the root command if there is no such command
	defer fail.Recover(&err, "carry out '"+cmd.CommandPath()+"'")
	err = root.ExecuteContext(context.Background())
	returned = true
	return err
}
