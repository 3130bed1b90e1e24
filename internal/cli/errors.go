package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/report"
)

// An error says what could not be done and why; a hint says what to type next;
// for a command that changes the node, the last line says what state it is in.
// All of it goes to stderr.

// PendingError ends a command with exit code 4 and no message.
type PendingError struct{}

func (PendingError) Error() string { return "changes are pending" }

// OneLine makes one line of a message: joined errors have several lines, and
// user input may have control characters and a megabyte of text.
func OneLine(s string) string {
	const most = 4 << 10
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most/2], "") + " ... " + strings.ToValidUTF8(s[len(s)-most/2:], "")
	}
	return report.Printable(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; "))
}

// Usage is a usage error, with hints and where to read more.
func Usage(cmd *cobra.Command, err error, hints ...string) error {
	hints = append(hints, fmt.Sprintf("see '%s --help'", cmd.CommandPath()))
	return fail.New(fail.Usage, "understand the command line", err, hints...)
}

// NoArguments is the Args of a command that takes only flags. If hint is not
// nil, it guesses what a word was meant for.
func NoArguments(hint func(cmd *cobra.Command, word string) []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var hints []string
		word := args[0]
		if flag := boolFlag(cmd); flag != "" && (word == "true" || word == "false") {
			hints = []string{fmt.Sprintf("a yes-or-no flag takes its value with '=': --%s=%s", flag, word)}
		} else if size := dividedSize(cmd, word); size != "" {
			hints = []string{size}
		} else if hint != nil {
			hints = hint(cmd, word)
		}
		if len(hints) == 0 {
			hints = []string{"leave it out: " + cmd.CommandPath()}
		}
		return Usage(cmd, fmt.Errorf("unexpected argument %q: '%s' takes only flags", word, cmd.CommandPath()), hints...)
	}
}

// boolFlag finds a boolean flag that was given.
func boolFlag(cmd *cobra.Command) (name string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "bool" {
			name = f.Name
		}
	})
	return name
}

// dividedSize is the hint for a size with a blank in it, of which a shell makes two
// words: --size 4 GB.
func dividedSize(cmd *cobra.Command, word string) (hint string) {
	if word == "" || word[0] >= '0' && word[0] <= '9' {
		return ""
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if whole := bytesize.Hint("--"+f.Name, f.Value.String()+word, ""); whole != "" {
			hint = "a size has no blanks: " + whole
		}
	})
	return hint
}

// OneStdin refuses a command line that names standard input ("-") twice.
func OneStdin(cmd *cobra.Command, inputs ...string) error {
	if first := slices.Index(inputs, "-"); first >= 0 && slices.Contains(inputs[first+1:], "-") {
		return Usage(cmd, errors.New("standard input can be read only once, and - is given twice"),
			"write one of them to a file first, and name that")
	}
	return nil
}

// CgroupVersion refuses a --cgroup-version that Linux does not have.
func CgroupVersion(cmd *cobra.Command, version int) error {
	if version != 1 && version != 2 {
		return Usage(cmd, fmt.Errorf("--cgroup-version: %d is neither 1 nor 2", version))
	}
	return nil
}

// Hinted adds a hint to an error.
func Hinted(err error, hint string) error {
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		return fail.New(worded.Code, worded.Op, worded.Err, append(worded.Hints, hint)...)
	}
	return err
}

// UnknownCommand is the error of a word that is not a subcommand of cmd.
func UnknownCommand(cmd *cobra.Command, word string) error {
	var hints []string
	if meant := meantCommand(cmd, word); meant != nil {
		hints = append(hints, fmt.Sprintf("did you mean '%s'?", meant.CommandPath()))
	}
	return Usage(cmd, fmt.Errorf("there is no command %q", word), hints...)
}

// meantCommand guesses which command was meant: one of those that other programs call
// so, one that is called so further below, one that begins so or is nearly called so.
func meantCommand(cmd *cobra.Command, word string) *cobra.Command {
	called := func(c *cobra.Command) bool { return slices.Contains(c.SuggestFor, strings.ToLower(word)) }
	begun := func(c *cobra.Command) bool {
		return len(word) > 1 && strings.HasPrefix(c.Name(), strings.ToLower(word))
	}
	below := slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() })
	var names []string
	for _, c := range below {
		names = append(names, c.Name())
	}
	if i := slices.IndexFunc(below, called); i >= 0 {
		return below[i]
	}
	for _, c := range below {
		for _, deeper := range c.Commands() {
			if fail.Nearest(word, []string{deeper.Name()}) != "" && len(word) >= len(deeper.Name())-1 {
				return deeper
			}
		}
	}
	if i := slices.IndexFunc(below, begun); i >= 0 {
		return below[i]
	}
	if i := slices.Index(names, fail.Nearest(word, names)); i >= 0 {
		return below[i]
	}
	return nil
}
