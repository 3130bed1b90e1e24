package swapfile

import (
	"bytes"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// RemoveHeader zeroes the first MiB of the file or device at path if it begins
// with the header that WriteHeader made with this UUID, or what a kill left of
// writing or removing it, and nothing else shows there. Anything else stays.
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

// ourHeader knows our header by its UUID, also without the signature that ends
// it (half written), and by being nothing but that signature (half removed).
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

// Blank zeroes a MiB of the file or device at path, from offset on, durably: at 0
// Probe then finds it empty, whatever had been swapped out to there.
func Blank(h host.Host, path string, offset int64) error {
	op := "blank the start of " + path
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	return fail.New(0, op, zeroStart(h, f, offset))
}

// zeroStart zeroes what Probe looks at. The first page is last: by the header in
// it the next run knows what a kill has left.
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

// zeroUsed zeroes count bytes from offset on, unless nothing was ever written there.
func zeroUsed(f host.File, offset, count int64) error {
	data := make([]byte, count)
	if n, err := f.ReadAt(data, offset); err == nil && n == len(data) && isZero(data) {
		return nil
	}
	clear(data)
	_, err := f.WriteAt(data, offset)
	return err
}
