package swapfile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/swapfile"
)

const (
	areaPath  = "/srv/swapfile"
	areaBytes = 10 << 20
)

// nodes have on /srv one of each type of file system that supports swap files.
var nodes = map[string]hosttest.FileSystem{
	"ext4":                   {Type: "ext4"},
	"ext3":                   {Type: "ext3"},
	"ext3 without O_DIRECT":  {Type: "ext3", NoDirectIO: true},
	"ext2 without block map": {Type: "ext2", NoExtents: true},
	"xfs":                    {Type: "xfs"},
	"btrfs":                  {Type: "btrfs", Devices: []string{"vdb"}},
}

// makeArea makes all changes of this package for a swap file.
func makeArea(h host.Host) error {
	ctx := context.Background()
	if err := swapfile.Remove(h, areaPath); err != nil { // made by an earlier run
		return err
	}
	if err := swapfile.Make(ctx, h, areaPath, areaBytes, swapfile.Reserved, nil, nil); err != nil {
		return err
	}
	return swapfile.WriteHeader(ctx, h, areaPath, [16]byte{1})
}

func newNode(t *testing.T, f hosttest.FileSystem) *hosttest.Node {
	n := hosttest.New(t)
	n.SetFileSystem("/srv", f)
	return n
}

func TestMakesAreasThatTheFakeNodeSwapsTo(t *testing.T) {
	for name, f := range nodes {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, f)
			before, h := n.Snapshot(), n.Host()
			if _, err := swapfile.CheckPlace(h, areaPath); err != nil {
				t.Fatal(err)
			}
			if err := makeArea(h); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(swapfile.CheckFile(h, areaPath, areaBytes), swapfile.CheckHeader(h, areaPath)); err != nil {
				t.Error(err)
			}
			if err := h.Kernel.SwapOn(areaPath, 0); err != nil {
				t.Fatal(err)
			}
			if err := swapfile.Remove(h, areaPath); !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ETXTBSY) {
				t.Errorf("removed while on: %v", err)
			}
			if err := errors.Join(h.Kernel.SwapOff(context.Background(), areaPath), swapfile.Remove(h, areaPath)); err != nil {
				t.Fatal(err)
			}
			same(t, n, before)
		})
	}
}

func TestAFailureAtAnyOperationLeavesNothingBehind(t *testing.T) {
	for name, f := range nodes {
		t.Run(name, func(t *testing.T) {
			failEverywhere(t, f, func(h host.Host) error {
				return swapfile.Make(context.Background(), h, areaPath, areaBytes, swapfile.Reserved, nil, nil)
			})
		})
	}
}

// failEverywhere makes each operation fail that makes a file; then nothing must
// be left.
func failEverywhere(t *testing.T, f hosttest.FileSystem, makes func(host.Host) error) {
	t.Helper()
	for at := 1; ; at++ {
		n := newNode(t, f)
		before, h := n.Snapshot(), n.Host()
		n.ResetOps()
		n.FailAt(at, unix.EIO)
		err := makes(h)
		if !n.Fired() {
			if err != nil || at < 4 {
				t.Errorf("%v after %d operations", err, at)
			}
			return
		}
		if err == nil {
			t.Errorf("no error from a failing %v", n.Ops()[at-1])
		}
		same(t, n, before)
	}
}

func TestARunAfterAKillAtAnyOperationFinishesOrCleansUp(t *testing.T) {
	killEverywhere(t, nodes, makeArea, func(t *testing.T, h host.Host, at int) {
		if at%2 != 0 { // half of the time, the next run removes the file instead
			return
		}
		if err := makeArea(h); err != nil {
			t.Errorf("again after a kill at %d: %v", at, err)
		}
		if err := errors.Join(swapfile.CheckFile(h, areaPath, areaBytes), swapfile.CheckHeader(h, areaPath)); err != nil {
			t.Error(err)
		}
	})
}

// killEverywhere kills a run that makes a file, before and inside each of its
// operations. again is the next run on that machine; what it has made is then
// removed, and nothing must be left.
func killEverywhere(t *testing.T, machines map[string]hosttest.FileSystem, makes func(host.Host) error, again func(t *testing.T, h host.Host, at int)) {
	for name, f := range machines {
		for where, kill := range map[string]func(*hosttest.Node, int){"before": (*hosttest.Node).KillAt, "inside": (*hosttest.Node).KillInside} {
			t.Run(fmt.Sprintf("%s, killed %s", name, where), func(t *testing.T) {
				for at := 1; ; at++ {
					n := newNode(t, f)
					before := n.Snapshot()
					n.ResetOps()
					kill(n, at)
					_ = makes(n.Host())
					if !n.Fired() {
						return
					}
					h := n.Host()
					again(t, h, at)
					if err := swapfile.Remove(h, areaPath); err != nil {
						t.Error(err)
					}
					same(t, n, before)
				}
			})
		}
	}
}

func same(t *testing.T, n *hosttest.Node, before hosttest.Snapshot) {
	t.Helper()
	if diff := cmp.Diff(before, n.Snapshot()); diff != "" {
		t.Errorf("the node changed (-before +after):\n%s\noperations: %v", diff, n.Ops())
	}
	n.CheckInvariants(t)
}
