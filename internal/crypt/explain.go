package crypt

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
)

// explainKernel adds hints to the errors of a kernel without dm-crypt.
func explainKernel(op string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fail.New(fail.NeedsRoot, op, err, "run as root, on the node itself: in a container root may not use the device mapper")
	case errors.Is(err, fs.ErrNotExist):
		return fail.New(fail.Unfit, op, err,
			"load the module: modprobe dm_crypt",
			"where the distribution packs it apart (Ubuntu): apt-get install linux-modules-extra-$(uname -r)",
			"or do without encryption: --encrypt=false")
	case errors.Is(err, unix.EBUSY):
		return fail.New(fail.Failed, op, err, "a mapping has the name, or swapctl's UUID for it: dmsetup info -c", "or choose another name: --name")
	}
	return fail.New(fail.Failed, op, err, memoryHints(err)...)
}

// memoryHints are the hints if the kernel had too little memory; for other
// errors they say where the kernel logs the reason.
func memoryHints(err error) []string {
	switch {
	case errors.Is(err, unix.ENOMEM):
		return []string{"the kernel had no memory for it: free -h; stop or move some of the workload"}
	case errors.Is(err, unix.EDQUOT):
		return []string{"root has as many keys as it may: cat /proc/key-users; sysctl -w kernel.keys.root_maxkeys=1000000"}
	}
	return []string{"the kernel says why: dmesg | tail"}
}

// explainLoop does the same for loop devices.
func explainLoop(op, file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail.New(fail.Unfit, op, err,
			"load the module: modprobe loop",
			"or encrypt a partition, which needs no loop device: --device /dev/disk/by-...")
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.ENOSPC):
		return fail.New(fail.Failed, op, err, "see which loop devices are taken: losetup --list",
			"or encrypt a partition, which needs no loop device: --device /dev/disk/by-...")
	case errors.Is(err, fs.ErrPermission):
		return fail.New(fail.NeedsRoot, op, err, "run as root, on the node itself: in a container root may not use loop devices")
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EBADF):
		return fail.New(fail.Failed, op, err, "the file cannot be written to: findmnt -T "+file)
	}
	return fail.New(fail.Failed, op, err, memoryHints(err)...)
}

// explainTable does the same for a table that the kernel refused.
func (m Mapping) explainTable(op string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSUP):
		return fail.Newf(fail.Unfit, op, "the kernel refuses cipher %s with a key of %d bits: %w", m.Cipher, m.KeyBits, err).
			Hint("use one that every kernel has: --cipher aes-xts-plain64 --key-size 512").
			Hint("see what it says: dmesg | grep device-mapper").
			Hint("see what it knows: cryptsetup benchmark -c %s -s %d", m.Cipher, m.KeyBits)
	case errors.Is(err, unix.EBUSY):
		return m.inUse(op, err)
	}
	return fail.New(fail.Failed, op, err, memoryHints(err)...)
}

// inUse is the error of a device that the kernel will not share.
func (m Mapping) inUse(op string, err error) error {
	return fail.Newf(fail.Failed, op, "%s is in use: %w", m.Backing, err).
		Hint("see who uses it: lsblk %s", m.Backing)
}
