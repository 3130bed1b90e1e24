package swapfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// image is made by a program; Probe must recognise it as what.
type image struct {
	what  string
	size  int64
	build func(t *testing.T, path string)
	tool  string
}

// by makes an image with a program whose last argument is the image.
func by(tool string, args ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) { run(t, tool, append(slices.Clone(args), path)...) }
}

// script makes an image with sfdisk.
func script(table string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		run(t, "sh", "-c", fmt.Sprintf("printf '%s' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q %s", table, path))
	}
}

// luks makes a LUKS header with a key that takes little time.
func luks(kind string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		run(t, "sh", "-c", "echo key | PATH=$PATH:/usr/sbin:/sbin cryptsetup luksFormat -q --type "+kind+
			" --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "+path)
	}
}

// onLoop makes an image through a loop device, for programs that need a device.
func onLoop(tool string, args ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		needRoot(t)
		run(t, tool, append(slices.Clone(args), attach(t, path))...)
	}
}

// attach attaches an image to a loop device until the test ends.
func attach(t *testing.T, path string) string {
	t.Helper()
	needTools(t, "losetup")
	loop := strings.TrimSpace(run(t, "losetup", "--find", "--show", path))
	t.Cleanup(func() { run(t, "losetup", "-d", loop) })
	return loop
}

// packed makes an image with a program that packs a directory into it.
func packed(tool string, args func(dir, path string) []string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o644), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
		run(t, tool, args(dir, path)...)
	}
}

var images = map[string]image{
	"ext2":     {"ext2 file system", 16 * mib, by("mkfs.ext2", "-q"), "mkfs.ext2"},
	"ext3":     {"ext3 file system", 16 * mib, by("mkfs.ext3", "-q"), "mkfs.ext3"},
	"ext4":     {"ext4 file system", 16 * mib, by("mkfs.ext4", "-q"), "mkfs.ext4"},
	"journal":  {"ext4 journal", 16 * mib, by("mke2fs", "-q", "-O", "journal_dev"), "mke2fs"},
	"xfs":      {"xfs file system", 400 * mib, by("mkfs.xfs", "-q"), "mkfs.xfs"},
	"btrfs":    {"btrfs file system", 200 * mib, by("mkfs.btrfs", "-q"), "mkfs.btrfs"},
	"f2fs":     {"f2fs file system", 100 * mib, by("mkfs.f2fs", "-q"), "mkfs.f2fs"},
	"jfs":      {"jfs file system", 32 * mib, by("mkfs.jfs", "-q"), "mkfs.jfs"},
	"nilfs2":   {"nilfs2 file system", 256 * mib, by("mkfs.nilfs2", "-q"), "mkfs.nilfs2"},
	"reiserfs": {"reiserfs file system", 64 * mib, by("mkfs.reiserfs", "-q", "-f"), "mkfs.reiserfs"},
	"udf":      {"udf file system", 16 * mib, by("mkfs.udf"), "mkfs.udf"},
	"minix":    {"data", 16 * mib, by("mkfs.minix"), "mkfs.minix"},
	"fat12":    {"vfat file system", 4 * mib, by("mkfs.vfat", "-F", "12"), "mkfs.vfat"},
	"fat16":    {"vfat file system", 16 * mib, by("mkfs.vfat", "-F", "16"), "mkfs.vfat"},
	"fat32":    {"vfat file system", 64 * mib, by("mkfs.vfat", "-F", "32"), "mkfs.vfat"},
	"ntfs":     {"ntfs file system", 16 * mib, by("mkfs.ntfs", "-q", "-F", "-Q"), "mkfs.ntfs"},
	"exfat":    {"exfat file system", 16 * mib, by("mkfs.exfat"), "mkfs.exfat"},
	"squashfs": {"squashfs file system", mib, packed("mksquashfs", func(dir, path string) []string { return []string{dir, path, "-quiet", "-no-progress"} }), "mksquashfs"},
	"iso9660":  {"iso9660 file system", mib, packed("genisoimage", func(dir, path string) []string { return []string{"-quiet", "-o", path, dir} }), "genisoimage"},
	"cramfs":   {"cramfs file system", mib, packed("mkfs.cramfs", func(dir, path string) []string { return []string{dir, path} }), "mkfs.cramfs"},
	"luks1":    {"LUKS1 header", 16 * mib, luks("luks1"), "cryptsetup"},
	"luks2":    {"LUKS2 header", 32 * mib, luks("luks2"), "cryptsetup"},
	"lvm2":     {"LVM2 physical volume", 16 * mib, onLoop("pvcreate", "-q", "-ff", "-y"), "pvcreate"},
	"bcache":   {"bcache device", 16 * mib, by("make-bcache", "-B"), "make-bcache"},
	"dos":      {"DOS partition table", 16 * mib, script(`label: dos\n,8M,L\n`), "sfdisk"},
	"dosempty": {"DOS partition table", 16 * mib, script(`label: dos\n`), "sfdisk"},
	"gpt":      {"GPT partition table", 16 * mib, script(`label: gpt\n,8M,L\n`), "sfdisk"},
	"swap":     {"swap area", mib, by("mkswap", "-p", "4096"), "mkswap"},
	"swap64k":  {"swap area", 4 * mib, by("mkswap", "-p", "65536"), "mkswap"},
}

