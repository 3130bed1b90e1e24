package swapfile

import (
	"bytes"
	"errors"

	"github.com/swapctl/swapctl/internal/host"
)

// edgeBytes is how much Probe reads, and Erase clears, at both ends of a
// device. Every signature that blkid(8) knows is there.
const edgeBytes = 1 << 20

// Content is what a file or device contains, as far as its first and last MiB
// show it.
type Content struct {
	Empty     bool    // only zeros in the first MiB, and no signature in the last
	What      string  // for messages: "ext4 file system", "swap area", "data"; "" if Empty
	Found     []Found // the signatures, the most important first
	Swap      *Header // the header, if it is a swap area that a kernel accepts
	SizeBytes int64   // of the file or device
	ReadOnly  bool    // the device is read-only

	head []byte // the first MiB
}

// Found is one signature.
type Found struct {
	What        string
	OffsetBytes int64
}

// Probe reads what the file or block device at path contains; it changes
// nothing, and also works while the device is in use. The errors wrap
// fs.ErrNotExist if the path does not exist.
func Probe(h host.Host, path string) (Content, error) {
	op := "see what " + path + " holds"
	f, err := openForReading(h, path)
	if err != nil {
		return Content{}, explain(op, path, err)
	}
	defer f.Close()
	c, err := probe(h, f)
	return c, explain(op, path, err)
}

// probe is Probe of an open file or device.
func probe(h host.Host, f host.File) (c Content, err error) {
	if c.SizeBytes, c.ReadOnly, err = sizeOf(h, f); err != nil {
		return Content{}, err
	}
	head, err := readEdge(f, 0, c.SizeBytes)
	if err != nil {
		return Content{}, err
	}
	tail, err := readEdge(f, max(c.SizeBytes-edgeBytes, 0), c.SizeBytes)
	if err != nil {
		return Content{}, err
	}
	c.identify(head, tail)
	return c, nil
}

// readEdge reads up to one MiB from offset on.
func readEdge(f host.File, offset, size int64) ([]byte, error) {
	buf := make([]byte, min(edgeBytes, size-offset))
	n, err := readAtMost(f, buf, offset)
	if err == nil && n < len(buf) {
		err = errors.New("it became shorter while it was read")
	}
	return buf[:n], err
}

// identify sets the fields from head and tail, the first and last bytes of a
// file or device of c.SizeBytes.
func (c *Content) identify(head, tail []byte) {
	c.Found = append(signaturesIn(head), swapsIn(head)...)
	c.Found = append(c.Found, signaturesAtEnd(tail, c.SizeBytes)...)
	c.Found = append(c.Found, partitionTables(head, tail, c.SizeBytes)...)
	c.Swap = swapHeader(head)
	c.head = head
	switch {
	case len(c.Found) > 0:
		c.What = c.Found[0].What
	case isTagged(head):
		c.What = "an encrypted swap area that swapctl made"
	case !isZero(head):
		c.What = "data"
	default:
		c.Empty = true
	}
}

// Noise reports whether the content may be encrypted with a key that is lost:
// its first page contains nearly all 256 values of a byte. Text and tables
// contain at most half of them; compressed data looks the same.
func (c Content) Noise() bool {
	const nearlyAll = 250 // of 256; in 4 KiB of random bytes, one value is missing once in forty thousand times
	values := map[byte]bool{}
	for _, b := range c.head[:min(minPageBytes, len(c.head))] {
		values[b] = true
	}
	return len(values) >= nearlyAll
}

// isZero reports whether data contains only zeros.
func isZero(data []byte) bool {
	// The first byte is zero, and every byte equals the one before: Equal
	// compares a vector at a time.
	return len(data) == 0 || data[0] == 0 && bytes.Equal(data[1:], data[:len(data)-1])
}
