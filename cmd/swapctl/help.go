package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/report"
)

// The rules of this file: help is made when somebody asks for it, fits the terminal,
// and 80 columns where there is none; what is to be copied is not broken but where a
// shell goes on. cobra's own templates would be a third more program.

// Help is drawn for so many columns: longer lines are hard to read.
const helpColumns, helpMost = 80, 100

// helpFlag is one flag, as help and the documents tell it.
type helpFlag struct {
	short, long, value, usage, def string
}

func flagOf(f *pflag.Flag) helpFlag {
	value, usage := pflag.UnquoteUsage(f)
	switch value {
	case "string":
		value = "word"
	case "int", "float":
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
	return helpFlag{short: f.Shorthand, long: f.Name, value: value, usage: usage, def: def}
}

// synopsis is "-o, --output format".
func (f helpFlag) synopsis() string {
	s := "--" + f.long + f.value
	if f.short != "" {
		s = "-" + f.short + ", " + s
	}
	return s
}

// told is what the flag is for, and its default.
func (f helpFlag) told() string {
	if f.def == "" || strings.Contains(f.usage, "(default") {
		return f.usage
	}
	return f.usage + " (default " + f.def + ")"
}

// helpGroup is a title and the flags below it.
type helpGroup struct {
	title string
	flags []helpFlag
}

// helpGroups gives every flag of a command to a group, in the order of helpNotes.
// What no group wants comes last, without getting lost.
func helpGroups(cmd *cobra.Command) []helpGroup {
	cmd.InitDefaultHelpFlag()
	all := map[string]*pflag.Flag{}
	add := func(f *pflag.Flag) { all[f.Name] = f }
	cmd.InheritedFlags().VisitAll(add)
	cmd.LocalFlags().VisitAll(add)
	var groups []helpGroup
	for _, g := range append(notesOf(cmd.CommandPath()).groups, everyCommand()...) {
		group := helpGroup{title: g.title}
		for name := range strings.FieldsSeq(g.flags) {
			if f := all[name]; f != nil {
				group.flags = append(group.flags, flagOf(f))
				delete(all, name)
			}
		}
		if len(group.flags) > 0 {
			groups = append(groups, group)
		}
	}
	if len(all) > 0 {
		group := helpGroup{title: "Other"}
		for _, f := range all {
			group.flags = append(group.flags, flagOf(f))
		}
		slices.SortFunc(group.flags, func(a, b helpFlag) int { return strings.Compare(a.long, b.long) })
		groups = append(groups, group)
	}
	return groups
}

// help is the help of a command, as a cobra.Command wants it.
func (a *app) help(cmd *cobra.Command, _ []string) {
	p := a.stdout()
	room := helpColumns
	if p.Width() > 0 {
		room = min(p.Width(), helpMost)
	}
	w := &helpWriter{room: room}
	w.paragraphs(cmd.Short + ".\n\n" + cmd.Long)
	w.title("Usage")
	if cmd.Runnable() {
		w.indented(cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		w.indented(cmd.CommandPath() + " COMMAND [flags]")
	}
	w.examples(cmd.Example)
	w.commands("Commands", subcommands(cmd))
	for _, g := range helpGroups(cmd) {
		w.flags(g)
	}
	w.seeAlso(cmd)
	_ = p.Line(strings.TrimSuffix(w.text.String(), "\n")) // nobody to tell it to
}

// subcommands lists the commands of a command.
func subcommands(cmd *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, c)
		}
	}
	return list
}

// newHelp is 'swapctl help COMMAND', with a word for a command that is not there.
func newHelp() *cobra.Command {
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
				return unknownCommand(cmd, rest[0])
			}
			return cmd.Help()
		},
	}
}

// unknownCommand is the error for a word that is no command below cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	cmd.SuggestionsMinimumDistance = 2
	var hints []string
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		hints = append(hints, fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near[0]))
	}
	return usage(cmd, fmt.Errorf("there is no command %q", word), hints...)
}

// heading makes a title of help stand out.
func heading(title string) string { return report.Paint(report.Heading, title+":") }
