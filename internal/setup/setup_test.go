package setup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
)

func up(t *testing.T, n *hosttest.Node, c setup.Config, o setup.UpOptions) setup.Report {
	t.Helper()
	r, err := setup.Up(context.Background(), n.Host(), c, o)
	if err != nil {
		t.Fatalf("setup: %v\n%s", err, n.Describe())
	}
	return r
}

// takenBack takes all of it down: nothing is left.
func takenBack(t *testing.T, n *hosttest.Node, fresh hosttest.Snapshot) {
	t.Helper()
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	unchanged(t, n, fresh)
}

// unchanged says in what the node differs.
func unchanged(t *testing.T, n *hosttest.Node, before hosttest.Snapshot) {
	t.Helper()
	if diff := before.Diff(n.Snapshot()); diff != "" {
		t.Errorf("the node is not as it was:\n%s", diff)
	}
}

func states(r setup.Report) string {
	var s []string
	for _, step := range r.Steps {
		s = append(s, step.ID+"="+step.State)
	}
	return strings.Join(s, " ")
}

func swaps(t *testing.T, n *hosttest.Node) []kernel.Swap {
	t.Helper()
	s, err := kernel.Swaps(n.Other())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheStepsOfAFileAndOfADevice(t *testing.T) {
	t.Parallel()
	// Journals hold these: none may ever change its name or meaning.
	for want, c := range map[string]setup.Config{
		"swap.file=changed swap.crypt=changed swap.header=changed swap.on=changed":   fileConfig("1Mi", true),
		"swap.file=changed swap.header=changed swap.on=changed":                      fileConfig("1Mi", false),
		"swap.device=changed swap.crypt=changed swap.header=changed swap.on=changed": deviceConfig(true),
		"swap.device=changed swap.header=changed swap.on=changed":                    deviceConfig(false),
	} {
		n := hosttest.New(t)
		if got := states(up(t, n, c, setup.UpOptions{})); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if s := swaps(t, n); len(s) != 1 {
			t.Errorf("swaps: %v", s)
		}
		n.CheckInvariants(t)
	}
}

func TestADryRunChangesNothingAndSaysWhatAPersonWouldType(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	before := n.Snapshot()
	r := up(t, n, fileConfig("1Mi", true), setup.UpOptions{DryRun: true})
	if got := states(r); got != "swap.file=todo swap.crypt=todo swap.header=todo swap.on=todo" || !r.Pending || r.Changed {
		t.Errorf("got %s, pending %v, changed %v", got, r.Pending, r.Changed)
	}
	for _, s := range r.Steps {
		if len(s.ByHand) == 0 || s.Why == "" || s.Found == "" {
			t.Errorf("step %s says too little: %+v", s.ID, s)
		}
	}
	if diff := before.Diff(n.Snapshot()); diff != "" || len(n.Ops()) > 0 {
		t.Errorf("it changed the node: %v\n%s", n.Ops(), diff)
	}
}

func TestAShareOfTheMemoryIsWrittenDownInBytes(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("0.1%", false)
	r := up(t, n, c, setup.UpOptions{})
	want := int64(8<<30) / 1000 / 4096 * 4096
	if r.Swap.SizeBytes != want {
		t.Errorf("got %d bytes, want %d", r.Swap.SizeBytes, want)
	}
	data, err := n.Host().Files.ReadFile(setup.JournalPath, host.FileLimit)
	if err != nil || !strings.Contains(string(data), fmt.Sprintf(`"size":"%d"`, want)) {
		t.Errorf("the journal keeps another size: %v\n%s", err, data)
	}
}

func TestNoSwapIsLostWhileTheSizeChanges(t *testing.T) {
	t.Parallel()
	for _, encrypt := range []bool{true, false} {
		small, big := fileConfig("1Mi", encrypt), fileConfig("3Mi", encrypt)
		for _, s := range []story{
			{name: "grow", node: ordinary, before: func(n *hosttest.Node) error { return run(n, small) }, want: big},
			{name: "shrink", node: ordinary, before: func(n *hosttest.Node) error { return run(n, big) }, want: small},
		} {
			for at := 1; ; at++ {
				n, _ := s.prepare(t)
				n.KillAt(at)
				_ = run(n, s.want)
				var total int64
				for _, swap := range swaps(t, n) {
					total += swap.SizeBytes
				}
				if least := int64(1<<20 - 4096); total < least {
					t.Errorf("%s, encrypt=%v: before operation %d there are %d bytes of swap, want at least %d", s.name, encrypt, at, total, least)
				}
				if !n.Fired() {
					break
				}
			}
		}
	}
}

func TestChangesTheSizeAlsoWhereThereIsNoRoomForABridge(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	n.SetFileSystem("/data", hosttest.FileSystem{Type: "ext4", TotalBytes: 7 << 20, FreeBytes: 7 << 20})
	c := fileConfig("3Mi", true)
	c.Areas[0].Path = "/data/swapfile"
	up(t, n, c, setup.UpOptions{ForceSize: true})
	c.Areas[0].Size = "4Mi"
	if got := states(up(t, n, c, setup.UpOptions{ForceSize: true})); strings.Contains(got, "bridge") {
		t.Errorf("a bridge where there is no room: %s", got)
	}
	if s := swaps(t, n); len(s) != 1 || s[0].SizeBytes != 4<<20-4096 {
		t.Errorf("swaps: %+v", s)
	}
}

func TestTakesAnEmptyFileAsItIsAndLeavesItThere(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("1Mi", true)
	up(t, n, c, setup.UpOptions{})
	if _, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{KeepFile: true}); err != nil {
		t.Fatal(err)
	}
	before := n.Snapshot()
	if _, err := n.Host().Files.Stat(setup.DefaultPath); err != nil {
		t.Fatalf("--keep-file did not keep it: %v", err)
	}
	if got := states(up(t, n, c, setup.UpOptions{})); !strings.HasPrefix(got, "swap.file=done") {
		t.Errorf("it did not take the file that was left: %s", got)
	}
	takenBack(t, n, before)
}

