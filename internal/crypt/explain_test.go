package crypt

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
)

// TestWhatTheDeviceMapperAndLoopDevicesRefuseHasItsCause: each errno with the exit code
// and the hint of the cause that it has there.
func TestWhatTheDeviceMapperAndLoopDevicesRefuseHasItsCause(t *testing.T) {
	kernel := func(err error) error { return explainKernel("make the mapping", err) }
	loop := func(err error) error { return explainLoop("encrypt /swapfile", "/swapfile", err) }
	m := Mapping{Name: "cryptswap", Backing: "/dev/vdb", Cipher: "aes-xts-plain64", KeyBits: 512}
	table := func(err error) error { return m.explainTable("make the mapping", err) }
	for _, test := range []struct {
		name    string
		explain func(error) error
		err     error
		code    int
		hint    string
	}{
		{"dm", kernel, unix.EACCES, fail.NeedsRoot, "in a container root may not use the device mapper"},
		{"dm", kernel, unix.EPERM, fail.NeedsRoot, "in a container root may not use the device mapper"},
		{"dm", kernel, unix.ENOENT, fail.Unfit, "modprobe dm_crypt"},
		{"dm", kernel, unix.EBUSY, fail.Failed, "dmsetup info -c"},
		{"dm", kernel, unix.ENOMEM, fail.Failed, "the kernel had no memory for it"},
		{"dm", kernel, unix.EDQUOT, fail.Failed, "kernel.keys.root_maxkeys"},
		{"dm", kernel, unix.EIO, fail.Failed, "dmesg | tail"},
		{"loop", loop, unix.ENOENT, fail.Unfit, "modprobe loop"},
		{"loop", loop, unix.EBUSY, fail.Failed, "losetup --list"},
		{"loop", loop, unix.ENOSPC, fail.Failed, "losetup --list"},
		{"loop", loop, unix.EPERM, fail.NeedsRoot, "in a container root may not use loop devices"},
		{"loop", loop, unix.EROFS, fail.Failed, "findmnt -T /swapfile"},
		{"loop", loop, unix.EBADF, fail.Failed, "findmnt -T /swapfile"},
		{"loop", loop, unix.ENOMEM, fail.Failed, "the kernel had no memory for it"},
		{"table", table, unix.ENOENT, fail.Unfit, "--cipher aes-xts-plain64 --key-size 512"},
		{"table", table, unix.EINVAL, fail.Unfit, "dmesg | grep device-mapper"},
		{"table", table, unix.ENOTSUP, fail.Unfit, "cryptsetup benchmark -c aes-xts-plain64 -s 512"},
		{"table", table, unix.EBUSY, fail.Failed, "lsblk /dev/vdb"},
		{"table", table, unix.ENOMEM, fail.Failed, "the kernel had no memory for it"},
	} {
		err := test.explain(fmt.Errorf("ioctl: %w", test.err))
		if hints := strings.Join(fail.Hints(err), "\n"); fail.Code(err) != test.code || !strings.Contains(hints, test.hint) {
			t.Errorf("%s, %v: exit code %d, hints %q", test.name, test.err, fail.Code(err), hints)
		}
	}
}
