package hosttest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host/hosttest"
)

func TestSystemdRunsOnlyWhereItIsSaidTo(t *testing.T) {
	if hosttest.New(t).Host().Units.Running() {
		t.Error("an ordinary node has systemd")
	}
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	n.Reboot()
	if !n.Host().Units.Running() {
		t.Error("systemd did not survive a reboot")
	}
}

func TestASliceIsWrittenOnAReloadOrOnlyWhenItIsTouched(t *testing.T) {
	ctx := context.Background()
	for _, late := range []bool{false, true} {
		n := hosttest.New(t, (*hosttest.Node).Systemd)
		if late {
			n.LateSlices()
		}
		limit := func() string {
			text, err := os.ReadFile(n.Root + "/sys/fs/cgroup/system.slice/memory.swap.max")
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		h := n.Host()
		n.WriteFile("/etc/systemd/system/system.slice.d/x.conf", "[Slice]\nMemorySwapMax=0\n", 0o644)
		if got := limit(); got != "max\n" {
			t.Errorf("before the reload: %q", got)
		}
		if err := h.Units.Reload(ctx); err != nil {
			t.Fatal(err)
		}
		if got, want := limit(), map[bool]string{true: "max\n", false: "0\n"}[late]; got != want {
			t.Errorf("late %v: after the reload %q, want %q", late, got, want)
		}
		if err := h.Units.Start(ctx, "system-x.slice"); err != nil {
			t.Fatal(err)
		}
		if got := limit(); got != "0\n" {
			t.Errorf("after the start: %q", got)
		}
		n.Reboot()
		if got := limit(); got != "0\n" {
			t.Errorf("after a reboot: %q", got)
		}
	}
}

func TestAServiceIsActiveFromItsStartToTheNextReboot(t *testing.T) {
	ctx := context.Background()
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	h := n.Host()
	if err := h.Units.Start(ctx, "x.service"); err == nil {
		t.Error("a service without a file was started")
	}
	n.WriteFile("/etc/systemd/system/x.service", "[Service]\n", 0o644)
	for _, want := range []string{"inactive", "active", "inactive", "active", "inactive"} {
		s, err := h.Units.Unit(ctx, "x.service")
		if err != nil || s.Active != want || s.Load != "loaded" {
			t.Fatalf("%+v, %v, want %s", s, err, want)
		}
		if want == "active" && len(n.Ops()) < 3 {
			err = h.Units.Stop(ctx, "x.service")
		} else if want == "active" {
			n.Reboot()
			h = n.Host()
		} else {
			err = h.Units.Start(ctx, "x.service")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	n.OnStart(func(string) error { return errors.New("it fails") })
	if err := h.Units.Start(ctx, "x.service"); err == nil {
		t.Error("a service that fails was started")
	}
	if s, err := h.Units.Unit(ctx, "y.service"); err != nil || s.Load != "not-found" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestASymlinkIsMadeLikeOnLinux(t *testing.T) {
	n := hosttest.New(t)
	f := n.Host().Files
	if err := f.Symlink("/etc/fstab", "/etc/link"); err != nil {
		t.Fatal(err)
	}
	if target, err := f.Readlink("/etc/link"); err != nil || target != "/etc/fstab" {
		t.Errorf("%q, %v", target, err)
	}
	if err := f.Symlink("/etc/fstab", "/etc/link"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	if err := f.Symlink("x", "/none/link"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
	n.SetFileSystem("/etc", hosttest.FileSystem{Type: "ext4", ReadOnly: true})
	if err := f.Symlink("x", "/etc/other"); !errors.Is(err, unix.EROFS) {
		t.Errorf("on a read-only file system: %v", err)
	}
}
