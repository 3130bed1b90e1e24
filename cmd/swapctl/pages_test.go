package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commandPage is what a reference page tells of one command.
type commandPage struct {
	path    string // "swapctl kubeadm-config lint"
	short   string
	usage   string
	long    string
	example string
	groups  []helpGroup
	also    []string // paths of related commands
	page    string   // of docs/
	below   []string // paths of the commands below it
	above   string
}

// commandPages lists all commands, in the order of their names.
func commandPages() []commandPage {
	root := newRoot(&app{streams: streams{out: io.Discard, err: io.Discard, lookupEnv: noEnv}})
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
	notes, groups := notesOf(cmd.CommandPath()), helpGroups(cmd)
	p := commandPage{
		path: cmd.CommandPath(), short: cmd.Short, long: cmd.Long,
		usage: cmd.UseLine(), example: undent(cmd.Example),
		groups: groups, also: notes.also, page: notes.page,
	}
	if !cmd.Runnable() {
		p.usage = cmd.CommandPath() + " COMMAND [flags]"
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

// undent takes away the two blanks that begin the lines of an example.
func undent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimPrefix(line, "  "))
	}
	return b.String()
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

// compareTree holds a directory of generated files against what is generated
// now: no other content, no file less, none more.
func compareTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range there {
		name := filepath.Join(dir, e.Name())
		if _, ok := want[e.Name()]; ok || e.IsDir() {
			continue
		}
		if !*update {
			t.Errorf("%s is of no command (go test ./cmd/swapctl -update removes it)", name)
		} else if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(want)) {
		compareText(t, filepath.Join(dir, file), want[file])
	}
}

// compareText holds one generated file against what is generated now.
func compareText(t *testing.T, name, want string) {
	t.Helper()
	have, err := os.ReadFile(name)
	if string(have) == want {
		return
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	wantLines, haveLines := strings.Split(want, "\n"), strings.Split(string(have), "\n")
	for i, line := range wantLines {
		if i >= len(haveLines) || haveLines[i] != line {
			t.Errorf("%s:%d is not what is generated (go test ./cmd/swapctl -update fixes it); want: %s", name, i+1, line)
			return
		}
	}
	t.Errorf("%s is longer than what is generated (go test ./cmd/swapctl -update fixes it)", name)
}

// replaceBetween returns a document with what stands between two lines replaced.
func replaceBetween(t *testing.T, document, begin, end, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(document, begin+"\n")
	_, after, ok2 := strings.Cut(rest, end+"\n")
	if !ok || !ok2 {
		t.Fatalf("there are no lines %q and %q", begin, end)
	}
	return before + begin + "\n" + text + end + "\n" + after
}
