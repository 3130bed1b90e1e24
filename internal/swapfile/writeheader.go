package swapfile

import (
	"context"
	"fmt"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// WriteHeader makes a swap area of the file or block device at path: its first
// page is replaced by a header that spans the whole of it, durably. A device
// longer than a header can describe is used as far as that. It does not look at
// what was there before: see Probe. The errors wrap unix.EBUSY for a device in
// use and unix.ETXTBSY for a file that the kernel already swaps to.
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
		return explain(op, path, err) // here, not at open, the kernel guards a swap file
	}
	if err := f.Sync(); err != nil {
		return fail.New(0, op, err)
	}
	return fail.New(0, op, f.Close())
}

// ReadHeader reads the header of the file or device at path, for the machine's
// own page size. The errors wrap those of ParseHeader.
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
