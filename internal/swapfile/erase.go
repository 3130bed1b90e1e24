package swapfile

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Erase overwrites the first and last MiB of the block device at path with
// zeros, durably, so that no tool recognises its old content. The rest stays. A
// device in use is refused: the error wraps unix.EBUSY.
func Erase(ctx context.Context, h host.Host, path string) error {
	op := "erase " + path
	st, err := h.Files.Stat(path)
	if err != nil {
		return fail.New(0, op, err)
	}
	if !st.IsBlock() {
		return fail.Newf(fail.Usage, op, "it is %s, not a block device", kindOf(st))
	}
	f, err := h.Files.Open(path, os.O_RDWR|unix.O_EXCL, 0)
	if err != nil {
		return explain(op, path, err)
	}
	err = eraseOpen(ctx, h, f)
	return explain(op, path, errors.Join(err, f.Close()))
}

// eraseOpen clears the end first: if it is interrupted, the beginning still
// shows what the device contained.
func eraseOpen(ctx context.Context, h host.Host, f host.File) error {
	dev, err := h.Kernel.BlockDevice(f)
	if err != nil {
		return err
	}
	zeros := make([]byte, min(edgeBytes, dev.SizeBytes))
	for _, offset := range []int64{dev.SizeBytes - int64(len(zeros)), 0} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := f.WriteAt(zeros, offset); err != nil {
			return err
		}
	}
	return f.Sync()
}
