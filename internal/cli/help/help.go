// Package help prints the help of every command. Man pages and docs/commands
// are made from the same groups of flags.
package help

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/report"
)

// The rules of this file: help is formatted only when somebody asks for it, and
// fits the terminal, or 80 columns without one; a command to copy is broken
// only where a shell continues the line. cobra's own templates would make the
// program a third larger.

// Columns is the width of help without a terminal; lines longer than
// mostColumns are hard to read.
const Columns, mostColumns = 80, 100

// Flag is one flag, as help and the documents show it.
type Flag struct {
	short, Long, value, Usage, Def string
}

// FlagOf describes a flag.
func FlagOf(f *pflag.Flag) Flag {
	value, usage := pflag.UnquoteUsage(f)
	words := cli.Words(f)
	switch {
	case len(words) > 0:
		value = strings.Join(words, "|")
	case value == "string":
		value = "word"
	case value == "int", value == "float":
		value = "number"
	}
	switch {
	case value != "" && f.NoOptDefVal != "":
		value = "[=" + value + "]"
	case value != "":
		value = " " + value
	}
	def := f.DefValue
	if def == "false" || def == "[]" || def == "0" {
		def = ""
	}
	return Flag{short: f.Shorthand, Long: f.Name, value: value, Usage: usage, Def: def}
}

// Synopsis is "-o, --output format".
func (f Flag) Synopsis() string {
	s := "--" + f.Long + f.value
	if f.short != "" {
		s = "-" + f.short + ", " + s
	}
	return s
}

// Told is the description of the flag, with its default.
func (f Flag) Told() string {
	if f.Def == "" || strings.Contains(f.Usage, "(default") {
		return f.Usage
	}
	return f.Usage + " (default " + f.Def + ")"
}

// InWords is what a flag is for, and what it takes, for where nothing stands in place of
// its value.
func InWords(f *pflag.Flag) string {
	usage := FlagOf(f).Usage
	if words := cli.Words(f); len(words) > 1 {
		last := len(words) - 1
		usage += " (" + strings.Join(words[:last], ", ") + " or " + words[last] + ")"
	}
	return usage
}

// Group is a title and the flags below it.
type Group struct {
	Title string
	Flags []Flag
}

// Groups puts every flag of a command into a group, in the order of helpNotes.
// Flags without a group come last.
func Groups(cmd *cobra.Command) []Group {
	cmd.InitDefaultHelpFlag()
	all := map[string]*pflag.Flag{}
	add := func(f *pflag.Flag) { all[f.Name] = f }
	cmd.InheritedFlags().VisitAll(add)
	cmd.LocalFlags().VisitAll(add)
	var groups []Group
	for _, g := range append(NotesOf(pathOf(cmd)).Groups, EveryCommand()...) {
		group := Group{Title: g.Title}
		for name := range strings.FieldsSeq(g.Flags) {
			if f := all[name]; f != nil {
				group.Flags = append(group.Flags, FlagOf(f))
				delete(all, name)
			}
		}
		if len(group.Flags) > 0 {
			groups = append(groups, group)
		}
	}
	if len(all) > 0 {
		group := Group{Title: "Other"}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			group.Flags = append(group.Flags, FlagOf(all[name]))
		}
		groups = append(groups, group)
	}
	return groups
}

// Description is what a command does: its Long begins with what its Short says.
func Description(cmd *cobra.Command) string {
	if cmd.Long == "" {
		return cmd.Short + "."
	}
	return cmd.Long
}

// pathOf is the path of a command below the program's own name, however kubectl calls it.
func pathOf(cmd *cobra.Command) string {
	return cmd.Root().Name() + strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath())
}

// Print prints the help of a command.
func Print(a *cli.App, cmd *cobra.Command) {
	p := a.Stdout()
	room := Columns
	if p.Width() > 0 {
		room = min(p.Width(), mostColumns)
	}
	w := &writer{room: room}
	w.paragraphs(Description(cmd))
	w.title("Usage")
	if cmd.Runnable() {
		w.indented(cmd.UseLine())
	}
	if cmd.HasParent() && cmd.HasAvailableSubCommands() {
		w.indented(cmd.CommandPath() + " COMMAND [flags]")
	}
	w.examples(strings.ReplaceAll(cmd.Example, cmd.Root().Name()+" ", cmd.Root().CommandPath()+" "))
	w.commands("Commands", Subcommands(cmd))
	for _, g := range Groups(cmd) {
		w.flags(g)
	}
	w.seeAlso(a.Docs(), cmd)
	_ = p.Line(strings.TrimSuffix(w.text.String(), "\n")) // there is nowhere to report the error
}

// Subcommands lists the commands of a command.
func Subcommands(cmd *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, c)
		}
	}
	return list
}

// New returns the command help; for an unknown command it suggests the nearest
// one.
func New() *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Help about any command",
		Example: "  swapctl help setup\n  swapctl help kubeadm-config lint",
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return cli.UnknownCommand(cmd, rest[0])
			}
			return cmd.Help()
		},
	}
}

// heading styles a title of help.
func heading(title string) string { return report.Paint(report.Heading, title+":") }