func TestKnowsWhatTheRealToolsMake(t *testing.T) {
	for name, i := range images {
		t.Run(name, func(t *testing.T) {
			needTools(t, i.tool)
			path := filepath.Join(t.TempDir(), "image")
			sparse(t, path, i.size)
			i.build(t, path)
			c, err := Probe(host.Linux(), path)
			if err != nil || c.What != i.what || c.Empty {
				t.Fatalf("%+v, %v; want %s", c, err, i.what)
			}
			if *update && len(c.Found) > 0 {
				capture(t, name, path, c)
			}
		})
	}
}

// The same, for machines without those programs: the parts of their images that
// Probe looks at. Written by `go test -run KnowsWhatTheRealToolsMake -update`.
func TestKnowsCapturedImages(t *testing.T) {
	captured, err := filepath.Glob("testdata/probe/*.txt")
	if err != nil || len(captured) < 20 {
		t.Fatalf("%d captured images, %v", len(captured), err)
	}
	for _, file := range captured {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		size, head, tail := restore(t, file)
		c := Content{SizeBytes: size}
		if c.identify(head, tail); c.What != images[name].what {
			t.Errorf("%s: %+v; want %s", name, c, images[name].what)
		}
	}
}

// Signatures that no program on a test machine makes, from their published
// layout.
func TestKnowsSignaturesByTheirLayout(t *testing.T) {
	const size = 64*mib + 5*512 // not a round number, for signatures at an offset from the end
	type mark struct {
		at    int64
		bytes string
	}
	raid := "\xfc\x4e\x2b\xa9"
	for name, c := range map[string]struct {
		want  string
		marks []mark
	}{
		"RAID 0.90":           {"Linux RAID member (metadata 0.90)", []mark{{64*mib - 64<<10, raid}}},
		"RAID 0.90, s390":     {"Linux RAID member (metadata 0.90)", []mark{{64*mib - 64<<10, "\xa9\x2b\x4e\xfc"}}},
		"RAID 1.0":            {"Linux RAID member (metadata 1.0)", []mark{{64*mib - 8<<10, raid + "\x01\x00\x00\x00"}}},
		"RAID 1.1":            {"Linux RAID member (metadata 1.1)", []mark{{0, raid + "\x01\x00\x00\x00"}}},
		"RAID 1.2":            {"Linux RAID member (metadata 1.2)", []mark{{4096, raid + "\x01\x00\x00\x00"}}},
		"zfs, first label":    {"zfs pool member", []mark{{128<<10 + 5<<10, "\x0c\xb1\xba\x00\x00\x00\x00\x00"}}},
		"zfs, second label":   {"zfs pool member", []mark{{256<<10 + 128<<10, "\x00\x00\x00\x00\x00\xba\xb1\x0c"}}},
		"zfs, last label":     {"zfs pool member", []mark{{64*mib - 1024, "\x0c\xb1\xba\x00\x00\x00\x00\x00"}}},
		"GPT, copy only":      {"GPT partition table (its copy at the end)", []mark{{size - 512, "EFI PART"}}},
		"GPT, 4K sectors":     {"GPT partition table", []mark{{4096, "EFI PART"}}},
		"boot loader":         {"boot sector", []mark{{0, "\xeb\x63\x90"}, {510, "\x55\xaa"}}},
		"odd boot sector":     {"boot sector", []mark{{446, strings.Repeat("\x11", 16)}, {510, "\x55\xaa"}}},
		"BlueStore":           {"Ceph BlueStore", []mark{{0, "bluestore block device\n"}}},
		"DRBD":                {"DRBD device", []mark{{64*mib - 4096 + 60, "\x83\x74\x02\x6d"}}},
		"DDF":                 {"firmware RAID member (DDF)", []mark{{size - 512, "\xde\x11\xde\x11"}}},
		"Intel":               {"firmware RAID member (Intel)", []mark{{size - 1024, "Intel Raid ISM Cfg Sig. "}}},
		"LUKS2, second":       {"LUKS2 header", []mark{{0x4000, "SKUL\xba\xbe\x00\x02"}}},
		"BitLocker":           {"BitLocker volume", []mark{{3, "-FVE-FS-"}, {510, "\x55\xaa"}}},
		"bcachefs":            {"bcachefs file system", []mark{{0x1018, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"}}},
		"old swap":            {"swap area of the old format", []mark{{4086, "SWAP-SPACE"}}},
		"swap, 16K pages":     {"swap area", []mark{{1024, "\x01\x00\x00\x00\x09\x00\x00\x00"}, {16374, "SWAPSPACE2"}}},
		"broken swap":         {"swap area", []mark{{4086, "SWAPSPACE2"}}},
		"hibernation":         {"hibernation image", []mark{{4086, "S1SUSPEND\x00"}}},
		"TuxOnIce":            {"hibernation image", []mark{{0, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c"}}},
		"ext4 below old swap": {"ext4 file system", []mark{{0x438, "\x53\xef"}, {0x460, "\x40"}, {65526, "SWAPSPACE2"}}},
		"first byte":          {"data", []mark{{0, "x"}}},
		"end of first MiB":    {"data", []mark{{mib - 1, "x"}}},
		"beyond first MiB":    {"", []mark{{mib, "x"}}},
		"a byte at the end":   {"", []mark{{size - 1, "x"}}},
	} {
		disk := make([]byte, size)
		for _, m := range c.marks {
			copy(disk[m.at:], m.bytes)
		}
		got := Content{SizeBytes: size}
		got.identify(disk[:mib], disk[size-mib:])
		if got.What != c.want || got.Empty != (c.want == "") {
			t.Errorf("%s: %+v; want %q", name, got, c.want)
		}
		for _, f := range got.Found {
			if f.OffsetBytes < 0 || f.OffsetBytes >= size {
				t.Errorf("%s: %+v lies outside", name, f)
			}
		}
	}
}

func TestProbesWhatIsShortOrNotThere(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []int{0, 1, 511, 512, 4095, 4096, 65536, mib - 1, mib + 1} {
		path := filepath.Join(dir, fmt.Sprint(size))
		sparse(t, path, int64(size))
		if c, err := Probe(host.Linux(), path); err != nil || !c.Empty || c.SizeBytes != int64(size) {
			t.Errorf("%d zeros: %+v, %v", size, c, err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("\xff", size)), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := Probe(host.Linux(), path); err != nil || c.Empty != (size == 0) {
			t.Errorf("%d bytes: %+v, %v", size, c, err)
		}
	}
	if _, err := Probe(host.Linux(), filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Probe(host.Linux(), pipe)
	wantRefusal(t, err, "it is a named pipe", "")
	_, err = Probe(host.Linux(), "/dev/null")
	wantRefusal(t, err, "it is a character device", "")
}

func FuzzProbe(f *testing.F) {
	for _, s := range signatures {
		f.Add(int64(64*mib), uint32(s.offset), []byte(s.magic), uint32(0), []byte{})
	}
	f.Add(int64(64*mib), uint32(446), []byte(strings.Repeat("\x80", 64)+"\x55\xaa"), uint32(mib-512), []byte("EFI PART"))
	f.Add(int64(64*mib), uint32(4086), []byte("SWAPSPACE2"), uint32(mib-64<<10), []byte("\xfc\x4e\x2b\xa9"))
	f.Add(int64(600), uint32(0), []byte("x"), uint32(0), []byte("y"))
	f.Fuzz(func(t *testing.T, size int64, at uint32, front []byte, atEnd uint32, back []byte) {
		if size < 0 {
			return
		}
		head, tail := make([]byte, min(size, edgeBytes)), make([]byte, min(size, edgeBytes))
		if len(head) > 0 {
			copy(head[int(at)%len(head):], front)
			copy(tail[int(atEnd)%len(tail):], back)
		}
		c := Content{SizeBytes: size}
		c.identify(head, tail)
		if c.Empty != (c.What == "") {
			t.Fatalf("%+v", c)
		}
		for _, found := range c.Found {
			if found.OffsetBytes < 0 || found.OffsetBytes >= size {
				t.Fatalf("%+v lies outside of %d", found, size)
			}
		}
	})
}
