package swapfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

const mib = 1 << 20

// truncated replaces fallocate(2) where blocks do not matter.
func truncated(f host.File, size int64) error { return os.Truncate(f.Name(), size) }

func unsupported(host.File, int64) error { return unix.EOPNOTSUPP }

func TestMakesAFileOnlyRootCanRead(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "swapfile")
	var seen fs.FileMode
	h := fakeHost(files{}, kernel{extents: backed, flags: noFlags, fallocate: func(f host.File, size int64) error {
		st, err := os.Stat(Temp(path))
		if err != nil {
			t.Error(err)
			return err
		}
		seen = st.Mode()
		return truncated(f, size)
	}})
	if err := Make(context.Background(), h, path, 4*mib, Reserved, nil, nil); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Size() != 4*mib || st.Mode() != 0o600 || seen != 0o600 {
		t.Errorf("%v %v, mode while it was made %v", st, err, seen)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"swapfile"}) {
		t.Errorf("in the directory: %v", got)
	}
	if err := CheckFile(h, path, 4*mib); err != nil {
		t.Error(err)
	}
}

func TestRefusesSizesThatNoHeaderCanDescribe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swapfile")
	h := fakeHost(files{}, kernel{pageBytes: 4096, extents: backed, flags: noFlags, fallocate: truncated})
	for size, want := range map[int64]string{
		0:                  "at least 40 KiB",
		-1:                 "at least 40 KiB",
		36 << 10:           "at least 40 KiB",
		40<<10 + 1:         "40961 bytes are not whole pages of 4096",
		4096 << 32:         "at most 16 TiB",
		4096*(1<<32-1) + 1: "not whole pages",
	} {
		err := Make(context.Background(), h, path, size, Reserved, nil, nil)
		wantRefusal(t, err, want, "--size")
		if fail.Code(err) != fail.Usage || len(names(t, filepath.Dir(path))) != 0 {
			t.Errorf("%d: code %d, left %v", size, fail.Code(err), names(t, filepath.Dir(path)))
		}
	}
	if err := Make(context.Background(), h, path, 40<<10, Reserved, nil, nil); err != nil {
		t.Error("the smallest:", err)
	}
}

