package root

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/report"
)

// exit prints err, if any, and returns the exit code for it.
func exit(a *cli.App, root *cobra.Command, args []string, err error) int {
	var pending cli.PendingError
	switch {
	case err == nil:
		return fail.OK
	case errors.As(err, &pending):
		return fail.Pending
	case !a.Started:
		err = badCommand(root, err)
		notStarted(a, root, args)
	}
	code := fail.Code(err)
	if code == fail.Failed && errors.Is(err, context.Canceled) {
		code = fail.Interrupted
	}
	complain(a, err, code)
	return code
}

// notStarted finds out what complain must know of a command line that could not
// be understood: parsing ended at the mistake, maybe before -o json.
func notStarted(a *cli.App, root *cobra.Command, args []string) {
	if command, _, err := root.Find(args); err == nil && command.Annotations[cli.Changes] != "" {
		a.State = cli.Unchanged
	}
	for i, arg := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		if arg == "-ojson" || arg == "-o=json" || arg == "--output=json" || (arg == "-o" || arg == "--output") && next == "json" {
			a.Output = report.JSON
		}
	}
}

// complain prints an error, its hints and the state of the node.
func complain(a *cli.App, err error, code int) {
	message := cli.OneLine(err.Error())
	a.State = cli.OneLine(a.State)
	if a.Output == report.JSON {
		complainJSON(a, message, fail.Hints(err), code)
		return
	}
	p := a.Stderr()
	_ = p.Line("swapctl: " + report.Paint(report.Bad, "error: ") + message)
	for _, hint := range fail.Hints(err) {
		_ = p.Line("swapctl: hint: " + cli.OneLine(hint))
	}
	if a.State != "" {
		_ = p.Line("swapctl: state: " + cli.OneLine(a.State))
	}
}

func complainJSON(a *cli.App, message string, hints []string, code int) {
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
