package setup_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/setup"
)

const dropIn = "/etc/systemd/system/system.slice.d/50-swapctl.conf"

// systemd is a node that systemd runs. late: as systemd 257 writes slices.
func systemd(late bool) func(*testing.T) *hosttest.Node {
	return func(t *testing.T) *hosttest.Node {
		n := hosttest.New(t, (*hosttest.Node).Systemd)
		if late {
			n.LateSlices()
		}
		return n
	}
}

// lasting asks for all that a service of systemd's brings.
func lasting(c setup.Config) setup.Config {
	c.Persist, c.ProtectSystemSlice = "systemd", true
	return c
}

func boot(n *hosttest.Node) error {
	_, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
	return err
}

// bootStories are for the matrix.
func bootStories(encrypt bool) []story {
	small, big := lasting(fileConfig("1Mi", encrypt)), lasting(fileConfig("2Mi", encrypt))
	device, without := lasting(deviceConfig(encrypt)), fileConfig("1Mi", encrypt)
	without.Persist = "none"
	up := func(c setup.Config) func(*hosttest.Node) error {
		return func(n *hosttest.Node) error { return run(n, c) }
	}
	nothing := func(*hosttest.Node) error { return nil }
	var all []story
	for _, s := range []story{
		{name: "setup with systemd", before: nothing, run: up(small), want: small},
		{name: "grow with systemd", before: up(small), run: up(big), want: big},
		{name: "systemd no longer wanted", before: up(small), run: up(without), want: without},
		{name: "systemd wanted later", before: up(without), run: up(small), want: small},
		{name: "teardown with systemd", before: up(small), run: down, want: small},
		{name: "boot of a file by systemd", before: rebooted(small), run: boot, want: small},
		{name: "boot of a device by systemd", before: rebooted(device), run: boot, want: device},
		{name: "boot of a teardown", before: halfDown(small), run: boot, want: small},
	} {
		// What is different without encryption is below these steps.
		if !encrypt && s.name != "setup with systemd" && s.name != "boot of a device by systemd" {
			continue
		}
		s.name = fmt.Sprintf("%s,encrypt=%v", s.name, encrypt)
		s.node = systemd(encrypt)
		all = append(all, s)
	}
	return all
}

// halfDown is a node whose power was cut in the middle of a teardown.
func halfDown(c setup.Config) func(*hosttest.Node) error {
	return func(n *hosttest.Node) error {
		if err := run(n, c); err != nil {
			return err
		}
		n.ResetOps()
		n.KillAt(8)
		if err := down(n); !errors.Is(err, hosttest.ErrKilled) {
			return fmt.Errorf("the teardown was to be killed: %w", err)
		}
		n.Reboot()
		return nil
	}
}

func TestABootBringsBackWhatARebootLostAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []setup.Config{
		lasting(fileConfig("1Mi", true)), lasting(fileConfig("1Mi", false)),
		lasting(deviceConfig(true)), lasting(deviceConfig(false)),
	} {
		n := systemd(false)(t)
		up(t, n, c, setup.UpOptions{})
		n.Reboot()
		n.ResetOps()
		r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
		if err != nil || !r.Changed || !strings.HasPrefix(r.State, "swap is on") {
			t.Errorf("boot: %v, state %q", err, r.State)
		}
		for _, op := range n.Ops() {
			if strings.HasPrefix(op.Path, "/etc/") || op.Name == "reload" || op.Name == "start" || op.Name == "stop" {
				t.Errorf("the boot did %s", op)
			}
		}
		for _, s := range r.Steps {
			if want := map[string]string{"slice.system": "done", "boot.unit": "done", "swap.file": "done", "swap.device": "done"}[s.ID]; want != "" && s.State != want {
				t.Errorf("%s is %s: %s", s.ID, s.State, s.Found)
			}
		}
		n.ResetOps()
		if r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{}); err != nil || r.Changed {
			t.Errorf("a second boot service: changed %v, %v", r.Changed, err)
		}
		n.CheckInvariants(t)
	}
}

