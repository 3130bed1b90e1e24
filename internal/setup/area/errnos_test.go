package area

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestSwapOnNamesTheCauseThatHolds: swapon(2) has one errno for several causes. Only a
// hint of what holds on this node is given.
func TestSwapOnNamesTheCauseThatHolds(t *testing.T) {
	const file = "/swapfile"
	full := func(t *testing.T, n *hosttest.Node) {
		t.Helper()
		n.WriteFile("/proc/swaps", "Filename Type Size Used Priority\n"+strings.Repeat("/dev/vdz partition 1024 0 -2\n", mostAreas), 0o444)
	}
	fixed := func(t *testing.T, n *hosttest.Node) {
		t.Helper()
		f, err := n.Other().Files.Open(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(n.Other().Kernel.SetInodeFlags(f, host.InodeImmutable), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	plain := func(*testing.T, *hosttest.Node) {}
	for _, test := range []struct {
		name string
		err  error
		node func(*testing.T, *hosttest.Node)
		want string
	}{
		{"a container", unix.EPERM, plain, "in a container root may not turn on swap"},
		{"an immutable file", unix.EPERM, fixed, "chattr -i /swapfile"},
		{"as many areas as there can be", unix.EPERM, full, "the kernel has 23 swap areas"},
		{"in use", unix.EBUSY, plain, "it is in use already: swapon --show; lsblk"},
		{"a program that runs", unix.ETXTBSY, plain, "it is in use already"},
		{"a read-only file system", unix.EROFS, plain, "findmnt -T /swapfile"},
		{"a read-only device", unix.EACCES, plain, "lsblk -o NAME,RO"},
		{"a disk that fails", unix.EIO, plain, "the disk could not be read"},
		{"no memory", unix.ENOMEM, plain, "choose a smaller --size"},
		{"any other", unix.EINVAL, plain, "dmesg | tail"},
	} {
		n := hosttest.New(t)
		n.WriteFile(file, "x", 0o600)
		test.node(t, n)
		wrapped := fmt.Errorf("swapon: %w", test.err)
		if hints := swapOnHints(n.Other(), file, wrapped); !strings.Contains(hints[0], test.want) {
			t.Errorf("%s: %q", test.name, hints)
		}
	}
}

// TestSwapOffNamesTheCause of each errno of swapoff(2) but ENOMEM, of which FitsInMemory
// finds the cause before.
func TestSwapOffNamesTheCause(t *testing.T) {
	for err, want := range map[error]string{
		unix.EIO: "drain the node", unix.EINVAL: "cat /proc/swaps; findmnt -T /swapfile", unix.ENOENT: "findmnt -T /swapfile",
		unix.EPERM: "in a container root may not turn off swap", unix.EINTR: "it continues where it stopped",
		unix.EBUSY: "dmesg | tail", context.Canceled: "", context.DeadlineExceeded: "",
	} {
		hints := swapOffHints("/swapfile", fmt.Errorf("swapoff: %w", err))
		if want == "" && len(hints) > 0 || want != "" && !slices.ContainsFunc(hints, func(h string) bool { return strings.Contains(h, want) }) {
			t.Errorf("%v: %q", err, hints)
		}
	}
}
