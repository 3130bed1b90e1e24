package setup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// story is something that is done to a node, and killed while it is.
type story struct {
	name string
	node func(t *testing.T) *hosttest.Node
	// before is done whole; run is what is killed.
	before, run func(n *hosttest.Node) error
	// want is what setup is asked for afterwards.
	want setup.Config
	// matrix: a story of the kubelet that is told here as well.
	matrix bool
	// fresh is what its node is like, and began what it is like where the story
	// begins: the same each time, and so looked at once.
	fresh, began hosttest.Snapshot
}

func stories() []story {
	var all []story
	for _, encrypt := range []bool{true, false} {
		small, big := fileConfig("1Mi", encrypt), fileConfig("2Mi", encrypt)
		device := deviceConfig(encrypt)
		up := func(c setup.Config) func(*hosttest.Node) error {
			return func(n *hosttest.Node) error { return run(n, c) }
		}
		nothing := func(*hosttest.Node) error { return nil }
		add := func(name string, before, run func(*hosttest.Node) error, want setup.Config) {
			all = append(all, story{name: fmt.Sprintf("%s,encrypt=%v", name, encrypt), node: ordinary, before: before, run: run, want: want})
		}
		add("setup file", nothing, up(small), small)
		add("setup device", nothing, up(device), device)
		add("grow", up(small), up(big), big)
		add("shrink", up(big), up(small), small)
		add("file to device", up(small), up(device), device)
		add("device to file", up(device), up(small), small)
		add("other cipher or key", up(small), up(otherWay(small)), otherWay(small))
		add("teardown file", up(small), down, small)
		add("teardown device", up(device), down, device)
		add("boot file", rebooted(small), up(small), small)
		add("boot device", rebooted(device), up(device), device)
		all = append(all, bootStories(encrypt)...)
		lasting := func(c setup.Config) setup.Config {
			c.Persist, c.Swappiness, c.MinFreeKbytes = "fstab", 30, 4096
			return c
		}
		tables := func(name string, before, run func(*hosttest.Node) error, want setup.Config) {
			add(name, before, run, want)
			all[len(all)-1].node = tabled
		}
		tables("setup with fstab", nothing, up(lasting(small)), lasting(small))
		tables("grow with fstab", up(lasting(small)), up(lasting(big)), lasting(big))
		tables("fstab no longer wanted", up(lasting(small)), up(small), small)
		tables("teardown with fstab", up(lasting(small)), down, lasting(small))
	}
	for _, s := range kubeletStories() {
		if s.matrix {
			all = append(all, s)
		}
	}
	return append(append(all, areaStories()...), lateStories()...)
}

// tabled is a node whose boot reads fstab and crypttab.
func tabled(t *testing.T) *hosttest.Node {
	n := withTables(t, "UUID=1 / ext4 defaults 0 1\n# no newline at the end")
	n.Symlink("/etc/systemd/system/swap.target", "/dev/null")
	return n
}

func ordinary(t *testing.T) *hosttest.Node { return hosttest.New(t) }

func fileConfig(size string, encrypt bool) setup.Config {
	c := setup.Default()
	c.Areas[0].Size, c.Areas[0].Encrypt = size, encrypt
	return c
}

func deviceConfig(encrypt bool) setup.Config {
	c := setup.Default()
	c.Areas[0].Device, c.Areas[0].Encrypt = "/dev/disk/by-id/virtio-vdb", encrypt
	return c
}

// otherWay turns encryption round.
func otherWay(c setup.Config) setup.Config {
	c.Areas = slices.Clone(c.Areas)
	c.Areas[0].Encrypt = !c.Areas[0].Encrypt
	return c
}

func run(n *hosttest.Node, c setup.Config) error {
	r, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
	if err != nil {
		err = failedRun{err, r.State}
	}
	return err
}

// failedRun is the error of a setup, with what it said of the node.
type failedRun struct {
	error
	state string
}

func (f failedRun) Unwrap() error { return f.error }

func down(n *hosttest.Node) error {
	_, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	return err
}

// rebooted sets up and then loses what a reboot loses.
func rebooted(c setup.Config) func(*hosttest.Node) error {
	return func(n *hosttest.Node) error {
		if err := run(n, c); err != nil {
			return err
		}
		n.Reboot()
		return nil
	}
}

// prepare brings a fresh node to where the story begins.
func (s *story) prepare(t *testing.T) (*hosttest.Node, hosttest.Snapshot) {
	t.Helper()
	n := s.node(t)
	if s.fresh == nil {
		s.fresh = n.Snapshot()
	}
	if err := s.before(n); err != nil {
		t.Fatalf("before: %v", err)
	}
	n.ResetOps()
	return n, s.fresh
}

