package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLockKeepsASecondProcessOut(t *testing.T) {
	f := create(t, t.TempDir(), 0)
	if err := (linux{}).Lock(f); err != nil {
		t.Fatal(err)
	}
	// An open file of its own is what a second process has.
	second, err := files{}.Open(f.Name(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if err := (linux{}).Lock(second); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("second lock: %v", err)
	}
	_ = f.Close()
	if err := (linux{}).Lock(second); err != nil {
		t.Errorf("after the first closed: %v", err)
	}
}

func TestStatfsAgreesWithDf(t *testing.T) {
	dir := t.TempDir()
	st, err := linux{}.Statfs(dir)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("df", "--block-size=1", "--output=size", dir).Output()
	if err != nil {
		t.Skip("needs df: ", err)
	}
	if want := strings.Fields(string(out))[1]; fmt.Sprint(st.TotalBytes) != want || st.AvailableBytes <= 0 || st.ReadOnly {
		t.Errorf("%+v, df says %s", st, want)
	}
	if st, err := (linux{}).Statfs("/proc"); err != nil || st.Type != unix.PROC_SUPER_MAGIC {
		t.Errorf("/proc: %+v, %v", st, err)
	}
	if _, err := (linux{}).Statfs(filepath.Join(dir, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing path: %v", err)
	}
}

func TestFallocatedFilesHaveNoHoles(t *testing.T) {
	const size = 64 << 20
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			f := create(t, mount(t, kind, 512<<20), 0)
			if err := (linux{}).Fallocate(f, size); err != nil {
				t.Fatal(err)
			}
			extents, err := linux{}.Extents(f)
			if err != nil {
				t.Fatal(err)
			}
			next := int64(0)
			for _, e := range extents {
				if e.Logical != next || e.Length <= 0 || e.Flags&ExtentUnwritten == 0 {
					t.Errorf("extent %+v, expected it at %d, unwritten", e, next)
				}
				next = e.Logical + e.Length
			}
			if next != size || extents[len(extents)-1].Flags&ExtentLast == 0 {
				t.Errorf("%d extents end at %d, want %d", len(extents), next, size)
			}
			if err := (linux{}).Fallocate(f, 1<<40); !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EFBIG) {
				t.Errorf("1 TiB: %v", err)
			}
		})
	}
}

