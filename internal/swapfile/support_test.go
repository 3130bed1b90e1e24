package swapfile

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// kernel is the real one where a test does not say otherwise.
type kernel struct {
	host.Kernel
	pageBytes   int
	statfs      func(path string) (host.Statfs, error)
	fallocate   func(f host.File, size int64) error
	extents     func(f host.File) ([]host.Extent, error)
	flags       func(f host.File) (uint32, error)
	setFlags    func(f host.File, flags uint32) error
	devices     int
	blockDevice *host.BlockDevice
}

func (k kernel) PageSize() int {
	if k.pageBytes != 0 {
		return k.pageBytes
	}
	return k.Kernel.PageSize()
}

func (k kernel) Statfs(path string) (host.Statfs, error) {
	if k.statfs != nil {
		return k.statfs(path)
	}
	return k.Kernel.Statfs(path)
}

func (k kernel) Fallocate(f host.File, size int64) error {
	if k.fallocate != nil {
		return k.fallocate(f, size)
	}
	return k.Kernel.Fallocate(f, size)
}

func (k kernel) Extents(f host.File) ([]host.Extent, error) {
	if k.extents != nil {
		return k.extents(f)
	}
	return k.Kernel.Extents(f)
}

func (k kernel) InodeFlags(f host.File) (uint32, error) {
	if k.flags != nil {
		return k.flags(f)
	}
	return k.Kernel.InodeFlags(f)
}

func (k kernel) SetInodeFlags(f host.File, flags uint32) error {
	if k.setFlags != nil {
		return k.setFlags(f, flags)
	}
	return k.Kernel.SetInodeFlags(f, flags)
}

func (k kernel) BtrfsDevices(f host.File) (int, error) {
	if k.devices != 0 {
		return k.devices, nil
	}
	return k.Kernel.BtrfsDevices(f)
}

func (k kernel) BlockDevice(f host.File) (host.BlockDevice, error) {
	if k.blockDevice != nil {
		return *k.blockDevice, nil
	}
	return k.Kernel.BlockDevice(f)
}

// files are the real ones, all owned by root, where a test does not say
// otherwise.
type files struct {
	host.Files
	release string                             // of the kernel
	open    func(name string, flag int) error  // fails Open
	write   func(flag int, offset int64) error // fails WriteAt
	block   bool                               // files are devices
	opened  *[]int                             // flags of every Open
	rename  error
}

func (f files) ReadFile(name string) ([]byte, error) {
	if name == "/proc/sys/kernel/osrelease" && f.release != "" {
		return []byte(f.release + "\n"), nil
	}
	return f.Files.ReadFile(name)
}

func (f files) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	if f.opened != nil {
		*f.opened = append(*f.opened, flag)
	}
	if f.open != nil {
		if err := f.open(name, flag); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	file, err := f.Files.Open(name, flag&^f.hidden(), perm)
	if err != nil {
		return nil, err
	}
	return openFile{file, f, flag}, nil
}

// hidden are flags that files standing in for devices would stumble over.
func (f files) hidden() int {
	if f.block {
		return unix.O_EXCL
	}
	return 0
}

func (f files) Stat(name string) (host.Stat, error) { return f.owned(f.Files.Stat(name)) }

func (f files) Rename(from, to string) error {
	if f.rename != nil {
		return &fs.PathError{Op: "rename", Path: from, Err: f.rename}
	}
	return f.Files.Rename(from, to)
}

func (f files) owned(st host.Stat, err error) (host.Stat, error) {
	st.UID = 0
	if f.block {
		st.Mode |= fs.ModeDevice
	}
	return st, err
}

type openFile struct {
	host.File
	files files
	flag  int
}

func (f openFile) Stat() (host.Stat, error) { return f.files.owned(f.File.Stat()) }

func (f openFile) WriteAt(p []byte, offset int64) (int, error) {
	if f.files.write != nil {
		if err := f.files.write(f.flag, offset); err != nil {
			return 0, &fs.PathError{Op: "write", Path: f.Name(), Err: err}
		}
	}
	return f.File.WriteAt(p, offset)
}

