package crypt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// udev opens every new device for a short time.
const (
	busyWait  = 5 * time.Second
	busyPause = 50 * time.Millisecond
)

// Close removes the mapping called name, and with it the key, and waits until
// the loop device below it is gone. It is no error if there is no such mapping.
// A mapping of this name that is not plain dm-crypt is left alone (an error),
// and so is a loop device that somebody else attached (no error).
func Close(ctx context.Context, h host.Host, name string) error {
	op := "close encrypted mapping " + name
	s, err := Find(h, name)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if !s.Exists {
		return nil
	}
	if s.UUID != UUID(name) {
		return fail.Newf(fail.Failed, op, "it is not a plain mapping: its UUID is %q", s.UUID).
			Hint("see what it is: dmsetup table %s", name)
	}
	if err := notSwap(h, s); err != nil {
		return fail.New(fail.Failed, op, err, "switch it off first: swapoff "+s.DevPath)
	}
	if err := removeMapping(ctx, h, name); err != nil {
		return fail.New(fail.Failed, op, err, "see who uses it: fuser -v "+s.DevPath, "see what stands on it: lsblk "+s.DevPath)
	}
	waitNodeGone(ctx, h, name)
	if s.Loop == "" || !s.LoopAutoClear {
		return nil
	}
	if err := waitLoopGone(ctx, h, s); err != nil {
		return fail.New(fail.Failed, op, err, "see who uses it: fuser -v "+s.Loop)
	}
	return nil
}

// notSwap refuses an active swap area, for which waiting would be in vain.
func notSwap(h host.Host, s State) error {
	areas, err := kernel.Swaps(h)
	if err != nil {
		return err
	}
	for _, a := range areas {
		if a.Path == s.DevPath {
			return fmt.Errorf("%s is swap and on: %w", s.DevPath, unix.EBUSY)
		}
	}
	return nil
}

// removeMapping removes a mapping, and waits a while for others to close it.
func removeMapping(ctx context.Context, h host.Host, name string) error {
	return wait(ctx, func() (bool, error) {
		err := h.Kernel.DMRemove(name)
		switch {
		case err == nil, errors.Is(err, fs.ErrNotExist):
			return true, nil
		case errors.Is(err, unix.EBUSY):
			return false, err
		}
		return true, err
	})
}

// waitNodeGone waits until udev has removed /dev/mapper/NAME, so that nobody
// finds a dangling link. Without udev it may stay, which is harmless.
func waitNodeGone(ctx context.Context, h host.Host, name string) {
	_ = wait(ctx, func() (bool, error) {
		_, err := h.Files.Lstat("/dev/mapper/" + name)
		return err != nil, nil
	})
}

// waitLoopGone waits until the loop device is free, or has another backing
// file: the kernel clears it a moment after its last user has closed it.
func waitLoopGone(ctx context.Context, h host.Host, s State) error {
	return wait(ctx, func() (bool, error) {
		l, err := h.Kernel.LoopStatus(s.Loop)
		switch {
		case errors.Is(err, unix.ENXIO), errors.Is(err, fs.ErrNotExist):
			return true, nil
		case err != nil:
			return true, err
		case l.BackingDev != s.BackingDev || l.BackingIno != s.BackingIno:
			return true, nil
		}
		return false, fmt.Errorf("%s still stands on %s: %w", s.Loop, s.BackingPath, unix.EBUSY)
	})
}

// wait calls try until it succeeds or busyWait is over, and returns its error.
func wait(ctx context.Context, try func() (done bool, err error)) error {
	for end := time.Now().Add(busyWait); ; {
		done, err := try()
		if done || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(busyPause):
		}
	}
}