func TestExtentsShowsHolesAndManyPieces(t *testing.T) {
	const pieces = 3*fiemapBatch + 7
	f := create(t, mount(t, "ext4", 128<<20, "-b", "4096"), 2*pieces*4096)
	for i := range int64(pieces) {
		if _, err := f.WriteAt([]byte{1}, 2*i*4096); err != nil {
			t.Fatal(err)
		}
	}
	extents, err := linux{}.Extents(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(extents) != pieces {
		t.Fatalf("%d extents, want %d", len(extents), pieces)
	}
	for i, e := range extents {
		if e.Logical != 2*int64(i)*4096 || e.Length != 4096 || e.Flags&(ExtentDelalloc|ExtentUnknown) != 0 {
			t.Fatalf("extent %d: %+v", i, e)
		}
	}
	empty := create(t, mount(t, "ext4", 32<<20), 1<<20)
	if extents, err := (linux{}).Extents(empty); err != nil || len(extents) != 0 {
		t.Errorf("a hole has %v, %v", extents, err)
	}
}

func TestInodeFlagsOnBtrfs(t *testing.T) {
	f := create(t, mount(t, "btrfs", 256<<20), 0)
	if err := (linux{}).SetInodeFlags(f, InodeNoCOW); err != nil {
		t.Fatal(err)
	}
	if flags, err := (linux{}).InodeFlags(f); err != nil || flags&InodeNoCOW == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
	b, err := (linux{}).Btrfs(f)
	if err != nil || b.Devices != 1 {
		t.Errorf("%d devices, %v", b.Devices, err)
	}
	if _, err := os.Stat(fmt.Sprintf("/sys/fs/btrfs/%x-%x-%x-%x-%x", b.UUID[:4], b.UUID[4:6], b.UUID[6:8], b.UUID[8:10], b.UUID[10:])); err != nil {
		t.Error(err)
	}
	other := create(t, t.TempDir(), 0)
	if b, err := (linux{}).Btrfs(other); err == nil {
		t.Skipf("the temporary directory is on btrfs (%d devices)", b.Devices)
	} else if !errors.Is(err, unix.ENOTTY) && !errors.Is(err, unix.EOPNOTSUPP) {
		t.Errorf("not btrfs: %v", err)
	}
}

func TestLoopsGoAwayByThemselves(t *testing.T) {
	needRoot(t)
	for name, l := range map[string]loop{"LOOP_CONFIGURE": {}, "before 5.8": {old: true}} {
		t.Run(name, func(t *testing.T) {
			f := create(t, t.TempDir(), 8<<20)
			dev, err := l.attach(f, LoopOptions{DirectIO: true, BlockBytes: 4096})
			if err != nil {
				t.Fatal(err)
			}
			st, err := linux{}.LoopStatus(dev.Name())
			if err != nil {
				t.Fatal(err)
			}
			back, _ := f.Stat()
			if st.BackingDev != back.Dev || st.BackingIno != back.Ino || !st.AutoClear || !st.DirectIO {
				t.Errorf("%+v, backing %+v", st, back)
			}
			bd, err := linux{}.BlockDevice(dev)
			if err != nil || bd != (BlockDevice{SizeBytes: 8 << 20, LogicalBytes: 4096}) {
				t.Errorf("%+v, %v", bd, err)
			}
			if err := dev.Close(); err != nil {
				t.Fatal(err)
			}
			for range 200 {
				if _, err = (linux{}).LoopStatus(dev.Name()); err != nil {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			// ENOENT: another test may have the kernel remove the device.
			if st, err := (linux{}).LoopStatus(dev.Name()); err == nil && st.BackingIno == back.Ino {
				t.Error("still attached after the last close")
			}
		})
	}
}

func TestLoopsOnTmpfsDoWithoutDirectIO(t *testing.T) {
	needRoot(t)
	point := t.TempDir()
	if err := unix.Mount("none", point, "tmpfs", 0, "size=16m"); err != nil {
		t.Skip("no tmpfs: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(point, unix.MNT_DETACH) })
	for _, l := range []loop{{}, {old: true}} {
		f := create(t, filepath.Join(point), 4<<20)
		dev, err := l.attach(f, LoopOptions{DirectIO: true, BlockBytes: 4096})
		if err != nil {
			t.Fatal(err)
		}
		_ = dev.Close()
		_ = os.Remove(f.Name())
	}
}

func TestLoopDetachOfABusyLoopMakesItAutoclear(t *testing.T) {
	needRoot(t)
	f := create(t, t.TempDir(), 1<<20)
	dev, err := linux{}.LoopAttach(f, LoopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := (linux{}).LoopDetach(dev.Name()); err != nil {
		t.Errorf("detach: %v", err)
	}
	if st, err := (linux{}).LoopStatus(dev.Name()); err != nil || !st.AutoClear {
		t.Errorf("%+v, %v", st, err)
	}
	_ = dev.Close()
	if _, err := (linux{}).LoopStatus("/dev/null"); err == nil {
		t.Error("/dev/null has a loop status")
	}
}

func TestManyLoopsAtOnce(t *testing.T) {
	needRoot(t)
	f := create(t, t.TempDir(), 1<<20)
	const n = 12
	got := make(chan string, n)
	devs := make(chan File, n)
	for range n {
		go func() {
			dev, err := linux{}.LoopAttach(f, LoopOptions{BlockBytes: 512})
			if err != nil {
				t.Error(err)
				got <- ""
				return
			}
			devs <- dev
			got <- dev.Name()
		}()
	}
	seen := map[string]bool{}
	for range n {
		seen[<-got] = true
	}
	close(devs)
	for d := range devs {
		_ = d.Close()
	}
	if len(seen) != n {
		t.Errorf("%d different devices of %d: %v", len(seen), n, seen)
	}
}

func TestSwapOnAndOff(t *testing.T) {
	path := mkswap(t, t.TempDir(), 16<<20)
	k := linux{}
	if err := k.SwapOn(path, SwapPrefer|7); err != nil {
		t.Fatal(err)
	}
	if !isOn(t, path) {
		t.Fatal("not in /proc/swaps")
	}
	if err := k.SwapOn(path, 0); !errors.Is(err, unix.EBUSY) {
		t.Errorf("second swapon: %v", err)
	}
	if err := k.SwapOff(t.Context(), path); err != nil || isOn(t, path) {
		t.Errorf("swapoff: %v, on: %v", err, isOn(t, path))
	}
	if err := k.SwapOff(t.Context(), path); !errors.Is(err, unix.EINVAL) {
		t.Errorf("second swapoff: %v", err)
	}
	if err := k.SwapOn(path+"x", 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.SwapOff(over, path); !errors.Is(err, context.Canceled) {
		t.Errorf("when it is too late: %v", err)
	}
}

func TestKeysLiveOnOneThreadOnly(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread dies with the test, its keyring too
	id, err := linux{}.KeyAdd("swapctl:test-key", []byte("0123456789abcdef"))
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this kernel has no keyring: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !hasKey(t) {
		t.Error("not in /proc/keys of its own thread")
	}
	if n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, int(id), make([]byte, 64), 0); err == nil {
		t.Errorf("%d bytes of the key can be read back", n)
	}
	if err := (linux{}).KeyRemove(id); err != nil {
		t.Error(err)
	}
	for range 100 {
		if !hasKey(t) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("still in /proc/keys")
}

func hasKey(t *testing.T) bool {
	t.Helper()
	keys, err := os.ReadFile("/proc/keys")
	if err != nil {
		t.Skip("no /proc/keys: ", err)
	}
	return strings.Contains(string(keys), "swapctl:test-key")
}
