package swapfile_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// written are machines that write blocks in different ways.
var written = map[string]hosttest.FileSystem{
	"ext4, by us":       {Type: "ext4"},
	"ext4, by the disk": {Type: "ext4", WriteZeroes: true},
	"xfs, by us":        {Type: "xfs"},
	"btrfs, by us":      {Type: "btrfs", Devices: []string{"vdb"}},
	"ext3":              {Type: "ext3"},
}

func makeWritten(h host.Host) error {
	return swapfile.Make(context.Background(), h, areaPath, areaBytes, swapfile.Written, nil, nil)
}

func TestTheFakeNodeTellsWrittenBlocksFromReserved(t *testing.T) {
	for name, f := range written {
		t.Run(name, func(t *testing.T) {
			h := newNode(t, f).Host()
			if err := makeWritten(h); err != nil {
				t.Fatal(err)
			}
			if err := swapfile.CheckFile(h, areaPath, areaBytes); err != nil {
				t.Error(err)
			}
			if n := unwritten(t, h); n != 0 {
				t.Errorf("%d bytes are unwritten", n)
			}
			if f.Type == "ext3" {
				return
			}
			if err := errors.Join(swapfile.Remove(h, areaPath), makeArea(h)); err != nil {
				t.Fatal(err)
			}
			if n := unwritten(t, h); n != areaBytes-4096 { // all except the header
				t.Errorf("%d bytes of a reserved file are unwritten", n)
			}
		})
	}
}

func unwritten(t *testing.T, h host.Host) (bytes int64) {
	t.Helper()
	f, err := h.Files.Open(areaPath, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	extents, err := h.Kernel.Extents(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extents {
		if e.Flags&host.ExtentUnwritten != 0 {
			bytes += e.Length
		}
	}
	return bytes
}

func TestAFailureWhileBlocksAreWrittenLeavesNothingBehind(t *testing.T) {
	for name, f := range written {
		t.Run(name, func(t *testing.T) {
			failEverywhere(t, f, makeWritten)
		})
	}
}

func TestARunAfterAKillWhileBlocksAreWrittenCleansUp(t *testing.T) {
	killEverywhere(t, written, makeWritten, func(t *testing.T, h host.Host, at int) {
		if err := errors.Join(swapfile.Remove(h, areaPath), makeWritten(h)); err != nil {
			t.Errorf("again after a kill at %d: %v", at, err)
		}
		if n := unwritten(t, h); n != 0 {
			t.Errorf("after a kill at %d %d bytes are unwritten", at, n)
		}
	})
}
