package hosttest_test

import (
	"context"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// foreign is a mapping that somebody else made, as a machine shows it.
const foreign = `files of a machine with a mapping named cryptswap
-- /sys/devices/virtual/block/dm-3/dev --
253:3
-- /sys/devices/virtual/block/dm-3/size --
2048
-- /sys/devices/virtual/block/dm-3/dm/name --
cryptswap
-- /sys/devices/virtual/block/dm-3/dm/uuid --
CRYPT-LUKS2-0123
-- /sys/devices/virtual/block/dm-3/holders/ --
-- /sys/devices/virtual/block/dm-3/slaves/vdb -> ../../../../pci0000:00/0000:00:05.0/block/vdb --
-- /sys/devices/pci0000:00/0000:00:05.0/block/vdb/holders/dm-3 -> ../../../../../virtual/block/dm-3 --
-- /sys/block/dm-3 -> ../devices/virtual/block/dm-3 --
-- /sys/class/block/dm-3 -> ../../devices/virtual/block/dm-3 --
-- /sys/dev/block/253:3 -> ../../devices/virtual/block/dm-3 --
-- /dev/dm-3 --
-- /proc/swaps --
Filename				Type		Size		Used		Priority
/dev/dm-3                               partition	1020		4		-2
-- /lib -> usr/lib --
-- /usr/lib/x --
text
`

func TestTakesOverWhatATxtarLaysOut(t *testing.T) {
	n := hosttest.FromTxtar(t, []byte(foreign))
	h := n.Host()
	text, err := h.Files.ReadFile("/lib/x", host.FileLimit)
	if err != nil || string(text) != "text\n" {
		t.Errorf("/lib/x: %q, %v", text, err)
	}
	wantErr(t, "create", h.Kernel.DMCreate("cryptswap", ""), unix.EBUSY)
	table, err := h.Kernel.DMTable("cryptswap")
	check(t, err)
	if table.UUID != "CRYPT-LUKS2-0123" || table.Target != "crypt" || table.OpenCount != 1 || table.Dev != unix.Mkdev(253, 3) {
		t.Errorf("table is %+v", table)
	}
	_, err = h.Files.Open("/dev/vdb", os.O_RDWR|unix.O_EXCL, 0)
	wantErr(t, "claim of the disk below", err, unix.EBUSY)
	wantErr(t, "remove", h.Kernel.DMRemove("cryptswap"), unix.EBUSY)
	check(t, h.Kernel.SwapOff(context.Background(), "/dev/dm-3"))
	check(t, h.Kernel.DMRemove("cryptswap"))
}

func TestNamesAreResolvedInsideTheRoot(t *testing.T) {
	n := hosttest.New(t)
	n.WriteFile("/etc/secret", "inside", 0o644)
	for link, target := range map[string]string{
		"/abs": "/etc/secret", "/up": "../../../../../../etc/secret", "/home/rel": "../etc/./secret",
		"/dir": "/etc", "/chain": "/abs", "/loop": "/loop", "/dangling": "/nowhere/x",
	} {
		n.Symlink(link, target)
	}
	f := n.Host().Files
	for _, name := range []string{"/abs", "/up", "/home/rel", "/dir/secret", "/chain", "//etc//secret", "/etc/../../etc/secret"} {
		got, err := f.ReadFile(name, 1<<20)
		if err != nil || string(got) != "inside" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		real, err := f.EvalSymlinks(name)
		if err != nil || real != "/etc/secret" {
			t.Errorf("%s is %q, %v", name, real, err)
		}
	}
	for name, want := range map[string]error{
		"/loop": unix.ELOOP, "/dangling": unix.ENOENT, "/etc/secret/x": unix.ENOTDIR, "relative": unix.ENOENT,
	} {
		_, err := f.ReadFile(name, 1<<20)
		wantErr(t, name, err, want)
	}
	_, err := f.Open("/abs", os.O_RDONLY|unix.O_NOFOLLOW, 0)
	wantErr(t, "O_NOFOLLOW", err, unix.ELOOP)
}
