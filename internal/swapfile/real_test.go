package swapfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// disk is a file system of the real kernel.
type disk struct {
	name  string
	mkfs  []string
	zeros bool // fallocate is of no use on it
}

var disks = []disk{
	{"ext4", []string{"mkfs.ext4", "-q"}, false},
	{"ext4 with blocks of 1 KiB", []string{"mkfs.ext4", "-q", "-b", "1024"}, false},
	{"ext4 without extents", []string{"mkfs.ext4", "-q", "-O", "^extent,^64bit"}, true},
	{"ext3", []string{"mkfs.ext3", "-q"}, true},
	{"ext2", []string{"mkfs.ext2", "-q"}, true},
	{"xfs", []string{"mkfs.xfs", "-q"}, false},
	{"btrfs", []string{"mkfs.btrfs", "-q"}, false},
}

const diskBytes = 512 * mib

func TestMakesAFileThatSwaponTakes(t *testing.T) {
	for _, d := range disks {
		t.Run(d.name, func(t *testing.T) {
			point, h := mounted(t, diskBytes, "", d.mkfs...), host.Linux()
			path := filepath.Join(point, "swap file")
			place, err := CheckPlace(h, path)
			if err != nil || place.Exists {
				t.Fatalf("%+v, %v", place, err)
			}
			if err := CheckRoom(h, place, 64*mib, 0, false); err != nil {
				t.Fatal(err)
			}
			makeArea(t, h, path, 64*mib, d.zeros)
			swapOn(t, h, path)
			if kib := areaKiB(t, point); kib > 64<<10-4 || kib < 64<<10-64 {
				t.Errorf("the area has %d KiB", kib) // blocks of 1 KiB may lose a page per extent
			}
			guardedWhileOn(t, h, path)
			swapOff(t, h, path)
			if err := Remove(h, path); err != nil {
				t.Error(err)
			}
			if left := slices.DeleteFunc(names(t, point), func(n string) bool { return n == "lost+found" }); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// areaKiB returns the size in /proc/swaps of the only area below dir.
func areaKiB(t *testing.T, dir string) int {
	t.Helper()
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(swaps)) {
		if f := strings.Fields(line); strings.HasPrefix(line, dir) && f[1] == "file" {
			kib, err := strconv.Atoi(f[2])
			if err != nil {
				t.Error(err)
			}
			return kib
		}
	}
	t.Errorf("not among the areas: %s", swaps)
	return 0
}

// makeArea makes a swap area at path and checks it.
func makeArea(t *testing.T, h host.Host, path string, size int64, zeros bool) {
	t.Helper()
	steps := 0
	if err := Make(context.Background(), h, path, size, Reserved, func(int64, int64) { steps++ }, nil); err != nil {
		t.Fatal(err)
	}
	if wrote := steps > 2; wrote != zeros {
		t.Errorf("wrote zeros: %v; want %v", wrote, zeros)
	}
	if c, err := Probe(h, path); err != nil || !c.Empty {
		t.Errorf("a new file: %+v, %v", c, err)
	}
	if err := WriteHeader(context.Background(), h, path, testUUID); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(CheckFile(h, path, size), CheckHeader(h, path)); err != nil {
		t.Error(err)
	}
	c, err := Probe(h, path)
	if err != nil || c.What != "swap area" || c.Swap == nil || c.Swap.UUID != testUUID || c.Swap.SizeBytes() != size {
		t.Errorf("after the header: %+v, %v", c, err)
	}
}

// guardedWhileOn tries to damage a file that the kernel swaps to.
func guardedWhileOn(t *testing.T, h host.Host, path string) {
	t.Helper()
	ctx := context.Background()
	err := Remove(h, path)
	wantRefusal(t, err, "the kernel swaps to it", "swapoff "+path)
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ETXTBSY) {
		t.Error(err)
	}
	err = WriteHeader(ctx, h, path, [16]byte{})
	wantRefusal(t, err, "the kernel swaps to it", "swapoff "+path)
	if !errors.Is(err, unix.ETXTBSY) {
		t.Error(err)
	}
	wantRefusal(t, Make(ctx, h, path, mib, Reserved, nil, nil), "a file is there already", "--path")
	if slices.Contains(names(t, filepath.Dir(path)), filepath.Base(Temp(path))) {
		t.Error("the temporary file was left")
	}
	if err := errors.Join(CheckFile(h, path, 64*mib), CheckHeader(h, path)); err != nil {
		t.Error("it should look good while it is in use:", err)
	}
}

func TestGivesTheRoomBackWhenThereIsNotEnough(t *testing.T) {
	for _, d := range disks {
		t.Run(d.name, func(t *testing.T) {
			point, h := mounted(t, diskBytes, "", d.mkfs...), host.Linux()
			before := names(t, point)
			err := Make(context.Background(), h, filepath.Join(point, "swapfile"), 2*diskBytes, Reserved, nil, nil)
			wantRefusal(t, err, "no room for 1 GiB", "--size")
			if !errors.Is(err, unix.ENOSPC) {
				t.Error(err)
			}
			if got := names(t, point); !slices.Equal(got, before) {
				t.Errorf("left: %v", got)
			}
			if err := Make(context.Background(), h, filepath.Join(point, "swapfile"), 64*mib, Reserved, nil, nil); err != nil {
				t.Error("a smaller one, after it:", err)
			}
		})
	}
}

func TestNoticesHolesOnTheRealKernel(t *testing.T) {
	for _, d := range disks {
		t.Run(d.name, func(t *testing.T) {
			point, h := mounted(t, diskBytes, "", d.mkfs...), host.Linux()
			path := filepath.Join(point, "swapfile")
			sparse(t, path, 16*mib)
			if d.name == "btrfs" {
				wantRefusal(t, CheckFile(h, path, 16*mib), "copy-on-write", "")
				return
			}
			wantRefusal(t, CheckFile(h, path, 16*mib), "it has a hole at byte 0", "")
			run(t, "dd", "if=/dev/zero", "of="+path, "bs=1M", "count=1", "conv=notrunc", "status=none")
			wantRefusal(t, CheckFile(h, path, 16*mib), "it has a hole at byte 1048576", "")
			run(t, "dd", "if=/dev/zero", "of="+path, "bs=1M", "count=16", "conv=notrunc", "status=none")
			if err := CheckFile(h, path, 16*mib); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoticesSharedBlocksOnXFS(t *testing.T) {
	point, h := mounted(t, diskBytes, "", "mkfs.xfs", "-q", "-m", "reflink=1"), host.Linux()
	path := filepath.Join(point, "swapfile")
	run(t, "dd", "if=/dev/urandom", "of="+path, "bs=1M", "count=16", "status=none")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CheckFile(h, path, 16*mib); err != nil {
		t.Error("before the copy:", err)
	}
	run(t, "cp", "--reflink=always", path, path+"2")
	wantRefusal(t, CheckFile(h, path, 16*mib), "shared with another file", "")
	if err := os.Remove(path + "2"); err != nil {
		t.Fatal(err)
	}
	run(t, "sync", "-f", point)
	if err := CheckFile(h, path, 16*mib); err != nil {
		t.Error("after the copy is gone:", err)
	}
}

func TestMakesNoCOWWhateverTheDirectorySays(t *testing.T) {
	needTools(t, "chattr", "btrfs")
	point, h := mounted(t, diskBytes, ",compress=zstd", "mkfs.btrfs", "-q"), host.Linux()
	for attribute, prepare := range map[string]func(dir string){
		"compressed":       func(dir string) { run(t, "chattr", "+c", dir) },
		"not compressed":   func(dir string) { run(t, "chattr", "+m", dir) },
		"NOCOW":            func(dir string) { run(t, "chattr", "+C", dir) },
		"zstd by property": func(dir string) { run(t, "btrfs", "property", "set", dir, "compression", "zstd") },
	} {
		dir := filepath.Join(point, attribute)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		prepare(dir)
		path := filepath.Join(dir, "swapfile")
		t.Run(attribute, func(t *testing.T) {
			makeArea(t, h, path, 16*mib, false)
			swapOn(t, h, path)
		})
	}
	// The kernel does not set the attribute on a file with data, and returns no
	// error.
	late := filepath.Join(point, "late")
	run(t, "dd", "if=/dev/urandom", "of="+late, "bs=1M", "count=4", "status=none")
	run(t, "chmod", "600", late)
	run(t, "chattr", "+C", late)
	wantRefusal(t, CheckFile(h, late, 4*mib), "NOCOW", "")
	// A copy that shares its blocks, or a snapshot, makes a good file unusable.
	made := filepath.Join(point, "made")
	makeArea(t, h, made, 16*mib, false)
	run(t, "dd", "if=/dev/urandom", "of="+made, "bs=1M", "count=16", "conv=notrunc", "status=none")
	run(t, "btrfs", "subvolume", "snapshot", point, filepath.Join(point, "snapshot"))
	wantRefusal(t, CheckFile(h, made, 16*mib), "shared with another file", "")
}

func TestRefusesABtrfsOfTwoDevices(t *testing.T) {
	needRoot(t)
	needTools(t, "mkfs.btrfs", "btrfs", "losetup")
	point := mounted(t, diskBytes, "", "mkfs.btrfs", "-q")
	second := filepath.Join(realDir(t), "second")
	sparse(t, second, diskBytes)
	loop := strings.TrimSpace(run(t, "losetup", "--find", "--show", second))
	t.Cleanup(func() { run(t, "losetup", "-d", loop) })
	if _, err := CheckPlace(host.Linux(), filepath.Join(point, "swapfile")); err != nil {
		t.Error("with one device:", err)
	}
	run(t, "btrfs", "device", "add", "-f", loop, point)
	_, err := CheckPlace(host.Linux(), filepath.Join(point, "swapfile"))
	wantRefusal(t, err, "btrfs of 2 devices", "--device")
	run(t, "btrfs", "device", "remove", loop, point)
}

// TestRefusesABtrfsOfTwoCopies: the kernel returns EINVAL, and says why only in
// its log.
func TestRefusesABtrfsOfTwoCopies(t *testing.T) {
	needRoot(t)
	needTools(t, "mkfs.btrfs", "btrfs")
	point := mounted(t, diskBytes, "", "mkfs.btrfs", "-q", "-d", "dup")
	path := filepath.Join(point, "swapfile")
	_, err := CheckPlace(host.Linux(), path)
	wantRefusal(t, err, "keeps data as dup", "btrfs balance start -f -dconvert=single "+point)
	run(t, "btrfs", "balance", "start", "-f", "-dconvert=single", point)
	if _, err := CheckPlace(host.Linux(), path); err != nil {
		t.Error("with one copy:", err)
	}
}

func TestRefusesRealFileSystemsThatCannotHoldSwap(t *testing.T) {
	needRoot(t)
	h := host.Linux()
	for name, options := range map[string]func(dir string) []string{
		"tmpfs": func(string) []string { return []string{"-t", "tmpfs", "-o", "mode=755", "tmpfs"} },
		"ramfs": func(string) []string { return []string{"-t", "ramfs", "-o", "mode=755", "ramfs"} },
		"overlayfs": func(dir string) []string {
			for _, d := range []string{"lower", "upper", "work"} {
				if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			return []string{"-t", "overlay", "-o", fmt.Sprintf("lowerdir=%s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir), "overlay"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := realDir(t)
			point := filepath.Join(dir, "mnt")
			if err := os.Mkdir(point, 0o755); err != nil {
				t.Fatal(err)
			}
			mount(t, point, append(options(dir), point)...)
			path := filepath.Join(point, "swapfile")
			_, err := CheckPlace(h, path)
			wantRefusal(t, err, "it would be on "+name, "--device")
			wantRefusal(t, Make(context.Background(), h, path, 64*mib, Reserved, nil, nil), "it would be on "+name, "--device")
		})
	}
	_, err := CheckPlace(h, "/proc/swapfile")
	wantRefusal(t, err, "on proc", "--path")
}

func TestRefusesRealPlacesWhereOthersCouldMeddle(t *testing.T) {
	needRoot(t)
	dir, h := realDir(t), host.Linux()
	_, err := CheckPlace(h, filepath.Join(t.TempDir(), "swapfile"))
	wantRefusal(t, err, "everybody may write to /tmp", "")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	_, err = CheckPlace(h, filepath.Join(link, "swapfile"))
	wantRefusal(t, err, "symbolic link", "--path "+dir+"/swapfile")
	listed := filepath.Join(dir, "listed")
	if err := os.Mkdir(listed, 0o755); err != nil {
		t.Fatal(err)
	}
	// user::rwx user:1000:rwx group::r-x mask::rwx other::r-x, as in linux/posix_acl_xattr.h
	acl := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range [][3]uint32{{1, 7, 1<<32 - 1}, {2, 7, 1000}, {4, 5, 1<<32 - 1}, {16, 7, 1<<32 - 1}, {32, 5, 1<<32 - 1}} {
		acl = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(acl, uint16(e[0])), uint16(e[1]))
		acl = binary.LittleEndian.AppendUint32(acl, e[2])
	}
	if err := unix.Setxattr(listed, "system.posix_acl_access", acl, 0); err != nil {
		t.Fatal(err)
	}
	_, err = CheckPlace(h, filepath.Join(listed, "swapfile"))
	wantRefusal(t, err, "access list", "chmod go-w "+listed)

	point := mounted(t, diskBytes, "", "mkfs.ext4", "-q")
	run(t, "mount", "-o", "remount,ro", point)
	_, err = CheckPlace(h, filepath.Join(point, "swapfile"))
	wantRefusal(t, err, "mounted read-only", "findmnt")
	wantRefusal(t, Make(context.Background(), h, filepath.Join(point, "swapfile"), mib, Reserved, nil, nil), "read-only", "")
}

func TestTellsAnImmutableFileFromOneInUse(t *testing.T) {
	needTools(t, "chattr")
	point, h := mounted(t, diskBytes, "", "mkfs.ext4", "-q"), host.Linux()
	path := filepath.Join(point, "swapfile")
	makeArea(t, h, path, mib, false)
	run(t, "chattr", "+i", path)
	t.Cleanup(func() { run(t, "chattr", "-i", path) })
	wantRefusal(t, CheckFile(h, path, mib), "immutable", "")
	wantRefusal(t, Remove(h, path), "it is immutable", "chattr -i "+path)
}
