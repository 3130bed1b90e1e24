package setup_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// attempts are what may come after somebody has used what was ours: a setup, the
// boot of the same day and that after a reboot, and a teardown.
func attempts(c setup.Config) map[string]func(n *hosttest.Node) error {
	return map[string]func(n *hosttest.Node) error{
		"setup": func(n *hosttest.Node) error { return run(n, c) },
		"boot":  boot,
		"reboot": func(n *hosttest.Node) error {
			n.Reboot()
			return boot(n)
		},
		"teardown": down,
	}
}

// letGo is what an administrator does to use the place of a swap area otherwise.
func letGo(t *testing.T, n *hosttest.Node) {
	t.Helper()
	h := n.Other()
	for _, s := range swaps(t, n) {
		if err := h.Kernel.SwapOff(context.Background(), s.Path); err != nil {
			t.Fatal(err)
		}
	}
	if err := crypt.Close(context.Background(), h, "cryptswap"); err != nil {
		t.Fatal(err)
	}
}

// writes puts data onto the fake node's disk, as dd would.
func writes(t *testing.T, n *hosttest.Node, data string, at int64) {
	t.Helper()
	f, err := os.OpenFile(n.Root+"/dev/vdb", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(data), at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// tar is what has no signature that anybody knows at the start of a device.
func tar() string { return strings.Repeat("etc/passwd\x00data of others ", 400) }

// TestARawDeviceIsNotOursAnyMore: whoever writes to a device that was ours finds
// there afterwards what was written.
func TestARawDeviceIsNotOursAnyMore(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 64<<10)
	if err := hosttest.New(t).Host().Kernel.Random(noise); err != nil {
		t.Fatal(err)
	}
	theirs := swapfile.Header{PageBytes: 4096, Pages: 16384, UUID: [16]byte{1, 2, 3}}
	for _, encrypt := range []bool{true, false} {
		c := deviceConfig(encrypt)
		for what, use := range map[string]struct {
			data string
			at   int64
		}{
			"tar": {tar(), 0}, "a database": {tar(), 8192}, "what is compressed": {string(noise), 0},
			"a partition table": {"\x55\xaa", 510}, "behind the tag": {tar(), 600 << 10},
			"another swap": {string(theirs.Encode()), 0},
		} {
			for name, act := range attempts(c) {
				if !encrypt && use.at > 4096 {
					continue // our header is still there, and says that the device is swap
				}
				n := hosttest.New(t)
				up(t, n, c, setup.UpOptions{})
				letGo(t, n)
				writes(t, n, use.data, use.at)
				before := onDisk(t, n)
				err := act(n)
				if name != "teardown" && (err == nil || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "--erase="+c.Areas[0].Device)) {
					t.Errorf("encrypt=%v, %s, %s: %v, hints %q", encrypt, what, name, err, fail.Hints(err))
				}
				if name == "teardown" && err != nil {
					t.Errorf("encrypt=%v, %s, %s: %v", encrypt, what, name, err)
				}
				if len(swaps(t, n)) > 0 || string(onDisk(t, n)) != string(before) {
					t.Errorf("encrypt=%v, %s, %s: the device was changed; swaps %v", encrypt, what, name, swaps(t, n))
				}
			}
		}
	}
}

// TestARawDeviceIsErasedOnlyOnDemand, and is ours again then.
func TestARawDeviceIsErasedOnlyOnDemand(t *testing.T) {
	t.Parallel()
	for _, encrypt := range []bool{true, false} {
		n := hosttest.New(t)
		c := deviceConfig(encrypt)
		up(t, n, c, setup.UpOptions{})
		letGo(t, n)
		writes(t, n, tar(), 0)
		up(t, n, c, setup.UpOptions{Erase: c.Areas[0].Device})
		n.Reboot()
		if err := boot(n); err != nil || len(swaps(t, n)) != 1 {
			t.Errorf("encrypt=%v: %v, %v", encrypt, err, swaps(t, n))
		}
	}
}

// TestTheTagOfAnotherNodeIsNotOurs: the disk may have been moved.
func TestTheTagOfAnotherNodeIsNotOurs(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	if err := swapfile.WriteTag(n.Other(), "/dev/vdb", swapfile.Tag{1}); err != nil {
		t.Fatal(err)
	}
	err := run(n, deviceConfig(true))
	if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), "an encrypted swap area that swapctl made") {
		t.Errorf("got %v", err)
	}
}

