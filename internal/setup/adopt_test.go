package setup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// byHand is swap that somebody made without swapctl, and the Config that asks for it.
type byHand struct {
	name string
	want setup.Config
	on   string // what /proc/swaps calls it
	make func(t *testing.T, n *hosttest.Node)
}

func swapByHand() []byHand {
	file, device := fileConfig("1Mi", false), deviceConfig(false)
	file.Areas[0].Path = "/swapfile"
	return []byHand{
		{"file", file, "/swapfile", func(t *testing.T, n *hosttest.Node) { othersSwap(t, n, "/swapfile") }},
		{"device", device, "/dev/vdb", func(t *testing.T, n *hosttest.Node) {
			t.Helper()
			if err := errors.Join(swapfile.WriteHeader(t.Context(), n.Other(), "/dev/vdb", [16]byte{1}), n.Other().Kernel.SwapOn("/dev/vdb", 0)); err != nil {
				t.Fatal(err)
			}
		}},
	}
}

// adoptStories are not in the matrix: it reboots nodes, and nothing but a finished setup
// brings this swap back then.
func adoptStories() []story {
	var all []story
	for _, s := range swapByHand() {
		made := func(t *testing.T) *hosttest.Node {
			t.Helper()
			n := ordinary(t)
			s.make(t, n)
			return n
		}
		nothing := func(*hosttest.Node) error { return nil }
		adopted := func(n *hosttest.Node) error { return adopt(n, s.want) }
		elsewhere := fileConfig("1Mi", true)
		all = append(all,
			story{name: "adopt " + s.name, node: made, before: nothing, run: adopted, want: s.want},
			story{name: "from adopted " + s.name, node: made, before: adopted, run: func(n *hosttest.Node) error { return run(n, elsewhere) }, want: elsewhere},
			story{name: "teardown adopted " + s.name, node: made, before: adopted, run: down, want: s.want})
	}
	return all
}

func adopt(n *hosttest.Node, c setup.Config) error {
	_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{Adopt: true})
	return err
}

// TestAdoptedSwapComesBackAtBootAndStaysAfterTeardown: it is on before setup, after each
// boot, and after the teardown, with the content that it had.
func TestAdoptedSwapComesBackAtBootAndStaysAfterTeardown(t *testing.T) {
	for _, s := range swapByHand() {
		for _, persist := range []string{"systemd", "fstab"} {
			t.Run(s.name+" "+persist, func(t *testing.T) {
				n := withTables(t, "UUID=1 / ext4 defaults 0 1\n")
				n.Systemd()
				s.make(t, n)
				fresh := n.Snapshot()
				c := s.want
				c.Persist = persist
				if err := adopt(n, c); err != nil {
					t.Fatal(err)
				}
				if got := swaps(t, n); len(got) != 1 || got[0].Path != s.on {
					t.Errorf("after setup: %v", got)
				}
				for _, o := range []setup.UpOptions{{Adopt: true}, {}} {
					if r, err := setup.Up(t.Context(), n.Host(), c, o); err != nil || r.Changed {
						t.Errorf("again, %+v: changed %t, %v", o, r.Changed, err)
					}
				}
				if persist == "systemd" { // systemd reads fstab by itself
					n.Reboot()
					if err := boot(n); err != nil || len(swaps(t, n)) != 1 {
						t.Errorf("boot: %v, swap %v", err, swaps(t, n))
					}
				}
				r, err := setup.Down(t.Context(), n.Host(), setup.DownOptions{})
				if err != nil || !strings.Contains(r.State, "other swap is still on ("+s.on+")") {
					t.Errorf("teardown: %v, %s", err, r.State)
				}
				unchanged(t, n, fresh)
			})
		}
	}
}

