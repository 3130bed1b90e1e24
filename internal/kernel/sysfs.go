package kernel

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// sysDevice is the sysfs link to a block device's directory.
func sysDevice(dev uint64) string { return "/sys/dev/block/" + DeviceNumber(dev) }

// sysName is the sysfs link to the directory of a block device by its kernel
// name; partitions too.
func sysName(name string) string { return "/sys/class/block/" + name }

// readLine reads a one-line file without its newline. Only the newline is
// removed: a path may end in white space.
func readLine(h host.Host, name string) (string, error) {
	data, err := h.Files.ReadFile(name, host.SmallLimit)
	return strings.TrimSuffix(string(data), "\n"), err
}

// readDev reads a sysfs "dev" file.
func readDev(h host.Host, name string) (uint64, error) {
	text, err := readLine(h, name)
	if err != nil {
		return 0, err
	}
	dev, err := ParseDeviceNumber(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return dev, nil
}

// ParseDeviceNumber parses "major:minor".
func ParseDeviceNumber(s string) (uint64, error) {
	a, b, ok := strings.Cut(s, ":")
	major, err1 := strconv.ParseUint(a, 10, 12) // 12 and 20 bits: linux/kdev_t.h
	minor, err2 := strconv.ParseUint(b, 10, 20)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("not a device number: %q", s)
	}
	return unix.Mkdev(uint32(major), uint32(minor)), nil
}

func utoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// Holders are the kernel names of the block devices on top of the device
// kernelName or of one of its partitions (mappings, RAID arrays), in the order
// found. Mounts and swap are not among them.
func Holders(h host.Host, kernelName string) ([]string, error) {
	dir := sysName(kernelName)
	holders, err := h.Files.ReadDir(dir + "/holders")
	if err != nil {
		return nil, err
	}
	entries, err := h.Files.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry, kernelName) {
			continue // a partition's name begins with its disk's
		}
		more, err := h.Files.ReadDir(path.Join(dir, entry, "holders"))
		if err == nil {
			holders = append(holders, more...)
		}
	}
	return holders, nil
}

// MappingByName finds the device-mapper mapping called name in sysfs, and
// returns its kernel name, "dm-0". The node below /dev/mapper may come later,
// or never. The error wraps fs.ErrNotExist if there is none.
func MappingByName(h host.Host, name string) (string, error) {
	devices, err := h.Files.ReadDir("/sys/block")
	if err != nil {
		return "", err
	}
	for _, device := range devices {
		if !strings.HasPrefix(device, "dm-") {
			continue
		}
		if found, err := readLine(h, "/sys/block/"+device+"/dm/name"); err == nil && found == name {
			return device, nil
		}
	}
	return "", fmt.Errorf("no mapping %q: %w", name, fs.ErrNotExist)
}
