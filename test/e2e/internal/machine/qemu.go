package machine

import (
	"context"
	"errors"
	"os"
	"time"
)

type qemu struct{}

func (q *qemu) bootTimeout() time.Duration { return 5 * time.Minute }
func (q *qemu) start(context.Context, *os.File, *os.File) (*process, error) {
	return nil, errors.New("todo")
}
func newQEMU(context.Context, Options, string) (emulator, error) { return &qemu{}, nil }
