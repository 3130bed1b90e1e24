package hosttest_test

import (
	"context"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestNoticesEveryBrokenInvariant breaks them one by one, because a check that
// cannot fail checks nothing.
func TestNoticesEveryBrokenInvariant(t *testing.T) {
	key := func(t *testing.T, h host.Host) []byte {
		t.Helper()
		buf := make([]byte, 64)
		check(t, h.Kernel.Random(buf))
		return buf
	}
	for want, do := range map[string]func(t *testing.T, n *hosttest.Node, h host.Host){
		"key bytes in /etc/x": func(t *testing.T, n *hosttest.Node, h host.Host) {
			n.WriteFile("/etc/x", "some "+string(key(t, h)[13:30]), 0o600)
		},
		"key bytes in /etc/hex": func(t *testing.T, n *hosttest.Node, h host.Host) {
			n.WriteFile("/etc/hex", strings.ToUpper(hex.EncodeToString(key(t, h)[3:20])), 0o600)
		},
		"key bytes written to /etc/gone": func(t *testing.T, _ *hosttest.Node, h host.Host) {
			f, err := h.Files.Open("/etc/gone", os.O_RDWR|os.O_CREATE, 0o600)
			check(t, err)
			_, err = f.Write(key(t, h))
			check(t, err)
			check(t, h.Files.Remove("/etc/gone"))
		},
		"key a:b is still in the keyring of process 1": func(t *testing.T, _ *hosttest.Node, h host.Host) {
			_, err := h.Kernel.KeyAdd("a:b", []byte(strings.Repeat("0123456789abcdef", 4)))
			check(t, err)
		},
		"removed /swapfile while loop0 uses it": func(t *testing.T, _ *hosttest.Node, h host.Host) {
			check(t, makeSwapFile(h, "/swapfile", mib))
			check(t, openCrypt(h, "/swapfile", "a"))
			check(t, h.Files.Remove("/swapfile"))
		},
		"both use file": func(t *testing.T, _ *hosttest.Node, h host.Host) {
			check(t, makeSwapFile(h, "/swapfile", mib))
			check(t, openCrypt(h, "/swapfile", "a"))
			check(t, openCrypt(h, "/swapfile", "b"))
		},
		"/dev/vdx is on and there is no such file": func(_ *testing.T, n *hosttest.Node, _ host.Host) {
			n.WriteFile("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/vdx partition 1020 0 -2\n", 0o644)
		},
	} {
		t.Run(want, func(t *testing.T) {
			n := hosttest.New(t)
			do(t, n, n.Host())
			found := n.Violations()
			if len(found) != 1 || !strings.Contains(found[0], want) {
				t.Errorf("found %q", found)
			}
		})
	}
}

func TestUUIDsMayBeWritten(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	uuid := make([]byte, 16)
	check(t, h.Kernel.Random(uuid))
	check(t, h.Files.Replace("/etc/x", uuid, 0o644))
	n.CheckInvariants(t)
}

func TestDeletedBackingFileGoesOn(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	check(t, makeSwapFile(h, "/swapfile", mib))
	check(t, openCrypt(h, "/swapfile", "a"))
	n.DeleteBacking("/swapfile")
	text, err := h.Files.ReadFile("/sys/block/loop0/loop/backing_file", host.SmallLimit)
	check(t, err)
	if string(text) != "/swapfile (deleted)\n" {
		t.Errorf("backing_file says %q", text)
	}
	dm, err := h.Files.Open("/dev/dm-0", os.O_RDWR, 0)
	check(t, err)
	_, err = dm.WriteAt(swapPage(4096, mib), 0)
	check(t, err)
	check(t, h.Kernel.SwapOn("/dev/mapper/a", 0))
	check(t, dm.Close())
	check(t, h.Kernel.SwapOff(context.Background(), "/dev/mapper/a"))
	check(t, h.Kernel.DMRemove("a"))
	n.CheckInvariants(t)
}

func TestRefusesTablesThatDMCryptRefuses(t *testing.T) {
	zeros := strings.Repeat("0", 128)
	for table, want := range map[string]error{
		"aes-xts-plain64 " + zeros + " 0 254:16 0":                    nil,
		"aes-xts-plain64 " + zeros + " 0 /dev/vdb 0":                  nil,
		"aes-xts-plain64 " + zeros + " 0 254:16 0 1 allow_discards":   nil,
		"aes-cbc-essiv:sha256 " + zeros[:64] + " 0 254:16 0":          nil,
		"aes-xts-plain64 " + zeros[:32] + " 0 254:16 0":               unix.EINVAL,
		"aes-xts-plain64 " + zeros + " 0 254:16 0 2 allow_discards":   unix.EINVAL,
		"aes-xts-plain64 " + zeros + " 0 254:16 0 1 fast":             unix.EINVAL,
		"aes-xts-plain64 " + zeros + " 0 254:16 0 1 sector_size:1000": unix.EINVAL,
		"aes-xts-plain64 " + zeros + " 0 254:16 4096":                 unix.EINVAL, // beyond the end
		"aes-xts-plain64 " + zeros + " 0 254:99 0":                    unix.ENXIO,
		"aes-xts-plain64 " + zeros + " 0 254:1 0":                     unix.EBUSY, // mounted
		"aes-xts-plain64 :64:logon:swapctl:x 0 254:16 0":              unix.ENOKEY,
		"rot13-xts-plain64 " + zeros + " 0 254:16 0":                  unix.ENOENT,
		"aes-xts " + zeros + " 0 254:16 0":                            unix.EINVAL,
		"aes-xts-plain64 " + zeros + " 0":                             unix.EINVAL,
	} {
		n := hosttest.New(t)
		k := n.Host().Kernel
		check(t, k.DMCreate("x", ""))
		wantErr(t, table, k.DMLoad("x", "crypt", 64*2048, []byte(table)), want)
	}
}

func TestMappingLifeAsTheDeviceMapperHasIt(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	k := h.Kernel
	check(t, k.DMCreate("x", "CRYPT-PLAIN-x"))
	wantErr(t, "same name", k.DMCreate("x", "other"), unix.EBUSY)
	wantErr(t, "same uuid", k.DMCreate("y", "CRYPT-PLAIN-x"), unix.EBUSY)
	wantErr(t, "load of nothing", k.DMLoad("y", "crypt", 8, nil), unix.ENXIO)
	wantErr(t, "remove of nothing", k.DMRemove("y"), unix.ENXIO)
	if _, err := h.Files.Stat("/sys/block/dm-0"); err == nil {
		t.Error("sysfs shows a mapping that never had a table")
	}
	table, err := k.DMTable("x")
	check(t, err)
	if table.Targets != 0 || table.Dev != unix.Mkdev(253, 0) {
		t.Errorf("table is %+v", table)
	}
	params := []byte("aes-xts-plain64 " + strings.Repeat("1f", 64) + " 0 254:16 0")
	check(t, k.DMLoad("x", "crypt", 2048, params))
	if strings.Trim(string(params), "\x00") != "" {
		t.Error("the parameters were not wiped")
	}
	for path, want := range map[string]string{
		"/sys/block/dm-0/dm/name": "x\n", "/sys/block/dm-0/dm/uuid": "CRYPT-PLAIN-x\n", "/sys/block/dm-0/size": "0\n",
		"/sys/block/dm-0/slaves/vdb/dev": "254:16\n", "/sys/block/vdb/holders/dm-0/dm/name": "x\n",
	} {
		got, err := h.Files.ReadFile(path, host.FileLimit)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	check(t, k.DMResume("x"))
	target, err := h.Files.Readlink("/dev/mapper/x")
	if err != nil || target != "../dm-0" {
		t.Errorf("/dev/mapper/x: %q, %v", target, err)
	}
	table, err = k.DMTable("x")
	check(t, err)
	if strings.Contains(table.Params, "1f") || !strings.HasPrefix(table.Params, "aes-xts-plain64 "+strings.Repeat("0", 128)+" ") {
		t.Errorf("params are %s", table.Params)
	}
	n.CheckInvariants(t)
}
