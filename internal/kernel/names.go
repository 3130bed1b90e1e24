package kernel

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Why UnstableName calls a name unstable.
const (
	KernelName  = "kernel name"  // numbered in the order of discovery: another disk's after a reboot
	ContentName = "content name" // stored on the device: a random key or an erase removes it
)

// UnstableName reports device names that may mean something else, or nothing,
// at the next boot, and why: KernelName (/dev/sda1, /dev/dm-0) or ContentName
// (/dev/disk/by-uuid/..., LABEL=...). It looks at the text only, and does not
// follow links.
func UnstableName(name string) (kind string, unstable bool) {
	for _, tag := range []string{"UUID=", "LABEL="} {
		if len(name) >= len(tag) && strings.EqualFold(name[:len(tag)], tag) {
			return ContentName, true
		}
	}
	dev, ok := strings.CutPrefix(path.Clean(name), "/dev/")
	if !ok {
		return "", false
	}
	// udev makes lvm-pv-uuid from what LVM wrote on the device.
	for _, dir := range []string{"disk/by-uuid/", "disk/by-label/", "disk/by-id/lvm-pv-uuid-"} {
		if strings.HasPrefix(dev, dir) {
			return ContentName, true
		}
	}
	for _, dir := range []string{"block/", "disk/by-diskseq/", "disk/by-loop-ref/", "disk/by-loop-inode/"} {
		if strings.HasPrefix(dev, dir) {
			return KernelName, true
		}
	}
	if dev == "root" || lettered(dev) || numbered(dev) {
		return KernelName, true
	}
	return "", false
}

// lettered reports whether name is that of a disk that the kernel names with
// letters, or of its partition: sda, vdb1, xvdf, hda, ubdb.
func lettered(name string) bool {
	for _, driver := range []string{"sd", "hd", "vd", "xvd", "ubd", "dasd"} {
		unit, ok := strings.CutPrefix(name, driver)
		if !ok {
			continue
		}
		part := strings.TrimLeft(unit, "abcdefghijklmnopqrstuvwxyz")
		if letters := len(unit) - len(part); letters >= 1 && letters <= 3 && isDigits(part) {
			return true
		}
	}
	return false
}

// numbered reports whether name is that of a disk that the kernel names with a
// number: nvme0n1p2, dm-0, loop0, mmcblk0p1.
func numbered(name string) bool {
	for _, driver := range []string{"nvme", "dm-", "loop", "mmcblk", "nbd", "zram", "ram", "sr", "pmem", "rbd", "bcache"} {
		unit, ok := strings.CutPrefix(name, driver)
		if ok && unit != "" && isDigits(unit[:1]) && !strings.Contains(unit, "/") {
			return true
		}
	}
	return false
}

// isDigits is true for "" too.
func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// StableNames are the existing names of the block device dev that survive
// reboots and erasing it, best first: for a mapping /dev/mapper/NAME, then by
// hardware identity, by partition UUID, by place.
func StableNames(h host.Host, dev uint64) []string {
	name, err := DeviceName(h, dev)
	if err != nil {
		return nil
	}
	var names []string
	if mapping, err := readLine(h, sysDevice(dev)+"/dm/name"); err == nil {
		node := "/dev/mapper/" + mapping
		if st, err := h.Files.Stat(node); err == nil && st.IsBlock() && st.Rdev == dev {
			names = append(names, node)
		}
	}
	var opaque []string // numbers that tell a person nothing
	for _, dir := range []string{"/dev/disk/by-id", "/dev/disk/by-partuuid", "/dev/disk/by-path"} {
		entries, err := h.Files.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			link := dir + "/" + entry
			target, err := h.Files.Readlink(link)
			// udev links directly to the node; for a subdirectory of /dev the
			// kernel writes "!" instead of "/".
			if err != nil || devName(path.Join(dir, target)) != name {
				continue
			}
			if _, unstable := UnstableName(link); unstable {
				continue
			}
			if strings.HasPrefix(entry, "wwn-") || strings.HasPrefix(entry, "nvme-eui.") || strings.HasPrefix(entry, "nvme-nvme.") {
				opaque = append(opaque, link)
				continue
			}
			names = append(names, link)
		}
		names = append(names, opaque...)
		opaque = nil
	}
	return names
}

// devName converts the path of a node below /dev to the kernel's name.
func devName(node string) string {
	return strings.ReplaceAll(strings.TrimPrefix(node, "/dev/"), "/", "!")
}

// DeviceName is the kernel's name of the block device dev, "dm-0". The error
// wraps fs.ErrNotExist when there is no such device.
func DeviceName(h host.Host, dev uint64) (string, error) {
	target, err := h.Files.Readlink(sysDevice(dev))
	if err != nil {
		return "", err
	}
	return path.Base(target), nil
}

// DeviceNumber is a device number as the kernel writes it, "253:0".
func DeviceNumber(dev uint64) string {
	return utoa(unix.Major(dev)) + ":" + utoa(unix.Minor(dev))
}