// TestAFileTakenAsItIsComesBackAtEachBoot: no record says that we made it, but the
// header and the mapping that were put on it are ours.
func TestAFileTakenAsItIsComesBackAtEachBoot(t *testing.T) {
	t.Parallel()
	for _, encrypted := range []bool{false, true} {
		n := hosttest.New(t)
		c := fileConfig("1Mi", encrypted)
		c.Areas[0].Path = "/theirs"
		n.WriteFile(c.Areas[0].Path, string(make([]byte, 1<<20)), 0o600)
		up(t, n, c, setup.UpOptions{})
		for range 2 {
			n.Reboot()
			if err := boot(n); err != nil || len(swaps(t, n)) != 1 {
				t.Errorf("encrypted %v: %v, %v", encrypted, err, swaps(t, n))
			}
		}
		n.Reboot()
		if r := up(t, n, c, setup.UpOptions{}); !strings.HasPrefix(states(r), "swap.file=done") {
			t.Errorf("encrypted %v: by hand: %s", encrypted, states(r))
		}
		n.Reboot()
		n.WriteFile(c.Areas[0].Path, strings.Repeat("theirs again\n", 1<<20/13+1)[:1<<20], 0o600)
		if err := boot(n); err == nil || len(swaps(t, n)) != 0 {
			t.Errorf("encrypted %v: it took what somebody has written there since", encrypted)
		}
	}
}

func TestEraseReplacesWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, c := range []setup.Config{fileConfig("1Mi", true), fileConfig("1Mi", false), deviceConfig(true), deviceConfig(false)} {
		n := hosttest.New(t)
		n.WriteFile(setup.DefaultPath, strings.Repeat("precious", 1000), 0o600)
		f, err := n.Other().Files.Open("/dev/vdb", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("precious"), 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		_, err = setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
		if fail.Code(err) != fail.Usage || !strings.Contains(strings.Join(fail.Hints(err), "\n"), "--erase=") {
			t.Errorf("without --erase: %v", err)
		}
		up(t, n, c, setup.UpOptions{Erase: "true"})
		if s := swaps(t, n); len(s) != 1 {
			t.Errorf("swaps: %v", s)
		}
	}
}

func TestTeardownRefusesWhenMemoryIsShortUnlessForced(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := fileConfig("64Mi", true)
	up(t, n, c, setup.UpOptions{})
	n.UseSwap(swaps(t, n)[0].Path, 48<<20)
	n.SetAvailableMemory(100 << 20)
	before := n.Snapshot()
	_, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err == nil || !strings.Contains(err.Error(), "48 MiB") || !strings.Contains(err.Error(), "100 MiB") {
		t.Errorf("got %v, want a refusal with the numbers", err)
	}
	unchanged(t, n, before)
	if _, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{Force: true}); err != nil {
		t.Errorf("forced: %v", err)
	}
}

func TestSwapoffThatRunsOutOfMemoryIsResumed(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	fresh := n.Snapshot()
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	n.FailOn("swapoff", "", unix.ENOMEM)
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{Force: true})
	if !errors.Is(err, unix.ENOMEM) || !strings.Contains(err.Error(), "still on") || !strings.Contains(r.State, "teardown again") {
		t.Errorf("got %v, state %q", err, r.State)
	}
	state, err := setup.JournalState(context.Background(), n.Host())
	if err != nil || state.Goal != "down" || !slices.Contains(state.Pending, "swap.on") {
		t.Errorf("the journal has pending %+v, %v", state, err)
	}
	n.FailOn("swapoff", "", nil)
	takenBack(t, n, fresh)
}

func TestTheJournalKnowsWhatARebootLost(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	n.Reboot()
	state, err := setup.JournalState(context.Background(), n.Host())
	if err != nil || state.Goal != "up" || strings.Join(state.Pending, " ") != "swap.crypt swap.header swap.on" {
		t.Errorf("got %+v, %v", state, err)
	}
}

