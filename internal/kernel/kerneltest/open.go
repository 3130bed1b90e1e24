package kerneltest

import (
	"bytes"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Open implements host.Files, to read only. What has no content of its own
// reads as a few zeros.
func (t *Tree) Open(name string, flag int, _ fs.FileMode) (host.File, error) {
	real, n, err := t.get("open", name, true)
	switch {
	case err != nil:
		return nil, err
	case flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE) != 0:
		return nil, errReadOnly
	case n.mode&fs.ModeDevice != 0 && t.euid != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: unix.EACCES}
	case flag&unix.O_EXCL != 0 && t.isSwap(n):
		return nil, &fs.PathError{Op: "open", Path: name, Err: unix.EBUSY}
	}
	data := n.data
	if content, ok := t.contents[real]; ok {
		data = content
	}
	if len(data) == 0 {
		data = make([]byte, headBytes)
	}
	return &file{Reader: bytes.NewReader(data), name: name}, nil
}

// isSwap reports whether /proc/swaps has a line of the device.
func (t *Tree) isSwap(device *node) bool {
	lines := ""
	if n := t.nodes["/proc/swaps"]; n != nil {
		lines = string(n.data)
	}
	for line := range strings.Lines(lines) {
		name, _, _ := strings.Cut(line, " ")
		if _, n, err := t.get("stat", strings.TrimSpace(name), true); err == nil && n.rdev == device.rdev && n.rdev != 0 {
			return true
		}
	}
	return false
}

// file is an open file; calls that no reader makes panic.
type file struct {
	*bytes.Reader
	host.File
	name string
}

func (f *file) Read(b []byte) (int, error)             { return f.Reader.Read(b) }
func (f *file) ReadAt(b []byte, at int64) (int, error) { return f.Reader.ReadAt(b, at) }
func (f *file) Name() string                           { return f.name }
func (f *file) Close() error                           { return nil }

const (
	headBytes = 128 << 10
	pageBytes = 4 << 10
)

// swapContent is a swap area of 32 pages, with "zeros" or "data" in it, or an
// "image" of hibernation.
func swapContent(what string) []byte {
	content := make([]byte, headBytes)
	content[1024] = 1
	content[1028] = headBytes/pageBytes - 1
	magic := "SWAPSPACE2"
	switch what {
	case "data":
		for i := pageBytes; i < headBytes; i++ {
			content[i] = 'x'
		}
	case "image":
		magic = "S1SUSPEND\x00"
	}
	copy(content[pageBytes-len(magic):], magic)
	return content
}
