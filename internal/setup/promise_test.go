package setup_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestSwapThatABootWouldNotBringBackIsNotPromised: what somebody turned on by hand the
// journal does not know, and a boot leaves it out.
func TestSwapThatABootWouldNotBringBackIsNotPromised(t *testing.T) {
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	othersSwap(t, n, "/swapfile")
	c := fileConfig("1Mi", false)
	c.Areas[0].Path, c.Persist = "/swapfile", "systemd"
	before := n.Snapshot()
	for _, dry := range []bool{false, true} {
		_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{DryRun: dry})
		if fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), "cannot bring swap on /swapfile back after a reboot: it is on already") {
			t.Errorf("dry run %t: %v", dry, err)
		}
		if hints := fail.Hints(err); !slices.Contains(hints, "turn it off, and run the command again with --erase=/swapfile, by which swapctl makes it anew: swapoff /swapfile") || !slices.Contains(hints, "or have swapctl take it over as it is: --adopt") || !slices.Contains(hints, "or leave it to whoever made it: --persist none") {
			t.Errorf("hints %q", hints)
		}
		unchanged(t, n, before)
	}
	// What the hints say works.
	none := c
	none.Persist = "none"
	if err := run(n, none); err != nil {
		t.Errorf("--persist none: %v", err)
	}
	if err := n.Other().Kernel.SwapOff(context.Background(), "/swapfile"); err != nil {
		t.Fatal(err)
	}
	if _, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{Erase: "/swapfile"}); err != nil {
		t.Errorf("after swapoff: %v", err)
	}
	n.Reboot()
	if err := boot(n); err != nil || !strings.Contains(read(t, n, "/proc/swaps"), "/swapfile") {
		t.Errorf("after a reboot: %v, %s", err, read(t, n, "/proc/swaps"))
	}
}

// TestWhatABootStillLooksForIsNotErased: each line that names the device, by whatever
// name, is named with its place, and nothing is changed.
func TestWhatABootStillLooksForIsNotErased(t *testing.T) {
	const device = "/dev/disk/by-id/virtio-vdb"
	for _, test := range []struct {
		name, file, text string
		encrypt          bool
		want             string // "" for fine
	}{
		{"fstab by path", "/etc/fstab", "# x\n/dev/vdb none swap sw 0 0\n", true, "/etc/fstab line 2: a line of /dev/vdb"},
		{"fstab by UUID", "/etc/fstab", "UUID=abc none swap sw 0 0\n", true, "/etc/fstab line 1: a line of UUID=abc"},
		{"fstab by UUID, in clear", "/etc/fstab", "UUID=abc none swap sw 0 0\n", false, "/etc/fstab line 1"},
		{"fstab by path, in clear", "/etc/fstab", "/dev/vdb none swap sw 0 0\n", false, ""},
		{"a file system by label", "/etc/fstab", "LABEL=data /data ext4 defaults 0 2\n", true, "/etc/fstab line 1"},
		{"crypttab", "/etc/crypttab", "cswap PARTUUID=p1 /dev/urandom swap\n", true, "/etc/crypttab line 1: the mapping cswap"},
		{"initramfs-tools", "/etc/initramfs-tools/conf.d/resume", "RESUME=UUID=abc\n", true, "/etc/initramfs-tools/conf.d/resume line 1"},
		{"fstab by label in quotes", "/etc/fstab", "LABEL=\"data\" none swap sw 0 0\n", true, "/etc/fstab line 1: a line of LABEL=data"},
		{"fstab by UUID in quotes", "/etc/fstab", "UUID=\"abc\" none swap sw 0 0\n", true, "/etc/fstab line 1"},
		{"fstab by PARTUUID", "/etc/fstab", "PARTUUID=p1 none swap sw 0 0\n", true, "/etc/fstab line 1: a line of PARTUUID=p1"},
		{"fstab by a link", "/etc/fstab", "/dev/disk/by-uuid/abc none swap sw 0 0\n", true, "/etc/fstab line 1: a line of /dev/disk/by-uuid/abc"},
		{"a swap unit", "/etc/systemd/system/dev-vdb.swap", "[Swap]\nWhat=/dev/disk/by-label/data\n", true, "/etc/systemd/system/dev-vdb.swap line 2: a swap unit of /dev/disk/by-label/data"},
		{"dracut", "/etc/dracut.conf.d/x.conf", "add_device+=\" /dev/disk/by-partuuid/p1 \"\n", true, "/etc/dracut.conf.d/x.conf line 1"},
		{"grub", "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet resume=LABEL=data\"\n", true, "/etc/default/grub line 1"},
		{"another device", "/etc/fstab", "UUID=other none swap sw 0 0\n", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := ordinary(t)
			for _, link := range []string{"by-uuid/abc", "by-label/data", "by-partuuid/p1"} {
				n.Symlink("/dev/disk/"+link, "../../vdb")
			}
			n.WriteFile(test.file, test.text, 0o644)
			c := deviceConfig(test.encrypt)
			before := n.Snapshot()
			_, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want == "":
			case fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), "cannot use "+device+": "+test.want):
				t.Errorf("got %v", err)
			default:
				unchanged(t, n, before)
				n.WriteFile(test.file, "", 0o644) // as the hint says
				if err := run(n, c); err != nil {
					t.Errorf("without the line: %v", err)
				}
			}
		})
	}
}