func TestAFailedMakeLeavesNothingBehind(t *testing.T) {
	hole := func(host.File) ([]host.Extent, error) {
		return []host.Extent{{Length: mib}, {Logical: 2 * mib, Length: 2 * mib}}, nil
	}
	writes := func(errno error) func(int, int64) error {
		return func(_ int, offset int64) error {
			if offset > 0 {
				return errno
			}
			return nil
		}
	}
	for _, c := range []struct {
		name  string
		files files
		kern  kernel
		want  string
		hint  string
		is    error
	}{
		{"full at fallocate", files{}, kernel{fallocate: func(f host.File, size int64) error {
			return errors.Join(truncated(f, size/2), unix.ENOSPC)
		}}, "no room for 16 MiB", "df -h", unix.ENOSPC},
		{"full while zeros are written", files{write: writes(unix.ENOSPC)}, kernel{fallocate: unsupported}, "no room for 16 MiB", "--path", unix.ENOSPC},
		{"quota", files{write: writes(unix.EDQUOT)}, kernel{fallocate: unsupported}, "no room", "--path", unix.EDQUOT},
		{"a bad disk", files{write: writes(unix.EIO)}, kernel{fallocate: unsupported}, "input/output error", "", unix.EIO},
		{"fallocate fails", files{}, kernel{fallocate: func(host.File, int64) error { return unix.EFBIG }}, "file too large", "", unix.EFBIG},
		{"fallocate left a hole", files{}, kernel{extents: hole}, "it has a hole at byte 1048576", "", nil},
		{"fallocate left it short", files{}, kernel{fallocate: func(f host.File, size int64) error { return truncated(f, size/2) }}, "8 MiB (8388608 bytes), not 16 MiB", "", nil},
		{"in use under its name", files{rename: unix.EPERM}, kernel{}, "operation not permitted", "", unix.EPERM},
		{"read-only", files{open: func(string, int) error { return unix.EROFS }}, kernel{}, "read-only", "", unix.EROFS},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := c.kern
			k.flags = noFlags
			if k.extents == nil {
				k.extents = backed
			}
			if k.fallocate == nil {
				k.fallocate = truncated
			}
			k.Kernel = nil
			h := fakeHost(c.files, k)
			path := filepath.Join(t.TempDir(), "swapfile")
			err := Make(context.Background(), h, path, 16*mib, Reserved, nil, nil)
			wantRefusal(t, err, c.want, c.hint)
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
			if got := names(t, filepath.Dir(path)); len(got) != 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

// TestADiskThatDoesNotKeepTheZerosIsNoticed: a write that reached only a cache
// fails at the next sync.
func TestADiskThatDoesNotKeepTheZerosIsNoticed(t *testing.T) {
	h := fakeHost(files{lost: true, sync: unix.EIO}, kernel{flags: noFlags, fallocate: unsupported, extents: backed})
	path := filepath.Join(t.TempDir(), "swapfile")
	err := Make(context.Background(), h, path, zerosFlush, Reserved, nil, nil)
	wantRefusal(t, err, "input/output error", "")
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestNoticesThatNoCOWDidNotTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swapfile")
	var set []uint32
	k := kernel{
		devices: 1, extents: backed, fallocate: truncated,
		statfs:   func(string) (host.Statfs, error) { return host.Statfs{Type: unix.BTRFS_SUPER_MAGIC}, nil },
		flags:    func(host.File) (uint32, error) { return host.InodeCompress, nil },
		setFlags: func(_ host.File, flags uint32) error { set = append(set, flags); return nil },
	}
	f := files{release: "6.1.0"}
	wantRefusal(t, Make(context.Background(), fakeHost(f, k), path, mib, Reserved, nil, nil), "NOCOW attribute (chattr +C) did not take", "")
	if want := []uint32{0, host.InodeNoCOW}; !slices.Equal(set, want) {
		t.Errorf("set flags %#x; want %#x: btrfs does not take both in one call", set, want)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	k.flags = func(host.File) (uint32, error) { return set[len(set)-1], nil }
	if err := Make(context.Background(), fakeHost(f, k), path, mib, Reserved, nil, nil); err != nil {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	k.setFlags = func(host.File, uint32) error { return unix.EINVAL }
	k.flags = noFlags
	wantRefusal(t, Make(context.Background(), fakeHost(f, k), path, mib, Reserved, nil, nil), "it would be copy-on-write", "name a file on ext4 or xfs with --path, or give swap a partition with --device")
}

func TestCleansUpAfterAKilledRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swapfile")
	if err := os.WriteFile(Temp(path), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := fakeHost(files{}, kernel{extents: backed, flags: noFlags, fallocate: truncated})
	if err := Make(context.Background(), h, path, 16*mib, Reserved, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"swapfile"}) {
		t.Errorf("in the directory: %v", got)
	}
}

func TestStopsWhenToldTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swapfile")
	ctx, stop := context.WithCancel(context.Background())
	h := fakeHost(files{}, kernel{extents: backed, flags: noFlags, fallocate: unsupported})
	last := int64(0)
	err := Make(ctx, h, path, 64*mib, Reserved, func(done, _ int64) {
		if last = done; done >= 16*mib {
			stop()
		}
	}, nil)
	if !errors.Is(err, context.Canceled) || last != 16*mib {
		t.Errorf("%v after %d bytes", err, last)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestWritesZerosWhereFallocateCannotServe(t *testing.T) {
	const size = 9*mib + 4096
	direct := func(flag int) bool { return flag&unix.O_DIRECT != 0 }
	for name, f := range map[string]files{
		"past the page cache": {},
		"without O_DIRECT": {open: func(_ string, flag int) error {
			if direct(flag) {
				return unix.EINVAL
			}
			return nil
		}},
		"O_DIRECT refused at the first write": {write: func(flag int, _ int64) error {
			if direct(flag) {
				return unix.EINVAL
			}
			return nil
		}},
		"O_DIRECT refused at the last": {write: func(flag int, offset int64) error {
			if direct(flag) && offset == 8*mib {
				return unix.EINVAL
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "swapfile")
			h := fakeHost(f, kernel{flags: noFlags, fallocate: unsupported, extents: backed})
			var heard []int64
			err := Make(context.Background(), h, path, size, Reserved, func(done, total int64) {
				if total != size {
					t.Errorf("total %d", total)
				}
				heard = append(heard, done)
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := []int64{0, 4 * mib, 8 * mib, size}; !slices.Equal(heard, want) {
				t.Errorf("progress %v; want %v", heard, want)
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) != size || strings.Trim(string(data), "\x00") != "" {
				t.Errorf("%d bytes, %v", len(data), err)
			}
			var st unix.Stat_t
			if err := unix.Stat(path, &st); err != nil || st.Blocks*512 < size {
				t.Errorf("%d bytes of blocks, %v: a hole", st.Blocks*512, err)
			}
		})
	}
}

func TestReplacesOnlyAFile(t *testing.T) {
	dir := t.TempDir()
	h := fakeHost(files{}, kernel{extents: backed, flags: noFlags, fallocate: truncated})
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, Make(context.Background(), h, link, mib, Reserved, nil, nil), "a symbolic link is there", "--path")
	wantRefusal(t, Make(context.Background(), h, dir, mib, Reserved, nil, nil), "a directory is there", "--path")
	// A link with the temporary name is removed, not followed.
	target := filepath.Join(dir, "target")
	if err := errors.Join(os.WriteFile(target, []byte("kept"), 0o644), os.Symlink(target, Temp(filepath.Join(dir, "s")))); err != nil {
		t.Fatal(err)
	}
	if err := Make(context.Background(), h, filepath.Join(dir, "s"), mib, Reserved, nil, nil); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "kept" {
		t.Errorf("%q, %v", data, err)
	}
}
