package swapfile

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// tree is a file tree in which only names and their stat matter.
type tree struct {
	host.Files
	nodes map[string]host.Stat
	links map[string]string
}

func (t tree) Lstat(name string) (host.Stat, error) {
	if st, ok := t.nodes[name]; ok {
		return st, nil
	}
	return host.Stat{}, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
}

func (t tree) Stat(name string) (host.Stat, error) { return t.Lstat(name) }

func (t tree) EvalSymlinks(name string) (string, error) {
	if target, ok := t.links[name]; ok {
		return target, nil
	}
	return "", &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
}

func placeHost(readOnly bool) host.Host {
	dir := host.Stat{Mode: fs.ModeDir | 0o755}
	file := host.Stat{Mode: 0o600, LinksCount: 1, SizeBytes: 1 << 20}
	with := func(st host.Stat, change func(*host.Stat)) host.Stat {
		change(&st)
		return st
	}
	return host.Host{
		Files: tree{
			nodes: map[string]host.Stat{
				"/": dir, "/var": dir, "/var/lib": dir, "/var/lib/swapfile": file, "/a b": dir,
				"/tmp":        with(dir, func(s *host.Stat) { s.Mode = fs.ModeDir | fs.ModeSticky | 0o777 }),
				"/staff":      with(dir, func(s *host.Stat) { s.Mode = fs.ModeDir | 0o775; s.GID = 50 }),
				"/wheel":      with(dir, func(s *host.Stat) { s.Mode = fs.ModeDir | 0o775 }),
				"/home":       with(dir, func(s *host.Stat) { s.UID = 1000 }),
				"/home/x":     dir,
				"/link":       {Mode: fs.ModeSymlink | 0o777},
				"/dangling":   {Mode: fs.ModeSymlink | 0o777},
				"/var/link":   {Mode: fs.ModeSymlink | 0o777},
				"/dev":        dir,
				"/dev/vdb":    {Mode: fs.ModeDevice | 0o660, LinksCount: 1},
				"/dev/null":   {Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, LinksCount: 1},
				"/var/pipe":   {Mode: fs.ModeNamedPipe | 0o600, LinksCount: 1},
				"/var/socket": {Mode: fs.ModeSocket | 0o600, LinksCount: 1},
				"/var/two":    with(file, func(s *host.Stat) { s.LinksCount = 2 }),
				"/var/theirs": with(file, func(s *host.Stat) { s.UID = 1000 }),
			},
			links: map[string]string{"/link": "/var/lib", "/var/link": "/var/lib/swapfile"},
		},
		Kernel: kernel{statfs: func(string) (host.Statfs, error) {
			return host.Statfs{Type: unix.EXT4_SUPER_MAGIC, TotalBytes: 1 << 40, AvailableBytes: 1 << 40, ReadOnly: readOnly}, nil
		}},
	}
}

func TestRefusesAPlaceWhereOthersCouldMeddle(t *testing.T) {
	for _, c := range []struct{ path, want, hint string }{
		{"", "the path is empty", ""},
		{"/", "root directory", "--path /swapfile"},
		{"swapfile", "not absolute", "--path /swapfile"},
		{"./a/../swapfile", "not absolute", "--path /swapfile"},
		{"/var//swapfile", "shortest form", "--path /var/swapfile"},
		{"/var/../swapfile", "shortest form", "--path /swapfile"},
		{"/var/lib/", "shortest form", "--path /var/lib"},
		{"/var/a\nb", "control character", ""},
		{"/var/a\x7fb", "control character", ""},
		{"/var/" + strings.Repeat("n", 247), "more than 246 bytes", ""},
		{"/tmp/swapfile", "everybody may write to /tmp (mode 0777)", "use a directory of root's: --path /var/lib/swapctl/swapfile"},
		{"/staff/swapfile", "group 50 may write to /staff (mode 0775)", "chmod go-w /staff"},
		{"/wheel/swapfile", "whom an access list names, may write to /wheel (mode 0775)", "chmod go-w /wheel"},
		{"/home/x/swapfile", "/home belongs to user 1000, who could replace it", "chown root:root /home"},
		{"/link/swapfile", "/link is a symbolic link", "--path /var/lib/swapfile"},
		{"/link/new/swapfile", "/link is a symbolic link", "--path /var/lib/new/swapfile"},
		{"/var/link", "/var/link is a symbolic link", "--path /var/lib/swapfile"},
		{"/dangling", "/dangling is a symbolic link", "--path"},
		{"/var/lib/swapfile/x", "/var/lib/swapfile is a file, not a directory", ""},
		{"/var/lib", "it is a directory", "--path /var/lib/swapfile"},
		{"/dev/vdb", "it is a block device", "--device /dev/vdb"},
		{"/dev/null", "it is a character device", "--path"},
		{"/var/pipe", "it is a named pipe", "--path"},
		{"/var/socket", "it is a socket", "--path"},
		{"/var/two", "has 2 names", "-samefile /var/two"},
		{"/var/theirs", "belongs to user 1000", "chown root:root /var/theirs"},
	} {
		t.Run(c.path, func(t *testing.T) {
			_, err := CheckPlace(placeHost(false), c.path)
			wantRefusal(t, err, c.want, c.hint)
			if fail.Code(err) != fail.Usage {
				t.Errorf("exit code %d", fail.Code(err))
			}
		})
	}
}

