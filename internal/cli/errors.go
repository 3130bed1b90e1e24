package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/report"
)

// The rules of this file: an error says what could not be done and why; a hint
// says what to type next; for a command that changes the node, the last line
// says what state it is in now. All of it goes to stderr.

// PendingError ends a command with exit code 4 and nothing to complain about.
type PendingError struct{}

func (PendingError) Error() string { return "changes are pending" }

// OneLine makes several joined errors one line that cannot draw on a terminal, and
// that a person can read: what was typed stands in it, and may be a megabyte.
func OneLine(s string) string {
	const most = 4 << 10
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most/2], "") + " ... " + strings.ToValidUTF8(s[len(s)-most/2:], "")
	}
	return report.Printable(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; "))
}

// Usage is an error in what was typed: hints, and where to read more.
func Usage(cmd *cobra.Command, err error, hints ...string) error {
	hints = append(hints, fmt.Sprintf("see '%s --help'", cmd.CommandPath()))
	return fail.New(fail.Usage, "understand the command line", err, hints...)
}

// NoArguments is a cobra.PositionalArgs for commands that take only flags.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var hints []string
	erase := cmd.Flags().Lookup("erase")
	switch {
	case args[0] == "true" || args[0] == "false":
		hints = append(hints, "a yes-or-no flag takes its value with '=': --encrypt="+args[0])
	case erase != nil && erase.Changed:
		hints = append(hints, "--erase takes its value with '=': --erase="+args[0])
	case cmd.Flags().Lookup("size") != nil && isSize(args[0]):
		hints = append(hints, "a size has a flag: --size "+args[0])
	}
	return Usage(cmd, fmt.Errorf("unexpected argument %q: '%s' takes only flags", args[0], cmd.CommandPath()), hints...)
}

// isSize reports whether a word can only be meant as a size of swap.
func isSize(word string) bool {
	_, share, _ := bytesize.ParseShare(word, 0)
	_, err := bytesize.Parse(word)
	return share || err == nil
}

// Hinted adds a hint to an error.
func Hinted(err error, hint string) error {
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		return fail.New(worded.Code, worded.Op, worded.Err, append(worded.Hints, hint)...)
	}
	return err
}

// UnknownCommand is the error for a word that is no command below cmd.
func UnknownCommand(cmd *cobra.Command, word string) error {
	cmd.SuggestionsMinimumDistance = 2
	var hints []string
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		hints = append(hints, fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near[0]))
	}
	return Usage(cmd, fmt.Errorf("there is no command %q", word), hints...)
}

// BadChoice is the error of a flag that takes one of a few words.
func BadChoice(cmd *cobra.Command, flag, value string, words []string) error {
	var hints []string
	if near := fail.Nearest(value, words); near != "" {
		hints = append(hints, fmt.Sprintf("did you mean %s %s?", flag, near))
	}
	return Usage(cmd, fmt.Errorf("%s: %q is not one of %s", flag, value, strings.Join(words, ", ")), hints...)
}