// TestTheMappingLeavesTheTagAlone: it begins behind it.
func TestTheMappingLeavesTheTagAlone(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, deviceConfig(true), setup.UpOptions{})
	disk := onDisk(t, n)
	if !strings.HasPrefix(string(disk), "swapctl encrypted swap ") || !isZero(disk[512:swapfile.ReservedBytes]) {
		t.Errorf("the device begins with %q", disk[:64])
	}
	if isZero(disk[swapfile.ReservedBytes:]) {
		t.Error("nothing was written behind the tag")
	}
	if table := n.Snapshot()["kernel: mapping cryptswap"]; !strings.Contains(table, " 2048 1 ") {
		t.Errorf("table: %s", table)
	}
}

// TestAnotherFileAtTheSamePathIsNotOurs: ours was lost, and somebody has put
// something there since.
func TestAnotherFileAtTheSamePathIsNotOurs(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 1<<20)
	for _, encrypt := range []bool{true, false} {
		c := fileConfig("1Mi", encrypt)
		for what, content := range map[string]string{"data": "data of others", "zeros": zeros, "as large as ours": "x" + zeros[1:]} {
			for name, act := range attempts(c) {
				n := hosttest.New(t)
				up(t, n, c, setup.UpOptions{})
				letGo(t, n)
				if err := os.Remove(n.Path(setup.DefaultPath)); err != nil {
					t.Fatal(err)
				}
				n.WriteFile(setup.DefaultPath, content, 0o600)
				err := act(n)
				if (err == nil) != (name == "teardown") {
					t.Errorf("encrypt=%v, %s, %s: %v", encrypt, what, name, err)
				}
				now, readErr := n.Other().Files.ReadFile(setup.DefaultPath, host.TableLimit)
				if readErr != nil || string(now) != content || len(swaps(t, n)) > 0 {
					t.Errorf("encrypt=%v, %s, %s: %v; %d bytes are left, swaps %v", encrypt, what, name, readErr, len(now), swaps(t, n))
				}
			}
		}
	}
}

// TestTeardownSaysWhatItLeaves, and takes back the rest.
func TestTeardownSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", false), setup.UpOptions{})
	letGo(t, n)
	if err := os.Remove(n.Path(setup.DefaultPath)); err != nil {
		t.Fatal(err)
	}
	n.WriteFile(setup.DefaultPath, "data of others", 0o600)
	for _, dry := range []bool{true, false} {
		r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{DryRun: dry})
		if err != nil || !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, setup.DefaultPath+" is not the file") }) {
			t.Errorf("dry %v: %v, warnings %q", dry, err, r.Warnings)
		}
	}
	if _, err := n.Other().Files.Lstat(setup.JournalPath); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal: %v", err)
	}
}

// TestAFileMadeBetweenLookAndActIsNotReplaced, at whatever moment it appears, under
// the name of the swap file or of the one in the making.
func TestAFileMadeBetweenLookAndActIsNotReplaced(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		n := hosttest.New(t)
		made := fs.ErrNotExist
		n.CallAt(at, func() {
			made = os.MkdirAll(n.Root+"/var/lib/swapctl", 0o700)
			if _, err := os.Lstat(n.Root + setup.DefaultPath); err == nil {
				made = fs.ErrExist // ours
			} else if made == nil {
				made = os.WriteFile(n.Root+setup.DefaultPath, []byte("data of others"), 0o600)
			}
		})
		err := run(n, fileConfig("1Mi", false))
		if made != nil {
			if at < 8 {
				t.Errorf("only %d moments: %v", at, made)
			}
			return
		}
		if now, _ := os.ReadFile(n.Root + setup.DefaultPath); err == nil || string(now) != "data of others" {
			t.Errorf("at operation %d: %v; there is %q", at, err, now)
		}
	}
}

// TestATemporaryFileThatNobodyKnowsIsInTheWay: that of a killed run of ours the
// journal knows.
func TestATemporaryFileThatNobodyKnowsIsInTheWay(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	temp := swapfile.Temp(setup.DefaultPath)
	n.WriteFile(temp, "data of others", 0o600)
	err := run(n, fileConfig("1Mi", false))
	if fail.Code(err) != fail.Usage || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "rm "+temp) {
		t.Errorf("got %v, hints %q", err, fail.Hints(err))
	}
	if now := read(t, n, temp); now != "data of others" {
		t.Errorf("there is %q", now)
	}
}

// theirMapping makes somebody else's mapping of our name over a file, through a
// loop device, or over that loop device named as a device.
func theirMapping(t *testing.T, n *hosttest.Node, backing string) string {
	t.Helper()
	h := n.Other()
	m := crypt.Mapping{Name: "cryptswap", Backing: backing, Cipher: "aes-xts-plain64", KeyBits: 512}
	if err := m.Open(context.Background(), h); err != nil {
		t.Fatal(err)
	}
	return n.Snapshot()["kernel: mapping cryptswap"]
}

