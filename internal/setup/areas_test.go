package setup_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// twoAreas are an encrypted device and, behind it, a plain file.
func twoAreas(persist string) setup.Config {
	c := setup.Default()
	c.Persist = persist
	fast, big := c.Areas[0], c.Areas[0]
	fast.Path = ""
	fast.Name, fast.Device, fast.Priority = "fast", "/dev/disk/by-id/virtio-vdb", 10
	big.Name, big.Path, big.Size, big.Encrypt, big.Priority = "big", "/var/lib/swapctl/big", "1Mi", false, 5
	c.Areas, c.Listed = []setup.Area{fast, big}, true
	return c
}

// areaStories are for the matrix.
func areaStories() []story {
	two, lasting, tables := twoAreas("none"), twoAreas("systemd"), twoAreas("fstab")
	grown := twoAreas("none")
	grown.Areas[1].Size = "2Mi"
	fast := deviceConfig(true)
	fast.Areas[0].Priority, fast.Areas[0].Name = 10, "fast"
	up := func(c setup.Config) func(*hosttest.Node) error {
		return func(n *hosttest.Node) error { return run(n, c) }
	}
	nothing := func(*hosttest.Node) error { return nil }
	return []story{
		{name: "two areas", node: ordinary, before: nothing, run: up(two), want: two},
		{name: "two areas, one grows", node: ordinary, before: up(two), run: up(grown), want: grown},
		{name: "a second area beside the first", node: ordinary, before: up(fast), run: up(two), want: two},
		{name: "the second area no longer wanted", node: ordinary, before: up(two), run: up(fast), want: fast},
		{name: "two areas, teardown", node: ordinary, before: up(two), run: down, want: two},
		{name: "two areas, boot", node: systemd(true), before: rebooted(lasting), run: boot, want: lasting},
		{name: "two areas, fstab", node: tabled, before: nothing, run: up(tables), want: tables},
	}
}

func TestTheStepsOfTwoAreasCarryTheirNames(t *testing.T) {
	t.Parallel()
	// Journals hold these: none may ever change its name or meaning.
	for persist, want := range map[string]string{
		"none": "swap.device@fast swap.file@big swap.crypt@fast swap.header@fast swap.on@fast swap.header@big swap.on@big",
		"systemd": "boot.unit swap.device@fast swap.file@big swap.crypt@fast swap.header@fast swap.on@fast " +
			"swap.header@big swap.on@big",
		"fstab": "swap.device@fast swap.file@big swap.crypt@fast swap.header@fast swap.on@fast swap.header@big swap.on@big " +
			"boot.unmask boot.crypttab@fast boot.fstab@fast boot.fstab@big",
	} {
		n := tabled(t)
		if persist == "systemd" {
			n = systemd(false)(t)
		}
		r := up(t, n, twoAreas(persist), setup.UpOptions{})
		var ids []string
		for _, s := range r.Steps {
			ids = append(ids, s.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", persist, got, want)
		}
		if len(swaps(t, n)) != 2 || len(r.Areas) != 2 || r.Areas[0].Name != "fast" || r.Areas[1].Encrypted {
			t.Errorf("%s: %v, %+v", persist, swaps(t, n), r.Areas)
		}
		if !strings.Contains(r.State, "swap is on in 2 areas, ") || !strings.Contains(r.State, "1 of them encrypted") {
			t.Errorf("state: %s", r.State)
		}
		n.CheckInvariants(t)
	}
}

// TestAnAreaStaysOnWhenItGetsCompanyOrAnotherName: an area is known by its file
// or device.
func TestAnAreaStaysOnWhenItGetsCompanyOrAnotherName(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	alone := deviceConfig(true)
	alone.Areas[0].Name, alone.Areas[0].Priority = "fast", 10
	up(t, n, alone, setup.UpOptions{})
	r := up(t, n, twoAreas("none"), setup.UpOptions{})
	if got := states(r); got != "swap.device=done swap.file@big=changed swap.crypt=done swap.header=done swap.on=done swap.header@big=changed swap.on@big=changed" {
		t.Errorf("company: %s", got)
	}
	turned := twoAreas("none")
	turned.Areas[0], turned.Areas[1] = turned.Areas[1], turned.Areas[0]
	turned.Areas[0].Name = "large"
	if r := up(t, n, turned, setup.UpOptions{}); r.Changed {
		t.Errorf("another order and name: %s", states(r))
	}
	if r := up(t, n, alone, setup.UpOptions{}); len(swaps(t, n)) != 1 || strings.Contains(states(r), "swap.on=changed") {
		t.Errorf("alone again: %s", states(r))
	}
	n.CheckInvariants(t)
}

// TestADiskThatIsGoneDoesNotTakeTheOtherAreaWithIt: at boot.
func TestADiskThatIsGoneDoesNotTakeTheOtherAreaWithIt(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	if err := rebooted(twoAreas("systemd"))(n); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(n.Root + "/dev/disk/by-id/virtio-vdb"); err != nil {
		t.Fatal(err)
	}
	r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{Wait: 1})
	if err == nil || !strings.Contains(err.Error(), "the device /dev/disk/by-id/virtio-vdb is not there") {
		t.Errorf("got %v", err)
	}
	if on := swaps(t, n); len(on) != 1 || on[0].Path != "/var/lib/swapctl/big" || r.State != "swap is on in 1 of 2 areas" {
		t.Errorf("%v, %s", on, r.State)
	}
	state, err := setup.JournalState(context.Background(), n.Host())
	if err != nil || len(state.Areas) != 2 || len(state.Pending) == 0 {
		t.Errorf("the journal: %+v, %v", state, err)
	}
}