func TestFindsTheMappingWhenItsNodeIsLateOrMissing(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	fresh := n.Snapshot()
	n.LoseNode("cryptswap")
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	if r := up(t, n, fileConfig("1Mi", true), setup.UpOptions{}); r.Changed {
		t.Errorf("the second run changed something: %s", states(r))
	}
	takenBack(t, n, fresh)
}

func TestFixesAMappingWhoseFileWasDeleted(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	fresh := n.Snapshot()
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	n.DeleteBacking(setup.DefaultPath)
	r := up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	if !r.Changed {
		t.Error("setup was content with swap on a file that has no name")
	}
	if _, err := n.Host().Files.Stat(setup.DefaultPath); err != nil {
		t.Error(err)
	}
	takenBack(t, n, fresh)
}

func TestALazilyUnmountedAreaIsNamedAndLeftAlone(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	n.SetFileSystem("/data", hosttest.FileSystem{Type: "ext4", TotalBytes: 64 << 20})
	c := fileConfig("1Mi", false)
	c.Areas[0].Path = "/data/swapfile"
	up(t, n, c, setup.UpOptions{})
	n.UnmountLazily("/data")
	err := down(n)
	if err == nil || !strings.Contains(err.Error(), "/swapfile") || !strings.Contains(strings.Join(fail.Hints(err), " "), "mount the file system at /data") {
		t.Errorf("got %v, hints %q", err, fail.Hints(err))
	}
	n.MountAgain("/data")
	n.SetFileSystem("/data", hosttest.FileSystem{Type: "ext4", TotalBytes: 64 << 20})
	if err := down(n); err != nil {
		t.Errorf("mounted again: %v", err)
	}
	if s := swaps(t, n); len(s) != 0 {
		t.Errorf("swaps: %v", s)
	}
}

func TestNeverTouchesSwapThatIsNotOurs(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	other := n.Other()
	theirs := fileConfig("2Mi", false)
	theirs.Areas[0].Path = "/theirs"
	// Somebody sets up swap by hand, in the same way that swapctl would.
	if _, err := setup.Up(context.Background(), other, theirs, setup.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Files.Remove(setup.JournalPath), other.Files.Remove("/var/lib/swapctl")); err != nil {
		t.Fatal(err)
	}
	before := n.Snapshot()
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	takenBack(t, n, before)
	if r := up(t, n, theirs, setup.UpOptions{}); r.Changed {
		t.Errorf("their area, asked for as it is, was changed: %s", states(r))
	}
	takenBack(t, n, before)
}

func TestNoKeyIsInTheJournalOrInTheTree(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	n.CheckInvariants(t) // looks for every key ever given in every file
	n2 := hosttest.New(t, (*hosttest.Node).NoKeyring)
	up(t, n2, fileConfig("1Mi", true), setup.UpOptions{})
	n2.CheckInvariants(t)
}

func TestTheDocumentIsTheContract(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	text, err := json.Marshal(up(t, n, fileConfig("1Mi", true), setup.UpOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc["apiVersion"] != "swapctl.dev/v1alpha1" || doc["kind"] != "SetupReport" || doc["changed"] != true {
		t.Errorf("got %s", text)
	}
	swap, _ := doc["swap"].(map[string]any)
	for field, want := range map[string]any{
		"path": setup.DefaultPath, "kind": "file", "sizeBytes": float64(1 << 20), "encrypted": true, "mapping": "cryptswap", "priority": float64(-2),
	} {
		if swap[field] != want {
			t.Errorf("swap.%s is %v, want %v", field, swap[field], want)
		}
	}
	for _, s := range doc["steps"].([]any) {
		for _, field := range []string{"id", "title", "state", "found", "byHand", "why"} {
			if s.(map[string]any)[field] == nil {
				t.Errorf("a step has no %s: %v", field, s)
			}
		}
	}
}

func TestTeardownOfNothingIsFine(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	before := n.Snapshot()
	r, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{})
	if err != nil || r.Changed || len(r.Steps) > 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	unchanged(t, n, before)
	if _, err := n.Host().Files.Stat(setup.JournalPath); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a journal: %v", err)
	}
}

func TestForPersistenceADeviceNeedsANameThatStays(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t)
	c := deviceConfig(true)
	c.Areas[0].Device, c.Persist = "/dev/vdb", "systemd"
	_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
	if fail.Code(err) != fail.Usage || !strings.Contains(strings.Join(fail.Hints(err), " "), "--device /dev/disk/by-id/virtio-vdb") {
		t.Errorf("got %v, hints %q", err, fail.Hints(err))
	}
	c.Persist = "none"
	if r := up(t, n, c, setup.UpOptions{}); !strings.Contains(strings.Join(r.Warnings, " "), "/dev/disk/by-id/virtio-vdb") {
		t.Errorf("no warning that offers the stable name: %q", r.Warnings)
	}
}