// TestAMappingOfOurNameOverSomethingElseKeepsItsKey.
func TestAMappingOfOurNameOverSomethingElseKeepsItsKey(t *testing.T) {
	t.Parallel()
	for area, c := range map[string]setup.Config{"file": fileConfig("1Mi", true), "device": deviceConfig(true)} {
		acts := attempts(c)
		delete(acts, "reboot")
		for name, act := range acts {
			n := hosttest.New(t)
			up(t, n, c, setup.UpOptions{})
			n.Reboot()
			n.WriteFile("/theirs", strings.Repeat("x", 1<<20), 0o600)
			before := theirMapping(t, n, "/theirs")
			err := act(n)
			if (err == nil) != (name == "teardown") {
				t.Errorf("%s, %s: %v", area, name, err)
			}
			if now := n.Snapshot()["kernel: mapping cryptswap"]; now != before {
				t.Errorf("%s, %s: %v; the mapping was %q and is %q", area, name, err, before, now)
			}
			if s := swaps(t, n); len(s) > 0 {
				t.Errorf("%s, %s: %v", area, name, s)
			}
		}
	}
}

// TestAMappingOverANewFileOfOurPathIsNotOurs: even where the new file got the inode
// number of the old.
func TestAMappingOverANewFileOfOurPathIsNotOurs(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	n.Reboot()
	if err := os.Remove(n.Path(setup.DefaultPath)); err != nil {
		t.Fatal(err)
	}
	n.WriteFile(setup.DefaultPath, strings.Repeat("x", 1<<20), 0o600)
	before := theirMapping(t, n, setup.DefaultPath)
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err != nil || n.Snapshot()["kernel: mapping cryptswap"] != before || len(r.Warnings) < 2 {
		t.Errorf("%v, warnings %q\n%s", err, r.Warnings, n.Describe())
	}
}

// TestAMappingWhoseFileWasRenamedIsStillOurs, and the file of the new name is not
// removed.
func TestAMappingWhoseFileWasRenamedIsStillOurs(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	if err := n.Other().Files.RenameNew(setup.DefaultPath, "/var/lib/swapctl/away"); err != nil {
		t.Fatal(err)
	}
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	if _, err := kernel.MappingByName(n.Other(), "cryptswap"); !errors.Is(err, fs.ErrNotExist) || len(swaps(t, n)) > 0 {
		t.Errorf("%v, %v", err, swaps(t, n))
	}
	if _, err := n.Other().Files.Lstat("/var/lib/swapctl/away"); err != nil {
		t.Error(err)
	}
}

