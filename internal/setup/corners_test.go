package setup_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/step"
)

// TestAPathThatTheJournalCannotHoldIsRefused: the journal is JSON, which is
// UTF-8; another byte would come back as another path.
func TestAPathThatTheJournalCannotHoldIsRefused(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("1Mi", false)
	c.Areas[0].Path = "/var/lib/sw\xff"
	err := run(n, c)
	if fail.Code(err) != fail.Usage {
		t.Errorf("setup: %v", err)
	}
	if err := down(n); err != nil || len(swaps(t, n)) > 0 {
		t.Errorf("after a teardown there is swap: %v, %v", swaps(t, n), err)
	}
}

// TestAnEncryptedAreaGetsAnotherName: of its mapping.
func TestAnEncryptedAreaGetsAnotherName(t *testing.T) {
	t.Parallel()
	for _, c := range []setup.Config{fileConfig("1Mi", true), deviceConfig(true)} {
		n := hosttest.New(t)
		fresh := n.Snapshot()
		up(t, n, c, setup.UpOptions{})
		c.Areas[0].Name = "other"
		up(t, n, c, setup.UpOptions{})
		if _, err := kernel.MappingByName(n.Other(), "other"); err != nil || len(swaps(t, n)) != 1 {
			t.Errorf("%v, %v", err, swaps(t, n))
		}
		takenBack(t, n, fresh)
	}
}

// TestTeardownCountsAllAreasTogether: what is in one does not fit into another
// that goes as well.
func TestTeardownCountsAllAreasTogether(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := twoAreas("none")
	c.Areas[1].Size = "48Mi"
	up(t, n, c, setup.UpOptions{})
	s := swaps(t, n)
	n.UseSwap(s[0].Path, 40<<20)
	n.SetAvailableMemory(415 << 20) // of which a twentieth of 8 GiB must stay
	before := n.Snapshot()
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err == nil {
		t.Error("not refused")
	}
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("the refused teardown changed the node (%v, %s):\n%s", err, r.State, diff)
	}
}

// TestAKeptFileIsTakenAgainAlsoAfterUse: the kernel begins to swap right behind
// the header.
func TestAKeptFileIsTakenAgainAlsoAfterUse(t *testing.T) {
	t.Parallel()
	for _, encrypt := range []bool{false, true} {
		n := hosttest.New(t)
		c := fileConfig("1Mi", encrypt)
		up(t, n, c, setup.UpOptions{})
		f, err := os.OpenFile(n.Path(setup.DefaultPath), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("a page that was swapped out"), 64<<10); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if _, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{KeepFile: true}); err != nil {
			t.Fatal(err)
		}
		if err := run(n, c); err != nil {
			t.Errorf("encrypt=%v: %v", encrypt, err)
		}
	}
}

// TestAJournalThatCouldNotBeWrittenSaysWhatItSaidBefore: lines whose sync failed
// are in the file all the same, and the next boot would do what they say.
func TestAJournalThatCouldNotBeWrittenSaysWhatItSaidBefore(t *testing.T) {
	t.Parallel()
	c := fileConfig("1Mi", true)
	bigger := fileConfig("2Mi", true)
	for name, run := range map[string]func(n *hosttest.Node) (setup.Report, error){
		"setup": func(n *hosttest.Node) (setup.Report, error) {
			return setup.Up(context.Background(), n.Host(), bigger, setup.UpOptions{})
		},
		"teardown": func(n *hosttest.Node) (setup.Report, error) {
			return setup.Down(context.Background(), n.Host(), setup.DownOptions{})
		},
	} {
		n := hosttest.New(t)
		up(t, n, c, setup.UpOptions{})
		before, _ := step.ReadJournal(n.Host(), setup.JournalPath)
		n.FailOn("sync", setup.JournalPath, unix.EIO)
		r, err := run(n)
		n.FailOn("sync", setup.JournalPath, nil)
		if err == nil {
			t.Fatal("no error")
		}
		after, _ := step.ReadJournal(n.Host(), setup.JournalPath)
		if after.Goal != before.Goal || string(after.Config) != string(before.Config) || len(after.Records) != len(before.Records) {
			t.Errorf("%s: %v, %q, but the journal: goal %s, %d records, config %s", name, err, r.State, after.Goal, len(after.Records), after.Config)
		}
		n.Reboot()
		if err := boot(n); err != nil {
			t.Error(err)
		}
		if s := swaps(t, n); len(s) != 1 || s[0].SizeBytes > 1<<20 {
			t.Errorf("%s: %q, and after a boot: %v", name, r.State, s)
		}
	}
}

// TestABootDoesNotUndoATeardownThatCameWhileItWaited: for a disk.
func TestABootDoesNotUndoATeardownThatCameWhileItWaited(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	if err := rebooted(deviceConfig(true))(n); err != nil {
		t.Fatal(err)
	}
	link := n.Root + "/dev/disk/by-id/virtio-vdb"
	to, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{Wait: 5e9, Waits: func(string) {
		if err := down(n); err != nil {
			t.Errorf("teardown: %v", err)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Error(err)
		}
	}})
	if s := swaps(t, n); len(s) > 0 {
		t.Errorf("%v, %q: after the teardown there is swap again: %v", err, r.State, s)
	}
}

