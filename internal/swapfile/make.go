package swapfile

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// TempSuffix marks a file that is being made: ".NAME.swapctl" beside NAME.
const TempSuffix = ".swapctl"

// Blocks is how the blocks of a file are allocated.
type Blocks int

const (
	// Reserved blocks are marked as unwritten (fallocate(2)), which is enough
	// for a plain swap file: the kernel swaps to the blocks directly, without
	// the file system.
	Reserved Blocks = iota
	// Written blocks contain zeros. A loop device writes through the file
	// system. At the first write to an unwritten block the file system must
	// remove its mark, in a transaction of its journal. That happens when
	// memory is short, and the transaction waits for memory: with ext4 a node
	// stood still for 10 to 26 s.
	Written
)

// Temp returns the path of the file for path until it is complete.
func Temp(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+TempSuffix)
}

// Make makes a file of sizeBytes at path that the kernel can swap to once it
// has a header: with mode 0600 from the beginning, and a block of its own for
// every byte. It gets its name only when it is complete, and never replaces a
// file. What a killed run left is removed first; after an error, nothing is
// left. If the swap is encrypted, blocks should be Written. progress gets the
// number of bytes done. note gets the identity of the file before the file gets
// its name; Make returns its error. Both may be nil.
//
// Make does not sync the file: WriteHeader does. CheckFile finds what a power
// cut before that has damaged.
//
// sizeBytes must be a whole number of pages, from MinPages to MaxPages. The
// errors wrap unix.ENOSPC, and the error of ctx if it ends.
func Make(ctx context.Context, h host.Host, path string, sizeBytes int64, blocks Blocks, progress func(done, total int64), note func(host.Identity) error) error {
	op := "make the swap file " + path
	if err := checkSize(h, op, sizeBytes); err != nil {
		return err
	}
	fileSystem, err := FileSystemOf(h, path)
	if err != nil {
		return err
	}
	if err := taken(h, op, path); err != nil {
		return err
	}
	temp := Temp(path)
	if err := h.Files.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(op, temp, err)
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	if note == nil {
		note = func(host.Identity) error { return nil }
	}
	d := draft{h: h, fs: fileSystem, path: temp, size: sizeBytes, blocks: blocks, progress: progress}
	if err := d.make(ctx); err != nil {
		err = d.explainNoCOW(op, noRoom(h, op, path, sizeBytes, err))
		return withLeftover(h, err, temp)
	}
	made, err := h.Identify(temp)
	if err == nil {
		err = note(made)
	}
	if err == nil {
		err = h.Files.RenameNew(temp, path)
	}
	if err == nil {
		return nil
	}
	if there := taken(h, op, path); errors.Is(err, fs.ErrExist) && there != nil {
		return withLeftover(h, there, temp)
	}
	return withLeftover(h, explain(op, path, err), temp)
}

// checkSize refuses a size that a header cannot describe.
func checkSize(h host.Host, op string, size int64) error {
	page := int64(h.Kernel.PageSize())
	switch {
	case size < MinPages*page:
		return fail.Newf(fail.Usage, op, "%s are too little: a swap area needs at least %s", bytesize.Format(size), bytesize.Format(MinPages*page)).
			Hint("choose --size 64Mi or more")
	case size/page > MaxPages:
		return fail.Newf(fail.Usage, op, "%s are too much: a swap area has at most %s", bytesize.Format(size), bytesize.Format(MaxPages*page)).
			Hint("choose a smaller --size")
	case size%page != 0:
		return fail.Newf(fail.Usage, op, "%d bytes are not whole pages of %d bytes", size, page).
			Hint("choose --size %d", size/page*page)
	}
	return nil
}

// taken refuses a path at which something exists.
func taken(h host.Host, op, path string) error {
	st, err := h.Files.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(0, op, err)
	}
	return fail.Newf(fail.Usage, op, "%s is there already", kindOf(st)).Hint("remove it, or name another file with --path")
}

// noRoom adds the numbers to the error of a full disk.
func noRoom(h host.Host, op, path string, size int64, err error) error {
	if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) {
		return explain(op, path, err)
	}
	e := fail.Newf(0, op, "there is no room for %s: %w", bytesize.Format(size), err)
	if st, statErr := h.Kernel.Statfs(filepath.Dir(path)); statErr == nil {
		e = e.Hint("choose a smaller --size: %s of its file system's %s are free (df -h)",
			bytesize.Format(st.AvailableBytes), bytesize.Format(st.TotalBytes))
	}
	return e.Hint("name a file on another file system with --path")
}

// withLeftover removes an incomplete file after err. If that fails too, the
// error says so: the disk may be full because of the file.
func withLeftover(h host.Host, err error, made string) error {
	if rmErr := h.Files.Remove(made); rmErr != nil && !errors.Is(rmErr, fs.ErrNotExist) {
		return fail.New(0, "clean up", errors.Join(err, rmErr), "rm "+made)
	}
	return err
}
