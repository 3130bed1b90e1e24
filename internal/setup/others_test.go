package setup_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// everyRun is what may come upon a node that somebody else has changed.
func everyRun(c setup.Config) map[string]func(*hosttest.Node) error {
	return map[string]func(*hosttest.Node) error{
		"boot": boot, "teardown": down, "setup": func(n *hosttest.Node) error { return run(n, c) },
	}
}

// TestAFileBelowSomebodysLoopIsNotReplaced: the image of a mounted file system
// is no swap file, also when our own area is to move there.
func TestAFileBelowSomebodysLoopIsNotReplaced(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("1Mi", true)
	up(t, n, c, setup.UpOptions{})
	image := strings.Repeat("precious", 1<<17)
	n.WriteFile("/images/disk.img", image, 0o600)
	f, err := n.Other().Files.Open("/images/disk.img", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	loop, err := n.Other().Kernel.LoopAttach(f, host.LoopOptions{BlockBytes: 512})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	before := n.Snapshot()
	c.Areas[0].Path = "/images/disk.img"
	r, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
	if fail.Code(err) != fail.Usage {
		t.Errorf("got %v, %s", err, r.State)
	}
	if now, _ := os.ReadFile(n.Path("/images/disk.img")); string(now) != image {
		t.Errorf("the image is gone: %d bytes", len(now))
	}
	unchanged(t, n, before)
}

// TestTwoNamesOfOneDeviceAreNotTwoAreas: it would be on once, and counted twice.
func TestTwoNamesOfOneDeviceAreNotTwoAreas(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	n.Symlink("/dev/disk/by-path/pci-1", "../../vdb")
	c := twoAreas("none")
	c.Areas[0].Encrypt = false
	c.Areas[1] = c.Areas[0]
	c.Areas[1].Name, c.Areas[1].Device = "big", "/dev/disk/by-path/pci-1"
	r, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
	if fail.Code(err) != fail.Usage {
		t.Errorf("got %v, %q with %v", err, r.State, swaps(t, n))
	}
}

// TestAnAreaBelowAnotherMountIsNotTakenForOff: /proc/swaps goes on to name it.
func TestAnAreaBelowAnotherMountIsNotTakenForOff(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	n.SetFileSystem("/data", hosttest.FileSystem{Type: "ext4", TotalBytes: 64 << 20})
	c := fileConfig("1Mi", false)
	c.Areas[0].Path = "/data/swapfile"
	up(t, n, c, setup.UpOptions{})
	if err := os.Rename(n.Root+"/data", n.Root+"/hidden"); err != nil { // as another mount on /data hides it
		t.Fatal(err)
	}
	if err := os.Mkdir(n.Root+"/data", 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err == nil {
		data, _ := n.Host().Files.ReadFile("/proc/swaps", host.TableLimit)
		t.Errorf("%q, but\n%s", r.State, data)
	}
}

// TestADeviceThatSomebodyElseUsesByNowIsLeftAsItIs: with the mapping, a reboot has
// taken what showed that it was ours.
func TestADeviceThatSomebodyElseUsesByNowIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	if err := rebooted(deviceConfig(true))(n); err != nil {
		t.Fatal(err)
	}
	theirs := make([]byte, 2<<20) // under a key of theirs
	_, _ = rand.NewChaCha8([32]byte{}).Read(theirs)
	f, err := n.Other().Files.Open("/dev/vdb", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(theirs, 0); err != nil {
		t.Fatal(err)
	}
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	now := make([]byte, len(theirs))
	if _, err := f.ReadAt(now, 0); err != nil || !bytes.Equal(now, theirs) {
		t.Errorf("%v, or the teardown wrote to what was not ours any more", err)
	}
}

// TestAFileOutOfSightIsNotTakenForGone: its file system is not mounted.
func TestAFileOutOfSightIsNotTakenForGone(t *testing.T) {
	t.Parallel()
	for _, encrypt := range []bool{true, false} {
		n := hosttest.New(t)
		disk := hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb", TotalBytes: 64 << 20}
		n.SetFileSystem("/data", disk)
		fresh := n.Snapshot()
		c := fileConfig("1Mi", encrypt)
		c.Areas[0].Path = "/data/swap/file"
		if err := rebooted(c)(n); err != nil {
			t.Fatal(err)
		}
		n.UnmountLazily("/data")
		before := n.Snapshot()
		for name, act := range everyRun(c) {
			err := act(n)
			if err == nil || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "mount /data") {
				t.Errorf("%s: %v, hints %q", name, err, fail.Hints(err))
			}
			unchanged(t, n, before)
		}
		n.MountAgain("/data")
		n.SetFileSystem("/data", disk)
		takenBack(t, n, fresh)
	}
}

// TestAnAreaWhoseDirectoryWasRenamedIsNotTakenForOff: it is still on.
func TestAnAreaWhoseDirectoryWasRenamedIsNotTakenForOff(t *testing.T) {
	t.Parallel()
	c := fileConfig("1Mi", false)
	c.Areas[0].Path = "/data/swap/file"
	for name, act := range everyRun(c) {
		n := hosttest.New(t)
		if err := os.MkdirAll(n.Path("/data/swap"), 0o755); err != nil {
			t.Fatal(err)
		}
		fresh := n.Snapshot()
		up(t, n, c, setup.UpOptions{})
		if err := n.Other().Files.RenameNew("/data/swap", "/data/old"); err != nil {
			t.Fatal(err)
		}
		before := n.Snapshot()
		err := act(n)
		if err == nil || !strings.Contains(err.Error(), "renamed") || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "mv -T /data/old /data/swap") {
			t.Errorf("%s: %v, hints %q", name, err, fail.Hints(err))
		}
		unchanged(t, n, before)
		if err := n.Other().Files.RenameNew("/data/old", "/data/swap"); err != nil {
			t.Fatal(err)
		}
		takenBack(t, n, fresh)
	}
}

