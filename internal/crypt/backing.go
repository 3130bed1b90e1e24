package crypt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// backing is the block device below a mapping.
type backing struct {
	dev       uint64
	sizeBytes int64
	loop      host.File // kept open, so that an autoclear loop device stays; nil for a device
}

func (b backing) close() error {
	if b.loop == nil {
		return nil
	}
	return b.loop.Close()
}

// openBacking checks that the file or device is not in use, and attaches a loop
// device to a file.
func (m Mapping) openBacking(ctx context.Context, h host.Host, op string) (backing, error) {
	f, err := h.Files.Open(m.Backing, os.O_RDWR, 0)
	if err != nil {
		return backing{}, fail.New(fail.Failed, op, err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return backing{}, fail.New(fail.Failed, op, err)
	}
	if !st.IsBlock() && !st.Mode.IsRegular() {
		return backing{}, fail.Newf(fail.Usage, op, "%s is neither a file nor a block device", m.Backing)
	}
	if err := m.alone(ctx, h, op, st); err != nil {
		return backing{}, err
	}
	if st.IsBlock() {
		return m.openDevice(h, op, st)
	}
	return m.openLoop(h, op, f, st)
}

// alone refuses a file or device that a loop device or a mapping already uses.
func (m Mapping) alone(ctx context.Context, h host.Host, op string, st host.Stat) error {
	users, err := UsersAfterAll(ctx, h, st)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if len(users) == 0 {
		return nil
	}
	names := make([]string, 0, len(users))
	e := &fail.Error{Op: op, Code: fail.Failed}
	for _, u := range users {
		names = append(names, u.String())
		switch u.Kind {
		case "mapping":
			e.Hints = append([]string{"if nothing needs it any more: " + CloseByHand(h, u.Name, u.Path)}, e.Hints...)
		case "loop":
			if u.AutoClear {
				e.Hints = append(e.Hints, "see who uses it: fuser -v "+u.Path)
			} else {
				e.Hints = append(e.Hints, "if nothing needs it any more: losetup --detach "+u.Path)
			}
		}
	}
	e.Err = fmt.Errorf("%s is in use by %s: two users would overwrite each other: %w", m.Backing, strings.Join(names, ", "), unix.EBUSY)
	return e
}

func (m Mapping) openDevice(h host.Host, op string, st host.Stat) (backing, error) {
	// O_EXCL finds out whether it is mounted or swap. It must be closed again,
	// because the mapping will claim the device in the same way.
	f, err := h.Files.Open(m.Backing, os.O_RDWR|os.O_EXCL, 0)
	if errors.Is(err, unix.EBUSY) {
		return backing{}, m.inUse(op, err)
	}
	if err != nil {
		return backing{}, fail.New(fail.Failed, op, err)
	}
	defer func() { _ = f.Close() }()
	d, err := h.Kernel.BlockDevice(f)
	if err != nil {
		return backing{}, fail.New(fail.Failed, op, err)
	}
	if d.ReadOnly {
		return backing{}, fail.Newf(fail.Failed, op, "%s is read-only: %w", m.Backing, unix.EROFS)
	}
	return backing{dev: st.Rdev, sizeBytes: d.SizeBytes}, nil
}

func (m Mapping) openLoop(h host.Host, op string, f host.File, st host.Stat) (backing, error) {
	if m.Discards {
		// On a discard the loop driver would free blocks of the file, and a
		// page written there later may find the disk full.
		return backing{}, fail.Newf(fail.Usage, op, "discards would punch holes into %s", m.Backing).
			Hint("use --discard none, or a partition: --device /dev/disk/by-...")
	}
	o := host.LoopOptions{DirectIO: true, BlockBytes: 1 << kernel.SectorShift}
	if st.SizeBytes%4096 == 0 && m.SectorBytes != 1<<kernel.SectorShift {
		o.BlockBytes = 4096
	}
	loop, err := h.Kernel.LoopAttach(f, o)
	if err != nil {
		return backing{}, explainLoop(op, m.Backing, err)
	}
	b := backing{loop: loop, sizeBytes: st.SizeBytes}
	if st, err = loop.Stat(); err == nil {
		b.dev = st.Rdev
		return b, nil
	}
	_ = loop.Close() // which also removes the loop device
	return backing{}, fail.New(fail.Failed, op, err)
}

// CloseByHand is the command that closes a mapping, which is /dev/dm-N: swap on it has to
// be turned off before.
func CloseByHand(h host.Host, name, node string) string {
	swaps, _ := kernel.Swaps(h) // where they cannot be seen, cryptsetup says so
	for _, s := range swaps {
		if s.Path == node || s.Path == "/dev/mapper/"+name {
			return "swapoff " + s.Path + "; cryptsetup close " + name
		}
	}
	return "cryptsetup close " + name
}