// TestAdoptedSwapThatIsOffIsTurnedOnAgain by setup, which knows it by the journal; and
// with --adopt also swap that has been off since before swapctl, which then is off again
// after the teardown.
func TestAdoptedSwapThatIsOffIsTurnedOnAgain(t *testing.T) {
	for _, s := range swapByHand() {
		t.Run(s.name, func(t *testing.T) {
			n := ordinary(t)
			s.make(t, n)
			if err := adopt(n, s.want); err != nil {
				t.Fatal(err)
			}
			n.Reboot()
			if err := run(n, s.want); err != nil || len(swaps(t, n)) != 1 {
				t.Fatalf("setup: %v, swap %v", err, swaps(t, n))
			}
			if err := down(n); err != nil {
				t.Fatal(err)
			}
			n.Reboot()
			if err := run(n, s.want); fail.Code(err) != fail.Usage {
				t.Errorf("without --adopt, and with nothing in the journal: %v", err)
			}
			bare := n.Snapshot()
			if err := adopt(n, s.want); err != nil || len(swaps(t, n)) != 1 {
				t.Fatalf("setup of what is off: %v, swap %v", err, swaps(t, n))
			}
			takenBack(t, n, bare)
		})
	}
}

// TestAdoptedSwapGetsItsPriorityBack.
func TestAdoptedSwapGetsItsPriorityBack(t *testing.T) {
	n := ordinary(t)
	othersSwap(t, n, "/swapfile")
	c := swapByHand()[0].want
	c.Areas[0].Priority = 5
	err := run(n, c)
	if fail.Code(err) != fail.Usage || !slices.Contains(fail.Hints(err), "or have swapctl take it over: --adopt") {
		t.Errorf("without --adopt: %v, hints %q", err, fail.Hints(err))
	}
	if err := adopt(n, c); err != nil {
		t.Fatal(err)
	}
	if got := swaps(t, n); len(got) != 1 || got[0].Priority != 5 {
		t.Errorf("swap %v", got)
	}
	c.Areas[0].Priority = 7
	if err := run(n, c); err != nil {
		t.Fatal(err)
	}
	if got := swaps(t, n); len(got) != 1 || got[0].Priority != 7 {
		t.Errorf("swap %v", got)
	}
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	if got := swaps(t, n); len(got) != 1 || got[0].Priority >= 0 {
		t.Errorf("after the teardown: swap %v", got)
	}
}

// TestAdoptTakesTheSizeOfTheFile where none is given.
func TestAdoptTakesTheSizeOfTheFile(t *testing.T) {
	n := ordinary(t)
	othersSwap(t, n, "/swapfile")
	c := swapByHand()[0].want
	c.Areas[0].Size = ""
	r, err := setup.Up(t.Context(), n.Host(), c, setup.UpOptions{Adopt: true})
	if err != nil || r.Swap == nil || r.Swap.SizeBytes != 1<<20 {
		t.Errorf("%v, %+v", err, r.Swap)
	}
}

// TestAMappingOfOthersIsNotAdopted: after a reboot nothing shows whether what it
// encrypted may be overwritten.
func TestAMappingOfOthersIsNotAdopted(t *testing.T) {
	n := ordinary(t)
	c := fileConfig("1Mi", true)
	up(t, n, c, setup.UpOptions{})
	if err := n.Other().Files.Remove(setup.JournalPath); err != nil {
		t.Fatal(err)
	}
	before := n.Snapshot()
	err := adopt(n, c)
	if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), "cannot make the mapping cryptswap: there is one of that name, which swapctl did not make") {
		t.Errorf("got %v", err)
	}
	unchanged(t, n, before)
	const closes = "or close it, if nothing needs it any more: swapoff /dev/dm-0; cryptsetup close cryptswap"
	if hints := fail.Hints(err); !slices.Contains(hints, closes) {
		t.Errorf("hints %q", hints)
	}
	other := n.Other().Kernel
	if err := errors.Join(other.SwapOff(t.Context(), "/dev/dm-0"), other.DMRemove("cryptswap")); err != nil {
		t.Fatal(err)
	}
	if _, err := setup.Up(t.Context(), n.Host(), c, setup.UpOptions{Erase: "true"}); err != nil {
		t.Errorf("as the hint says: %v", err)
	}
}

// TestPlainSwapIsAdoptedOnlyAsItIs: encrypted it would have to be made anew, and the hint
// has what works.
func TestPlainSwapIsAdoptedOnlyAsItIs(t *testing.T) {
	for _, s := range swapByHand() {
		n := ordinary(t)
		s.make(t, n)
		before := n.Snapshot()
		c := otherWay(s.want)
		err := adopt(n, c)
		if fail.Code(err) != fail.Usage || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "or have it used as it is: --encrypt=false --adopt") {
			t.Errorf("%s: %v, hints %q", s.name, err, fail.Hints(err))
		}
		unchanged(t, n, before)
		if err := adopt(n, s.want); err != nil {
			t.Errorf("%s, as the hint says: %v", s.name, err)
		}
	}
}

