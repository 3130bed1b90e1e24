package swapfile

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

const (
	zerosChunk = 4 << 20 // written at a time, and all the memory that it takes
	zerosFlush = 1 << 30 // written before the disk is told to keep it
)

// writeZeros fills the file with zeros: past the page cache where the file
// system can, which takes half the time of dd and leaves the node's cache alone.
func (d *draft) writeZeros(ctx context.Context) error {
	zeros, err := mapZeros(zerosChunk)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Munmap(zeros) }()
	write := buffered(d.file)
	if direct, err := d.h.Files.Open(d.path, os.O_WRONLY|unix.O_DIRECT|unix.O_NOFOLLOW, 0); err == nil {
		defer direct.Close()
		write = orElse(direct, write)
	}
	disk := flush(d.file)
	err = d.writeChunks(ctx, zeros, write, disk)
	return errors.Join(err, disk.wait())
}

func (d *draft) writeChunks(ctx context.Context, zeros []byte, write func([]byte, int64) error, disk flusher) error {
	for done := int64(0); done < d.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := zeros[:min(zerosChunk, d.size-done)]
		if err := write(chunk, done); err != nil {
			return err
		}
		done += int64(len(chunk))
		d.progress(done, d.size)
		if done%zerosFlush == 0 {
			disk.keep()
		}
	}
	return nil
}

// flusher has the disk keep what is written while more is being written.
// Otherwise all of it would wait in the page cache, or in that of whatever the
// disk really is, for the sync at the end, which cannot be interrupted and holds
// up everybody else. Each sync costs as well: every 32 MiB, a tenth of the time.
type flusher struct {
	begin chan struct{}
	err   chan error
}

func flush(f host.File) flusher {
	disk := flusher{begin: make(chan struct{}), err: make(chan error, 1)}
	go func() {
		var err error
		for range disk.begin {
			err = errors.Join(err, f.Sync())
		}
		disk.err <- err
	}()
	return disk
}

// keep begins a sync. It waits for the one before, so that no more than twice
// zerosFlush is ever on its way.
func (disk flusher) keep() { disk.begin <- struct{}{} }

// wait ends the flusher and returns what went wrong.
func (disk flusher) wait() error {
	close(disk.begin)
	return <-disk.err
}

// mapZeros returns memory that O_DIRECT takes: it must begin on a page, which the
// heap does not promise. In huge pages, and touched so that it gets them, it
// reaches the disk in fewer and larger pieces, which saves a sixth of the time.
func mapZeros(size int) ([]byte, error) {
	zeros, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	_ = unix.Madvise(zeros, unix.MADV_HUGEPAGE) // a kernel without them does as well, more slowly
	clear(zeros)
	return zeros, nil
}

// buffered writes through the page cache.
func buffered(f host.File) func(chunk []byte, offset int64) error {
	return func(chunk []byte, offset int64) error {
		_, err := f.WriteAt(chunk, offset)
		return err
	}
}

// orElse writes to direct, and otherwise, for good, when the file system turns
// out to want a coarser alignment than it got.
func orElse(direct host.File, otherwise func([]byte, int64) error) func([]byte, int64) error {
	refused := false
	return func(chunk []byte, offset int64) error {
		if !refused {
			_, err := direct.WriteAt(chunk, offset)
			if !errors.Is(err, unix.EINVAL) {
				return err
			}
			refused = true
		}
		return otherwise(chunk, offset)
	}
}