// TestSetupSaysWhatSwapDoesToTheNode before anything is changed: a mount that comes
// late, and snapshots.
func TestSetupSaysWhatSwapDoesToTheNode(t *testing.T) {
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	n.SetFileSystem("/data", hosttest.FileSystem{Type: "btrfs"})
	n.WriteFile("/etc/fstab", "/dev/vdb /data btrfs _netdev,x-systemd.requires=cloud-init.service 0 0\n", 0o644)
	c := fileConfig("1Mi", false)
	c.Areas[0].Path, c.Persist = "/data/swapfile", "systemd"
	r, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{DryRun: true})
	if err != nil || !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "no snapshot can be made of the btrfs subvolume") }) {
		t.Errorf("%v, warnings %q", err, r.Warnings)
	}
	const late = "/data comes late at boot, or not at all (/etc/fstab line 1: _netdev, x-systemd.requires=cloud-init.service): swap, and the kubelet after it, wait for it"
	if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, late) }) {
		t.Errorf("warnings %q", r.Warnings)
	}
}

// TestSettingsAreInAFileThatWins: a boot takes the last line by the names of the files.
func TestSettingsAreInAFileThatWins(t *testing.T) {
	for file, want := range map[string]string{
		"/etc/sysctl.d/50-x.conf": "90-swapctl.conf", "/etc/sysctl.d/k8s.conf": "k8s.swapctl.conf", "/usr/lib/sysctl.d/99-x.conf": "99-x.swapctl.conf",
	} {
		want = "/etc/sysctl.d/" + want
		n := tabled(t)
		n.WriteFile("/etc/sysctl.d/README", "", 0o644)
		n.WriteFile(file, "# x\nvm.swappiness = 0\n", 0o644)
		fresh := n.Snapshot()
		c := fileConfig("1Mi", true)
		c.Swappiness = 30
		up(t, n, c, setup.UpOptions{})
		if got := read(t, n, want); !strings.HasSuffix(got, "\nvm.swappiness = 30\n") {
			t.Errorf("%s: %q", want, got)
		}
		if r, err := setup.Up(t.Context(), n.Host(), c, setup.UpOptions{}); err != nil || r.Changed {
			t.Errorf("%s: again: changed %t, %v", file, r.Changed, err)
		}
		takenBack(t, n, fresh)
	}
}

