package host

import (
	"context"
	"time"
)

// Programs runs other programs of the machine. swapctl only asks them for what
// no file says (kubelet --version), and lets none of them change anything.
type Programs interface {
	// Output runs a program by its absolute path, without a shell, in the root
	// directory, with an empty standard input and a minimal environment, and
	// returns its standard output. It is killed after RunTime, or when it has
	// printed more than RunOutput bytes; either is an error, and so is an exit
	// status other than 0, with what the program printed to standard error. Its
	// child processes are killed with it. Root does not run a program that
	// another user can change: the error wraps an *OthersError.
	Output(ctx context.Context, program string, args ...string) ([]byte, error)
}

// Limits of a program that Programs runs.
const (
	RunTime   = 10 * time.Second
	RunOutput = 64 << 10 // bytes
)