// beginning is a node as prepare gives it, but for the journal.
func (s *story) beginning(n *hosttest.Node) hosttest.Snapshot {
	if s.began == nil {
		s.began = withoutKeys(n.Snapshot(setup.JournalPath))
	}
	return s.began
}

// fixes holds a node against the promise: whatever happened to it, setup
// converges and has then nothing more to do, and teardown gives the tree back.
func (s story) fixes(t *testing.T, n *hosttest.Node, fresh hosttest.Snapshot, setupFirst bool) {
	t.Helper()
	noise := lostKey(t, n)
	n.ResetOps()
	if setupFirst {
		if err := run(n, s.want); err != nil {
			t.Fatalf("setup afterwards: %v\n%s", err, n.Describe())
		}
		n.ResetOps()
		r, err := setup.Up(context.Background(), n.Host(), s.want, setup.UpOptions{})
		if err != nil || r.Changed {
			t.Errorf("setup twice afterwards: changed %v, %v", r.Changed, err)
		}
		for _, op := range n.Ops() {
			t.Errorf("the second setup did %s", op)
		}
	}
	if err := down(n); err != nil {
		t.Fatalf("teardown afterwards: %v\n%s", err, n.Describe())
	}
	now := n.Snapshot()
	if noise {
		fresh, now = withoutDisks(fresh), withoutDisks(now)
		if !isZero(start(t, n, swapfile.ReservedBytes)) {
			t.Error("the tag is still on the device")
		}
	}
	if diff := fresh.Diff(now); diff != "" {
		t.Errorf("after the teardown:\n%s", diff)
	}
	n.CheckInvariants(t)
	n.Close()
}

// lostKey reports whether a reboot, or a kill before there was a new one, took the
// mapping and left what was written through it, behind the MiB that says whose the
// device is: noise that nobody can tell from somebody else's, and so is left there.
func lostKey(t *testing.T, n *hosttest.Node) bool {
	t.Helper()
	m, err := crypt.Find(n.Other(), "cryptswap")
	if err != nil {
		t.Fatal(err)
	}
	return !m.HasTable && !isZero(start(t, n, swapfile.ReservedBytes+4096)[swapfile.ReservedBytes:]) // the header
}

// start is what the fake node's second disk begins with.
func start(t *testing.T, n *hosttest.Node, size int) []byte {
	t.Helper()
	f, err := os.Open(n.Root + "/dev/vdb")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, size)
	if _, err := f.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	return data
}

// onDisk is what the fake node's second disk holds.
func onDisk(t *testing.T, n *hosttest.Node) []byte {
	t.Helper()
	data, err := os.ReadFile(n.Root + "/dev/vdb")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func isZero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }

func withoutDisks(s hosttest.Snapshot) hosttest.Snapshot {
	s = maps.Clone(s)
	maps.DeleteFunc(s, func(path, _ string) bool { return strings.HasPrefix(path, "/dev/vd") })
	return s
}

// TestSurvivesAKillBeforeAndInsideEveryOperation is the crash matrix: every
// story is killed at every operation, once just before it and once in the
// middle of it; half of the nodes are rebooted then, as by a power cut.
func TestSurvivesAKillBeforeAndInsideEveryOperation(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			ops := s.killed(t, (*hosttest.Node).KillAt, nil)
			if len(ops) < 4 {
				t.Errorf("only %d places to kill it", len(ops))
			}
			s.killed(t, (*hosttest.Node).KillInside, ops)
		})
	}
}

// killed kills a story at every operation, and returns those of the run that was then
// left alone. Told of them before, it passes over those that do nothing on the fake
// node: a kill inside of one is the kill before it, with all that follows.
func (s *story) killed(t *testing.T, kill func(*hosttest.Node, int), known []hosttest.Op) []hosttest.Op {
	t.Helper()
	for at := 1; ; at++ {
		if at <= len(known) && (known[at-1].Name == "sync" || known[at-1].Name == "syncdir") {
			continue
		}
		n, fresh := s.prepare(t)
		kill(n, at)
		_ = s.run(n)
		if !n.Fired() {
			return n.Ops()
		}
		if at%2 == 0 {
			n.Reboot()
		}
		s.fixes(t, n, fresh, at%3 != 0)
		if t.Failed() {
			t.Fatalf("killed at operation %d", at)
		}
	}
}

