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

// lookPath also finds programs for root, whose directories may not be in PATH.
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

// realDir makes a directory on a disk that, with all its parents, only root can
// write to.
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
// command and mounts it; it skips the test if the kernel does not support it.
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

// mount mounts, and skips the test if the kernel does not support it.
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

// sparse makes a file without any blocks.
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

// swapOff ends that earlier; it may be called again.
func swapOff(t testing.TB, h host.Host, path string) {
	t.Helper()
	err := h.Kernel.SwapOff(context.Background(), path)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("swapoff: %v", err)
	}
}
