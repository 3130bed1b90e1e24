package swapfile

import (
	"bytes"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// RemoveHeader zeroes the first page of the file or device at path if it is the
// header that WriteHeader made with this UUID, or what a kill left of writing
// or removing it. Anything else there stays.
func RemoveHeader(h host.Host, path string, uuid [16]byte) error {
	op := "remove the swap header of " + path
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	page := make([]byte, h.Kernel.PageSize())
	n, err := readAtMost(f, page, 0)
	if err != nil {
		return explain(op, path, err)
	}
	if n < len(page) || !ourHeader(page, uuid) {
		return nil
	}
	return explain(op, path, zeroPage(h, f))
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

// Blank zeroes the first page of the file or device at path, durably.
func Blank(h host.Host, path string) error {
	op := "blank the start of " + path
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	return fail.New(0, op, zeroPage(h, f))
}

func zeroPage(h host.Host, f host.File) error {
	if _, err := f.WriteAt(make([]byte, h.Kernel.PageSize()), 0); err != nil {
		return err
	}
	return f.Sync()
}
