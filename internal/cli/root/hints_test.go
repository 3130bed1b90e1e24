package root_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/report"
)

// A hint is typed as it stands, by somebody in a hurry. So each one of the catalogue is
// typed in the situation that it is given for:
//
//   - flags are added to the command that failed, and a command that changes the node is
//     run by 'hands'; then swapctl is run again, and must not say the same again;
//   - a command of swapctl's is run, and must not be refused for how it is typed;
//   - a command that hands do not know, mostly because it only looks, is in story 'hints' of
//     test/e2e, which types it in a machine.
//
// TestNoHintIsUntyped finds the hints in the source that none of that comes to.

// typed are the programs whose commands are typed. The machines have no sudo and no
// kubeadm, and of blkdiscard only a flag is named.
var typed = slices.DeleteFunc(report.Programs(), func(name string) bool { return slices.Contains([]string{"sudo", "kubeadm", "blkdiscard"}, name) })

// command begins at the start of a hint, or behind a colon, a semicolon, a bracket or a
// quotation mark, and ends before words that are none of it.
var command = regexp.MustCompile(`(?:^|[:;(,] |; so does |[('])((?:` + strings.Join(typed, "|") + `)(?: (?:\$\([^)]*\)|[^;)'])+|$))`)

// notOfIt are the words with which a sentence goes on behind a command.
var notOfIt = regexp.MustCompile(` (?:shows?|lists|says|ends that|allows|tries anyway|prints?|needs|first|without|then|, ?and|, ?or|, ?then|is free)\b.*|,? (?:and|or) .*|, (?:then|and|or)\b.*`)

// commandsIn are the commands in a hint. "install it" is none.
func commandsIn(hint string) []string {
	var all []string
	for rest := hint; ; {
		at := command.FindStringSubmatchIndex(rest)
		if at == nil {
			return all
		}
		text := strings.TrimRight(notOfIt.ReplaceAllString(rest[at[2]:at[3]], ""), " ,.:")
		if words := strings.Fields(text); len(words) > 1 && !slices.Contains([]string{"it", "the", "one", "a", "some"}, strings.TrimSuffix(words[1], ":")) || text == "lsblk" {
			all = append(all, text)
		}
		rest = rest[at[2]+len(text):]
	}
}

// flag is one with a value that can be typed.
var flag = regexp.MustCompile(`(?:^|[ (])(--[a-z-]+(?:=[^ ,;)?]+| [^- ,;)?][^ ,;)?]*)?)`)

// hands are what a person's commands do to the fake node; they report whether they know
// the command.
func hands(n *hosttest.Node, command string) (known bool, err error) {
	w := strings.Fields(command)
	last := w[len(w)-1]
	kernel := n.Other().Kernel
	switch w[0] {
	case "swapoff":
		return true, kernel.SwapOff(context.Background(), last)
	case "cryptsetup":
		return w[1] == "close", ifTrue(w[1] == "close", func() error { return kernel.DMRemove(last) })
	case "chown":
		n.SetOwner(last, 0, 0)
		return true, nil
	case "chmod":
		st, err := os.Stat(n.Path(last))
		if err != nil {
			return true, err
		}
		return true, os.Chmod(n.Path(last), st.Mode().Perm()&^0o022)
	case "mv":
		return true, os.Rename(n.Path(w[len(w)-2]), n.Path(last))
	}
	return false, nil
}

func ifTrue(yes bool, do func() error) error {
	if yes {
		return do()
	}
	return nil
}

// TestHintsOfTheCatalogueAreTyped runs each row once more for each of its hints that has
// something to type.
func TestHintsOfTheCatalogueAreTyped(t *testing.T) {
	look := map[string]bool{}
	var mu sync.Mutex
	t.Run("row", func(t *testing.T) {
		typeAll(t, func(command string) {
			mu.Lock()
			defer mu.Unlock()
			look[command] = true
		})
	})
	checks, _ := filepath.Glob("../check/testdata/check/*.txtar")
	for _, name := range checks {
		for line := range strings.Lines(goldentest.Read(t, name)) {
			hint, ok := strings.CutPrefix(strings.TrimSpace(line), "do     ")
			for _, command := range commandsIn(hint) {
				if ok && !strings.HasPrefix(command, "swapctl ") {
					look[command] = true
				}
			}
		}
	}
	var lines strings.Builder
	for _, command := range slices.Sorted(maps.Keys(look)) {
		fmt.Fprintln(&lines, command)
	}
	const story = "test/e2e/stories/hints.txtar"
	goldentest.Compare(t, goldentest.Repo(story), goldentest.Between(t, goldentest.Read(t, goldentest.Repo(story)), "# look: begin", "# look: end", lines.String()))
}

// typeAll types the hints of all rows, and tells the commands that only look. What is slow
// waits for what does not happen, and would again.
func typeAll(t *testing.T, looks func(command string)) {
	t.Helper()
	for _, c := range catalogue() {
		golden := goldentest.Read(t, "testdata/catalogue/"+c.name+".golden")
		for _, row := range c.rows {
			if row.slow || c.name == "interruptions" {
				continue
			}
			t.Run(row.name, func(t *testing.T) {
				if len(row.env) == 0 {
					t.Parallel()
				}
				said := saidOf(golden, row.name)
				for _, hint := range hintsOf(said) {
					for _, command := range row.typeHint(t, hint, said) {
						looks(command)
					}
				}
			})
		}
	}
}

