package hosttest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// elsewhere is what differs from one file system to the next.
func (r *rehearsal) elsewhere() {
	k, ctx := r.h.Kernel, context.Background()
	st, err := k.Statfs(r.dir)
	r.say("statfs", err)
	r.said = append(r.said, fmt.Sprintf("magic %#x read-only %v", st.Type, st.ReadOnly))
	f := r.open("f", os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if f == nil {
		return
	}
	flags, err := k.InodeFlags(f)
	r.say("flags of a new file", err)
	if err == nil {
		r.say("nocow", k.SetInodeFlags(f, flags|host.InodeNoCOW))
		flags, _ = k.InodeFlags(f)
		r.said = append(r.said, fmt.Sprintf("nocow is %#x", flags&host.InodeNoCOW))
	}
	_, err = k.Btrfs(f)
	r.say("btrfs", err)
	r.say("fallocate", k.Fallocate(f, 1<<20))
	page := swapPage(k.PageSize(), 1<<20)
	for at := int64(0); at < 1<<20; at += int64(len(page)) {
		if _, err := f.WriteAt(page, at); err != nil {
			r.say("write", err)
		}
		page = make([]byte, len(page))
	}
	r.say("sync", f.Sync())
	extents, err := k.Extents(f)
	r.say("extents", err)
	for _, e := range merged(extents) {
		r.said = append(r.said, fmt.Sprintf("%d+%d %#x", e.Logical, e.Length, e.Flags))
	}
	r.say("swapon", k.SwapOn(r.path("f"), 0))
	r.line("f")
	r.say("swapoff", k.SwapOff(ctx, r.path("f")))
	r.say("close", f.Close())

	late := r.open("late", os.O_RDWR|os.O_CREATE)
	_, err = late.Write([]byte("something"))
	r.say("write", err)
	if flags, err := k.InodeFlags(late); err == nil {
		r.say("nocow of a file with contents", k.SetInodeFlags(late, flags|host.InodeNoCOW))
		flags, _ = k.InodeFlags(late)
		r.said = append(r.said, fmt.Sprintf("nocow is %#x", flags&host.InodeNoCOW))
	}
	r.say("close", late.Close())
	direct, err := r.h.Files.Open(r.path("late"), os.O_RDWR|unix.O_DIRECT, 0)
	r.say("direct", err)
	if err == nil {
		_, err = direct.WriteAt(make([]byte, 100), 0)
		r.said = append(r.said, fmt.Sprintf("direct write of 100 bytes: %v", err != nil))
		r.say("close", direct.Close())
	}
}

// full fills the file system.
func (r *rehearsal) full() {
	f := r.open("big", os.O_RDWR|os.O_CREATE|os.O_EXCL)
	defer f.Close()
	r.say("too big", r.h.Kernel.Fallocate(f, 1<<40))
	r.say("bigger than what is free", r.h.Kernel.Fallocate(f, 127<<20))
	st, err := f.Stat()
	r.say("stat", err)
	r.said = append(r.said, fmt.Sprintf("some of it stays: %v", st.UsedBytes > 10<<20))
	r.say("remove", r.h.Files.Remove(r.path("big")))
}

func (r *rehearsal) readOnly() {
	_, err := r.h.Files.Open(r.path("f"), os.O_RDWR, 0)
	r.say("open", err)
	_, err = r.h.Files.Open(r.path("new"), os.O_RDWR|os.O_CREATE, 0o600)
	r.say("create", err)
	r.say("mkdir", r.h.Files.Mkdir(r.path("d"), 0o755))
	r.say("remove", r.h.Files.Remove(r.path("f")))
	r.say("rename", r.h.Files.RenameNew(r.path("f"), r.path("g")))
	r.say("replace", r.h.Files.Replace(r.path("f"), nil, 0o600))
	r.say("swapon", r.h.Kernel.SwapOn(r.path("f"), 0))
	st, err := r.h.Kernel.Statfs(r.dir)
	r.say("statfs", err)
	r.said = append(r.said, fmt.Sprint(st.ReadOnly))
}

// mountReal makes a file system of 128 MiB (or 32) on this machine.
func mountReal(t *testing.T, kind string, mib int64) string {
	t.Helper()
	dir := t.TempDir()
	source, options := kind, ""
	if kind == "overlay" {
		lower := mountReal(t, "ext4", mib)
		for _, sub := range []string{"/l", "/u", "/w"} {
			check(t, os.Mkdir(lower+sub, 0o755))
		}
		options = fmt.Sprintf("lowerdir=%[1]s/l,upperdir=%[1]s/u,workdir=%[1]s/w", lower)
	} else if kind != "tmpfs" {
		source = loopWith(t, kind, mib)
	}
	if err := unix.Mount(source, dir, kind, 0, options); err != nil {
		t.Skipf("cannot mount %s here: %v", kind, err)
	}
	t.Cleanup(func() {
		switchOff(t, dir)
		check(t, unix.Unmount(dir, 0))
	})
	return dir
}

func loopWith(t *testing.T, kind string, mib int64) string {
	t.Helper()
	mkfs, err := exec.LookPath("mkfs." + kind)
	if err != nil {
		t.Skipf("needs mkfs.%s", kind)
	}
	image := t.TempDir() + "/image"
	f, err := os.OpenFile(image, os.O_RDWR|os.O_CREATE, 0o600)
	check(t, err)
	check(t, f.Truncate(mib<<20))
	check(t, f.Close())
	args := []string{image}
	if kind == "ext4" {
		args = []string{"-b", "4096", image} // the least block that a page of swap fits in
	}
	if out, err := exec.Command(mkfs, args...).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.%s: %v: %s", kind, err, out)
	}
	h := host.Linux()
	back, err := h.Files.Open(image, os.O_RDWR, 0)
	check(t, err)
	defer back.Close()
	loop, err := h.Kernel.LoopAttach(back, host.LoopOptions{})
	if err != nil {
		t.Skipf("needs a loop device: %v", err)
	}
	t.Cleanup(func() { _ = loop.Close() })
	return loop.Name()
}

