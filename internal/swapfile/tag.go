package swapfile

import (
	"bytes"
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// ReservedBytes is the size of the area before the mapping at the start of an
// encrypted device. It is what Probe and Erase look at, so that they see
// whatever another program writes to the device. It also keeps the mapping
// aligned for every disk.
const ReservedBytes = edgeBytes

// tagLabel is for administrators, and for programs like blkid: without it
// nothing would say what the start of the device is.
const tagLabel = "swapctl encrypted swap "

// tagBytes is the smallest sector size: a disk writes a sector completely or
// not at all.
const tagBytes = 512

// Tag is what an encrypted device of ours has before its mapping, because no
// swap header there can show that it is ours: a label and a random UUID,
// followed by zeros.
type Tag [16]byte

// encode returns the sector with the tag.
func (t Tag) encode() []byte {
	sector := make([]byte, tagBytes)
	copy(sector, tagLabel+uuidText(t)+"\n")
	return sector
}

// HoldsTag reports whether the start of the device contains the tag, complete
// or left half written or half blanked by a killed run, and nothing else.
func (c Content) HoldsTag(t Tag) bool {
	if t == (Tag{}) || len(c.Found) > 0 || len(c.head) < tagBytes {
		return false
	}
	for i, b := range t.encode() {
		if c.head[i] != b && c.head[i] != 0 {
			return false
		}
	}
	return isZero(c.head[tagBytes:])
}

// HoldsHeader reports whether it is a swap area whose header WriteHeader wrote
// with this UUID, complete or left half written or half removed by a killed
// run, and nothing else.
func (c Content) HoldsHeader(h host.Host, uuid [16]byte) bool {
	page := h.Kernel.PageSize()
	if uuid == ([16]byte{}) || len(c.head) < page || !ourHeader(c.head[:page], uuid) {
		return false
	}
	return len(c.Found) == 0 || len(c.Found) == 1 && strings.HasPrefix(c.What, "swap")
}

// isTagged reports whether data begins with a tag, ours or another one.
func isTagged(data []byte) bool { return bytes.HasPrefix(data, []byte(tagLabel)) }

// WriteTag writes the tag to the start of a block device, durably, if that is
// empty. The error wraps unix.EBUSY for a device in use.
func WriteTag(h host.Host, path string, t Tag) error {
	return atTag(h, "mark "+path+" as swap", path, t, t.encode(), errors.New("somebody has written to it meanwhile"))
}

// RemoveTag blanks the tag, durably, if the device has it. All other content
// stays.
func RemoveTag(h host.Host, path string, t Tag) error {
	err := atTag(h, "take the mark of swap from "+path, path, t, make([]byte, tagBytes), nil)
	if errors.Is(err, unix.EBUSY) { // another program uses it now
		return nil
	}
	return err
}

// atTag overwrites the tag's sector. other is the error if there is other
// content.
func atTag(h host.Host, op, path string, t Tag, sector []byte, other error) error {
	f, err := openForWriting(h, path)
	if err != nil {
		return explain(op, path, err)
	}
	defer f.Close()
	c, err := probe(h, f)
	if err != nil {
		return explain(op, path, err)
	}
	if len(c.head) < tagBytes || !c.Empty && !c.HoldsTag(t) {
		return fail.New(0, op, other)
	}
	if bytes.Equal(c.head[:tagBytes], sector) {
		return nil
	}
	if _, err := f.WriteAt(sector, 0); err != nil {
		return explain(op, path, err)
	}
	return fail.New(0, op, f.Sync())
}
