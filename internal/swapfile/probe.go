package swapfile

import (
	"bytes"
	"errors"

	"github.com/swapctl/swapctl/internal/host"
)

// edgeBytes is how much Probe reads, and Erase clears, at both ends of a device.
// Every signature that blkid(8) goes by lies there.
const edgeBytes = 1 << 20

// Content is what a file or device holds, as far as its first and last MiB tell.
type Content struct {
	Empty     bool    // nothing but zeros in the first MiB, and no signature in the last
	What      string  // for people: "ext4 file system", "swap area", "data"; empty if Empty
	Found     []Found // the signatures, what matters most first
	Swap      *Header // the header, when it is a swap area that a kernel takes
	SizeBytes int64   // of the file or device
	ReadOnly  bool    // a device that cannot be written

	head []byte // the first MiB
}

// Found is one signature.
type Found struct {
	What        string
	OffsetBytes int64
}

// Probe looks at what the file or block device at path holds, changing nothing,
// also while it is in use. The errors wrap fs.ErrNotExist when it is not there.
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

// readEdge reads up to a MiB from offset on.
func readEdge(f host.File, offset, size int64) ([]byte, error) {
	buf := make([]byte, min(edgeBytes, size-offset))
	n, err := readAtMost(f, buf, offset)
	if err == nil && n < len(buf) {
		err = errors.New("it became shorter while it was read")
	}
	return buf[:n], err
}

// identify fills in what head and tail, the first and last bytes of something of
// c.SizeBytes, show.
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

// Noise reports whether it may be ciphertext under a key that is gone: its first
// page has nearly every value that a byte can have. Text and tables have half of
// them at most; what is compressed cannot be told apart.
func (c Content) Noise() bool {
	const nearlyAll = 250 // of 256; in 4 KiB of noise one is missing once in forty thousand times
	values := map[byte]bool{}
	for _, b := range c.head[:min(minPageBytes, len(c.head))] {
		values[b] = true
	}
	return len(values) >= nearlyAll
}

// isZero reports whether data is nothing but zeros.
func isZero(data []byte) bool {
	// A first zero and every byte like the one before it: compared a vector at a time.
	return len(data) == 0 || data[0] == 0 && bytes.Equal(data[1:], data[:len(data)-1])
}
