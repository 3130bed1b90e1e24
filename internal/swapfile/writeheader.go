package swapfile

import (
	"context"
	"fmt"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// WriteHeader makes the file or block device at path a swap area: it replaces
// the first page with a header for its whole size, durably. Of a device larger
// than a header can describe, the rest is not used. It does not check the
// previous content: see Probe. The errors wrap unix.EBUSY for a device in use
// and unix.ETXTBSY for a file that the kernel already swaps to.
func WriteHeader(ctx context.Context, h host.Host, path string, uuid [16]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op := "write a swap header to " + path
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	size, _, err := sizeOf(h, f)
	if err != nil {
		return fail.New(0, op, err)
	}
	page := h.Kernel.PageSize()
	pages := min(size/int64(page), MaxPages)
	if pages < MinPages {
		return fail.Newf(0, op, "it has %d bytes, a swap area needs %d", size, MinPages*page)
	}
	header := Header{PageBytes: page, Pages: uint32(pages), UUID: uuid}
	if _, err := f.WriteAt(header.Encode(), 0); err != nil {
		return explain(op, path, err) // the kernel protects a swap file at the write, not at open
	}
	if err := f.Sync(); err != nil {
		return fail.New(0, op, err)
	}
	return fail.New(0, op, f.Close())
}

// ReadHeader reads the header of the file or device at path, for the page size
// of this machine. The errors wrap those of ParseHeader.
func ReadHeader(h host.Host, path string) (Header, error) {
	op := "read the swap header of " + path
	f, err := openForReading(h, path)
	if err != nil {
		return Header{}, fail.New(0, op, err)
	}
	defer f.Close()
	header, err := readHeader(h, f)
	return header, fail.New(0, op, err)
}

func readHeader(h host.Host, f host.File) (Header, error) {
	page := make([]byte, h.Kernel.PageSize())
	n, err := readAtMost(f, page, 0)
	if err != nil {
		return Header{}, err
	}
	if n < len(page) {
		return Header{}, fmt.Errorf("%w: it has only %d bytes", ErrNoHeader, n)
	}
	return ParseHeader(page)
}
