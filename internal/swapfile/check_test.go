package swapfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

func TestNoticesAFileThatSwapMustNotBeOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swapfile")
	sparse(t, path, 4*mib)
	whole := func(flags uint32) []host.Extent { return []host.Extent{{Length: 4 * mib, Flags: flags}} }
	for name, c := range map[string]struct {
		extents []host.Extent
		err     error
		flags   uint32
		want    string
	}{
		"written":            {extents: whole(host.ExtentLast)},
		"unwritten":          {extents: whole(host.ExtentUnwritten)},
		"in pieces":          {extents: []host.Extent{{Length: mib}, {Logical: mib, Length: 3 * mib}}},
		"reserved past end":  {extents: append(whole(0), host.Extent{Logical: 8 * mib, Length: mib, Flags: host.ExtentDelalloc})},
		"longer than it is":  {extents: []host.Extent{{Length: 8 * mib}}},
		"all a hole":         {want: "hole at byte 0"},
		"hole first":         {extents: []host.Extent{{Logical: mib, Length: 3 * mib}}, want: "hole at byte 0"},
		"hole inside":        {extents: []host.Extent{{Length: mib}, {Logical: 2 * mib, Length: 2 * mib}}, want: "hole at byte 1048576"},
		"hole last":          {extents: []host.Extent{{Length: 3 * mib}}, want: "hole at byte 3145728"},
		"shared":             {extents: whole(host.ExtentShared), want: "shared with another file"},
		"compressed":         {extents: whole(host.ExtentEncoded), want: "compressed"},
		"encrypted":          {extents: whole(host.ExtentEncoded | extentDataEncrypted), want: "encrypted by its file system"},
		"inline":             {extents: whole(host.ExtentInline), want: "file system's own data"},
		"not written yet":    {extents: whole(host.ExtentDelalloc | host.ExtentUnknown), want: "not on the disk"},
		"no map, and a hole": {err: unix.EOPNOTSUPP, want: "it has holes"},
		"unreadable map":     {err: unix.EIO, want: "input/output error"},
		"immutable":          {extents: whole(0), flags: host.InodeImmutable, want: "chattr -ia"},
		"append-only":        {extents: whole(0), flags: host.InodeAppend, want: "chattr -ia"},
		"compressed by flag": {extents: whole(0), flags: host.InodeCompress, want: "compresses it"},
		"fscrypt":            {extents: whole(0), flags: inodeEncrypted, want: "fscrypt"},
		"verity":             {extents: whole(0), flags: inodeVerity, want: "fs-verity"},
	} {
		h := fakeHost(files{}, kernel{
			flags:   func(host.File) (uint32, error) { return c.flags, nil },
			extents: func(host.File) ([]host.Extent, error) { return c.extents, c.err },
		})
		err := CheckFile(h, path, 4*mib)
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestNoticesAFileOfTheWrongShape(t *testing.T) {
	dir := t.TempDir()
	h := fakeHost(files{}, kernel{flags: noFlags, extents: backed})
	path := func(name string, size int64, mode fs.FileMode) string {
		p := filepath.Join(dir, name)
		sparse(t, p, size)
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		return p
	}
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	twice := path("twice", mib, 0o600)
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), os.Symlink(twice, link), os.Link(twice, filepath.Join(dir, "again"))); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{
		path("short", mib/2, 0o600):  "it has 512 KiB (524288 bytes), not 1 MiB (1048576 bytes)",
		path("long", mib+1, 0o600):   "1048577 bytes",
		path("open", mib, 0o644):     "its mode is 0644, not 0600",
		path("readonly", mib, 0o400): "its mode is 0400",
		twice:                        "2 names",
		pipe:                         "it is a named pipe",
		link:                         "it is a symbolic link",
		dir:                          "it is a directory",
	} {
		wantRefusal(t, CheckFile(h, p, mib), want, "")
	}
	if err := CheckFile(h, filepath.Join(dir, "none"), mib); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
