package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

func TestSwapoffNeedsMemory(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	check(t, makeSwapFile(h, "/swapfile", mib))
	check(t, h.Kernel.SwapOn("/swapfile", 0))
	n.UseSwap("/swapfile", 1<<19)
	n.SetAvailableMemory(1 << 18)
	wantErr(t, "swapoff without memory", h.Kernel.SwapOff(context.Background(), "/swapfile"), unix.ENOMEM)
	if got := swaps(t, n); !strings.Contains(got, "\t1020\t\t512\t\t-2") {
		t.Errorf("/proc/swaps has %q", got)
	}
	text, err := h.Files.ReadFile("/proc/meminfo", host.SmallLimit)
	check(t, err)
	if !strings.Contains(string(text), "SwapTotal:          1020 kB\nSwapFree:            508 kB\n") {
		t.Errorf("/proc/meminfo has %s", text)
	}
}

func TestSwapoffEndsWithItsContext(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	check(t, makeSwapFile(h, "/swapfile", mib))
	check(t, h.Kernel.SwapOn("/swapfile", 0))
	n.UseSwap("/swapfile", 1<<19)
	n.StickSwapOff()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	wantErr(t, "swapoff", h.Kernel.SwapOff(ctx, "/swapfile"), context.DeadlineExceeded)
	if got := swaps(t, n); !strings.Contains(got, "\t256\t") {
		t.Errorf("half should be read back: %q", got)
	}
	n.ResetOps()
	check(t, h.Kernel.SwapOff(context.Background(), "/swapfile"))
}

func TestPrioritiesAreNumberedAsLinuxDoes(t *testing.T) {
	n := hosttest.New(t)
	k := n.Host().Kernel
	for _, f := range []string{"/a", "/b", "/c", "/d"} {
		check(t, makeSwapFile(n.Host(), f, mib))
	}
	check(t, k.SwapOn("/a", 0))
	check(t, k.SwapOn("/b", host.SwapPrefer|5|host.SwapDiscard))
	check(t, k.SwapOn("/c", 0))
	check(t, k.SwapOff(context.Background(), "/a"))
	check(t, k.SwapOn("/d", 0))
	var got []string
	for line := range strings.Lines(swaps(t, n)) {
		f := strings.Fields(line)
		got = append(got, f[0]+f[4])
	}
	if want := "[/b5 /c-2 /d-3]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestMissingPartsOfTheKernel(t *testing.T) {
	for name, c := range map[string]struct {
		take func(*hosttest.Node)
		call func(h host.Host) error
		want error
	}{
		"no device mapper":    {(*hosttest.Node).NoDeviceMapper, dmTarget, fs.ErrNotExist},
		"no mapper, create":   {(*hosttest.Node).NoDeviceMapper, dmCreate, fs.ErrNotExist},
		"no dm-crypt":         {(*hosttest.Node).NoDMCrypt, dmTarget, fs.ErrNotExist},
		"no keyring":          {(*hosttest.Node).NoKeyring, keyAdd, errors.ErrUnsupported},
		"no loop":             {(*hosttest.Node).NoLoop, loopAttach, fs.ErrNotExist},
		"no free loop":        {(*hosttest.Node).NoLoopFree, loopAttach, unix.ENOSPC},
		"not root, mapper":    {notRoot, dmTarget, unix.EACCES},
		"not root, loop":      {notRoot, loopAttach, unix.EACCES},
		"not root, swapon":    {notRoot, swapOn, unix.EPERM},
		"not root, mkdir":     {notRoot, mkdir, unix.EACCES},
		"not root, device":    {notRoot, openDisk, unix.EACCES},
		"read-only /":         {readOnlyRoot, mkdir, unix.EROFS},
		"full /":              {fullRoot, fallocate, unix.ENOSPC},
		"full /, written":     {fullRoot, writeMuch, unix.ENOSPC},
		"ext3":                {func(n *hosttest.Node) { n.SetFileSystem("/", hosttest.FileSystem{Type: "ext3"}) }, fallocate, unix.EOPNOTSUPP},
		"rule":                {func(n *hosttest.Node) { n.FailOn("mkdir", "/x", unix.EDQUOT) }, mkdir, unix.EDQUOT},
		"rule, random":        {func(n *hosttest.Node) { n.FailOn("random", "", unix.EIO) }, random, unix.EIO},
		"rule of another dir": {func(n *hosttest.Node) { n.FailOn("mkdir", "/y", unix.EDQUOT) }, mkdir, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := hosttest.New(t)
			n.WriteFile("/file", strings.Repeat("x", 4096), 0o666)
			before := n.Snapshot()
			c.take(n)
			err := c.call(n.Host())
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if diff := before.Diff(n.Snapshot("/dev/mapper", "/dev/loop-control", "/proc/self", "/big")); c.want != nil && strings.Contains(diff, "+") {
				t.Errorf("a refused call left:\n%s", diff)
			}
		})
	}
}