func TestTheStepsOfPersistenceBySystemd(t *testing.T) {
	t.Parallel()
	// Journals hold these: none may ever change its name or meaning.
	n := systemd(true)(t)
	const want = "slice.system=changed boot.unit=changed swap.file=changed swap.crypt=changed swap.header=changed swap.on=changed"
	if got := states(up(t, n, lasting(fileConfig("1Mi", true)), setup.UpOptions{})); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSystemdIsTheDefaultWhereItRuns(t *testing.T) {
	t.Parallel()
	for _, c := range []setup.Config{fileConfig("1Mi", true), deviceConfig(false)} {
		r := up(t, systemd(false)(t), c, setup.UpOptions{DryRun: true})
		if !strings.HasPrefix(states(r), "boot.unit=todo ") {
			t.Errorf("with systemd: %s", states(r))
		}
		if r := up(t, hosttest.New(t), c, setup.UpOptions{DryRun: true}); strings.Contains(states(r), "boot.") {
			t.Errorf("without: %s", states(r))
		}
	}
}

func TestTheServiceIsStartedOnceAndItsFailureIsTold(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	n.OnStart(func(unit string) error {
		if unit == "swapctl.service" { // as systemd does it, with the lock free
			return boot(n)
		}
		return nil
	})
	c := fileConfig("1Mi", true)
	if r := up(t, n, c, setup.UpOptions{}); len(r.Warnings) > 0 {
		t.Errorf("warnings: %q", r.Warnings)
	}
	n.ResetOps()
	up(t, n, c, setup.UpOptions{})
	for _, op := range n.Ops() {
		t.Errorf("the second setup did %s", op)
	}
	n.StopUnit("swapctl.service")
	n.OnStart(func(string) error { return errors.New("exit status 1") })
	r := up(t, n, c, setup.UpOptions{})
	if text := strings.Join(r.Warnings, " "); !strings.Contains(text, "journalctl -u swapctl.service") {
		t.Errorf("the warning of a service that fails: %q", r.Warnings)
	}
}

func TestABootDoesNotTakeTheMountPointForTheFileSystem(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	n.SetFileSystem("/data", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb", TotalBytes: 64 << 20})
	c := fileConfig("1Mi", true)
	c.Areas[0].Path = "/data/swapfile"
	up(t, n, c, setup.UpOptions{ForceSize: true})
	n.Reboot()
	n.UnmountLazily("/data")
	before := n.Snapshot()
	_, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
	if fail.Code(err) != fail.Failed || !strings.Contains(err.Error(), "mounted at /data") {
		t.Errorf("got %v", err)
	}
	unchanged(t, n, before)
}

func TestABootNamesTheMissingDeviceAndWaitsNoLongerThanSaid(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	up(t, n, lasting(deviceConfig(true)), setup.UpOptions{})
	n.Reboot()
	if err := os.Remove(n.Root + "/dev/disk/by-id/virtio-vdb"); err != nil {
		t.Fatal(err)
	}
	waited := ""
	_, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{Wait: 1, Waits: func(what string) { waited = what }})
	if err == nil || !strings.Contains(err.Error(), "/dev/disk/by-id/virtio-vdb is not there") || waited == "" || len(fail.Hints(err)) == 0 {
		t.Errorf("got %v after waiting for %q", err, waited)
	}
}

func TestABootWithoutAJournalDoesNothing(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	before := n.Snapshot()
	r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
	if err != nil || r.Changed {
		t.Errorf("%+v, %v", r, err)
	}
	unchanged(t, n, before)
}

func TestANewProgramChangesNothingAtBootAndTheUnitAtTheNextSetup(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	c := lasting(fileConfig("1Mi", true))
	up(t, n, c, setup.UpOptions{})
	// An upgrade, to another place.
	n.WriteFile("/usr/local/sbin/swapctl", "\x7fELF", 0o755)
	n.Symlink("/proc/self/exe", "/usr/local/sbin/swapctl")
	n.WriteFile(dropIn, "# of another version\n[Slice]\nMemorySwapMax=0\n", 0o644)
	n.Reboot()
	if err := boot(n); err != nil {
		t.Fatal(err)
	}
	state, err := setup.JournalState(context.Background(), n.Host())
	if err != nil || len(state.Pending) > 0 {
		t.Errorf("pending: %v, %v", state.Pending, err)
	}
	if got, want := states(up(t, n, c, setup.UpOptions{})), "slice.system=changed boot.unit=changed swap.file=done"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	text, err := os.ReadFile(n.Root + "/etc/systemd/system/swapctl.service")
	if err != nil || !strings.Contains(string(text), "ExecStart=/usr/local/sbin/swapctl setup --boot\n") {
		t.Errorf("the unit: %v\n%s", err, text)
	}
}

func TestTheSliceIsProtectedLiveWhateverSystemdDoesOnAReload(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		n := systemd(late)(t)
		fresh := n.Snapshot()
		c := lasting(deviceConfig(true))
		c.Persist = "none"
		up(t, n, c, setup.UpOptions{})
		for file, want := range map[string]string{
			"memory.swap.max": "0\n", "io.latency": "/ 50ms\n/dev/disk/by-id/virtio-vdb 50ms\n",
		} {
			if got, _ := os.ReadFile(n.Root + "/sys/fs/cgroup/system.slice/" + file); string(got) != want {
				t.Errorf("late %v: %s is %q, want %q", late, file, got, want)
			}
		}
		c.ProtectSystemSlice = false
		if got := states(up(t, n, c, setup.UpOptions{})); !strings.HasSuffix(got, "slice.system=undone") {
			t.Errorf("no longer wanted: %s", got)
		}
		takenBack(t, n, fresh)
	}
}