// TestCrypttabHasNoWayToWriteABlank: systemd takes \\040 for four characters.
func TestCrypttabHasNoWayToWriteABlank(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/data/swap file", "/data/swap#1", `/data/swap\1`} {
		n := withTables(t, "")
		c := fstabConfig(true)
		c.Areas[0].Path = path
		if err := run(n, c); fail.Code(err) != fail.Usage {
			t.Errorf("%s: %v\n%s", path, err, read(t, n, "/etc/crypttab"))
		}
		c.Areas[0].Encrypt = false
		if err := run(n, c); err != nil {
			t.Errorf("plain, %s: %v", path, err)
		}
	}
}

// TestABootOfTwoAreasInFstabChangesNothing: it masked swap.target, and unmasked it
// again, once for each area.
func TestABootOfTwoAreasInFstabChangesNothing(t *testing.T) {
	t.Parallel()
	n := tabled(t)
	up(t, n, twoAreas("fstab"), setup.UpOptions{})
	before := read(t, n, setup.JournalPath)
	r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
	if err != nil || r.Changed {
		t.Errorf("%v, %s\n%s\n%s", err, states(r), before, read(t, n, setup.JournalPath))
	}
}

// TestPagesOf64KiB: of some arm64 and ppc64le kernels.
func TestPagesOf64KiB(t *testing.T) {
	t.Parallel()
	for _, c := range []setup.Config{fileConfig("1Mi", true), fileConfig("1Mi", false), deviceConfig(true)} {
		n := hosttest.New(t)
		fresh := n.Snapshot()
		n.SetPageSize(65536)
		up(t, n, c, setup.UpOptions{})
		if r := up(t, n, c, setup.UpOptions{}); r.Changed {
			t.Errorf("%s", states(r))
		}
		takenBack(t, n, fresh)
	}
}

// TestABridgeThatDoesNotComeDownIsTold: the change itself was made by then.
func TestABridgeThatDoesNotComeDownIsTold(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", false), setup.UpOptions{})
	n.FailOn("swapoff", "/var/lib/swapctl/.swapfile.bridge", unix.ENOMEM)
	r, err := setup.Up(context.Background(), n.Host(), fileConfig("2Mi", false), setup.UpOptions{})
	if err == nil {
		t.Fatal("no error")
	}
	if s := swaps(t, n); strings.Contains(r.State, "as it was before") {
		t.Errorf("%v\n%q\nbut %v\n%s", err, r.State, s, states(r))
	}
}

// TestAShareOfTheMemoryIsNoReasonToMakeSwapAnew: another kernel takes some MiB
// more for itself; twice the memory is another matter.
func TestAShareOfTheMemoryIsNoReasonToMakeSwapAnew(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("0.05%", false)
	up(t, n, c, setup.UpOptions{})
	size := func() int64 { return swaps(t, n)[0].SizeBytes }
	was := size()
	n.SetMemory(8<<30 - 24<<20)
	if r := up(t, n, c, setup.UpOptions{}); r.Changed || size() != was {
		t.Errorf("24 MiB less: %+v, %d bytes", r.Steps, size())
	}
	n.SetMemory(16 << 30)
	if up(t, n, c, setup.UpOptions{}); size() < was*19/10 {
		t.Errorf("twice the memory: %d bytes, and %d before", size(), was)
	}
}

// TestDiscardAndSectorSizeReachTheKernel, whichever stands for what (swapon(2), and
// the kernel's Documentation/admin-guide/device-mapper/dm-crypt.rst).
func TestDiscardAndSectorSizeReachTheKernel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		discard string
		sector  string
		flags   int
		table   string
	}{
		{"none", "4096", 0, "1 sector_size:4096"},
		{"once", "4096", host.SwapDiscard | host.SwapDiscardOnce, "2 allow_discards sector_size:4096"},
		{"pages", "512", host.SwapDiscard | host.SwapDiscardPages, "1 allow_discards"},
		{"both", "4096", host.SwapDiscard, "2 allow_discards sector_size:4096"},
	} {
		n := hosttest.New(t)
		c := deviceConfig(true)
		c.Areas[0].Discard, c.Areas[0].SectorSize, c.Areas[0].Priority = test.discard, test.sector, 7
		up(t, n, c, setup.UpOptions{})
		on := slices.IndexFunc(n.Ops(), func(op hosttest.Op) bool { return op.Name == "swapon" })
		if on < 0 || n.Ops()[on].Flag != test.flags|host.SwapPrefer|7 {
			t.Errorf("%s: %v", test.discard, n.Ops())
		}
		if table := n.Snapshot()["kernel: mapping cryptswap"]; !strings.HasSuffix(table, " "+test.table) {
			t.Errorf("%s: table %s, want %s at its end", test.discard, table, test.table)
		}
	}
}
