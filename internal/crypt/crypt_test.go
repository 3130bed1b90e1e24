package crypt

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

const size = 1 << 20

// onFile and onDisk are what most tests open.
func onFile() Mapping {
	return Mapping{Name: "cryptswap", Backing: "/swapfile", Cipher: "aes-xts-plain64", KeyBits: 512}
}

func onDisk() Mapping {
	m := onFile()
	m.Backing = "/dev/vdb"
	return m
}

// node has a file of the given size at /swapfile.
func node(t *testing.T, bytes int, opts ...hosttest.Option) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t, opts...)
	n.WriteFile("/swapfile", strings.Repeat("\x01", bytes), 0o600)
	return n
}

func find(t *testing.T, h host.Host, name string) State {
	t.Helper()
	s, err := Find(h, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ops(n *hosttest.Node) []string {
	var all []string
	for _, o := range n.Ops() {
		all = append(all, o.Name+" "+o.Path)
	}
	return all
}

func TestOpenAndCloseAFile(t *testing.T) {
	n := node(t, size)
	h := n.Host()
	before := n.Snapshot()
	m := onFile()
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	st, _ := h.Files.Stat("/swapfile")
	want := State{
		Exists: true, KernelName: "dm-0", DevPath: "/dev/dm-0", UUID: "CRYPT-PLAIN-cryptswap",
		HasTable: true, SizeBytes: size, Cipher: "aes-xts-plain64", KeyBits: 512, KeyInRing: true, SectorBytes: 4096,
		Loop: "/dev/loop0", LoopAutoClear: true, BackingPath: "/swapfile", BackingDev: st.Dev, BackingIno: st.Ino,
	}
	got := find(t, h, "cryptswap")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if ok, why := m.Matches(h, got); !ok {
		t.Error(why)
	}
	n.CheckInvariants(t)
	if err := Close(t.Context(), h, "cryptswap"); err != nil {
		t.Fatal(err)
	}
	if s := find(t, h, "cryptswap"); s.Exists {
		t.Errorf("still there: %+v", s)
	}
	if err := Close(t.Context(), h, "cryptswap"); err != nil {
		t.Errorf("closing what is not there: %v", err)
	}
	n.CheckInvariants(t)
	if d := before.Diff(n.Snapshot()); d != "" {
		t.Errorf("left behind:\n%s", d)
	}
	steps := []string{
		"loopattach /swapfile", "dmcreate cryptswap", "keyadd swapctl:cryptswap", "dmload cryptswap",
		"keyremove swapctl:cryptswap", "dmresume cryptswap", "dmremove cryptswap",
	}
	if d := cmp.Diff(steps, ops(n)); d != "" {
		t.Error(d)
	}
}

func TestOpenADevice(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	m := onDisk()
	m.SectorBytes, m.Discards, m.KeyBits = 512, true, 256
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	s := find(t, h, m.Name)
	st, _ := h.Files.Stat("/dev/vdb")
	if s.Loop != "" || s.BackingPath != "/dev/vdb" || s.BackingDev != st.Rdev || s.BackingIno != 0 || s.SectorBytes != 512 || !s.Discards || s.KeyBits != 256 {
		t.Errorf("%+v", s)
	}
	if ok, why := m.Matches(h, s); !ok {
		t.Error(why)
	}
	n.CheckInvariants(t)
	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutAKeyringTheKeyGoesThroughTheTable(t *testing.T) {
	n := node(t, size, (*hosttest.Node).NoKeyring)
	h := n.Host()
	if err := onFile().Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	s := find(t, h, "cryptswap")
	if s.KeyInRing || s.KeyBits != 512 {
		t.Errorf("%+v", s)
	}
	if ok, why := onFile().Matches(h, s); !ok {
		t.Error(why)
	}
	table, err := h.Kernel.DMTable("cryptswap")
	if want := "aes-xts-plain64 " + strings.Repeat("0", 128) + " 0 7:0 0 1 sector_size:4096"; err != nil || table.Params != want {
		t.Errorf("%q, %v", table.Params, err)
	}
	n.CheckInvariants(t)
}

func TestOddSizesAreRoundedDown(t *testing.T) {
	for _, c := range []struct{ bytes, sector, want int }{
		{size, 0, size},
		{size + 4095, 0, size},
		{size + 513, 512, size + 512},
	} {
		n := node(t, c.bytes)
		h := n.Host()
		m := onFile()
		m.SectorBytes = c.sector
		if err := m.Open(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		if s := find(t, h, m.Name); s.SizeBytes != int64(c.want) {
			t.Errorf("%d bytes in sectors of %d: mapping of %d", c.bytes, c.sector, s.SizeBytes)
		}
	}
}

// TestOpenRefuses: every refusal has a code and a hint, and leaves the node as
// it was.
func TestOpenRefuses(t *testing.T) {
	open := func(m Mapping) func(*testing.T, *hosttest.Node) {
		return func(t *testing.T, n *hosttest.Node) {
			t.Helper()
			if err := m.Open(t.Context(), n.Other()); err != nil {
				t.Fatal(err)
			}
		}
	}
	second := onFile()
	second.Name = "other"
	for name, c := range map[string]struct {
		change  func(*Mapping)
		prepare func(*testing.T, *hosttest.Node)
		code    int
		text    string
		hint    string
	}{
		"bad cipher":        {func(m *Mapping) { m.Cipher = "aes-ecb-plain64" }, nil, fail.Usage, "not supported", ""},
		"bad name":          {func(m *Mapping) { m.Name = "a b" }, nil, fail.Usage, "letters", ""},
		"missing file":      {func(m *Mapping) { m.Backing = "/none" }, nil, fail.Failed, "no such file", ""},
		"directory":         {func(m *Mapping) { m.Backing = "/etc" }, nil, fail.Failed, "directory", ""},
		"character device":  {func(m *Mapping) { m.Backing = "/dev/loop-control" }, nil, fail.Usage, "neither", ""},
		"discards on file":  {func(m *Mapping) { m.Discards = true }, nil, fail.Usage, "punch holes", "--discard none"},
		"tiny file":         {func(m *Mapping) { m.Backing = "/tiny" }, nil, fail.Usage, "only 10 bytes", ""},
		"same name":         {nil, open(onFile()), fail.Failed, "there already, /dev/dm-0 on /swapfile", "dmsetup table cryptswap"},
		"same file":         {nil, open(second), fail.Failed, "in use by loop device /dev/loop0, mapping other (/dev/dm-0)", "cryptsetup close other"},
		"mounted disk":      {func(m *Mapping) { m.Backing = "/dev/vda1" }, nil, fail.Failed, "in use", "lsblk /dev/vda1"},
		"mapped disk":       {func(m *Mapping) { m.Name, m.Backing = "other", "/dev/vdb" }, open(onDisk()), fail.Failed, "in use by mapping cryptswap", "cryptsetup close cryptswap"},
		"no loop driver":    {nil, func(_ *testing.T, n *hosttest.Node) { n.NoLoop() }, fail.Unfit, "loop", "modprobe loop"},
		"no free loop":      {nil, func(_ *testing.T, n *hosttest.Node) { n.NoLoopFree() }, fail.Failed, "no space", "losetup --list"},
		"no device mapper":  {nil, func(_ *testing.T, n *hosttest.Node) { n.NoDeviceMapper() }, fail.Unfit, "device-mapper", "modprobe dm_crypt"},
		"no dm-crypt":       {nil, func(_ *testing.T, n *hosttest.Node) { n.NoDMCrypt() }, fail.Unfit, "no such target", "linux-modules-extra"},
		"key quota is used": {nil, func(_ *testing.T, n *hosttest.Node) { n.FailOn("keyadd", "", unix.EDQUOT) }, fail.Failed, "quota", ""},
		"no random numbers": {nil, func(_ *testing.T, n *hosttest.Node) { n.FailOn("random", "", unix.EIO) }, fail.Failed, "input/output", ""},
		"table refused":     {nil, func(_ *testing.T, n *hosttest.Node) { n.FailOn("dmload", "", unix.EINVAL) }, fail.Unfit, "refuses cipher aes-xts-plain64 with a key of 512 bits", "cryptsetup benchmark"},
		"no memory":         {nil, func(_ *testing.T, n *hosttest.Node) { n.FailOn("dmload", "", unix.ENOMEM) }, fail.Failed, "memory", ""},
		"resume fails":      {nil, func(_ *testing.T, n *hosttest.Node) { n.FailOn("dmresume", "", unix.EIO) }, fail.Failed, "input/output", ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := node(t, size)
			n.WriteFile("/tiny", "0123456789", 0o600)
			if c.prepare != nil {
				c.prepare(t, n)
			}
			before := n.Snapshot()
			m := onFile()
			if c.change != nil {
				c.change(&m)
			}
			err := m.Open(t.Context(), n.Host())
			text := ""
			if err != nil {
				text = err.Error()
			}
			hints := strings.Join(fail.Hints(err), "\n")
			if fail.Code(err) != c.code || !strings.Contains(text, c.text) || !strings.Contains(hints, c.hint) || !strings.HasPrefix(text, "cannot ") {
				t.Errorf("code %d: %v\n%s", fail.Code(err), err, hints)
			}
			if d := before.Diff(n.Snapshot()); d != "" {
				t.Errorf("left behind:\n%s", d)
			}
			n.CheckInvariants(t)
		})
	}
}

func TestOpenFailsAtEveryOperationAndLeavesNothing(t *testing.T) {
	for _, opt := range []hosttest.Option{func(*hosttest.Node) {}, (*hosttest.Node).NoKeyring} {
		for i := 1; ; i++ {
			n := node(t, size, opt)
			before := n.Snapshot()
			n.FailAt(i, unix.EIO)
			err := onFile().Open(t.Context(), n.Host())
			if !n.Fired() {
				break
			}
			n.Kill() // a key that cannot be removed dies with its process
			if d := before.Diff(n.Snapshot()); err == nil || d != "" {
				t.Errorf("operation %d (%v): %v, left:\n%s", i, n.Ops(), err, d)
			}
			if !errors.Is(err, unix.EIO) {
				t.Errorf("operation %d: %v", i, err)
			}
		}
	}
}

func TestAfterAKillOpenOrCloseGoOn(t *testing.T) {
	for _, inside := range []bool{false, true} {
		for i := 1; ; i++ {
			n := node(t, size)
			before := n.Snapshot()
			if inside {
				n.KillInside(i)
			} else {
				n.KillAt(i)
			}
			m := onFile()
			err := m.Open(t.Context(), n.Host())
			if !n.Fired() {
				break
			}
			if !errors.Is(err, hosttest.ErrKilled) {
				t.Fatalf("kill at %d: %v", i, err)
			}
			h := n.Host()
			if s := find(t, h, m.Name); !s.HasTable {
				if err := m.Open(t.Context(), h); err != nil {
					t.Errorf("killed at %d, then open: %v", i, err)
				}
			}
			if ok, why := m.Matches(h, find(t, h, m.Name)); !ok {
				t.Errorf("killed at %d, then open: it %s", i, why)
			}
			n.CheckInvariants(t)
			if err := Close(t.Context(), h, m.Name); err != nil {
				t.Errorf("killed at %d, then close: %v", i, err)
			}
			if d := before.Diff(n.Snapshot()); d != "" {
				t.Errorf("killed at %d: left:\n%s", i, d)
			}
		}
	}
}

func TestOpenStopsWhenItIsTooLate(t *testing.T) {
	n := node(t, size)
	before := n.Snapshot()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := onFile().Open(ctx, n.Host()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if d := before.Diff(n.Snapshot()); d != "" {
		t.Errorf("left behind:\n%s", d)
	}
}

func TestMatchesSaysWhyNot(t *testing.T) {
	n := node(t, size)
	h := n.Host()
	n.WriteFile("/other", strings.Repeat("\x01", size), 0o600)
	m := onFile()
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	s := find(t, h, m.Name)
	for why, change := range map[string]func(*Mapping, *State){
		"does not exist":                    func(_ *Mapping, s *State) { s.Exists = false },
		"not a plain mapping":               func(_ *Mapping, s *State) { s.UUID = "CRYPT-LUKS2-x" },
		"has no table":                      func(_ *Mapping, s *State) { s.HasTable = false },
		"is suspended":                      func(_ *Mapping, s *State) { s.Suspended = true },
		"is not encrypted":                  func(_ *Mapping, s *State) { s.Cipher = "" },
		"with aes-xts-plain64, 512 bits":    func(m *Mapping, _ *State) { m.KeyBits = 256 },
		"sectors of 4096 bytes":             func(m *Mapping, _ *State) { m.SectorBytes = 512 },
		"discards allowed: false":           func(m *Mapping, _ *State) { m.Discards = true },
		"stands on /swapfile":               func(m *Mapping, _ *State) { m.Backing = "/other" },
		"stands on /swapfile, but":          func(m *Mapping, _ *State) { m.Backing = "/missing" },
		"/swapfile, which was deleted":      func(_ *Mapping, s *State) { s.BackingDeleted = true },
		"stands on /swapfile (not vdb)":     func(m *Mapping, _ *State) { m.Backing = "/dev/vdb" },
		"is encrypted with aes-xts-plain64": func(m *Mapping, _ *State) { m.Cipher = "serpent-xts-plain64" },
	} {
		desired, state := m, s
		change(&desired, &state)
		part, _, _ := strings.Cut(why, " (not")
		if ok, got := desired.Matches(h, state); ok || !strings.Contains(got, part) {
			t.Errorf("%t, %q; want %q", ok, got, why)
		}
	}
	m.SectorBytes = 4096
	if ok, why := m.Matches(h, s); !ok {
		t.Errorf("it %s", why)
	}
	onLoop := m
	onLoop.Backing = "/dev/loop0"
	if ok, why := onLoop.Matches(h, s); !ok {
		t.Errorf("desired on the loop device itself: it %s", why)
	}
}

func TestABackingFileThatWasDeletedIsNoticed(t *testing.T) {
	n := node(t, size)
	h := n.Host()
	m := onFile()
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	n.DeleteBacking("/swapfile")
	s := find(t, h, m.Name)
	if !s.BackingDeleted || s.BackingPath != "/swapfile" {
		t.Errorf("%+v", s)
	}
	n.WriteFile("/swapfile", strings.Repeat("\x02", size), 0o600) // another file of that name
	if ok, why := m.Matches(h, find(t, h, m.Name)); ok || !strings.Contains(why, "deleted") {
		t.Errorf("%t, %q", ok, why)
	}
	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Error(err)
	}
}

func TestOrdinaryUsersSeeWhatItStandsOn(t *testing.T) {
	n := node(t, size)
	if err := onFile().Open(t.Context(), n.Host()); err != nil {
		t.Fatal(err)
	}
	n.SetEUID(1000)
	h := n.Host()
	s := find(t, h, "cryptswap")
	if !s.Exists || s.DevPath != "/dev/dm-0" || s.UUID != UUID("cryptswap") || !s.HasTable || s.SizeBytes != size ||
		s.Loop != "/dev/loop0" || s.BackingPath != "/swapfile" || s.Cipher != "" {
		t.Errorf("%+v", s)
	}
	if s := find(t, h, "missing"); s.Exists {
		t.Errorf("%+v", s)
	}
}

func TestUsersOfAFileAndADisk(t *testing.T) {
	n := node(t, size)
	h := n.Host()
	for _, m := range []Mapping{onFile(), {Name: "disk", Backing: "/dev/vdb", Cipher: "aes-xts-plain64", KeyBits: 512}} {
		if err := m.Open(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	f, err := h.Files.Open("/dev/vdb", os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	loop, err := h.Kernel.LoopAttach(f, host.LoopOptions{BlockBytes: 512})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/swapfile":  {"loop device /dev/loop0", "mapping cryptswap (/dev/dm-0)"},
		"/dev/loop0": {"mapping cryptswap (/dev/dm-0)"},
		"/dev/vdb":   {"loop device " + loop.Name(), "mapping disk (/dev/dm-1)"},
		"/dev/vda":   nil,
		"/etc":       nil,
	} {
		st, err := h.Files.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		users, err := UsersOf(h, st)
		var got []string
		for _, u := range users {
			got = append(got, u.String())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestCloseWaitsForWhoeverLooks(t *testing.T) {
	// In a bubble, so that the waits take no time.
	synctest.Test(t, func(t *testing.T) {
		n := node(t, size)
		h := n.Host()
		if err := onFile().Open(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		other := n.Other()
		udev, err := other.Files.Open("/dev/dm-0", os.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		err = Close(t.Context(), h, "cryptswap")
		if !errors.Is(err, unix.EBUSY) || !slices.Contains(fail.Hints(err), "see who uses it: fuser -v /dev/dm-0") {
			t.Errorf("%v, %q", err, fail.Hints(err))
		}
		done := make(chan error)
		go func() { done <- Close(t.Context(), h, "cryptswap") }()
		synctest.Wait()
		_ = udev.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s := find(t, h, "cryptswap"); s.Exists {
			t.Errorf("%+v", s)
		}
	})
}

// A run that is killed when it has the loop device, but no mapping on it yet,
// leaves the loop device for as long as somebody looks into it.
func TestOpenWaitsForWhoeverLooksAtALoopThatAKilledRunLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := node(t, size)
		h, other := n.Host(), n.Other()
		back, err := h.Files.Open("/swapfile", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		loop, err := h.Kernel.LoopAttach(back, host.LoopOptions{})
		if err != nil {
			t.Fatal(err)
		}
		udev, err := other.Files.Open("/dev/loop0", os.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = loop.Close(), back.Close() // as the kernel does for a killed run
		err = onFile().Open(t.Context(), h)
		if !errors.Is(err, unix.EBUSY) || !slices.Contains(fail.Hints(err), "see who uses it: fuser -v /dev/loop0") {
			t.Errorf("%v, %q", err, fail.Hints(err))
		}
		done := make(chan error)
		go func() { done <- onFile().Open(t.Context(), h) }()
		synctest.Wait()
		_ = udev.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		n.CheckInvariants(t)
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := node(t, size)
		h := n.Host()
		if err := onFile().Open(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Other().Files.Open("/dev/dm-0", os.O_RDONLY, 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), busyPause/2)
		defer cancel()
		if err := Close(ctx, h, "cryptswap"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestCloseLeavesOthersAlone(t *testing.T) {
	n := node(t, size)
	h := n.Host()
	if err := h.Kernel.DMCreate("cryptswap", "LVM-abcdef"); err != nil {
		t.Fatal(err)
	}
	err := Close(t.Context(), h, "cryptswap")
	if err == nil || !strings.Contains(err.Error(), `UUID is "LVM-abcdef"`) || !find(t, h, "cryptswap").Exists {
		t.Error(err)
	}
	// The same for Open, which makes only what is its own anew.
	if err := onFile().Open(t.Context(), h); err == nil || !find(t, h, "cryptswap").Exists {
		t.Error(err)
	}
}