func TestTheSliceIsProtectedAsFarAsTheKernelCanAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"io.latency", "memory.swap.max"} {
		n := systemd(false)(t)
		if err := os.Remove(n.Root + "/sys/fs/cgroup/system.slice/" + gone); err != nil {
			t.Fatal(err)
		}
		r := up(t, n, lasting(fileConfig("1Mi", true)), setup.UpOptions{})
		want := map[string]string{"io.latency": "CONFIG_BLK_CGROUP_IOLATENCY", "memory.swap.max": "no swap limit"}[gone]
		if text := strings.Join(r.Warnings, " "); !strings.Contains(text, want) || len(r.Warnings) != 1 {
			t.Errorf("without %s: warnings %q", gone, r.Warnings)
		}
	}
}

func TestAProgramThatABootCouldNotTrustIsRefused(t *testing.T) {
	t.Parallel()
	for want, shape := range map[string]func(*hosttest.Node){
		"lies in memory": func(n *hosttest.Node) {
			n.SetFileSystem("/usr/local", hosttest.FileSystem{Type: "tmpfs"})
		},
		"belongs to user 1000":           func(n *hosttest.Node) { n.SetOwner("/usr/local/bin/swapctl", 1000, 0) },
		"everybody may write":            func(n *hosttest.Node) { _ = os.Chmod(n.Root+"/usr/local/bin", 0o777) },
		"group 50 may write":             func(n *hosttest.Node) { n.SetOwner("/usr/local", 0, 50); _ = os.Chmod(n.Root+"/usr/local", 0o775) },
		"was deleted or replaced":        func(n *hosttest.Node) { n.Symlink("/proc/self/exe", "/usr/local/bin/swapctl (deleted)") },
		"is no path for a unit":          func(n *hosttest.Node) { n.Symlink("/proc/self/exe", "/usr/local/bin/swap\nctl") },
		"swapctl did not make":           func(n *hosttest.Node) { n.WriteFile("/etc/systemd/system/swapctl.service", "[Service]\n", 0o644) },
		"systemd is not this node's ini": func(n *hosttest.Node) { _ = os.Remove(n.Root + "/run/systemd/system") },
	} {
		n := systemd(false)(t)
		shape(n)
		c := fileConfig("1Mi", true)
		c.Persist = "systemd"
		before := n.Snapshot()
		_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
		if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), want) || len(fail.Hints(err)) == 0 {
			t.Errorf("want %q, got %v, hints %q", want, err, fail.Hints(err))
		}
		if diff := before.Diff(n.Snapshot()); diff != "" {
			t.Errorf("%s: it changed\n%s", want, diff)
		}
	}
}

