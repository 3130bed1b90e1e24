package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// rehearsal plays one story on a host and writes down what it answered, in
// words that are the same on every machine.
type rehearsal struct {
	h    host.Host
	dir  string
	said []string
}

func (r *rehearsal) path(name string) string { return r.dir + "/" + name }

// say notes an outcome: the errno, not its wrapping.
func (r *rehearsal) say(what string, err error) {
	answer := "ok"
	var errno unix.Errno
	switch {
	case errors.As(err, &errno):
		answer = unix.ErrnoName(errno)
	case errors.Is(err, context.Canceled):
		answer = "canceled"
	case err != nil:
		answer = err.Error()
	}
	r.said = append(r.said, what+": "+answer)
}

func (r *rehearsal) open(name string, flag int) host.File {
	f, err := r.h.Files.Open(r.path(name), flag, 0o600)
	if err != nil {
		r.say("open "+name, err)
		return nil
	}
	return f
}

// make makes a file of a size that was allocated (or not) and has a page of
// contents at its start.
func (r *rehearsal) make(name string, size int64, allocate bool, start []byte) {
	f := r.open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if f == nil {
		return
	}
	defer f.Close()
	if allocate {
		r.say("fallocate "+name, r.h.Kernel.Fallocate(f, size))
	}
	_, err := f.WriteAt(start, 0)
	r.say("write "+name, err)
	if !allocate {
		_, err := f.WriteAt([]byte{0}, size-1)
		r.say("extend "+name, err)
	}
	r.say("sync "+name, f.Sync())
}

// line is the area's line in /proc/swaps, but for its path and priority, and for how
// much of it is in use: a real kernel may swap at any moment.
func (r *rehearsal) line(name string) {
	text, err := r.h.Files.ReadFile("/proc/swaps", host.TableLimit)
	r.say("read /proc/swaps", err)
	for l := range strings.Lines(string(text)) {
		if fields := strings.Fields(l); fields[0] == r.path(name) {
			r.said = append(r.said, fmt.Sprintf("%s is on: %s", name, strings.Join(fields[1:3], " ")))
			return
		}
	}
	r.said = append(r.said, name+" is not on")
}

