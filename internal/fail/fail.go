// Package fail adds to an error what the user needs: what could not be done,
// which command to type next, and the exit code that tells a script the same.
package fail

import (
	"errors"
	"fmt"
)

// The functions that make an error have go:noinline: errors are rare, and the code of hundreds
// of calls is 70 KB smaller.

// Exit codes of swapctl. They are part of the interface: scripts depend on
// them.
const (
	OK          = 0   // fine
	Failed      = 1   // the operation failed, and was rolled back or says why not
	Usage       = 2   // usage, configuration or input error; nothing changed
	Unfit       = 3   // the node is not ready for swap, or the plan does not fit
	Pending     = 4   // changes are pending (setup --dry-run --exit-code)
	NeedsRoot   = 5   // must run as root
	Locked      = 6   // another swapctl is changing this node
	Interrupted = 130 // SIGINT or SIGTERM
)

// Error is an error with hints. Its text is "cannot <Op>: <Err>"; for a verdict
// without an operation, Op is empty and the text is that of Err.
type Error struct {
	Op    string   // what could not be done, as a verb phrase: "set up /swapfile"
	Err   error    // why
	Hints []string // the next command to type, or what to change, most useful first
	Code  int      // exit code; 0 means the code of Err, or Failed
}

// New returns an Error: op could not be done because of err. A nil err stays
// nil, so that a call can be wrapped in a return.
//
//go:noinline
func New(code int, op string, err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Err: err, Hints: hints, Code: code}
}

// Newf is New with the reason as a format string; %w works.
//
//go:noinline
func Newf(code int, op, format string, args ...any) *Error {
	return &Error{Op: op, Err: fmt.Errorf(format, args...), Code: code}
}

// Hint adds a hint and returns the error, for use in a return.
//
//go:noinline
func (e *Error) Hint(format string, args ...any) *Error {
	e.Hints = append(e.Hints, fmt.Sprintf(format, args...))
	return e
}

// Error implements error.
func (e *Error) Error() string {
	if e.Op == "" {
		return e.Err.Error()
	}
	return "cannot " + e.Op + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Code returns the exit code of err: that of the outermost Error that has one,
// Failed for any other error, OK for nil.
func Code(err error) int {
	if err == nil {
		return OK
	}
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if e.Code != 0 {
			return e.Code
		}
	}
	return Failed
}

// Hints returns the hints of every Error in err's chain, outermost first,
// without duplicates.
func Hints(err error) []string {
	var hints []string
	seen := map[string]bool{}
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		for _, h := range e.Hints {
			if !seen[h] {
				seen[h] = true
				hints = append(hints, h)
			}
		}
	}
	return hints
}

// Fragment is text of several lines to paste into a file, which an error has
// besides its hints; "" if it has none.
func Fragment(err error) string {
	type fragment interface {
		error
		Fragment() string
	}
	if f, ok := errors.AsType[fragment](err); ok {
		return f.Fragment()
	}
	return ""
}