// TestSurvivesAFailureOfEveryOperation is the fault matrix: every operation of
// every story fails once. A setup either is rolled back, and then the node is as it
// was before it, or it says what is left.
func TestSurvivesAFailureOfEveryOperation(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				n, fresh := s.prepare(t)
				before := s.beginning(n)
				n.FailAt(at, unix.EIO)
				err := s.run(n)
				saysWhatIs(t, n, before, err)
				n.Kill() // the process ends, and what it held goes with it
				if !n.Fired() {
					break
				}
				if err != nil && !errors.Is(err, unix.EIO) {
					t.Errorf("operation %d failed, and the error does not say why: %v", at, err)
				}
				if err != nil && fail.Code(err) != fail.Failed {
					t.Errorf("operation %d failed with exit code %d", at, fail.Code(err))
				}
				s.fixes(t, n, fresh, at%2 == 0)
				if t.Failed() {
					t.Fatalf("failed at operation %d", at)
				}
			}
		})
	}
}

// tornTo is what a power cut may make of a journal of whose last write the disk has
// what stands before cut: no more, or zeros or anything else instead, or
// one block of zeros with what follows behind it.
func tornTo(whole []byte, cut int) []byte {
	torn := slices.Clone(whole)
	switch rest := torn[cut:]; cut % 4 {
	case 0:
		return torn[:cut]
	case 1:
		clear(rest)
	case 2:
		clear(rest[:min(len(rest), 16)])
	default:
		for i := range rest {
			rest[i] = 0xA5
		}
	}
	return torn
}

// TestFixesATornJournal destroys each write of a setup, of a change and of a teardown
// to the journal from some byte on, as a power cut may, and cuts the power there: at
// both ends of each line and in its middle. Package step has tests of every byte.
func TestFixesATornJournal(t *testing.T) {
	t.Parallel()
	everything := lasting(fileConfig("1Mi", true))
	everything.Swappiness, everything.ProtectSystemSlice = 30, true
	small, big := fileConfig("1Mi", true), fileConfig("2Mi", true)
	nothing := func(*hosttest.Node) error { return nil }
	makes := func(c setup.Config) func(*hosttest.Node) error {
		return func(n *hosttest.Node) error { return run(n, c) }
	}
	for _, s := range []story{
		{name: "plain", node: ordinary, want: fileConfig("1Mi", false), before: nothing, run: makes(fileConfig("1Mi", false))},
		{name: "with all that a boot needs", node: systemd(true), want: everything, before: nothing, run: makes(everything)},
		{name: "grow", node: ordinary, want: big, before: makes(small), run: makes(big)},
		{name: "teardown", node: systemd(true), want: everything, before: makes(everything), run: down},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			n, _ := s.prepare(t)
			if err := s.run(n); err != nil {
				t.Fatal(err)
			}
			torn := 0
			for _, write := range journalWrites(n) {
				torn += s.torn(t, write)
			}
			if torn < 20 {
				t.Errorf("torn at %d places only", torn)
			}
		})
	}
}

// torn kills a run just after one of its writes to the journal, tears that write and
// reboots, once for each place to cut it at. It returns at how many.
func (s *story) torn(t *testing.T, write int) int {
	t.Helper()
	for torn := 0; ; torn++ {
		n, fresh := s.prepare(t)
		began := 0
		n.CallAt(write, func() {
			if before, err := os.ReadFile(n.Path(setup.JournalPath)); err == nil {
				began = len(before)
			}
		})
		n.KillAt(write + 1)
		_ = s.run(n)
		after := journal(t, n)
		cuts := cutsOf(after, began)
		if torn == len(cuts) {
			return torn
		}
		cut := cuts[torn]
		if err := n.Other().Files.Replace(setup.JournalPath, tornTo(after, cut), 0o600); err != nil {
			t.Fatal(err)
		}
		n.Reboot()
		s.fixes(t, n, fresh, torn%2 == 0)
		if t.Failed() {
			t.Fatalf("operation %d, a write to the journal, torn after byte %d of %d", write, cut, len(after))
		}
	}
}

// cutsOf are the places of a write at which it is torn.
func cutsOf(journal []byte, began int) []int {
	var cuts []int
	for line := range bytes.Lines(journal[began:]) {
		cuts = append(cuts, began, began+len(line)/2, began+len(line)-1)
		began += len(line)
	}
	return cuts
}

// journalWrites are the numbers of the operations that wrote to the journal.
func journalWrites(n *hosttest.Node) []int {
	var at []int
	for _, op := range n.Ops() {
		if op.Name == "write" && op.Path == setup.JournalPath {
			at = append(at, op.N)
		}
	}
	return at
}

func journal(t *testing.T, n *hosttest.Node) []byte {
	t.Helper()
	data, err := n.Host().Files.ReadFile(setup.JournalPath, host.FileLimit)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