func (r *rehearsal) swapFiles(pageBytes int) {
	ctx := context.Background()
	on := func(name string) { r.say("swapon "+name, r.h.Kernel.SwapOn(r.path(name), 0)) }
	off := func(name string) { r.say("swapoff "+name, r.h.Kernel.SwapOff(ctx, r.path(name))) }
	const size = 1 << 20
	good := swapPage(pageBytes, size)

	r.make("good", size, true, good)
	on("good")
	r.line("good")
	on("good")
	r.say("remove while on", r.h.Files.Remove(r.path("good")))
	r.say("rename while on", r.h.Files.RenameNew(r.path("good"), r.path("other")))
	r.make("other", size, true, good)
	r.say("rename over it while on", r.h.Files.RenameNew(r.path("other"), r.path("good")))
	_, err := r.h.Files.Open(r.path("good"), os.O_RDWR|os.O_TRUNC, 0)
	r.say("truncate while on", err)
	if f := r.open("good", os.O_RDWR); f != nil {
		_, err := f.WriteAt([]byte("x"), 0)
		r.say("write while on", err)
		swapped, err := r.h.Kernel.SwappedTo(f)
		r.say(fmt.Sprintf("swapped to: %v", swapped), err)
		_, err = f.ReadAt(make([]byte, 16), 0)
		r.say("read while on", err)
		r.say("fallocate while on", r.h.Kernel.Fallocate(f, 2*size))
		r.say("close", f.Close())
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	r.say("swapoff canceled", r.h.Kernel.SwapOff(canceled, r.path("good")))
	off("good")
	off("good")
	r.line("good")
	off("missing")
	on("missing")
	on("")
	r.say("swapon with unknown flags", r.h.Kernel.SwapOn(r.path("good"), 1<<20))

	r.make("empty header", size, true, make([]byte, pageBytes))
	on("empty header")
	r.make("hole", size, false, good)
	on("hole")
	r.make("short", size/2, true, good)
	on("short")
	r.make("half a page", int64(pageBytes)/2, true, good[:pageBytes/2])
	on("half a page")
	none := swapPage(pageBytes, int64(pageBytes))
	r.make("no pages", size, true, none)
	on("no pages")
	version := swapPage(pageBytes, size)
	version[1024] = 2
	r.make("version 2", size, true, version)
	on("version 2")
	r.make("blank \t name", size, true, good)
	on("blank \t name")
	r.say("remove blank name while on", r.h.Files.Remove(r.path("blank \t name")))
	off("blank \t name")
}

func (r *rehearsal) files() {
	say := r.say
	r.make("a", 4096, true, []byte("x"))
	_, err := r.h.Files.Open(r.path("a"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	say("create what is there", err)
	_, err = r.h.Files.Open(r.path("a/b"), os.O_RDONLY, 0)
	say("file as a directory", err)
	_, err = r.h.Files.Open(r.dir, os.O_RDWR, 0)
	say("write a directory", err)
	_, err = r.h.Files.Open(r.path("missing/b"), os.O_RDWR|os.O_CREATE, 0o600)
	say("create without a directory", err)
	say("mkdir", r.h.Files.Mkdir(r.path("d"), 0o755))
	say("mkdir again", r.h.Files.Mkdir(r.path("d"), 0o755))
	say("rename into", r.h.Files.RenameNew(r.path("a"), r.path("d/a")))
	say("remove a full directory", r.h.Files.Remove(r.path("d")))
	say("remove missing", r.h.Files.Remove(r.path("a")))
	say("rename missing", r.h.Files.RenameNew(r.path("a"), r.path("b")))
	say("rename a file over a directory", r.h.Files.RenameNew(r.path("d/a"), r.path("d")))
	_, err = r.h.Files.Readlink(r.path("d/a"))
	say("readlink of a file", err)
	say("replace", r.h.Files.Replace(r.path("d/r"), []byte("text"), 0o640))
	st, err := r.h.Files.Stat(r.path("d/r"))
	say("stat", err)
	r.said = append(r.said, fmt.Sprint(st.Mode, st.SizeBytes, st.LinksCount, st.UID))
	say("replace without a directory", r.h.Files.Replace(r.path("missing/r"), nil, 0o640))
	say("sync directory", r.h.Files.SyncDir(r.path("d")))
	say("sync a file as a directory", r.h.Files.SyncDir(r.path("d/a")))
	if f := r.open("d/a", os.O_RDONLY); f != nil {
		_, err := f.Write([]byte("x"))
		say("write read-only", err)
		say("fallocate read-only", r.h.Kernel.Fallocate(f, 8192))
		_, err = r.h.Kernel.BlockDevice(f)
		say("size of a file as a device", err)
		_, err = r.h.Kernel.Btrfs(f)
		say("btrfs", err)
		say("close", f.Close())
		_, err = f.ReadAt(make([]byte, 1), 0)
		say("read closed", err)
		say("close again", f.Close())
	}
	if f := r.open("d/a", os.O_RDWR); f != nil {
		say("fallocate nothing", r.h.Kernel.Fallocate(f, 0))
		say("no such flag here", r.h.Kernel.SetInodeFlags(f, host.InodeNoCOW))
		_ = f.Close()
	}
	r.locks()
	r.layouts()
}

func (r *rehearsal) locks() {
	a, b := r.open("lock", os.O_RDWR|os.O_CREATE), r.open("lock", os.O_RDWR)
	r.say("lock", r.h.Kernel.Lock(a))
	r.say("lock again", r.h.Kernel.Lock(a))
	r.say("lock of another", r.h.Kernel.Lock(b))
	r.say("close", a.Close())
	r.say("lock of another", r.h.Kernel.Lock(b))
	r.say("close", b.Close())
}

// layouts notes which parts of files are there, and what they cost.
func (r *rehearsal) layouts() {
	note := func(name string) {
		f := r.open(name, os.O_RDONLY)
		defer f.Close()
		extents, err := r.h.Kernel.Extents(f)
		r.say("extents of "+name, err)
		for _, e := range merged(extents) {
			r.said = append(r.said, fmt.Sprintf("%s: %d+%d %#x", name, e.Logical, e.Length, e.Flags))
		}
		st, err := f.Stat()
		r.say("stat of "+name, err)
		r.said = append(r.said, fmt.Sprintf("%s: %d bytes, takes %d", name, st.SizeBytes, st.UsedBytes))
	}
	r.make("allocated", 1<<20, true, make([]byte, 4096))
	note("allocated")
	r.make("holey", 1<<20, false, make([]byte, 8192))
	note("holey")
	r.make("nothing", 1, false, nil)
	note("nothing")
}

// merged puts extents together that only the disk keeps apart.
func merged(extents []host.Extent) []host.Extent {
	var out []host.Extent
	for _, e := range extents {
		e.Flags &^= host.ExtentLast
		if last := len(out) - 1; last >= 0 && out[last].Flags == e.Flags && out[last].Logical+out[last].Length == e.Logical {
			out[last].Length += e.Length
			continue
		}
		out = append(out, e)
	}
	return out
}

func (r *rehearsal) loops() {
	k := r.h.Kernel
	r.make("back", 1<<20, true, swapPage(k.PageSize(), 1<<20))
	back := r.open("back", os.O_RDWR)
	defer back.Close()
	for _, size := range []int{512, 4096, 3000, 1 << 20} {
		f, err := k.LoopAttach(back, host.LoopOptions{BlockBytes: size})
		r.say(fmt.Sprintf("loop with blocks of %d", size), err)
		if err != nil {
			continue
		}
		dev, err := k.BlockDevice(f)
		r.say("its size", err)
		r.said = append(r.said, fmt.Sprint(dev))
		r.loop(f)
	}
	dir, err := r.h.Files.Open(r.dir, os.O_RDONLY, 0)
	r.say("open directory", err)
	_, err = k.LoopAttach(dir, host.LoopOptions{})
	r.say("loop over a directory", err)
	r.say("close", dir.Close())
	_, err = k.LoopStatus(r.path("back"))
	r.say("loop status of a file", err)
	r.say("detach of a file", k.LoopDetach(r.path("back")))
}

// loop notes what a loop device does from its birth to its end.
func (r *rehearsal) loop(f host.File) {
	k, name := r.h.Kernel, f.Name()
	sys := "/sys/class/block/" + filepath.Base(name)
	back, err := r.h.Files.Stat(r.path("back"))
	r.say("stat of the backing file", err)
	note := func(file string) {
		text, err := r.h.Files.ReadFile(sys+file, host.FileLimit)
		r.say(file, err)
		r.said = append(r.said, strings.TrimPrefix(strings.TrimSpace(string(text)), r.dir))
	}
	for _, file := range []string{"/size", "/ro", "/loop/backing_file", "/loop/autoclear", "/loop/dio", "/loop/offset"} {
		note(file)
	}
	st, err := k.LoopStatus(name)
	r.say("status", err)
	r.said = append(r.said, fmt.Sprint(st.AutoClear, st.DirectIO, st.BackingDev == back.Dev, st.BackingIno == back.Ino))
	page := make([]byte, 4096)
	_, err = f.ReadAt(page, 0)
	r.say("read", err)
	_, err = f.WriteAt(page, 1<<20)
	r.say("write past the end", err)
	_, err = f.ReadAt(page, 1<<20)
	r.say("read past the end", err)

	excl, err := r.h.Files.Open(name, os.O_RDWR|os.O_EXCL, 0)
	r.say("claim", err)
	_, err = r.h.Files.Open(name, os.O_RDWR|os.O_EXCL, 0)
	r.say("claim again", err)
	r.say("swapon while claimed", k.SwapOn(name, 0))
	r.say("close", excl.Close())
	r.say("swapon", k.SwapOn(name, 0))
	_, err = r.h.Files.Open(name, os.O_RDWR|os.O_EXCL, 0)
	r.say("claim while swap", err)
	_, err = f.WriteAt(page, 0)
	r.say("write while swap", err)
	r.say("detach while swap", k.LoopDetach(name))
	r.say("close", f.Close())
	_, err = k.LoopStatus(name)
	r.say("status while swap", err)
	r.say("rename the backing file", r.h.Files.RenameNew(r.path("back"), r.path("moved")))
	note("/loop/backing_file")
	r.say("and back", r.h.Files.RenameNew(r.path("moved"), r.path("back")))
	r.say("swapoff", k.SwapOff(context.Background(), name))
	r.gone(name)
	_, err = r.h.Files.ReadFile(sys+"/loop/backing_file", host.SmallLimit)
	r.say("backing_file of a free loop", err)
	note("/size")
}

// gone waits for the kernel to clear a loop device that lost its last user.
func (r *rehearsal) gone(name string) {
	var err error
	for range 100 {
		if _, err = r.h.Kernel.LoopStatus(name); errors.Is(err, unix.ENXIO) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.say("status when it is free", err)
	r.say("detach when it is free", r.h.Kernel.LoopDetach(name))
}

func TestAnswersAsLinuxDoes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: swapon and loop devices of this machine")
	}
	for name, play := range map[string]func(*rehearsal){
		"files":      (*rehearsal).files,
		"swap files": func(r *rehearsal) { r.swapFiles(r.h.Kernel.PageSize()) },
		"loops":      (*rehearsal).loops,
	} {
		t.Run(name, func(t *testing.T) {
			real := rehearsal{h: host.Linux(), dir: t.TempDir()}
			needs(t, name, real.dir)
			n := hosttest.New(t)
			n.SetPageSize(os.Getpagesize())
			t.Cleanup(func() { switchOff(t, real.dir) })
			fake := rehearsal{h: n.Host(), dir: "/srv"}
			check(t, fake.h.Files.Mkdir("/srv", 0o755))
			play(&real)
			play(&fake)
			for i, s := range real.said {
				real.said[i] = strings.ReplaceAll(s, real.dir, fake.dir)
			}
			if diff := cmp.Diff(real.said, fake.said); diff != "" {
				t.Errorf("Linux (-) and the fake (+) differ:\n%s", diff)
			}
			n.CheckInvariants(t)
		})
	}
}

// switchOff leaves no swap on in a directory of this machine, so that a story
// that went wrong can be removed.
func switchOff(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile("/proc/swaps")
	check(t, err)
	for line := range strings.Lines(string(text)) {
		if path := strings.Fields(line)[0]; strings.HasPrefix(path, dir+"/") {
			t.Errorf("%s was left on", path)
			path = strings.NewReplacer(`\040`, " ", `\011`, "\t").Replace(path)
			check(t, host.Linux().Kernel.SwapOff(context.Background(), path))
		}
	}
}

// needs skips where this machine cannot play the story.
func needs(t *testing.T, name, dir string) {
	t.Helper()
	var st unix.Statfs_t
	check(t, unix.Statfs(dir, &st))
	if st.Type != unix.EXT4_SUPER_MAGIC {
		t.Skipf("needs ext4 in %s to compare with, it has magic number %#x", dir, st.Type)
	}
	if _, err := os.Stat("/dev/loop-control"); name == "loops" && errors.Is(err, fs.ErrNotExist) {
		t.Skip("needs /dev/loop-control")
	}
	if err := host.Linux().Kernel.SwapOn("/dev/null", 0); !errors.Is(err, unix.EINVAL) {
		t.Skipf("swapon is not allowed here: %v", err)
	}
}