// TestThePathOfASwapFileIsNoneThatSwapctlUsesItself.
func TestThePathOfASwapFileIsNoneThatSwapctlUsesItself(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/data/.one.swapctl", "/data/.one.bridge", "/data/..one.bridge.swapctl", setup.JournalPath} {
		n := hosttest.New(t)
		c := fileConfig("1Mi", false)
		c.Areas[0].Path = path
		before := n.Snapshot()
		err := run(n, c)
		var bad *setup.FieldError
		if fail.Code(err) != fail.Usage || !errors.As(err, &bad) || bad.Field != "path" {
			t.Errorf("%s: %v", path, err)
		}
		unchanged(t, n, before)

		two := twoAreas("none")
		two.Areas[1].Path = path
		if err := run(n, two); fail.Code(err) != fail.Usage || !errors.As(err, &bad) || bad.Name() != "areas[1].path" {
			t.Errorf("%s as a second area: %v", path, err)
		}
	}
	for _, path := range []string{"/data/one.swapctl", "/data/.bridge-swap", "/data/swap.bridge"} {
		c := fileConfig("1Mi", false)
		c.Areas[0].Path = path
		if err := run(hosttest.New(t), c); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// oldNode is a node as swapctl left it before it knew files by their inodes and
// devices by their tags: with one of the journals that it wrote then.
func oldNode(t *testing.T, name string) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t)
	if strings.HasSuffix(name, "fstab") {
		n = withTables(t, "UUID=1 / ext4 defaults 0 1\n")
		n.WriteFile("/etc/crypttab", "cryptswap /dev/disk/by-id/virtio-vdb /dev/urandom swap,cipher=aes-xts-plain64,size=512,nofail\n", 0o644)
		n.WriteFile("/etc/fstab", "UUID=1 / ext4 defaults 0 1\n/dev/mapper/cryptswap none swap sw,nofail 0 0\n", 0o644)
	}
	text, err := os.ReadFile("testdata/journals/" + name + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	n.WriteFile(setup.JournalPath, string(text), 0o600)
	n.SetOwner("/var/lib/swapctl", 0, 0)
	h, ctx, backing := n.Other(), context.Background(), "/dev/vdb"
	if strings.HasPrefix(name, "file") {
		backing = setup.DefaultPath
		if err := swapfile.Make(ctx, h, backing, 1<<20, swapfile.Reserved, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	area := backing
	if !strings.HasSuffix(name, "plain") {
		m := crypt.Mapping{Name: "cryptswap", Backing: backing, Cipher: "aes-xts-plain64", KeyBits: 512}
		if err := m.Open(ctx, h); err != nil {
			t.Fatal(err)
		}
		area = "/dev/dm-0"
	}
	uuid := [16]byte{82, 110, 100, 0, 1, 0, 64, 165, 146, 110, 100, 0, 1, 0, 1, 165}
	if err := errors.Join(swapfile.WriteHeader(ctx, h, area, uuid), h.Kernel.SwapOn(area, 0)); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOldJournalsAreReadFinishedAndUndone.
func TestOldJournalsAreReadFinishedAndUndone(t *testing.T) {
	t.Parallel()
	lasting := deviceConfig(true)
	lasting.Persist = "fstab"
	for name, c := range map[string]setup.Config{
		"file-plain": fileConfig("1Mi", false), "file-encrypted": fileConfig("1Mi", true),
		"device-plain": deviceConfig(false), "device-encrypted": deviceConfig(true), "device-fstab": lasting,
	} {
		tagged := strings.HasPrefix(name, "device") && c.Areas[0].Encrypt

		n := oldNode(t, name)
		if r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{}); err != nil || r.Changed {
			t.Errorf("%s: a boot with all up: %v, %s", name, err, states(r))
		}
		if state, err := setup.JournalState(context.Background(), n.Host()); err != nil || len(state.Pending) > 0 {
			t.Errorf("%s: pending %v, %v", name, state.Pending, err)
		}
		if r := up(t, n, c, setup.UpOptions{}); r.Changed != tagged {
			t.Errorf("%s: setup changed %s", name, states(r))
		}
		if r := up(t, n, c, setup.UpOptions{}); r.Changed || len(swaps(t, n)) != 1 {
			t.Errorf("%s: a second setup changed %s", name, states(r))
		}
		if isTagged := strings.HasPrefix(string(onDisk(t, n)), "swapctl "); isTagged != tagged {
			t.Errorf("%s: tagged %v", name, isTagged)
		}
		downFrom(t, name+", moved", n)

		downFrom(t, name, oldNode(t, name))

		n = oldNode(t, name)
		n.Reboot()
		err := boot(n)
		if tagged && !strings.Contains(strings.Join(fail.Hints(err), "\n"), "--erase="+c.Areas[0].Device) || !tagged && err != nil {
			t.Errorf("%s: rebooted: %v, hints %q", name, err, fail.Hints(err))
		}
		if (len(swaps(t, n)) == 1) == tagged {
			t.Errorf("%s: rebooted: %v", name, swaps(t, n))
		}
		if tagged {
			up(t, n, c, setup.UpOptions{Erase: c.Areas[0].Device})
		}
		downFrom(t, name+", rebooted", n)
	}
}

// downFrom takes an old node down: nothing is on it any more.
func downFrom(t *testing.T, name string, n *hosttest.Node) {
	t.Helper()
	if err := down(n); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	left := slices.Sorted(maps.Keys(n.Snapshot()))
	left = slices.DeleteFunc(left, func(at string) bool {
		return !strings.HasPrefix(at, "/var/lib/swapctl") && !strings.HasPrefix(at, "kernel: ") && at != "/etc/crypttab"
	})
	if len(left) > 0 && !slices.Equal(left, []string{"/var/lib/swapctl"}) || len(swaps(t, n)) > 0 || !isZero(onDisk(t, n)[:swapfile.ReservedBytes]) {
		t.Errorf("%s: left are %v, swaps %v", name, left, swaps(t, n))
	}
}

// TestAnOldJournalDoesNotMakeSomebodyElsesFileOurs: without the inode, shape and
// content decide.
func TestAnOldJournalDoesNotMakeSomebodyElsesFileOurs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"file-plain", "file-encrypted"} {
		for what, content := range map[string]string{
			"text": strings.Repeat("data of others\n", 1<<20/15+1)[:1<<20], "short": "data of others",
		} {
			n := oldNode(t, name)
			letGo(t, n)
			if err := os.Remove(n.Path(setup.DefaultPath)); err != nil {
				t.Fatal(err)
			}
			n.WriteFile(setup.DefaultPath, content, 0o600)
			if err := boot(n); err == nil {
				t.Errorf("%s, %s: booted", name, what)
			}
			if err := down(n); err != nil {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if now := read(t, n, setup.DefaultPath); now != content {
				t.Errorf("%s, %s: it is gone or changed", name, what)
			}
		}
	}
}