func TestRefusesAReadOnlyFileSystem(t *testing.T) {
	_, err := CheckPlace(placeHost(true), "/var/lib/swapfile")
	wantRefusal(t, err, "mounted read-only", "findmnt -T /var/lib")
}

func TestFindsWhatIsThereAndWhatIsMissing(t *testing.T) {
	for path, want := range map[string]Place{
		"/swapfile":                  {Dir: "/"},
		"/a b/swap file":             {Dir: "/a b"},
		"/var/lib/swapfile":          {Dir: "/var/lib", Exists: true},
		"/var/lib/swapctl/swapfile":  {Dir: "/var/lib", Missing: []string{"/var/lib/swapctl"}},
		"/srv/a/b/swapfile":          {Dir: "/", Missing: []string{"/srv", "/srv/a", "/srv/a/b"}},
		"/var/" + long(246) + "/x/y": {Dir: "/var", Missing: []string{"/var/" + long(246), "/var/" + long(246) + "/x"}},
	} {
		got, err := CheckPlace(placeHost(false), path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got.Dir != want.Dir || !slices.Equal(got.Missing, want.Missing) || got.Exists != want.Exists || got.Path != path {
			t.Errorf("%s: %+v; want %+v", path, got, want)
		}
		if got.Exists && got.File.SizeBytes != 1<<20 || got.FileSystem.Name != "ext4" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func long(n int) string { return strings.Repeat("n", n) }

func TestKeepsAMarginFreeAndHalfOfTheFileSystem(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		name                     string
		total, free, size, reuse int64
		force                    bool
		want, hint               string
	}{
		{name: "plenty", total: 100 * gib, free: 80 * gib, size: 8 * gib},
		{name: "exactly half", total: 10 * gib, free: 10 * gib, size: 5 * gib},
		{name: "exactly the margin left", total: 100 * gib, free: 9 * gib, size: 8 * gib},
		{name: "a byte into the margin", total: 100 * gib, free: 9*gib - 1, size: 8 * gib,
			want: "no room: 9 GiB are free there, and 1 GiB must stay free", hint: "--size 8191Mi"},
		{name: "the margin of a small file system", total: 10 * gib, free: 4 * gib, size: 4*gib - 1, want: "512 MiB must stay free", hint: "--size 3584Mi"},
		{name: "full", total: 10 * gib, free: 0, size: gib, want: "no room: 0 bytes are free", hint: "--path"},
		{name: "more than half", total: 10 * gib, free: 10 * gib, size: 6 * gib, want: "more than half of its file system, which has 10 GiB", hint: "--force-size"},
		{name: "more than half, insisted", total: 10 * gib, free: 10 * gib, size: 6 * gib, force: true},
		{name: "no room, insisted", total: 10 * gib, free: 10 * gib, size: 10 * gib, force: true, want: "no room", hint: "--size 9728Mi"},
		{name: "no room, hint below half", total: 10 * gib, free: 10 * gib, size: 10 * gib, want: "no room", hint: "--size 5120Mi"},
		{name: "in the place of an old one", total: 100 * gib, free: 2 * gib, size: 8 * gib, reuse: 7 * gib},
		{name: "in the place of a shorter one", total: 100 * gib, free: 2 * gib, size: 8 * gib, reuse: 6 * gib, want: "8 GiB are free", hint: "--size 7168Mi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := host.Host{Kernel: kernel{statfs: func(string) (host.Statfs, error) {
				return host.Statfs{TotalBytes: c.total, AvailableBytes: c.free}, nil
			}}}
			err := CheckRoom(h, Place{Path: "/swapfile", Dir: "/"}, c.size, c.reuse, c.force)
			if c.want != "" {
				wantRefusal(t, err, c.want, c.hint)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusesFileSystemsByName(t *testing.T) {
	dir := t.TempDir()
	for _, r := range refusals {
		h := fakeHost(files{}, kernel{statfs: func(string) (host.Statfs, error) {
			return host.Statfs{Type: int64(int32(r.magic))}, nil // as 32-bit machines return it
		}})
		_, err := FileSystemOf(h, dir+"/swapfile")
		wantRefusal(t, err, "on "+r.name+": "+r.why, "--device")
	}
	h := fakeHost(files{}, kernel{statfs: func(string) (host.Statfs, error) { return host.Statfs{Type: 0x1234}, nil }})
	_, err := FileSystemOf(h, dir+"/swapfile")
	wantRefusal(t, err, "unknown type 0x1234", "--path")
	seen := map[uint32]bool{}
	for _, r := range refusals {
		if seen[r.magic] {
			t.Errorf("%s is listed twice", r.name)
		}
		seen[r.magic] = true
	}
}

func TestKnowsHowFilesAreMadeOnEachFileSystem(t *testing.T) {
	dir := t.TempDir()
	type answer struct {
		fs  FileSystem
		err string
	}
	xfs, btrfs := int64(unix.XFS_SUPER_MAGIC), int64(unix.BTRFS_SUPER_MAGIC)
	for name, c := range map[string]struct {
		magic   int64
		release string
		devices int
		want    answer
	}{
		"ext4":                   {unix.EXT4_SUPER_MAGIC, "6.1.0-50-cloud-amd64", 0, answer{fs: FileSystem{Name: "ext4"}}},
		"xfs":                    {xfs, "6.12.107+deb13-cloud-amd64", 0, answer{fs: FileSystem{Name: "xfs"}}},
		"xfs, first that can":    {xfs, "4.18.0-553.el8.x86_64", 0, answer{fs: FileSystem{Name: "xfs"}}},
		"xfs, before":            {xfs, "4.17.19", 0, answer{fs: FileSystem{Name: "xfs", WriteZeros: true}}},
		"xfs, long before":       {xfs, "3.10.0-1160.el7.x86_64", 0, answer{fs: FileSystem{Name: "xfs", WriteZeros: true}}},
		"xfs, release unread":    {xfs, "nonsense", 0, answer{fs: FileSystem{Name: "xfs", WriteZeros: true}}},
		"xfs, two-part release":  {xfs, "7.2", 0, answer{fs: FileSystem{Name: "xfs"}}},
		"xfs, release candidate": {xfs, "7.0-rc1", 0, answer{fs: FileSystem{Name: "xfs"}}},
		"btrfs":                  {btrfs, "6.1.0", 1, answer{fs: FileSystem{Name: "btrfs", NoCOW: true}}},
		"btrfs, two devices":     {btrfs, "6.1.0", 2, answer{err: "btrfs of 2 devices"}},
		"btrfs, old":             {btrfs, "4.20.1", 1, answer{err: "from Linux 5.0 on"}},
	} {
		h := fakeHost(files{release: c.release}, kernel{devices: c.devices, statfs: func(path string) (host.Statfs, error) {
			if path != dir {
				t.Errorf("%s: asked about %s", name, path)
			}
			return host.Statfs{Type: c.magic}, nil
		}})
		got, err := FileSystemOf(h, dir+"/not/there/swapfile")
		if c.want.err != "" {
			wantRefusal(t, err, c.want.err, "--device")
		} else if err != nil || got != c.want.fs {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want.fs)
		}
	}
}
