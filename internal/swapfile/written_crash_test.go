package swapfile_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// written are the machines that come to written blocks in different ways.
var written = map[string]hosttest.FileSystem{
	"ext4, by us":       {Type: "ext4"},
	"ext4, by the disk": {Type: "ext4", WriteZeroes: true},
	"xfs, by us":        {Type: "xfs"},
	"btrfs, by us":      {Type: "btrfs", Devices: []string{"vdb"}},
	"ext3":              {Type: "ext3"},
}

func makeWritten(h host.Host) error {
	return swapfile.Make(context.Background(), h, areaPath, areaBytes, swapfile.Written, nil)
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
			if n := unwritten(t, h); n != areaBytes-4096 { // but for the header
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
			for at := 1; ; at++ {
				n := newNode(t, f)
				before, h := n.Snapshot(), n.Host()
				n.ResetOps()
				n.FailAt(at, unix.EIO)
				err := makeWritten(h)
				if !n.Fired() {
					if err != nil || at < 4 {
						t.Errorf("%v after %d operations", err, at)
					}
					return
				}
				if err == nil {
					t.Errorf("no error from a failing %v", n.Ops()[at-1])
				}
				same(t, n, before)
			}
		})
	}
}

func TestARunAfterAKillWhileBlocksAreWrittenCleansUp(t *testing.T) {
	for name, f := range written {
		for where, kill := range map[string]func(*hosttest.Node, int){"before": (*hosttest.Node).KillAt, "inside": (*hosttest.Node).KillInside} {
			t.Run(name+", killed "+where, func(t *testing.T) {
				for at := 1; ; at++ {
					n := newNode(t, f)
					before := n.Snapshot()
					n.ResetOps()
					kill(n, at)
					_ = makeWritten(n.Host())
					if !n.Fired() {
						return
					}
					h := n.Host()
					if err := errors.Join(swapfile.Remove(h, areaPath), makeWritten(h)); err != nil {
						t.Errorf("again after a kill at %d: %v", at, err)
					}
					if n := unwritten(t, h); n != 0 {
						t.Errorf("after a kill at %d %d bytes are unwritten", at, n)
					}
					if err := swapfile.Remove(h, areaPath); err != nil {
						t.Error(err)
					}
					same(t, n, before)
				}
			})
		}
	}
}