// TestSettingsMoveToAFileThatWinsAtTheNextSetup: a boot leaves the file where it is, and
// names the one that takes a setting back.
func TestSettingsMoveToAFileThatWinsAtTheNextSetup(t *testing.T) {
	n := tabled(t)
	c := fileConfig("1Mi", true)
	c.Swappiness = 30
	up(t, n, c, setup.UpOptions{})
	n.WriteFile("/etc/sysctl.d/k8s.conf", "# x\nvm.swappiness = 0\n", 0o644)
	n.Reboot()
	r, err := setup.Boot(t.Context(), n.Host(), setup.BootOptions{})
	said := slices.ContainsFunc(r.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "a boot sets vm.swappiness to 0 again: /etc/sysctl.d/k8s.conf line 2 comes after /etc/sysctl.d/90-swapctl.conf")
	})
	if err != nil || !said || !strings.Contains(read(t, n, "/etc/sysctl.d/90-swapctl.conf"), "swappiness") {
		t.Errorf("boot: %v, warnings %q", err, r.Warnings)
	}
	r, err = setup.Up(t.Context(), n.Host(), c, setup.UpOptions{})
	if err != nil || slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "swappiness") }) {
		t.Errorf("setup: %v, warnings %q", err, r.Warnings)
	}
	if _, err := os.Stat(n.Path("/etc/sysctl.d/90-swapctl.conf")); !os.IsNotExist(err) || !strings.Contains(read(t, n, "/etc/sysctl.d/k8s.swapctl.conf"), "swappiness") {
		t.Errorf("the file did not move: %v", err)
	}
}

// TestSetupWarnsOfARootThatForgets before anything is changed, on any node, but not
// where nothing is to be there after a reboot.
func TestSetupWarnsOfARootThatForgets(t *testing.T) {
	const flatcar = "what setup makes may be gone after a reboot: the system is Flatcar, which is set up by Ignition (/usr/share/flatcar); put swap into what the system is made from"
	for _, kubelet := range []bool{false, true} {
		n := hosttest.New(t)
		if kubelet {
			n = withKubelet(t, "v1.34.1")
		}
		n.Systemd()
		n.WriteFile("/usr/share/flatcar/release", "", 0o644)
		for persist, want := range map[string]bool{"systemd": true, "fstab": true, "none": false} {
			c := fileConfig("1Mi", false)
			c.Persist = persist
			r, err := setup.Up(t.Context(), n.Host(), c, setup.UpOptions{DryRun: true})
			said := slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, flatcar) })
			if err != nil || said != want {
				t.Errorf("kubelet %t, --persist %s: %v, warnings %q", kubelet, persist, err, r.Warnings)
			}
		}
	}
}

// lateNode is a node with a file system at /data that fstab mounts with these options.
func lateNode(options string, more ...hosttest.Option) func(*testing.T) *hosttest.Node {
	return func(t *testing.T) *hosttest.Node {
		n := hosttest.New(t, append([]hosttest.Option{(*hosttest.Node).Systemd}, more...)...)
		n.SetFileSystem("/data", lateDisk())
		n.WriteFile("/etc/fstab", "/dev/vdb /data ext4 "+options+" 0 0\n", 0o644)
		return n
	}
}

func lateDisk() hosttest.FileSystem {
	return hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb", TotalBytes: 64 << 20}
}

// lateFile asks for a swap file there.
func lateFile(encrypt bool) setup.Config {
	c := fileConfig("1Mi", encrypt)
	c.Areas[0].Path, c.Persist = "/data/swapfile", "systemd"
	return c
}

// lateStories are for the matrix.
func lateStories() []story {
	c := lateFile(false)
	up := func(n *hosttest.Node) error { return run(n, c) }
	fstab := func(n *hosttest.Node, options string) {
		n.WriteFile("/etc/fstab", "/dev/vdb /data ext4 "+options+" 0 0\n", 0o644)
	}
	nothing := func(*hosttest.Node) error { return nil }
	node := lateNode("noauto,_netdev")
	return []story{
		{name: "setup on a late mount", node: node, before: nothing, run: up, want: c},
		{name: "a mount that is late no longer", node: lateNode("defaults"), before: func(n *hosttest.Node) error {
			fstab(n, "_netdev")
			defer fstab(n, "defaults")
			return up(n)
		}, run: up, want: c},
		{name: "teardown of a late mount", node: node, before: up, run: down, want: c},
		{name: "boot of a late mount", node: node, before: rebooted(c), run: boot, want: c},
	}
}

