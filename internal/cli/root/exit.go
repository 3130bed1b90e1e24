package root

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/report"
)

// exit prints err, if any, and returns its exit code.
func exit(a *cli.App, root *cobra.Command, args []string, err error) int {
	var pending cli.PendingError
	switch {
	case err == nil:
		return fail.OK
	case errors.As(err, &pending):
		return fail.Pending
	case !a.Started:
		if _, ours := errors.AsType[*fail.Error](err); !ours { // errors that cobra itself returns
			err = cli.Usage(root, err)
		}
		notStarted(a, root, args)
	}
	code := fail.Code(err)
	if code == fail.Failed && errors.Is(err, context.Canceled) {
		code = fail.Interrupted
	}
	printError(a, err, code)
	return code
}

// notStarted sets the state and the output format after a usage error: parsing
// ended at the mistake, maybe before -o json.
func notStarted(a *cli.App, root *cobra.Command, args []string) {
	if command, _, err := root.Find(args); err == nil && command.Annotations[cli.Changes] != "" {
		a.State = cli.Unchanged
	}
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.ParseErrorsAllowlist.UnknownFlags = true
	f.FuncP("output", "o", "", func(format string) error {
		if format == string(report.JSON) {
			a.Output = report.JSON
		}
		return nil
	})
	_ = f.Parse(args)
}

// printError prints an error, its hints and the state of the node.
func printError(a *cli.App, err error, code int) {
	message := cli.OneLine(err.Error())
	a.State = cli.OneLine(a.State)
	if a.Output == report.JSON {
		hints := fail.Hints(err)
		if fragment := fail.Fragment(err); fragment != "" {
			hints = append(hints, "write there:\n"+fragment)
		}
		printErrorJSON(a, message, hints, code)
		return
	}
	p := a.Stderr()
	_ = p.Line("swapctl: " + report.Paint(report.Bad, "error: ") + message) // to search for
	for _, hint := range fail.Hints(err) {
		_ = p.Prose("swapctl: hint: " + cli.OneLine(hint))
	}
	if fragment := fail.Fragment(err); fragment != "" {
		_ = p.Line("swapctl: hint: write there:")
		for line := range strings.Lines(fragment) {
			_ = p.Line(report.Printable(strings.TrimSuffix(line, "\n")))
		}
	}
	if a.State != "" {
		_ = p.Prose("swapctl: state: " + cli.OneLine(a.State))
	}
}

func printErrorJSON(a *cli.App, message string, hints []string, code int) {
	type body struct {
		Message string   `json:"message"`
		Hints   []string `json:"hints"`
		Code    int      `json:"code"`
		State   string   `json:"state,omitempty"`
	}
	if hints == nil {
		hints = []string{}
	}
	line, err := json.Marshal(map[string]body{"error": {message, hints, code, a.State}})
	if err != nil {
		line = []byte(message)
	}
	_, _ = fmt.Fprintf(a.Err, "%s\n", line)
}