func TestSeveralAreasAreHeldAgainstEachOther(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*setup.Config){
		`areas[1].name: "fast" is that of areas[0] already`:                     func(c *setup.Config) { c.Areas[1].Name = "fast" },
		`areas[1].name: "bridge" is what swapctl calls`:                         func(c *setup.Config) { c.Areas[1].Name = "bridge" },
		`areas[1].name: mapping name "../x"`:                                    func(c *setup.Config) { c.Areas[1].Name = "../x" },
		`areas[1].size: it is not set`:                                          func(c *setup.Config) { c.Areas[1].Size = "" },
		`areas[1].size: "much" is not a size`:                                   func(c *setup.Config) { c.Areas[1].Size = "much" },
		`areas[0].priority: 40000 is not between`:                               func(c *setup.Config) { c.Areas[0].Priority = 40000 },
		`areas[1].path: it is empty, and no device is named`:                    func(c *setup.Config) { c.Areas[1].Path = "" },
		`areas[1].path: /dev/disk/by-id/virtio-vdb is that of areas[0] already`: func(c *setup.Config) { c.Areas[1] = c.Areas[0]; c.Areas[1].Name = "x" },
		`areas[0].device: /dev/vdb may be another device after a reboot`:        func(c *setup.Config) { c.Persist, c.Areas[0].Device = "fstab", "/dev/vdb" },
	} {
		n := hosttest.New(t)
		before := n.Snapshot()
		c := twoAreas("none")
		change(&c)
		_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
		var bad *setup.FieldError
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &bad) {
			t.Errorf("want %s, got %v", want, err)
		}
		if diff := before.Diff(n.Snapshot()); diff != "" {
			t.Errorf("%s: it changed the node:\n%s", want, diff)
		}
	}
}

// TestEraseNamesTheAreaThatItMeans: of several.
func TestEraseNamesTheAreaThatItMeans(t *testing.T) {
	t.Parallel()
	for erase, want := range map[string]string{
		"true":                       "there are several swap areas",
		"/dev/sdz":                   "setup would use /dev/disk/by-id/virtio-vdb and /var/lib/swapctl/big, not that",
		"/dev/disk/by-id/virtio-vdb": "",
	} {
		n := hosttest.New(t)
		f, err := n.Other().Files.Open("/dev/vdb", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("precious"), 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		_, err = setup.Up(context.Background(), n.Host(), twoAreas("none"), setup.UpOptions{Erase: erase})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("--erase=%s: %v", erase, err)
		}
	}
}

// TestTheSecondAreaFailsAndTheFirstIsTakenBack: one run is one change.
func TestTheSecondAreaFailsAndTheFirstIsTakenBack(t *testing.T) {
	t.Parallel()
	whole := hosttest.New(t)
	up(t, whole, twoAreas("none"), setup.UpOptions{})
	n := hosttest.New(t)
	before := n.Snapshot()
	n.FailAt(len(whole.Ops())-2, unix.EIO) // at its swapon
	if _, err := setup.Up(context.Background(), n.Host(), twoAreas("none"), setup.UpOptions{}); err == nil || !n.Fired() {
		t.Fatal("nothing failed")
	}
	unchanged(t, n, before)
}