func TestAnswersAsLinuxDoesOnOtherFileSystems(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount file systems")
	}
	for _, kind := range []string{"ext4", "xfs", "btrfs", "tmpfs", "overlay"} {
		t.Run(kind, func(t *testing.T) {
			if kind == "tmpfs" && !since(t, 6, 6) {
				t.Skip("the fake's tmpfs is that of Linux 6.6 and newer: inode flags and O_DIRECT")
			}
			size := int64(128)
			if kind == "xfs" {
				size = 320 // the least that mkfs takes
			}
			real := rehearsal{h: host.Linux(), dir: mountReal(t, kind, size)}
			n := hosttest.New(t)
			n.SetFileSystem("/data", hosttest.FileSystem{Type: kind, TotalBytes: size << 20, FreeBytes: (size - 30) << 20})
			fake := rehearsal{h: n.Host(), dir: "/data"}
			play := func(r *rehearsal) { r.elsewhere() }
			if kind == "ext4" {
				play = func(r *rehearsal) { r.elsewhere(); r.full() }
			}
			play(&real)
			play(&fake)
			compare(t, real, fake)
			if kind == "overlay" {
				return
			}
			if err := unix.Mount("", real.dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Skipf("cannot remount read-only: %v", err)
			}
			n.SetFileSystem("/data", hosttest.FileSystem{Type: kind, ReadOnly: true})
			real.said, fake.said = nil, nil
			real.readOnly()
			fake.readOnly()
			compare(t, real, fake)
		})
	}
}

// since reports whether this machine's kernel is that version or newer.
func since(t *testing.T, major, minor int) bool {
	t.Helper()
	var u unix.Utsname
	check(t, unix.Uname(&u))
	var a, b int
	_, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b)
	check(t, err)
	return a > major || a == major && b >= minor
}

func compare(t *testing.T, real, fake rehearsal) {
	t.Helper()
	for i, s := range real.said {
		real.said[i] = strings.ReplaceAll(s, real.dir, fake.dir)
	}
	if diff := cmp.Diff(real.said, fake.said); diff != "" {
		t.Errorf("Linux (-) and the fake (+) differ:\n%s", diff)
	}
}
