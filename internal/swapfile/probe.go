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

	random bool // its first page has no more zeros than chance gives it
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
	var c Content
	if c.SizeBytes, c.ReadOnly, err = sizeOf(h, f); err != nil {
		return Content{}, explain(op, path, err)
	}
	head, err := readEdge(f, 0, c.SizeBytes)
	if err != nil {
		return Content{}, explain(op, path, err)
	}
	tail, err := readEdge(f, max(c.SizeBytes-edgeBytes, 0), c.SizeBytes)
	if err != nil {
		return Content{}, explain(op, path, err)
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
	page := head[:min(minPageBytes, len(head))]
	c.random = len(page) == minPageBytes && bytes.Count(page, []byte{0}) < randomZeros
	if len(c.Found) > 0 {
		c.What = c.Found[0].What
		return
	}
	if !isZero(head) {
		c.What = "data"
		return
	}
	c.Empty = true
}

// randomZeros: 4 KiB of noise have 16 bytes of zero, and sixty never. What has one
// of the short signatures has hundreds.
const randomZeros = 60

// Noise reports whether it may be ciphertext under a key that is gone: data without
// a signature. One of two bytes is no signature there: of five such that Probe
// knows, one is in every thirteen-thousandth page of noise, and so on the device
// of one node in a fleet at each reboot.
func (c Content) Noise() bool {
	short := func(f Found) bool {
		switch f.OffsetBytes {
		case 510, extMagic:
			return true
		case 0x400:
			return f.What == "hfs+ file system"
		case 0x406:
			return f.What == "nilfs2 file system"
		}
		return false
	}
	for _, f := range c.Found {
		if !c.random || !short(f) {
			return false
		}
	}
	return !c.Empty
}

// isZero reports whether data is nothing but zeros.
func isZero(data []byte) bool {
	// A first zero and every byte like the one before it: compared a vector at a time.
	return len(data) == 0 || data[0] == 0 && bytes.Equal(data[1:], data[:len(data)-1])
}
