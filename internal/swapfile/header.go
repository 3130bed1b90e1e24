package swapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Limits of a swap area, in pages. The header counts pages in 32 bits;
// mkswap(8) refuses less than ten pages.
const (
	MinPages = 10
	MaxPages = math.MaxUint32
)

// Offsets in the header page (union swap_header in Linux's
// include/linux/swap.h): 1024 bytes for boot loaders and disk labels, then
// version, last page, number of bad pages, UUID and label, and the signature in
// the last ten bytes of the page.
const (
	atVersion  = 1024
	atLastPage = 1028
	atBadPages = 1032
	atUUID     = 1036
	atLabel    = 1052
	labelBytes = 16
	magicBytes = 10

	minPageBytes = 4 << 10
	maxPageBytes = 64 << 10 // the largest page size with which Linux swaps
)

// The signatures at the end of the first page of a swap area or a hibernation
// image.
const (
	magicSwap    = "SWAPSPACE2"
	magicOldSwap = "SWAP-SPACE"
)

// The errors of ParseHeader if the page is not the header of a usable swap
// area.
var (
	ErrNoHeader    = errors.New("no swap header")
	ErrOldHeader   = errors.New("a swap header of the old format, which no kernel since 2.5.22 takes")
	ErrHibernation = errors.New("a hibernation image")
)

// Header is the first page of a swap area.
type Header struct {
	PageBytes int      // page size of the machine that the area is for
	Pages     uint32   // length of the area in pages, this one included
	UUID      [16]byte // in the order in which it is printed
	Label     string   // at most 16 bytes
}

// SizeBytes is the length of the whole area, header page included.
func (h Header) SizeBytes() int64 { return int64(h.Pages) * int64(h.PageBytes) }

func uuidText(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// Encode returns the header page, in the machine's byte order, as mkswap(8)
// writes it. A label that is too long is cut.
func (h Header) Encode() []byte {
	page := make([]byte, h.PageBytes)
	binary.NativeEndian.PutUint32(page[atVersion:], 1)
	binary.NativeEndian.PutUint32(page[atLastPage:], h.Pages-1)
	copy(page[atUUID:], h.UUID[:])
	copy(page[atLabel:atLabel+labelBytes], h.Label)
	copy(page[h.PageBytes-magicBytes:], magicSwap)
	return page
}

// ParseHeader parses a header page; its length is the page size. The errors
// wrap ErrNoHeader, ErrOldHeader or ErrHibernation. Like the kernel
// (read_swap_header in mm/swapfile.c) it accepts either byte order.
func ParseHeader(page []byte) (Header, error) {
	if len(page) < minPageBytes || len(page) > maxPageBytes {
		return Header{}, fmt.Errorf("%w: %d bytes are no page", ErrNoHeader, len(page))
	}
	magic := string(page[len(page)-magicBytes:])
	switch {
	case magic == magicOldSwap:
		return Header{}, ErrOldHeader
	case isHibernation(magic):
		return Header{}, ErrHibernation
	case magic != magicSwap:
		return Header{}, ErrNoHeader
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(page[atVersion:]) != 1 {
		order = binary.BigEndian
	}
	if v := order.Uint32(page[atVersion:]); v != 1 {
		return Header{}, fmt.Errorf("%w: unknown version", ErrNoHeader)
	}
	last := order.Uint32(page[atLastPage:])
	if last == 0 || last == math.MaxUint32 {
		return Header{}, fmt.Errorf("%w: last page %d", ErrNoHeader, last)
	}
	h := Header{PageBytes: len(page), Pages: last + 1}
	copy(h.UUID[:], page[atUUID:])
	label, _, _ := bytes.Cut(page[atLabel:atLabel+labelBytes], []byte{0})
	h.Label = string(label)
	return h, nil
}

// isHibernation reports whether a signature is one with which suspend to disk
// replaces the swap signature: the kernel's, old and new, uswsusp's and that of
// compressed images.
func isHibernation(magic string) bool {
	switch magic[:9] {
	case "S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB000":
		return true
	}
	return false
}