func TestAUnitThatCannotBeWrittenIsTakenBack(t *testing.T) {
	t.Parallel()
	for op, hint := range map[string]string{"reload": "systemctl daemon-reload", "symlink": "ls -ld"} {
		n := systemd(false)(t)
		fresh := n.Snapshot()
		n.FailOn(op, "", unix.EIO)
		_, err := setup.Up(context.Background(), n.Host(), fileConfig("1Mi", true), setup.UpOptions{})
		if !errors.Is(err, unix.EIO) || !strings.Contains(strings.Join(fail.Hints(err), " "), hint) {
			t.Errorf("%s: %v, hints %q", op, err, fail.Hints(err))
		}
		n.FailOn(op, "", nil)
		takenBack(t, n, fresh)
	}
}

func TestTheUnitRequiresNothingAndHasNoMountNamespace(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	n.WriteFile("/opt/my tools/100%/$x/swapctl", "\x7fELF", 0o755)
	n.Symlink("/proc/self/exe", "/opt/my tools/100%/$x/swapctl")
	up(t, n, fileConfig("1Mi", true), setup.UpOptions{})
	data, err := os.ReadFile(n.Root + "/etc/systemd/system/swapctl.service")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, line := range []string{
		`ExecStart="/opt/my tools/100%%/$$x/swapctl" setup --boot`, "TimeoutStartSec=90", "RemainAfterExit=yes", "WantedBy=multi-user.target",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("it lacks %s", line)
		}
	}
	// systemd.exec(5): each of these makes a mount namespace, or may.
	for _, bad := range []string{
		"Requires", "BindsTo", "DefaultDependencies", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateMounts", "PrivateUsers",
		"PrivateNetwork", "ProtectKernel", "ProtectControlGroups", "ProtectProc", "ProtectHostname", "ProtectClock", "ReadOnlyPaths", "ReadWritePaths", "InaccessiblePaths", "RootDirectory", "StateDirectory",
	} {
		if strings.Contains(text, "\n"+bad) {
			t.Errorf("it has %s", bad)
		}
	}
	before := strings.Fields(strings.Join(settingsOf(text, "Before"), " "))
	for _, unit := range append(kubelet.Units(), "snap.microk8s.daemon-kubelet.service", "containerd.service", "crio.service") {
		if !slices.Contains(before, unit) {
			t.Errorf("it is not ordered before %s", unit)
		}
	}
}

// settingsOf are the values of a setting in the text of a unit.
func settingsOf(text, name string) (values []string) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

func TestAJournalOfAnOlderVersionIsBroughtBackAsItWasMeant(t *testing.T) {
	t.Parallel()
	n := systemd(false)(t)
	c := fileConfig("1Mi", true)
	c.Persist = "none"
	up(t, n, c, setup.UpOptions{})
	data, err := n.Host().Files.ReadFile(setup.JournalPath, host.FileLimit)
	if err != nil {
		t.Fatal(err)
	}
	old := string(data)
	for _, key := range []string{`"swappiness":-1,`, `"minFreeKbytes":-1,`, `"watermarkScaleFactor":-1,`, `"watermarkBoostFactor":-1,`, `"preallocation":"full",`, `"protectSystemSlice":false,`} {
		if !strings.Contains(old, key) {
			t.Fatalf("the journal has no %s:\n%s", key, old)
		}
		old = strings.ReplaceAll(old, key, "")
	}
	n.WriteFile(setup.JournalPath, asVersion1(old), 0o600)
	n.Reboot()
	r, err := setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
	if want := "swap.file=done swap.crypt=changed swap.header=changed swap.on=changed"; err != nil || states(r) != want {
		t.Errorf("got %s, %v, want %s", states(r), err, want)
	}
}
