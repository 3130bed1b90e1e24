package swapfile

import (
	"bytes"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// RemoveHeader zeroes the first MiB of the file or device at path if it begins
// with the header that WriteHeader wrote with this UUID, complete or left half
// written or half removed by a killed run, and contains nothing else there. Any
// other content stays.
func RemoveHeader(h host.Host, path string, uuid [16]byte) error {
	op := "remove the swap header of " + path
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	c, err := probe(h, f)
	if err != nil {
		return explain(op, path, err)
	}
	if !c.HoldsHeader(h, uuid) {
		return nil
	}
	return explain(op, path, zeroStart(h, f, 0))
}

// ourHeader recognises our header by its UUID, even without the signature at
// the end of the page (half written), or as a page with only that signature
// (half removed).
func ourHeader(page []byte, uuid [16]byte) bool {
	if header, err := ParseHeader(page); err == nil {
		return header.UUID == uuid
	}
	if bytes.Equal(page[atUUID:atUUID+len(uuid)], uuid[:]) {
		return true
	}
	signature := len(page) - len(magicSwap)
	return string(page[signature:]) == magicSwap && bytes.Equal(page[:signature], make([]byte, signature))
}

// Blank zeroes one MiB of the file or device at path, from offset on, durably.
// With offset 0 Probe then reports it as empty, whatever was swapped out to it.
func Blank(h host.Host, path string, offset int64) error {
	op := "blank the start of " + path
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	return fail.New(0, op, zeroStart(h, f, offset))
}

// zeroStart zeroes what Probe reads. It zeroes the first page last: from the
// header in it, the next run knows what a killed run has left.
func zeroStart(h host.Host, f host.File, start int64) error {
	size, _, err := sizeOf(h, f)
	if err != nil {
		return err
	}
	page := int64(h.Kernel.PageSize())
	if rest := min(edgeBytes, size-start) - page; rest > 0 {
		if err := zeroUsed(f, start+page, rest); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(make([]byte, page), start); err != nil {
		return err
	}
	return f.Sync()
}

// zeroUsed zeroes count bytes from offset on, unless they are zero already.
func zeroUsed(f host.File, offset, count int64) error {
	data := make([]byte, count)
	if n, err := f.ReadAt(data, offset); err == nil && n == len(data) && isZero(data) {
		return nil
	}
	clear(data)
	_, err := f.WriteAt(data, offset)
	return err
}