// onExt4 says that a file system is ext4 with all the room in the world.
func onExt4(string) (host.Statfs, error) {
	return host.Statfs{Type: unix.EXT4_SUPER_MAGIC, TotalBytes: 1 << 40, AvailableBytes: 1 << 40}, nil
}

// fakeHost is the machine that the tests run on, with changes.
func fakeHost(f files, k kernel) host.Host {
	real := host.Linux()
	f.Files, k.Kernel = real.Files, real.Kernel
	if k.statfs == nil {
		k.statfs = onExt4
	}
	return host.Host{Files: f, Kernel: k}
}

// backed is the map of a file whose blocks are all there, whatever the file
// system of the test's directory says.
func backed(f host.File) ([]host.Extent, error) {
	st, err := f.Stat()
	return []host.Extent{{Length: st.SizeBytes, Flags: host.ExtentUnwritten | host.ExtentLast}}, err
}

func noFlags(host.File) (uint32, error) { return 0, nil }

// names lists a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// wantRefusal checks that err is a fail.Error with a text and a hint.
func wantRefusal(t *testing.T, err error, text, hint string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", text)
	}
	if !strings.HasPrefix(err.Error(), "cannot ") || !strings.Contains(err.Error(), text) {
		t.Errorf("error %q; want \"cannot ...\" with %q", err, text)
	}
	if hints := strings.Join(fail.Hints(err), "\n"); !strings.Contains(hints, hint) {
		t.Errorf("hints %q; want %q among them", hints, hint)
	}
}

// needRoot skips a test that works on the real machine.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: mounts images and swaps to files on them")
	}
}

// needTools skips a test whose programs are not installed.
func needTools(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := lookPath(tool); err != nil {
			t.Skipf("needs the program %s, which is not installed", tool)
		}
	}
}

// lookPath finds programs of root's too, whose directories are not always in PATH.
func lookPath(tool string) (string, error) {
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + tool); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// run runs a program and returns what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	path, err := lookPath(name)
	if err != nil {
		t.Fatal(name, err)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// realDir makes a directory that only root can write to, all the way up, and
// that is on a disk.
func realDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/lib", "swapctl-test-")
	if err != nil {
		t.Skipf("needs to write to /var/lib: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// mounted makes a file system of size bytes in a sparse image with the mkfs
// command and mounts it; the test is skipped where the kernel cannot.
func mounted(t testing.TB, size int64, options string, mkfs ...string) string {
	t.Helper()
	needRoot(t)
	needTools(t, mkfs[0], "mount", "umount")
	dir := realDir(t)
	image, point := filepath.Join(dir, "image"), filepath.Join(dir, "mnt")
	sparse(t, image, size)
	if err := os.Mkdir(point, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, mkfs[0], append(slices.Clone(mkfs[1:]), image)...)
	mount(t, point, "-o", "loop"+options, image, point)
	return point
}

// mount mounts, and skips the test where the kernel cannot.
func mount(t testing.TB, point string, args ...string) {
	t.Helper()
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Skipf("needs a kernel that can mount this: mount %s: %s", strings.Join(args, " "), bytes.TrimSpace(out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", point).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %s", point, out)
		}
	})
}

// sparse makes a file of nothing but a hole.
func sparse(t testing.TB, path string, size int64) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// swapOn swaps to a file until the test ends.
func swapOn(t testing.TB, h host.Host, path string) {
	t.Helper()
	if err := h.Kernel.SwapOn(path, 0); errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		t.Skipf("needs a kernel with swap: %v", err)
	} else if err != nil {
		t.Fatalf("the kernel does not swap to %s: %v", path, err)
	}
	t.Cleanup(func() { swapOff(t, h, path) })
}

// swapOff ends that earlier; again is fine.
func swapOff(t testing.TB, h host.Host, path string) {
	t.Helper()
	err := h.Kernel.SwapOff(context.Background(), path)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("swapoff: %v", err)
	}
}
