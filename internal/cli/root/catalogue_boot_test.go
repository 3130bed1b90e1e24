package root_test

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// rebooted is a shape: the node as it is after a reboot.
func rebooted(n *hosttest.Node) {
	n.Reboot()
	n.ResetOps()
}

func badBoots() []situation {
	const small, unit = "setup --size 8Mi", "/etc/systemd/system/swapctl.service"
	const program, device = "/usr/local/bin/swapctl", "/dev/disk/by-id/virtio-vdb"
	systemd := (*hosttest.Node).Systemd
	systemctl := func(n *hosttest.Node) {
		n.FailOn("reload", "", errors.New("systemd: reload its unit files: it closed the connection"))
	}
	journal := func(text string) shape { return file(setup.JournalPath, text, 0o600) }
	readOnly := mounted("/etc", hosttest.FileSystem{Type: "ext4", ReadOnly: true})
	return []situation{
		{name: "persistence by systemd without systemd", args: small + " --persist systemd", code: 2, says: "systemd is not this node's init", hint: "--persist none"},
		{name: "protection of a slice without systemd", args: small + " --protect-system-slice", code: 2, says: "systemd is not this node's init", hint: "leave --protect-system-slice out"},
		{name: "program on a tmpfs", node: []shape{systemd, mounted("/usr/local", hosttest.FileSystem{Type: "tmpfs"})}, args: small, code: 2, says: "lies in memory", hint: "sudo install -m 755 /usr/local/bin/swapctl /usr/bin/swapctl"},
		{name: "program in a user's home", node: []shape{systemd, func(n *hosttest.Node) {
			n.WriteFile("/home/me/bin/swapctl", "", 0o755)
			owner("/home/me/bin/swapctl", 1000, 1000)(n)
			n.Symlink("/proc/self/exe", "/home/me/bin/swapctl")
		}}, args: small, code: 2, says: "/home/me/bin/swapctl belongs to user 1000", hint: "install it, and run it from there: sudo install -m 755 /home/me/bin/swapctl /usr/local/bin/swapctl, or in a clone of its source: sudo make install"},
		{name: "program of another user", node: []shape{systemd, owner(program, 1000, 0)}, args: small, code: 2, says: "belongs to user 1000", hint: "chown root:root " + program},
		{name: "program in a directory of everybody's", node: []shape{systemd, func(n *hosttest.Node) { _ = os.Chmod(n.Path("/usr/local/bin"), 0o777) }}, args: small, code: 2, says: "everybody may write to /usr/local/bin", hint: "chmod go-w /usr/local/bin"},
		{name: "program that was replaced while it ran", node: []shape{systemd, func(n *hosttest.Node) { n.Symlink("/proc/self/exe", program+" (deleted)") }}, args: small, code: 2, says: "was deleted or replaced", hint: "with the new one"},
		{name: "service of somebody else's", node: []shape{systemd, file(unit, "[Service]\nExecStart=/bin/true\n", 0o644)}, args: small, code: 2, says: "which swapctl did not make", hint: "systemctl cat swapctl.service"},
		{name: "drop-in of somebody else's", node: []shape{systemd, file("/etc/systemd/system/system.slice.d/50-swapctl.conf", "[Slice]\n", 0o644)}, args: small + " --protect-system-slice", code: 2, says: "which swapctl did not make", hint: "systemctl cat system.slice"},
		{name: "read-only /etc", node: []shape{systemd, readOnly}, args: small, code: 1, says: "read-only file system", hint: "--persist none", state: takenBack, acts: true},
		{name: "read-only /etc, protection", node: []shape{systemd, readOnly}, args: small + " --persist none --protect-system-slice", code: 1, says: "read-only file system", hint: "findmnt -T /etc", state: takenBack, acts: true},
		{name: "full /etc", node: []shape{systemd, fails("write", "/etc/systemd/system/.swapctl.service.swapctl", unix.ENOSPC)}, args: small, code: 1, says: "no space left", hint: "df -h /etc", state: takenBack, acts: true},
		{name: "systemd that does not answer", node: []shape{systemd, systemctl}, args: small, code: 1, says: "closed the connection", hint: "systemctl daemon-reload", acts: true, left: []string{"/"},
			state: "not everything could be undone: cannot remove the systemd unit swapctl.service: systemd: reload its unit files: it closed the connection; swapctl teardown undoes the rest, swapctl setup tries again"},
		{name: "default persistence of a device by a name that changes", node: []shape{systemd}, args: "setup --device /dev/vdb", code: 2, says: "may be another device after a reboot", hint: "--device " + device},
		{name: "fstab where nothing reads crypttab", args: small + " --persist fstab", code: 2, says: "nothing on this node reads crypttab", hint: "apt-get install systemd-cryptsetup"},
		{name: "fstab with the file on a nofail mount", node: []shape{mounted("/srv", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb"}), file("/etc/fstab", "/dev/vdb /srv ext4 nofail 0 2\n", 0o644)}, args: small + " --persist fstab --encrypt=false --path /srv/swapfile", code: 2, says: "mounted with nofail", hint: "--persist systemd"},
		{name: "fstab with another line for the file", node: []shape{file("/etc/fstab", setup.DefaultPath+" none swap sw 0 0\n", 0o644)}, args: small + " --persist fstab --encrypt=false", code: 2, says: "line 1 speaks of the same swap area", hint: "sed -n 1p /etc/fstab"},
		{name: "fstab that is a link", node: []shape{file("/etc/real", "", 0o644), link("/etc/fstab", "real")}, args: small + " --persist fstab --encrypt=false", code: 2, says: "not a regular file", hint: "--persist systemd"},
		{name: "fstab where the command line says no swap", node: []shape{file("/proc/cmdline", "quiet systemd.swap=0\n", 0o444)}, args: small + " --persist fstab --encrypt=false", code: 2, says: "systemd.swap=0", hint: "--persist systemd"},
		{name: "full /etc, fstab", node: []shape{fails("write", "/etc/.fstab.swapctl", unix.ENOSPC)}, args: small + " --persist fstab --encrypt=false", code: 1, says: "no space left", hint: "df -h /etc", state: takenBack, acts: true},
		{name: "settings file of somebody else's", node: []shape{file("/etc/sysctl.d/90-swapctl.conf", "vm.swappiness = 1\n", 0o644)}, args: small + " --swappiness 30", code: 2, says: "swapctl did not make it", hint: "cat /etc/sysctl.d/90-swapctl.conf"},
		{name: "swappiness out of bounds", args: small + " --swappiness 201", code: 2, says: "not between 0 and 200", hint: "60"},
		{name: "swappiness that an old kernel does not take", node: []shape{file("/proc/sys/kernel/osrelease", "5.4.0\n", 0o444)}, args: small + " --swappiness 150", code: 2, says: "takes at most 100", hint: "choose 100 or less"},
		{name: "more free memory than the node can spare", args: small + " --min-free-kbytes 99999999", code: 2, says: "more than a tenth", hint: "2 to 3%"},
		{name: "node that hibernates", node: []shape{file("/proc/cmdline", "resume=/dev/vda2\n", 0o444)}, args: small, code: 2, says: "set up to hibernate", hint: "--ignore-hibernation"},
		{name: "boot by another user", node: []shape{systemd, euid(1000)}, args: "setup --boot", code: 5, says: "only root", hint: "sudo"},
		{name: "boot with a size", node: []shape{systemd}, args: "setup --boot --size 1Gi", code: 2, says: "--boot and --size do not go together", hint: "without --boot"},
		{name: "boot beside another swapctl", node: []shape{systemd, up("--size 8Mi"), rebooted, locked}, args: "setup --boot", code: 6, says: "another swapctl is changing it", hint: "pgrep"},
		{name: "boot with a damaged journal", node: []shape{systemd, journal("{\"op\":\"goal\"\n\n")}, args: "setup --boot", code: 1, says: "line 1 is damaged", hint: "look at " + setup.JournalPath},
		{name: "journal of another user", node: []shape{journal("{\"op\":\"journal\",\"version\":1}\n"), owner(setup.JournalPath, 1000, 1000)}, args: small, code: 2, says: "trust the journal", hint: "chown root:root " + setup.JournalPath},
		{name: "boot with a journal of another user", node: []shape{systemd, journal("{\"op\":\"journal\",\"version\":1}\n"), owner(setup.JournalPath, 1000, 1000)}, args: "setup --boot", code: 2, says: "trust the journal", hint: "chown root:root " + setup.JournalPath},
		{name: "teardown by a journal of another user", node: []shape{journal("{\"op\":\"journal\",\"version\":1}\n"), owner("/var/lib/swapctl", 1000, 1000)}, args: "teardown", code: 2, says: "trust the journal", hint: "chown root:root /var/lib/swapctl"},
		{name: "fstab of another user", node: []shape{owner("/etc/fstab", 1000, 1000)}, args: small + " --persist fstab --encrypt=false", code: 2, says: "/etc/fstab belongs to user 1000", hint: "chown root:root /etc/fstab"},
		{name: "boot with a journal of a newer version", node: []shape{systemd, journal("{\"op\":\"journal\",\"version\":99}\n")}, args: "setup --boot", code: 1, says: "newer swapctl", hint: "if another version wrote it"},
		{name: "boot with a journal full of another's settings", node: []shape{systemd, journal("{\"op\":\"goal\",\"goal\":\"up\",\"config\":[]}\n")}, args: "setup --boot", code: 1, says: "read the configuration in the journal", hint: setup.JournalPath},
		{name: "boot with a full disk", node: []shape{systemd, up("--size 8Mi"), rebooted, fails("write", setup.JournalPath, unix.ENOSPC)}, args: "setup --boot", code: 1, says: "no space left", hint: "df -h", acts: true},
		{name: "boot with a device that somebody else took", node: []shape{systemd, up("--device " + device), rebooted, bytesAt("/dev/vdb", 0, strings.Repeat("XFSB", 16))}, args: "setup --boot", code: 2, says: "it was ours, and what it holds now need not be", hint: "wipefs"},
	}
}
