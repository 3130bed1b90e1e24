package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/report"
)

// The rules of this file: an error says what could not be done and why; a hint
// says what to type next; for a command that changes the node, the last line
// says what state it is in now. All of it goes to stderr.

// exit prints err, if any, and returns the exit code for it.
func (a *app) exit(root *cobra.Command, args []string, err error) int {
	var pending pendingError
	switch {
	case err == nil:
		return fail.OK
	case errors.As(err, &pending):
		return fail.Pending
	case !a.started:
		err = badCommand(root, err)
		a.notStarted(root, args)
	}
	code := fail.Code(err)
	if code == fail.Failed && errors.Is(err, context.Canceled) {
		code = fail.Interrupted
	}
	a.complain(err, code)
	return code
}

// notStarted finds out what complain must know of a command line that could not
// be understood: parsing ended at the mistake, maybe before -o json.
func (a *app) notStarted(root *cobra.Command, args []string) {
	if command, _, err := root.Find(args); err == nil && command.Annotations[changes] != "" {
		a.state = unchanged
	}
	for i, arg := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		if arg == "-ojson" || arg == "-o=json" || arg == "--output=json" || (arg == "-o" || arg == "--output") && next == "json" {
			a.output = report.JSON
		}
	}
}

// pendingError ends a command with exit code 4 and nothing to complain about.
type pendingError struct{}

func (pendingError) Error() string { return "changes are pending" }

// complain prints an error, its hints and the state of the node.
func (a *app) complain(err error, code int) {
	message := oneLine(err.Error())
	a.state = oneLine(a.state)
	if a.output == report.JSON {
		a.complainJSON(message, fail.Hints(err), code)
		return
	}
	p := a.stderr()
	_ = p.Line("swapctl: " + report.Paint(report.Bad, "error: ") + message)
	for _, hint := range fail.Hints(err) {
		_ = p.Line("swapctl: hint: " + oneLine(hint))
	}
	if a.state != "" {
		_ = p.Line("swapctl: state: " + oneLine(a.state))
	}
}

func (a *app) complainJSON(message string, hints []string, code int) {
	type body struct {
		Message string   `json:"message"`
		Hints   []string `json:"hints"`
		Code    int      `json:"code"`
		State   string   `json:"state,omitempty"`
	}
	if hints == nil {
		hints = []string{}
	}
	line, err := json.Marshal(map[string]body{"error": {message, hints, code, a.state}})
	if err != nil {
		line = []byte(message)
	}
	_, _ = fmt.Fprintf(a.err, "%s\n", line)
}

// oneLine makes several joined errors one line that cannot draw on a terminal, and
// that a person can read: what was typed stands in it, and may be a megabyte.
func oneLine(s string) string {
	const most = 4 << 10
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most/2], "") + " ... " + strings.ToValidUTF8(s[len(s)-most/2:], "")
	}
	return report.Printable(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; "))
}

// usage is an error in what was typed: hints, and where to read more.
func usage(cmd *cobra.Command, err error, hints ...string) error {
	hints = append(hints, fmt.Sprintf("see '%s --help'", cmd.CommandPath()))
	return fail.New(fail.Usage, "understand the command line", err, hints...)
}

// badCommand words what cobra found wrong before any command ran.
func badCommand(root *cobra.Command, err error) error {
	var worded *fail.Error
	var word string
	switch _, scanErr := fmt.Sscanf(err.Error(), "unknown command %q", &word); {
	case errors.As(err, &worded):
		return err
	case scanErr != nil:
		return usage(root, err)
	}
	return unknownCommand(root, word)
}

// badFlag words what cobra found wrong with a flag.
func badFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		for _, c := range cmd.Root().Commands() {
			if name == c.Name() { // --version
				return usage(cmd, err, fmt.Sprintf("did you mean '%s'?", c.CommandPath()))
			}
		}
		if hint := flagHint(cmd, unknown); hint != "" {
			return usage(cmd, err, hint)
		}
	case errors.As(err, &invalid):
		flag, value := invalid.GetFlag(), invalid.GetValue()
		switch flag.Value.Type() {
		case "bool":
			err = fmt.Errorf("--%s: %q is not true or false", flag.Name, value)
		case "int":
			err = fmt.Errorf("--%s: %q is not a whole number", flag.Name, value)
		case "float64":
			err = fmt.Errorf("--%s: %q is not a number", flag.Name, value)
		default:
			err = fmt.Errorf("--%s: %w", flag.Name, invalid.Unwrap())
		}
	}
	return usage(cmd, err)
}

// noArguments is a cobra.PositionalArgs for commands that take only flags.
func noArguments(cmd *cobra.Command, args []string) error {
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
	return usage(cmd, fmt.Errorf("unexpected argument %q: '%s' takes only flags", args[0], cmd.CommandPath()), hints...)
}

// isSize reports whether a word can only be meant as a size of swap.
func isSize(word string) bool {
	_, share, _ := bytesize.ParseShare(word, 0)
	_, err := bytesize.Parse(word)
	return share || err == nil
}

// hinted adds a hint to an error.
func hinted(err error, hint string) error {
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		return fail.New(worded.Code, worded.Op, worded.Err, append(worded.Hints, hint)...)
	}
	return err
}
