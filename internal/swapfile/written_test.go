package swapfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// TestAWrittenFileHasNoUnwrittenBlocks: on the real kernel, as FIEMAP reports
// it. A file that is only reserved shows that the test can fail.
func TestAWrittenFileHasNoUnwrittenBlocks(t *testing.T) {
	for name, mkfs := range map[string][]string{
		"ext4": {"mkfs.ext4", "-q"}, "xfs": {"mkfs.xfs", "-q"}, "btrfs": {"mkfs.btrfs", "-q"},
	} {
		t.Run(name, func(t *testing.T) {
			needRoot(t)
			needTools(t, mkfs[0])
			h, path := host.Linux(), filepath.Join(mounted(t, diskBytes, "", mkfs...), "swapfile")
			const size = 33*mib + 4096
			for _, blocks := range []Blocks{Reserved, Written} {
				if err := Make(context.Background(), h, path, size, blocks, nil, nil); err != nil {
					t.Fatal(err)
				}
				unwritten, all := extentsOf(t, h, path)
				if all < size || (unwritten > 0) != (blocks == Reserved) {
					t.Errorf("%v: %d of %d bytes are unwritten", blocks, unwritten, all)
				}
				if c, err := Probe(h, path); err != nil || !c.Empty {
					t.Errorf("%v: %+v, %v", blocks, c, err)
				}
				if err := errors.Join(CheckFile(h, path, size), Remove(h, path)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// extentsOf says how many bytes have blocks, and how many of these are unwritten.
func extentsOf(t *testing.T, h host.Host, path string) (unwritten, all int64) {
	t.Helper()
	f, err := h.Files.Open(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	extents, err := h.Kernel.Extents(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extents {
		all += e.Length
		if e.Flags&host.ExtentUnwritten != 0 {
			unwritten += e.Length
		}
	}
	return unwritten, all
}

// TestWhoWritesTheZeros: the disk, if it can; otherwise swapctl; nobody in a
// file that is only reserved.
func TestWhoWritesTheZeros(t *testing.T) {
	const size = zeroStep + 9*mib
	for _, c := range []struct {
		name          string
		blocks        Blocks
		disk          error // its answer
		asked, writes int
	}{
		{"only reserved", Reserved, nil, 0, 0},
		{"the disk", Written, nil, 2, 0},
		{"we", Written, unix.EOPNOTSUPP, 1, size/zerosChunk + 1},
		{"nobody, as the disk fails", Written, unix.EIO, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, writes := 0, 0
			h := fakeHost(files{lost: true, write: func(int, int64) error { writes++; return nil }},
				kernel{flags: noFlags, fallocate: truncated, extents: backed, writeZeroes: func(host.File, int64, int64) error {
					asked++
					return c.disk
				}})
			path := filepath.Join(t.TempDir(), "swapfile")
			var heard []int64
			err := Make(context.Background(), h, path, size, c.blocks, func(done, _ int64) { heard = append(heard, done) }, nil)
			if failed := c.disk != nil && !errors.Is(c.disk, unix.EOPNOTSUPP); (err != nil) != failed || failed && !errors.Is(err, c.disk) {
				t.Fatal(err)
			}
			if asked != c.asked || writes != c.writes {
				t.Errorf("the disk was asked %d times, %d writes; want %d and %d", asked, writes, c.asked, c.writes)
			}
			if err == nil && (heard[len(heard)-1] != size || !slices.IsSorted(heard)) {
				t.Errorf("progress: %v", heard)
			}
		})
	}
}

// TestAFullDiskIsKnownBeforeZerosAreWritten: no minutes are lost before the
// error.
func TestAFullDiskIsKnownBeforeZerosAreWritten(t *testing.T) {
	writes := 0
	h := fakeHost(files{write: func(int, int64) error { writes++; return nil }},
		kernel{flags: noFlags, fallocate: func(host.File, int64) error { return unix.ENOSPC }})
	dir := t.TempDir()
	err := Make(context.Background(), h, filepath.Join(dir, "swapfile"), 64*mib, Written, nil, nil)
	wantRefusal(t, err, "no room for 64 MiB", "df -h")
	if left := names(t, dir); writes != 0 || len(left) != 0 {
		t.Errorf("%d writes, left %v", writes, left)
	}
}

// TestStopsWhenToldToWhileTheDiskZeroes: ^C has an effect between two steps.
func TestStopsWhenToldToWhileTheDiskZeroes(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	asked := 0
	h := fakeHost(files{}, kernel{flags: noFlags, fallocate: truncated, extents: backed, writeZeroes: func(host.File, int64, int64) error {
		asked++
		stop()
		return nil
	}})
	dir := t.TempDir()
	err := Make(ctx, h, filepath.Join(dir, "swapfile"), 2*zeroStep, Written, nil, nil)
	if left := names(t, dir); !errors.Is(err, context.Canceled) || asked != 1 || len(left) != 0 {
		t.Errorf("%v after %d steps, left %v", err, asked, left)
	}
}
