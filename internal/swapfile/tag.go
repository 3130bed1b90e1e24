package swapfile

import (
	"bytes"
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// ReservedBytes is what stays outside of the mapping at the start of an encrypted
// device: as much as Probe and Erase look at, so that whatever somebody else puts
// on the device shows there. It also keeps the mapping aligned for every disk.
const ReservedBytes = edgeBytes

// tagLabel is for people, and for blkid's successors: without it the start of the
// device would be bytes that nobody can name.
const tagLabel = "swapctl encrypted swap "

// tagBytes fit into the smallest sector, which a disk writes whole or not at all.
const tagBytes = 512

// Tag is what an encrypted device of ours holds in front of its mapping, where a
// swap header cannot say whose it is: a label and a random UUID, and otherwise zeros.
type Tag [16]byte

// encode returns the tag as it lies on the device.
func (t Tag) encode() []byte {
	sector := make([]byte, tagBytes)
	copy(sector, tagLabel+uuidText(t)+"\n")
	return sector
}

// HoldsTag reports whether the start of the device holds the tag, or what a kill
// left of writing or blanking it, and nothing else.
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

// HoldsHeader reports whether it is a swap area whose header WriteHeader made with
// this UUID, or what a kill left of writing or removing that, and nothing else.
func (c Content) HoldsHeader(h host.Host, uuid [16]byte) bool {
	page := h.Kernel.PageSize()
	if uuid == ([16]byte{}) || len(c.head) < page || !ourHeader(c.head[:page], uuid) {
		return false
	}
	return len(c.Found) == 0 || len(c.Found) == 1 && strings.HasPrefix(c.What, "swap")
}

// isTagged reports whether data begins with a tag, whosever it is.
func isTagged(data []byte) bool { return bytes.HasPrefix(data, []byte(tagLabel)) }

// WriteTag writes the tag to the start of a block device, durably, if nothing is
// there yet. The error wraps unix.EBUSY for a device in use.
func WriteTag(h host.Host, path string, t Tag) error {
	return atTag(h, "mark "+path+" as swap", path, t, t.encode(), errors.New("somebody has written to it meanwhile"))
}

// RemoveTag blanks the tag, durably, if it is there. What else the device holds
// stays.
func RemoveTag(h host.Host, path string, t Tag) error {
	err := atTag(h, "take the mark of swap from "+path, path, t, make([]byte, tagBytes), nil)
	if errors.Is(err, unix.EBUSY) { // somebody else's by now
		return nil
	}
	return err
}

// atTag writes a sector to the place of the tag. other is the error when something
// else is there.
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