// TestTeardownOfAdoptedSwapLeavesAKubeletThatCanStart: the swap stays on.
func TestTeardownOfAdoptedSwapLeavesAKubeletThatCanStart(t *testing.T) {
	n := withKubelet(t, "v1.34.1")
	othersSwap(t, n, "/swapfile")
	c := kubeletConfig()
	c.Areas = slices.Clone(c.Areas)
	c.Areas[0].Path, c.Areas[0].Encrypt, c.Areas[0].Size = "/swapfile", false, "1Mi"
	if err := adopt(n, c); err != nil {
		t.Fatal(err)
	}
	r, err := setup.Down(t.Context(), n.Host(), setup.DownOptions{})
	if err != nil || !strings.Contains(r.State, "the kubelet still tolerates swap") {
		t.Errorf("%v, %s", err, r.State)
	}
	if err := starts(n); err != nil {
		t.Errorf("the kubelet does not start: %v", err)
	}
}

// TestAdoptingSurvivesAKillAndAFailure before, inside and of every operation.
func TestAdoptingSurvivesAKillAndAFailure(t *testing.T) {
	for _, s := range adoptStories() {
		for how, harm := range map[string]func(*hosttest.Node, int){
			"kill": (*hosttest.Node).KillAt, "kill inside": (*hosttest.Node).KillInside,
			"fail": func(n *hosttest.Node, at int) { n.FailAt(at, unix.EIO) },
		} {
			t.Run(s.name+", "+how, func(t *testing.T) {
				t.Parallel()
				for at := 1; !t.Failed(); at++ {
					n, fresh := s.prepare(t)
					harm(n, at)
					_ = s.run(n)
					n.Kill()
					if !n.Fired() {
						if at < 5 {
							t.Errorf("only %d places", at-1)
						}
						return
					}
					for again := range at % 3 { // with and without a setup in between
						r, err := setup.Up(t.Context(), n.Host(), s.want, setup.UpOptions{Adopt: true})
						if err != nil || again > 0 && r.Changed {
							t.Errorf("setup %d after operation %d: changed %t, %v", again+1, at, r.Changed, err)
						}
					}
					takenBack(t, n, fresh)
				}
			})
		}
	}
}

// TestAdoptedSwapThatIsGoneIsMadeAnewAsOurs by a boot, as by a setup, and teardown takes
// it away.
func TestAdoptedSwapThatIsGoneIsMadeAnewAsOurs(t *testing.T) {
	c := swapByHand()[0].want
	for name, again := range map[string]func(*hosttest.Node) error{"boot": boot, "setup": func(n *hosttest.Node) error { return run(n, c) }} {
		n := hosttest.New(t, (*hosttest.Node).Systemd)
		fresh := n.Snapshot()
		othersSwap(t, n, "/swapfile")
		if err := adopt(n, c); err != nil {
			t.Fatal(err)
		}
		n.Reboot()
		if err := n.Other().Files.Remove("/swapfile"); err != nil {
			t.Fatal(err)
		}
		if err := again(n); err != nil || len(swaps(t, n)) != 1 {
			t.Fatalf("%s: %v, swap %v", name, err, swaps(t, n))
		}
		takenBack(t, n, fresh)
	}
}

// TestWhatTookThePlaceOfAdoptedSwapIsNotOverwritten by a boot or a setup.
func TestWhatTookThePlaceOfAdoptedSwapIsNotOverwritten(t *testing.T) {
	for _, s := range swapByHand() {
		n := hosttest.New(t, (*hosttest.Node).Systemd)
		s.make(t, n)
		if err := adopt(n, s.want); err != nil {
			t.Fatal(err)
		}
		n.Reboot()
		f, err := n.Other().Files.Open(s.on, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt(bytes.Repeat([]byte("precious"), 1<<10), 0)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		before := n.Snapshot()
		for name, again := range map[string]func(*hosttest.Node) error{"boot": boot, "setup": func(n *hosttest.Node) error { return run(n, s.want) }} {
			if err := again(n); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("%s, %s: %v", s.name, name, err)
			}
			unchanged(t, n, before)
		}
	}
}
