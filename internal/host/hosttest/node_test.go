package hosttest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

const mib = 1 << 20

// swapPage is the first page of a swap area of so many bytes.
func swapPage(pageBytes int, size int64) []byte {
	page := make([]byte, pageBytes)
	binary.LittleEndian.PutUint32(page[1024:], 1)
	binary.LittleEndian.PutUint32(page[1028:], uint32(size/int64(pageBytes)-1))
	copy(page[pageBytes-10:], "SWAPSPACE2")
	return page
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// makeSwapFile makes a plain swap file by fallocate.
func makeSwapFile(h host.Host, path string, size int64) error {
	f, err := h.Files.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := h.Kernel.Fallocate(f, size); err != nil {
		return err
	}
	if _, err := f.WriteAt(swapPage(h.Kernel.PageSize(), size), 0); err != nil {
		return err
	}
	return f.Sync()
}

// openCrypt maps a file with a fresh key, all in one: what internal/crypt does.
func openCrypt(h host.Host, path, name string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f, err := h.Files.Open(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	loop, err := h.Kernel.LoopAttach(f, host.LoopOptions{DirectIO: true, BlockBytes: 4096})
	if err != nil {
		return err
	}
	defer loop.Close()
	dev, err := h.Kernel.BlockDevice(loop)
	if err != nil {
		return err
	}
	st, err := loop.Stat()
	if err != nil {
		return err
	}
	if err := h.Kernel.DMCreate(name, "CRYPT-PLAIN-"+name); err != nil {
		return err
	}
	key := make([]byte, 64)
	if err := h.Kernel.Random(key); err != nil {
		return err
	}
	id, err := h.Kernel.KeyAdd("swapctl:"+name, key)
	if err != nil {
		return err
	}
	params := fmt.Sprintf("aes-xts-plain64 :64:logon:swapctl:%s 0 %d:%d 0 1 sector_size:4096", name, unix.Major(st.Rdev), unix.Minor(st.Rdev))
	err = h.Kernel.DMLoad(name, "crypt", uint64(dev.SizeBytes/512), []byte(params))
	err = errors.Join(err, h.Kernel.KeyRemove(id))
	if err == nil {
		err = h.Kernel.DMResume(name)
	}
	return err
}

func swaps(t *testing.T, n *hosttest.Node) string {
	t.Helper()
	text, err := os.ReadFile(n.Path("/proc/swaps"))
	check(t, err)
	_, lines, _ := strings.Cut(string(text), "\n")
	return lines
}

func TestPlainSwapComesAndGoesWithoutATrace(t *testing.T) {
	n := hosttest.New(t)
	before := n.Snapshot()
	h := n.Host()
	check(t, makeSwapFile(h, "/swapfile", mib))
	check(t, h.Kernel.SwapOn("/swapfile", 0))
	if got, want := swaps(t, n), "/swapfile                               file\t\t1020\t\t0\t\t-2\n"; got != want {
		t.Errorf("/proc/swaps has %q, want %q", got, want)
	}
	n.UseSwap("/swapfile", 512<<10)
	wantErr(t, "second swapon", h.Kernel.SwapOn("/swapfile", 0), unix.EBUSY)
	wantErr(t, "remove while on", h.Files.Remove("/swapfile"), unix.EPERM)
	wantErr(t, "rename while on", h.Files.RenameNew("/swapfile", "/x"), unix.EPERM)
	_, err := h.Files.Open("/swapfile", os.O_WRONLY|os.O_TRUNC, 0)
	wantErr(t, "truncate while on", err, unix.ETXTBSY)
	f, err := h.Files.Open("/swapfile", os.O_RDWR, 0)
	check(t, err)
	_, err = f.WriteAt([]byte("x"), 0)
	wantErr(t, "write while on", err, unix.ETXTBSY)
	check(t, f.Close())
	check(t, h.Kernel.SwapOff(context.Background(), "/swapfile"))
	wantErr(t, "second swapoff", h.Kernel.SwapOff(context.Background(), "/swapfile"), unix.EINVAL)
	check(t, h.Files.Remove("/swapfile"))
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
	n.CheckInvariants(t)
}

func TestEncryptedSwapComesAndGoesWithoutATrace(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	check(t, makeSwapFile(h, "/swapfile", mib))
	before := n.Snapshot("/swapfile")
	check(t, openCrypt(h, "/swapfile", "cryptswap"))

	page := make([]byte, 4096)
	dm, err := h.Files.Open("/dev/mapper/cryptswap", os.O_RDWR|unix.O_EXCL, 0)
	check(t, err)
	_, err = dm.ReadAt(page, 0)
	check(t, err)
	if bytesAreZero(page) {
		t.Error("a fresh key shows zeros")
	}
	_, err = dm.WriteAt(swapPage(4096, mib), 0)
	check(t, err)
	_, err = h.Files.Open("/dev/dm-0", os.O_RDWR|unix.O_EXCL, 0)
	wantErr(t, "O_EXCL on a claimed device", err, unix.EBUSY)
	check(t, dm.Close())
	check(t, h.Kernel.SwapOn("/dev/mapper/cryptswap", host.SwapPrefer|7))
	if got, want := swaps(t, n), "/dev/dm-0                               partition\t1020\t\t0\t\t7\n"; got != want {
		t.Errorf("/proc/swaps has %q, want %q", got, want)
	}
	wantErr(t, "remove of a mapping in use", h.Kernel.DMRemove("cryptswap"), unix.EBUSY)
	check(t, h.Kernel.LoopDetach("/dev/loop0"))
	if _, err := h.Kernel.LoopStatus("/dev/loop0"); err != nil {
		t.Errorf("a loop in use went away: %v", err)
	}
	table, err := h.Kernel.DMTable("cryptswap")
	check(t, err)
	if table.OpenCount != 1 || table.Params != "aes-xts-plain64 :64:logon:swapctl:cryptswap 0 7:0 0 1 sector_size:4096" {
		t.Errorf("table is %+v", table)
	}
	backing, err := h.Files.ReadFile("/swapfile", host.FileLimit)
	check(t, err)
	if strings.Contains(string(backing), "SWAPSPACE2") {
		t.Error("the backing file holds plain text")
	}
	n.CheckInvariants(t)

	check(t, h.Kernel.SwapOff(context.Background(), "/dev/dm-0"))
	check(t, h.Kernel.DMRemove("cryptswap"))
	_, err = h.Kernel.LoopStatus("/dev/loop0")
	wantErr(t, "status of a loop that cleared itself", err, unix.ENXIO)
	if diff := before.Diff(n.Snapshot("/swapfile")); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
	n.CheckInvariants(t)
}

func bytesAreZero(b []byte) bool { return strings.Trim(string(b), "\x00") == "" }

func TestKilledProcessLosesFilesLocksAndKeys(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	lock, err := h.Files.Open("/run/lock/x", os.O_RDWR|os.O_CREATE, 0o600)
	check(t, err)
	check(t, h.Kernel.Lock(lock))
	other := n.Host()
	theirs, err := other.Files.Open("/run/lock/x", os.O_RDWR, 0)
	check(t, err)
	wantErr(t, "lock held by another", other.Kernel.Lock(theirs), unix.EWOULDBLOCK)

	check(t, makeSwapFile(h, "/swapfile", mib))
	f, err := h.Files.Open("/swapfile", os.O_RDWR, 0)
	check(t, err)
	_, err = h.Kernel.LoopAttach(f, host.LoopOptions{})
	check(t, err)
	done := len(n.Ops())
	n.KillAt(done + 2)
	check(t, h.Files.Mkdir("/a", 0o755))
	wantErr(t, "the operation killed before", h.Files.Mkdir("/b", 0o755), hosttest.ErrKilled)
	wantErr(t, "clean-up of a dead process", h.Files.Remove("/a"), hosttest.ErrKilled)
	wantErr(t, "close of a dead process", f.Close(), hosttest.ErrKilled)
	if !n.Fired() {
		t.Error("the kill did not fire")
	}
	if _, err := os.Stat(n.Path("/b")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the operation happened")
	}
	again := n.Host()
	check(t, other.Kernel.Lock(theirs))
	_, err = again.Kernel.LoopStatus("/dev/loop0")
	wantErr(t, "loop of a dead process", err, unix.ENXIO)
	n.CheckInvariants(t)
}

func TestFailingOperationHasNoEffect(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	n.FailAt(2, unix.EIO)
	check(t, h.Files.Mkdir("/a", 0o755))
	wantErr(t, "failing mkdir", h.Files.Mkdir("/b", 0o755), unix.EIO)
	if _, err := h.Files.Stat("/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the operation happened")
	}
	check(t, h.Files.Mkdir("/b", 0o755))
	if got, want := fmt.Sprint(n.Ops()), "[mkdir /a mkdir /b (input/output error) mkdir /b]"; got != want {
		t.Errorf("operations %s, want %s", got, want)
	}
}

func TestReplaceIsTornByAKillInsideIt(t *testing.T) {
	text := strings.Repeat("new", 10)
	for at, want := range map[int]string{
		1: "old", 2: "old", 3: "old", 4: text, 5: text,
	} {
		n := hosttest.New(t)
		n.WriteFile("/etc/x", "old", 0o644)
		n.KillInside(at)
		wantErr(t, "replace", n.Host().Files.Replace("/etc/x", []byte(text), 0o644), hosttest.ErrKilled)
		got, err := n.Host().Files.ReadFile("/etc/x", host.FileLimit)
		check(t, err)
		if string(got) != want {
			t.Errorf("killed inside %d: file has %q", at, got)
		}
		check(t, n.Host().Files.Replace("/etc/x", []byte(text), 0o644))
		if _, err := os.Stat(n.Path("/etc/.x.swapctl")); err == nil {
			t.Error("the temporary file is still there")
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		hosttest.New(b)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	n := hosttest.New(b)
	for b.Loop() {
		n.Snapshot()
	}
}

func TestATemporaryFileChangesNothing(t *testing.T) {
	n := hosttest.New(t)
	before := n.Snapshot()
	f, err := n.Host().Files.Temp()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write([]byte("a spool")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := f.ReadAt(got, 2); err != nil || string(got) != "spool" {
		t.Errorf("read %q: %v", got, err)
	}
	if st, err := f.Stat(); err != nil || st.SizeBytes != 7 {
		t.Errorf("%+v, %v", st, err)
	}
	if diff := before.Diff(n.Snapshot()); diff != "" || len(n.Ops()) > 0 {
		t.Errorf("changed: %s %v", diff, n.Ops())
	}
	n.FailOn("tempwrite", "", unix.ENOSPC)
	if _, err := f.Write([]byte("x")); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	n.FailOn("temp", "", unix.EROFS)
	if _, err := n.Host().Files.Temp(); !errors.Is(err, unix.EROFS) {
		t.Errorf("no place: %v", err)
	}
}

func TestRelativeNamesAreOfTheWorkingDirectory(t *testing.T) {
	n := hosttest.New(t)
	n.WriteFile("/root/pods.yaml", "kind: Pod\n", 0o644)
	n.WorkIn("/root")
	if data, err := n.Host().Files.ReadFile("pods.yaml", host.FileLimit); err != nil || string(data) != "kind: Pod\n" {
		t.Errorf("read %q: %v", data, err)
	}
}
