package swapfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// FileSystem says how to make a swap file on one type of file system.
type FileSystem struct {
	Name string // "ext4", "xfs", "btrfs"
	// NoCOW: the file must be set to no copy-on-write while it is empty, and
	// the file system must be on one device (btrfs_swap_activate in
	// fs/btrfs/inode.c).
	NoCOW bool
	// WriteZeros: here the kernel does not swap to allocated blocks that were never
	// written, so fallocate(2) is of no use.
	WriteZeros bool
}

// FileSystemOf says how to make a swap file at path: it looks at the nearest
// parent directory that exists. For a file system that cannot contain a swap
// file it returns a fail.Error with its name and the reason.
func FileSystemOf(h host.Host, path string) (FileSystem, error) {
	dir, err := nearestDir(h, path)
	if err != nil {
		return FileSystem{}, fail.New(0, "see the file system of "+path, err)
	}
	st, err := h.Kernel.Statfs(dir)
	if err != nil {
		return FileSystem{}, fail.New(0, "see the file system of "+path, err)
	}
	switch uint32(st.Type) { // the kernel returns 32 bits, sign-extended on some machines
	case unix.EXT4_SUPER_MAGIC: // ext2, ext3 and ext4 have the same number
		return FileSystem{Name: "ext4"}, nil
	case unix.XFS_SUPER_MAGIC:
		return FileSystem{Name: "xfs", WriteZeros: !atLeast(h, 4, 18)}, nil
	case unix.BTRFS_SUPER_MAGIC:
		return FileSystem{Name: "btrfs", NoCOW: true}, checkBtrfs(h, path, dir)
	}
	name, why := refused(uint32(st.Type))
	return FileSystem{}, fail.Newf(fail.Usage, "keep a swap file at "+path, "it would be on %s: %s", name, why).
		Hint("name a file on ext4, xfs or btrfs with --path").
		Hint("or give swap a partition or logical volume with --device")
}

// checkBtrfs refuses what the kernel refuses only at swapon, with EINVAL alone:
// swap on more than one device or in more than one copy, and any swap file
// before Linux 5.0 (fs/btrfs/inode.c, btrfs_swap_activate).
func checkBtrfs(h host.Host, path, dir string) error {
	op := "keep a swap file at " + path
	if !atLeast(h, 5, 0) {
		return fail.Newf(fail.Usage, op, "it would be on btrfs, which takes swap files from Linux 5.0 on").
			Hint("name a file on ext4 or xfs with --path, or a partition with --device")
	}
	f, err := h.Files.Open(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return fail.New(0, op, err)
	}
	defer f.Close()
	fsys, err := h.Kernel.Btrfs(f)
	if err != nil {
		return fail.New(0, op, err)
	}
	if fsys.Devices != 1 {
		return fail.Newf(fail.Usage, op, "it would be on a btrfs of %d devices, and a swap file needs exactly one", fsys.Devices).
			Hint("name a file on another file system with --path, or a partition with --device")
	}
	if profile := dataProfile(h, fsys); profile != "" && profile != "single" {
		return fail.Newf(fail.Usage, op, "it would be on a btrfs that keeps data as %s, and a swap file needs single", profile).
			Hint("name a file on another file system with --path, or a partition with --device").
			Hint("or have it keep one copy, which takes long: btrfs balance start -f -dconvert=single %s", dir)
	}
	return nil
}

// dataProfile returns the profile in which a btrfs stores data ("single",
// "dup"), from sysfs, which has a directory for each profile in use; "" if it
// is not there.
func dataProfile(h host.Host, fsys host.Btrfs) string {
	for _, kind := range []string{"data", "mixed"} {
		names, _ := h.Files.ReadDir("/sys/fs/btrfs/" + uuidText(fsys.UUID) + "/allocation/" + kind)
		if slices.Contains(names, "single") { // others may be left by a conversion
			return "single"
		}
		for _, name := range names {
			if name == "dup" || strings.HasPrefix(name, "raid") {
				return name
			}
		}
	}
	return ""
}

// nearestDir is the nearest existing parent directory of path.
func nearestDir(h host.Host, path string) (string, error) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		st, err := h.Files.Stat(dir)
		if err == nil && st.Mode.IsDir() {
			return dir, nil
		}
		if dir == "/" || dir == "." {
			return "", fmt.Errorf("no parent directory exists: %w", err)
		}
	}
}

// atLeast reports whether the running kernel is major.minor or newer. It is
// false for a release that cannot be parsed: what an old kernel needs is
// slower, but correct.
func atLeast(h host.Host, major, minor int) bool {
	data, err := h.Files.ReadFile("/proc/sys/kernel/osrelease", host.SmallLimit)
	if err != nil {
		return false
	}
	first, rest, _ := strings.Cut(strings.TrimSpace(string(data)), ".")
	second, _, _ := strings.Cut(rest, ".")
	second, _, _ = strings.Cut(second, "-")
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(second)
	if errA != nil || errB != nil {
		return false
	}
	return a > major || a == major && b >= minor
}