func dmTarget(h host.Host) error { _, err := h.Kernel.DMTarget("crypt"); return err }
func dmCreate(h host.Host) error { return h.Kernel.DMCreate("x", "") }
func keyAdd(h host.Host) error   { _, err := h.Kernel.KeyAdd("a:b", make([]byte, 32)); return err }
func swapOn(h host.Host) error   { return h.Kernel.SwapOn("/file", 0) }
func mkdir(h host.Host) error    { return h.Files.Mkdir("/x", 0o755) }
func openDisk(h host.Host) error { _, err := h.Files.Open("/dev/vdb", os.O_RDONLY, 0); return err }
func random(h host.Host) error   { return h.Kernel.Random(make([]byte, 4)) }
func notRoot(n *hosttest.Node)   { n.SetEUID(1000) }

func readOnlyRoot(n *hosttest.Node) {
	n.SetFileSystem("/", hosttest.FileSystem{Type: "ext4", ReadOnly: true})
}

func fullRoot(n *hosttest.Node) {
	n.SetFileSystem("/", hosttest.FileSystem{Type: "ext4", TotalBytes: 4 * mib, FreeBytes: mib})
}

func loopAttach(h host.Host) error {
	f, err := h.Files.Open("/file", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	loop, err := h.Kernel.LoopAttach(f, host.LoopOptions{})
	if err != nil {
		return err
	}
	return loop.Close()
}

func fallocate(h host.Host) error {
	f, err := h.Files.Open("/big", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	err = h.Kernel.Fallocate(f, 2*mib)
	if st, statErr := f.Stat(); errors.Is(err, unix.ENOSPC) && (statErr != nil || st.UsedBytes != mib) {
		return fmt.Errorf("left %d bytes", st.UsedBytes)
	}
	return err
}

func writeMuch(h host.Host) error {
	f, err := h.Files.Open("/big", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	put, err := f.Write(make([]byte, 2*mib))
	if errors.Is(err, unix.ENOSPC) && put != mib {
		return fmt.Errorf("wrote %d bytes", put)
	}
	return err
}

func TestRemovingAFileGivesItsSpaceBack(t *testing.T) {
	n := hosttest.New(t, fullRoot)
	h := n.Host()
	for range 3 {
		wantErr(t, "fallocate", fallocate(h), unix.ENOSPC)
		check(t, h.Files.Remove("/big"))
	}
	st, err := h.Kernel.Statfs("/")
	check(t, err)
	if st.AvailableBytes != mib {
		t.Errorf("%d bytes are free", st.AvailableBytes)
	}
}

func TestKilledInsideAllocatesHalfAndReadsHalfBack(t *testing.T) {
	n := hosttest.New(t)
	n.KillInside(2)
	wantErr(t, "make", makeSwapFile(n.Host(), "/a", mib), hosttest.ErrKilled)
	st, err := n.Host().Files.Stat("/a")
	check(t, err)
	if st.SizeBytes != mib/2 || st.UsedBytes != mib/2 {
		t.Errorf("size %d, used %d", st.SizeBytes, st.UsedBytes)
	}
	h := n.Host()
	check(t, makeSwapFile(h, "/b", mib))
	check(t, h.Kernel.SwapOn("/b", 0))
	n.UseSwap("/b", 100<<10)
	n.KillInside(len(n.Ops()) + 1)
	wantErr(t, "swapoff", h.Kernel.SwapOff(context.Background(), "/b"), hosttest.ErrKilled)
	if got := swaps(t, n); !strings.Contains(got, "\t50\t") {
		t.Errorf("/proc/swaps has %q", got)
	}
}

func TestRebootForgetsSwapMappingsAndLoops(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	check(t, makeSwapFile(h, "/swapfile", mib))
	check(t, makeSwapFile(h, "/plain", mib))
	n.WriteFile("/run/x", "x", 0o644)
	before := n.Snapshot("/run", "/swapfile")
	check(t, h.Kernel.SwapOn("/plain", 0))
	check(t, openCrypt(h, "/swapfile", "cryptswap"))
	dm, err := h.Files.Open("/dev/dm-0", os.O_RDWR, 0)
	check(t, err)
	_, err = dm.WriteAt(swapPage(4096, mib), 0)
	check(t, err)
	check(t, h.Kernel.SwapOn("/dev/dm-0", 0))
	n.Reboot()
	if diff := before.Diff(n.Snapshot("/run", "/swapfile")); diff != "" {
		t.Errorf("after the reboot:\n%s", diff)
	}
	wantErr(t, "a process from before", h.Files.Mkdir("/x", 0o755), hosttest.ErrKilled)
	h = n.Host()
	if _, err := h.Files.Stat("/run/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("/run was kept")
	}
	check(t, openCrypt(h, "/swapfile", "cryptswap"))
	wantErr(t, "swapon of garbage", h.Kernel.SwapOn("/dev/dm-0", 0), unix.EINVAL)
	check(t, h.Kernel.SwapOn("/plain", 0))
	n.CheckInvariants(t)
}

func TestLateAndLostNodes(t *testing.T) {
	n := hosttest.New(t)
	check(t, makeSwapFile(n.Host(), "/a", mib))
	check(t, makeSwapFile(n.Host(), "/b", mib))
	n.LoseNode("lost")
	n.LateNode("late", 30)
	h := n.Host()
	check(t, openCrypt(h, "/a", "lost"))
	check(t, openCrypt(h, "/b", "late"))
	if _, err := h.Files.Lstat("/dev/mapper/late"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the late node is early")
	}
	for range 30 {
		_, _ = h.Files.Stat("/")
	}
	_, err := h.Files.Lstat("/dev/mapper/late")
	check(t, err)
	if _, err := h.Files.Lstat("/dev/mapper/lost"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the lost node was found")
	}
	check(t, h.Kernel.DMRemove("lost"))
}

func TestLazyUnmountHidesASwapFile(t *testing.T) {
	n := hosttest.New(t)
	n.SetFileSystem("/mnt/x", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb"})
	h := n.Host()
	_, err := h.Files.Open("/dev/vdb", os.O_RDWR|unix.O_EXCL, 0)
	wantErr(t, "claim of a mounted disk", err, unix.EBUSY)
	check(t, makeSwapFile(h, "/mnt/x/s", mib))
	check(t, h.Kernel.SwapOn("/mnt/x/s", 0))
	n.UnmountLazily("/mnt/x")
	if got := swaps(t, n); !strings.HasPrefix(got, "/s ") {
		t.Errorf("/proc/swaps has %q", got)
	}
	wantErr(t, "swapoff", h.Kernel.SwapOff(context.Background(), "/mnt/x/s"), unix.ENOENT)
	n.MountAgain("/mnt/x")
	check(t, h.Kernel.SwapOff(context.Background(), "/mnt/x/s"))
}

func TestClaimsOnADiskAndItsPartitionsExcludeEachOther(t *testing.T) {
	n := hosttest.New(t)
	part := n.AddPartition("vdb", 1, 8*mib)
	h := n.Host()
	claim := func(name string) (host.File, error) { return h.Files.Open("/dev/"+name, os.O_RDWR|unix.O_EXCL, 0) }
	_, err := claim("vda")
	wantErr(t, "disk of the mounted partition", err, unix.EBUSY)
	disk, err := claim("vdb")
	check(t, err)
	_, err = claim(part)
	wantErr(t, "partition of a claimed disk", err, unix.EBUSY)
	check(t, disk.Close())
	f, err := claim(part)
	check(t, err)
	_, err = f.WriteAt(make([]byte, 1024), 8*mib-512)
	wantErr(t, "write past the end", err, unix.ENOSPC)
	_, err = claim("vdb")
	wantErr(t, "disk of a claimed partition", err, unix.EBUSY)
	st, err := h.Files.Stat("/dev/disk/by-id/virtio-vdb-part1")
	check(t, err)
	if !st.IsBlock() || st.Rdev != unix.Mkdev(254, 17) {
		t.Errorf("stat is %+v", st)
	}
}

func TestOwnersAndPermissions(t *testing.T) {
	n := hosttest.New(t)
	n.WriteFile("/home/f", "x", 0o600)
	n.SetOwner("/home/f", 1000, 100)
	st, err := n.Host().Files.Stat("/home/f")
	check(t, err)
	if st.UID != 1000 || st.GID != 100 || st.Mode != 0o600 {
		t.Errorf("stat is %+v", st)
	}
	n.SetEUID(1000)
	_, err = n.Host().Files.ReadFile("/home/f", host.FileLimit)
	check(t, err)
	n.SetEUID(1001)
	_, err = n.Host().Files.ReadFile("/home/f", host.FileLimit)
	wantErr(t, "read", err, unix.EACCES)
}
