package host

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// needRoot skips a test that changes the machine it runs on.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it attaches loop devices, mounts, or switches swap on")
	}
}

// create opens a new file in a temporary directory.
func create(t *testing.T, dir string, size int64) File {
	t.Helper()
	f, err := files{}.Open(filepath.Join(dir, "file"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := os.Truncate(f.Name(), size); err != nil {
		t.Fatal(err)
	}
	return f
}

// mount makes a file system of the wanted kind in an image and mounts it.
func mount(t *testing.T, kind string, size int64, mkfs ...string) string {
	t.Helper()
	needRoot(t)
	if _, err := exec.LookPath("mkfs." + kind); err != nil {
		t.Skip("needs mkfs." + kind)
	}
	image := create(t, t.TempDir(), size)
	out, err := exec.Command("mkfs."+kind, append(mkfs, image.Name())...).CombinedOutput()
	if err != nil {
		t.Fatalf("mkfs.%s: %v\n%s", kind, err, out)
	}
	dev, err := linux{}.LoopAttach(image, LoopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dev.Close() }()
	point := t.TempDir()
	if err := unix.Mount(dev.Name(), point, kind, 0, ""); err != nil {
		t.Skipf("this kernel does not mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(point, 0); err != nil {
			t.Errorf("unmount %s: %v", point, err)
		}
	})
	return point
}

// mkswap makes a file that swapon takes, and switches it off when the test is
// over.
func mkswap(t *testing.T, dir string, size int64) string {
	t.Helper()
	needRoot(t)
	f := create(t, dir, 0)
	if err := (linux{}).Fallocate(f, size); err != nil {
		t.Skipf("no fallocate here: %v", err)
	}
	if out, err := exec.Command("mkswap", f.Name()).CombinedOutput(); err != nil {
		t.Skipf("needs mkswap: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if isOn(t, f.Name()) {
			_ = linux{}.SwapOff(context.Background(), f.Name())
		}
	})
	return f.Name()
}

func isOn(t *testing.T, path string) bool {
	t.Helper()
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(swaps), path+" ")
}
