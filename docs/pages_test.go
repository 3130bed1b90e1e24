package docs_test

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/help"
	"github.com/swapctl/swapctl/internal/cli/root"
)

// commandPage is what a reference page tells of one command.
type commandPage struct {
	path    string // "swapctl kubeadm-config lint"
	short   string
	usage   string
	long    string
	example string
	groups  []help.Group
	also    []string // paths of related commands
	page    string   // of docs/
	below   []string // paths of the commands below it
	above   string
}

// commandPages lists all commands, in the order of their names.
func commandPages() []commandPage {
	root := root.New(&cli.App{Process: cli.Process{Out: io.Discard, Err: io.Discard, LookupEnv: clitest.NoEnv}})
	var pages []commandPage
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		pages = append(pages, pageOf(cmd))
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				walk(c)
			}
		}
	}
	walk(root)
	slices.SortFunc(pages, func(a, b commandPage) int { return cmp.Compare(a.path, b.path) })
	return pages
}

func pageOf(cmd *cobra.Command) commandPage {
	notes, groups := help.NotesOf(cmd.CommandPath()), help.Groups(cmd)
	p := commandPage{
		path: cmd.CommandPath(), short: cmd.Short, long: cmd.Long,
		usage: cmd.UseLine(), example: clitest.Undent(cmd.Example),
		groups: groups, also: notes.Also, page: notes.Page,
	}
	if cmd.HasParent() {
		p.above = cmd.Parent().CommandPath()
	}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			p.below = append(p.below, c.CommandPath())
		}
	}
	return p
}

// related lists the commands to look at next: those above and below, and those that
// help names.
func (p commandPage) related() []string {
	var list []string
	for _, other := range append(append([]string{p.above}, p.below...), p.also...) {
		if other != "" && !slices.Contains(list, other) {
			list = append(list, other)
		}
	}
	return list
}

// part is a run of lines of a help text, indented or not.
type part struct {
	indented bool
	lines    []string
}

// parts divides a help text into paragraphs and what is set off in them.
func parts(text string) []part {
	var all []part
	fresh := true
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			fresh = true
			continue
		}
		indented := strings.HasPrefix(line, "  ")
		if fresh || all[len(all)-1].indented != indented {
			all = append(all, part{indented: indented})
		}
		last := &all[len(all)-1]
		last.lines = append(last.lines, strings.TrimPrefix(line, "  "))
		fresh = false
	}
	return all
}
