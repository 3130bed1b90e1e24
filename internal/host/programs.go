package host

import (
	"context"
	"time"
)

// Programs runs other programs of the machine. swapctl asks some of them what
// only they know (kubelet --version), and has none of them do anything.
type Programs interface {
	// Output runs a program by its absolute path, without a shell, with the
	// root directory as its working directory, an empty standard input and next
	// to no environment, and returns its standard output. It is ended after RunTime,
	// or when it has said more than RunOutput bytes; either is an error, as is an
	// exit status that is not 0, whose text then has what it complained of. What it
	// has started ends with it. Root runs none that somebody else can change: the
	// error wraps an *OthersError.
	Output(ctx context.Context, program string, args ...string) ([]byte, error)
}

// Limits of a program that Programs runs.
const (
	RunTime   = 10 * time.Second
	RunOutput = 64 << 10 // bytes
)