// saidOf is what a row of a chapter's file prints.
func saidOf(golden, name string) string {
	_, rest, _ := strings.Cut(golden, "\n\n"+name+"\n$ ")
	said, _, _ := strings.Cut(rest, "\nexit ")
	return said
}

func hintsOf(said string) []string {
	var hints []string
	for line := range strings.Lines(said) {
		if hint, ok := strings.CutPrefix(line, "swapctl: hint: "); ok {
			hints = append(hints, strings.TrimSuffix(hint, "\n"))
		}
	}
	return hints
}

// message is that of the error in what was said.
func message(said string) string {
	_, rest, _ := strings.Cut(said, "swapctl: error: ")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// again runs swapctl on a node of the row's, after somebody has done something to it.
func (s situation) again(t *testing.T, do func(n *hosttest.Node) error, words ...string) (said string, code int) {
	t.Helper()
	n := hosttest.New(t)
	defer n.Close()
	for _, shape := range s.node {
		shape(n)
	}
	if do != nil {
		if err := do(n); err != nil {
			return err.Error(), -1
		}
	}
	var out, errs bytes.Buffer
	code = root.Run(n.Host(), words, cli.Process{In: strings.NewReader(""), Out: &out, Err: &errs, LookupEnv: clitest.Setenv(t, s.env)})
	return errs.String(), code
}

// typeSwapctl types a command of swapctl's. Where the hint leaves a value to the reader
// (FILE, /dev/disk/by-id/...), only its flags are looked at.
func (s situation) typeSwapctl(t *testing.T, hint, command string) {
	t.Helper()
	words := strings.Fields(command)[1:]
	open := strings.Contains(command, "...") || strings.Contains(command, "FILE") || strings.HasSuffix(command, "-")
	said, code := s.again(t, nil, words...)
	switch text := message(said); {
	case strings.Contains(text, "unknown flag"), strings.Contains(text, "unknown command"):
		t.Errorf("%s: the hint %q: %s", s.name, hint, text)
	case !open && code == 2 && text == message(s.line()):
		t.Errorf("%s: the hint %q leads to the same: %s", s.name, hint, text)
	}
}

// typeHint does what the commands of a hint say, as far as hands know them, adds its flags,
// and runs swapctl again. It returns the commands that hands do not know.
func (s situation) typeHint(t *testing.T, hint, said string) (unknown []string) {
	t.Helper()
	did := false
	all := func(n *hosttest.Node) error {
		var errs []error
		for _, command := range commandsIn(hint) {
			if strings.HasPrefix(command, "swapctl ") {
				continue
			}
			known, err := hands(n, command)
			did, errs = did || known, append(errs, err)
			if !known {
				unknown = append(unknown, command)
			}
		}
		return errors.Join(errs...)
	}
	words, flags := s.withFlags(hint)
	if !flags && len(commandsIn(hint)) == 0 {
		return nil
	}
	text, code := s.again(t, all, words...)
	if (did || flags) && code != 0 && (code < 0 || message(text) == message(said)) {
		t.Errorf("with %q, as the hint %q says: %s", words, hint, text)
	}
	for _, command := range commandsIn(hint) {
		if strings.HasPrefix(command, "swapctl ") {
			s.typeSwapctl(t, hint, command)
		}
	}
	return unknown
}

// yesOrNo are the flags of hints that need no value.
var yesOrNo = []string{"--adopt", "--force", "--force-size", "--ignore-hibernation", "--journal-damaged", "--keep-file", "--skip-invalid", "--protect-system-slice"}

// withFlags is the command with the flags of a hint, in the place of those that it has
// already. Of several ways it takes the first.
func (s situation) withFlags(hint string) (words []string, any bool) {
	words = s.words()
	if strings.HasPrefix(hint, "leave ") || strings.HasPrefix(hint, "without ") || strings.HasPrefix(hint, "the default is") || strings.Contains(hint, "swapctl ") {
		return words, false
	}
	hint, _, _ = strings.Cut(hint, ", or ")
	for _, m := range flag.FindAllStringSubmatch(hint, -1) {
		name, value, given := strings.Cut(strings.Replace(m[1], " ", "=", 1), "=")
		switch {
		case slices.Contains(yesOrNo, name):
			value = "true"
		case !given, strings.Contains(value, "..."), strings.ToUpper(value) == value && strings.ToLower(value) != value: // for the reader to fill in
			return s.words(), false
		}
		words, any = append(without(words, name, value), name+"="+value), true
	}
	return words, any
}

// without are words without a flag, or without its value where that stood for itself.
func without(words []string, name, value string) []string {
	var rest []string
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case strings.HasPrefix(w, name+"="), w == value:
		case w == name, w == "-o" && name == "--output":
			if i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") && !slices.Contains(yesOrNo, name) && name != "--encrypt" {
				i++
			}
		default:
			rest = append(rest, w)
		}
	}
	return rest
}
