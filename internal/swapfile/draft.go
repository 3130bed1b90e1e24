package swapfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// draft is an unfinished swap file, under its temporary name.
type draft struct {
	h        host.Host
	fs       FileSystem
	path     string
	file     host.File
	size     int64
	blocks   Blocks
	progress func(done, total int64)
}

// make makes the whole file.
func (d *draft) make(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// The mode is set from the beginning, and O_EXCL follows no link.
	f, err := d.h.Files.Open(d.path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	d.file = f
	if d.fs.NoCOW {
		if err := d.setNoCOW(); err != nil {
			return fmt.Errorf("%w: %w", errCopyOnWrite, err)
		}
	}
	if err := d.allocate(ctx); err != nil {
		return err
	}
	if err := checkOpen(d.h, f, d.fs, d.size); err != nil {
		return err
	}
	return f.Close()
}

// errCopyOnWrite: btrfs kept the file copy-on-write.
var errCopyOnWrite = errors.New("it would be copy-on-write")

// setNoCOW makes the empty file not copy-on-write. The attribute excludes those
// of compression, which a file may inherit from its directory: btrfs refuses it
// while they are set, so they are cleared first, in a separate call.
func (d *draft) setNoCOW() error {
	flags, err := d.h.Kernel.InodeFlags(d.file)
	if err != nil {
		return err
	}
	if flags&host.InodeNoCOW != 0 { // from the directory, or mounted with nodatacow
		return nil
	}
	const compression = host.InodeCompress | inodeNoCompress
	if flags&compression != 0 {
		flags &^= compression
		if err := d.h.Kernel.SetInodeFlags(d.file, flags); err != nil {
			return fmt.Errorf("chattr -c: %w", err)
		}
	}
	if err := d.h.Kernel.SetInodeFlags(d.file, flags|host.InodeNoCOW); err != nil {
		return fmt.Errorf("chattr +C: %w", err)
	}
	return checkNoCOW(d.h, d.file) // before gigabytes are written for nothing
}

// allocate gives the file its blocks, the fast way if that counts. Blocks to
// write are reserved first: then they are contiguous, and a full disk is
// noticed before gigabytes are written.
func (d *draft) allocate(ctx context.Context) error {
	d.progress(0, d.size)
	if d.fs.WriteZeros {
		return d.writeZeros(ctx)
	}
	err := d.reserve(ctx)
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		return d.writeZeros(ctx)
	case err != nil || d.blocks == Reserved:
		return err
	}
	if err := d.zeroByDisk(ctx); !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	return d.writeZeros(ctx)
}

// reserveStep is the size of one fallocate(2) call. The call cannot be
// interrupted, and takes seconds per GiB on a fragmented file system.
const reserveStep = 4 << 30

// reserve allocates blocks with fallocate(2). If no zeros are written, that is
// all of the work.
func (d *draft) reserve(ctx context.Context) error {
	for done := int64(0); done < d.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		done = min(done+reserveStep, d.size)
		if err := d.h.Kernel.Fallocate(d.file, done); err != nil {
			return err
		}
		if d.blocks == Reserved {
			d.progress(done, d.size)
		}
	}
	return nil
}

// zeroStep is the size of one request to zero blocks. The call cannot be
// interrupted, and some disks that support it are no faster than with writes.
const zeroStep = 1 << 30

// zeroByDisk makes the disk write the zeros.
func (d *draft) zeroByDisk(ctx context.Context) error {
	for done := int64(0); done < d.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		length := min(zeroStep, d.size-done)
		if err := d.h.Kernel.WriteZeroes(d.file, done, length); err != nil {
			return err
		}
		done += length
		d.progress(done, d.size)
	}
	return nil
}

// explainNoCOW adds hints for a btrfs that keeps the file copy-on-write.
func (d *draft) explainNoCOW(op string, err error) error {
	if !d.fs.NoCOW || !errors.Is(err, errCopyOnWrite) {
		return err
	}
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		err = worded.Err
	}
	return fail.New(0, op, err, "name a file on ext4 or xfs with --path, or give swap a partition with --device",
		"see the attributes there: lsattr -d "+filepath.Dir(d.path))
}