// TestAMappingOfTheSameNameThatOthersMadeIsLeftAlone, and the swap on it.
func TestAMappingOfTheSameNameThatOthersMadeIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, act := range everyRun(fileConfig("1Mi", true)) {
		n := hosttest.New(t)
		if err := rebooted(fileConfig("1Mi", true))(n); err != nil {
			t.Fatal(err)
		}
		// crypttab of the administrator makes one of that name, on a device.
		other := n.Other()
		for _, name := range []string{setup.JournalPath, setup.DefaultPath} {
			if err := other.Files.RenameNew(name, name+".away"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := setup.Up(context.Background(), other, deviceConfig(true), setup.UpOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := other.Files.Remove(setup.JournalPath); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{setup.JournalPath, setup.DefaultPath} {
			if err := other.Files.RenameNew(name+".away", name); err != nil {
				t.Fatal(err)
			}
		}
		before := swaps(t, n)
		n.ResetOps()
		err := act(n)
		for _, op := range n.Ops() {
			if op.Name == "swapoff" || op.Name == "dmremove" {
				t.Errorf("%s: %v: it did %s of what is not ours; swap before %v, now %v", name, err, op, before, swaps(t, n))
			}
		}
	}
}

// TestAnAreaDoesNotMoveToWhereSomebodyElseSwaps: it is refused before anything is
// changed.
func TestAnAreaDoesNotMoveToWhereSomebodyElseSwaps(t *testing.T) {
	t.Parallel()
	for _, theirs := range []setup.Config{fileConfig("1Mi", false), deviceConfig(false)} {
		n := hosttest.New(t)
		if theirs.Areas[0].Device == "" {
			theirs.Areas[0].Path = "/theirs"
		}
		other := n.Other()
		if _, err := setup.Up(context.Background(), other, theirs, setup.UpOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := other.Files.Remove(setup.JournalPath); err != nil {
			t.Fatal(err)
		}
		up(t, n, fileConfig("1Mi", false), setup.UpOptions{})
		before := n.Snapshot()
		n.ResetOps()
		r, err := setup.Up(context.Background(), n.Host(), theirs, setup.UpOptions{})
		if diff := before.Diff(n.Snapshot()); err == nil || diff != "" || len(n.Ops()) > 4 {
			t.Errorf("%v, %q, %v\n%s", err, r.State, n.Ops(), diff)
		}
	}
}

// TestAnEmptyFileOfOthersIsLeftThereWhenOursMovesToIt, and by the teardown after it.
func TestAnEmptyFileOfOthersIsLeftThereWhenOursMovesToIt(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	n.WriteFile("/theirs", strings.Repeat("\x00", 1<<20), 0o600)
	fresh := n.Snapshot()
	c := fileConfig("1Mi", false)
	up(t, n, c, setup.UpOptions{})
	c.Areas[0].Path = "/theirs"
	if err := run(n, c); err != nil && fail.Code(err) != fail.Usage {
		t.Fatal(err)
	}
	takenBack(t, n, fresh)
}

// TestTeardownSaysThatTheNodeObjectKeepsItsSwap: where a kubelet has reported swap, and none is left.
func TestTeardownSaysThatTheNodeObjectKeepsItsSwap(t *testing.T) {
	skip := kubeletConfig()
	skip.Kubelet = "skip"
	for name, test := range map[string]struct {
		version string
		config  setup.Config
		others  bool
		want    bool
	}{
		"a kubelet of today":               {"v1.34.1", kubeletConfig(), false, true},
		"one that does not report swap":    {"v1.32.1", kubeletConfig(), false, false},
		"one that was left as it is":       {"v1.34.1", skip, false, false},
		"swap of somebody else that is on": {"v1.34.1", kubeletConfig(), true, false},
	} {
		n := withKubelet(t, test.version)
		if test.config.Kubelet == "skip" {
			n.WriteFile("/etc/default/kubelet", "KUBELET_EXTRA_ARGS=--fail-swap-on=false\n", 0o644)
		}
		up(t, n, test.config, setup.UpOptions{})
		if test.others {
			othersSwap(t, n, "/others")
		}
		r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
		got := strings.Contains(strings.Join(r.Warnings, "\n"), "kubectl patch node NODE --subresource=status")
		if err != nil || got != test.want {
			t.Errorf("%s: %v, warnings %q", name, err, r.Warnings)
		}
	}
}