// TestSwapOnALateMountComesWithIt: a boot gives up waiting, and leaves nothing in the
// mount point. When the mount comes, the service that is started again turns swap on, and
// says that the kubelet has to be restarted, which nobody does for the node.
func TestSwapOnALateMountComesWithIt(t *testing.T) {
	n := lateNode("noauto", hosttest.Kubeadm("v1.34.1"))(t)
	fresh := n.Snapshot()
	c := lateFile(true)
	r, err := setup.Up(context.Background(), n.Host(), c, setup.UpOptions{ForceSize: true})
	if err != nil || !slices.ContainsFunc(r.Warnings, func(w string) bool {
		return strings.Contains(w, "/etc/fstab line 1: noauto): no boot mounts it; when somebody does, swap is turned on, and a kubelet that runs by then has to be restarted")
	}) {
		t.Fatalf("%v, warnings %q", err, r.Warnings)
	}
	const unit, wants = "/etc/systemd/system/swapctl-mounted.service", "/etc/systemd/system/data.mount.d/50-swapctl.conf"
	if text := read(t, n, unit); !strings.Contains(text, "\nAfter=swapctl.service data.mount\n") || !strings.Contains(text, "\nExecStart=/bin/systemctl --no-block start swapctl.service\n") || strings.Contains(text, "Before=") {
		t.Errorf("%s:\n%s", unit, text)
	}
	if text := read(t, n, wants); !strings.HasSuffix(text, "\n[Unit]\nWants=swapctl-mounted.service\n") {
		t.Errorf("%s:\n%s", wants, text)
	}
	if text := read(t, n, "/etc/systemd/system/swapctl.service"); strings.Contains(text, "After=") {
		t.Errorf("the boot waits for what nothing starts:\n%s", text)
	}
	n.Reboot()
	n.UnmountLazily("/data")
	if err := boot(n); err == nil || !strings.Contains(err.Error(), "mounted at /data") {
		t.Errorf("without the mount: %v", err)
	}
	runs := n.Runs("kubelet.service") + 1
	n.StartUnit("kubelet.service")
	n.SetFileSystem("/data", lateDisk())
	r, err = setup.Boot(context.Background(), n.Host(), setup.BootOptions{})
	if err != nil || !strings.HasPrefix(r.State, "swap is on") || !strings.HasSuffix(r.State, "; still to do: systemctl restart kubelet.service") {
		t.Errorf("with the mount: %v, %q", err, r.State)
	}
	if state, err := setup.JournalState(context.Background(), n.Host()); err != nil || !slices.Equal(state.Restarts, []string{"kubelet.service"}) || len(state.Pending) > 0 {
		t.Errorf("%+v, %v", state, err)
	}
	if n.Runs("kubelet.service") != runs {
		t.Error("the kubelet was restarted")
	}
	if err := down(n); err != nil {
		t.Fatal(err)
	}
	if diff := fresh.Diff(n.Snapshot()); diff != "" {
		t.Errorf("after the teardown:\n%s", diff)
	}
}

// TestTheServiceWaitsForAMountThatComesByItself: ordered, and nothing more, so that a
// mount that fails keeps nothing from starting. fstab cannot bring such swap back.
func TestTheServiceWaitsForAMountThatComesByItself(t *testing.T) {
	for options, ordered := range map[string]bool{"_netdev": true, "nofail": false, "x-systemd.requires=endless.service": false, "defaults": false} {
		n := lateNode(options)(t)
		n.WriteFile("/etc/systemd/system/endless.service", "[Service]\nType=oneshot\n", 0o644)
		c := lateFile(false)
		if err := run(n, c); err != nil {
			t.Fatal(err)
		}
		text := read(t, n, "/etc/systemd/system/swapctl.service")
		if strings.Contains(text, "\nAfter=data.mount\n") != ordered || strings.Contains(text, "Requires") || strings.Contains(text, "Wants=") {
			t.Errorf("%s:\n%s", options, text)
		}
		_, err := os.Stat(n.Path("/etc/systemd/system/swapctl-mounted.service"))
		if again := err == nil; again != (options != "defaults") {
			t.Errorf("%s: the service is started again: %v", options, again)
		}
		c.Persist = "fstab"
		_, err = setup.Up(context.Background(), n.Host(), c, setup.UpOptions{DryRun: true})
		if refused := fail.Code(err) == fail.Usage; refused != (options != "defaults") {
			t.Errorf("%s: fstab: %v", options, err)
		}
	}
}
