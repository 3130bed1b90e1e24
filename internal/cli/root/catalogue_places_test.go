package root_test

import (
	"encoding/binary"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

func badFiles() []situation {
	const small, plain = "setup --size 8Mi --path /swapfile", "setup --size 8Mi --path /swapfile --encrypt=false"
	const bytes = 8 << 20
	there := allocated("/swapfile", bytes)
	full := func(offset int64, data string) []shape { return []shape{there, bytesAt("/swapfile", offset, data)} }
	return []situation{
		{name: "file of another user", node: []shape{there, owner("/swapfile", 1000, 1000)}, args: small, code: 2, says: "belongs to user 1000", hint: "chown root:root /swapfile"},
		{name: "file with two names", node: []shape{there, hardLink("/swapfile", "/etc/other")}, args: small, code: 2, says: "2 names (hard links)", hint: "find -L / -xdev -samefile /swapfile"},
		{name: "named pipe", node: []shape{fifo("/swapfile")}, left: []string{"/swapfile"}, args: small, code: 2, says: "named pipe", hint: "--path"},
		{name: "file with data", node: full(100, "dear diary"), args: small, code: 2, says: "not empty: data", hint: "--erase=/swapfile"},
		{name: "file with an ext4 image", node: full(0x438, "\x53\xef"), args: small, code: 2, says: "file system", hint: "--erase=/swapfile"},
		{name: "file with other swap", node: full(4086, "SWAPSPACE2"), args: small, code: 2, says: "not empty: swap area", hint: "--erase=/swapfile"},
		{name: "file of the wrong size", node: []shape{allocated("/swapfile", 1<<20)}, args: small, code: 2, says: "1 MiB (1048576 bytes), not 8 MiB", hint: "--erase=/swapfile"},
		{name: "file that all may read", node: []shape{there, dir("/", 0o755), chmod("/swapfile", 0o644)}, args: small, code: 2, says: "0644, not 0600", hint: "--erase=/swapfile"},
		{name: "file with holes", node: []shape{file("/swapfile", "", 0o600), truncated("/swapfile", bytes)}, args: small, code: 2, says: "hole", hint: "--erase=/swapfile"},
		{name: "reflinked file", node: []shape{there, func(n *hosttest.Node) { n.SetExtentFlags("/swapfile", host.ExtentShared) }}, args: small, code: 2, says: "shared with another file", hint: "--erase=/swapfile"},
		{name: "immutable file", node: []shape{there, flagged("/swapfile", host.InodeImmutable)}, args: small, code: 2, says: "immutable", hint: "chattr -i -a /swapfile"},
		{name: "immutable file to be erased", node: []shape{there, bytesAt("/swapfile", 0, "x"), flagged("/swapfile", host.InodeImmutable)}, args: small + " --erase", code: 2, says: "immutable", hint: "chattr -i -a /swapfile"},
		{name: "file that is somebody's swap, to be encrypted", node: []shape{there, swapOn("/swapfile")}, args: small, code: 2, says: "the kernel swaps to that file already", hint: "swapoff /swapfile"},
		{name: "file that is somebody's swap of another size", node: []shape{allocated("/swapfile", 1<<20), swapOn("/swapfile")}, args: plain, code: 2, says: "the kernel swaps to that file already", hint: "swapoff /swapfile"},
		{name: "file that is somebody's swap, to be erased", node: []shape{allocated("/swapfile", 1<<20), swapOn("/swapfile")}, args: plain + " --erase", code: 2, says: "the kernel swaps to that file already", hint: "swapoff /swapfile"},
		{name: "file behind a loop device, plain", node: []shape{there, loopOver("/swapfile")}, args: plain, code: 2, says: "loop device /dev/loop0 uses", hint: "--path"},
		{name: "file behind a loop device, encrypted", node: []shape{there, loopOver("/swapfile")}, args: small, code: 2, says: "loop device /dev/loop0 uses", hint: "losetup"},
		{name: "file below a foreign mapping, plain", node: []shape{there, loopOver("/swapfile"), mapping("vault", "CRYPT-PLAIN-vault", "7:0", 8)}, args: plain, code: 2, says: "mapping vault (/dev/dm-0) uses that file", hint: "dmsetup table vault"},
		{name: "file below a foreign mapping, encrypted", node: []shape{there, loopOver("/swapfile"), mapping("vault", "CRYPT-PLAIN-vault", "7:0", 8)}, args: small, code: 2, says: "mapping vault (/dev/dm-0) uses it already", hint: "cryptsetup close vault"},
		{name: "swapped to twice: by its name and through a loop device", node: []shape{there, swapOn("/swapfile"), loopOver("/swapfile")}, args: small, code: 2, says: "the kernel swaps to that file already", hint: "swapoff /swapfile"},
	}
}

func badFileSystems() []situation {
	const small = "setup --size 8Mi --path /srv/swapfile"
	on := func(f hosttest.FileSystem) []shape { return []shape{mounted("/srv", f)} }
	var rows []situation
	for kind, why := range map[string]string{
		"tmpfs": "live in memory", "ramfs": "live in memory", "overlay": "through another file system", "zfs": "does not swap",
		"nfs": "over the network", "cifs": "over the network", "9p": "over the network", "ceph": "over the network", "fuse": "a program serves it",
		"vfat": "no owner and mode", "squashfs": "cannot be written", "erofs": "cannot be written", "f2fs": "moves blocks", "bcachefs": "does not swap",
		"neverheardof": "unknown type 0x5eed",
	} {
		rows = append(rows, situation{
			name: "file on " + kind, node: on(hosttest.FileSystem{Type: kind}), args: small, code: 2, says: why, hint: "ext4, xfs or btrfs",
		})
	}
	sortByName(rows)
	return append(rows,
		situation{name: "file in /proc", args: "setup --size 8Mi --path /proc/swapfile", code: 2, says: "proc: ", hint: "ext4, xfs or btrfs"},
		situation{name: "file in /sys", args: "setup --size 8Mi --path /sys/fs/cgroup/swapfile", code: 2, says: "cgroup2: ", hint: "ext4, xfs or btrfs"},
		situation{name: "file system mounted read-only", node: on(hosttest.FileSystem{Type: "ext4", ReadOnly: true}), args: small, code: 2, says: "mounted read-only", hint: "findmnt -T /srv"},
		situation{name: "btrfs of two copies", node: []shape{file("/sys/fs/btrfs/00000000-0000-0000-0000-000000000000/allocation/data/dup/used_bytes", "0\n", 0o444), mounted("/srv", hosttest.FileSystem{Type: "btrfs", Source: "/dev/vdb"})}, args: small, code: 2, says: "keeps data as dup", hint: "btrfs balance"},
		situation{name: "btrfs of two devices", node: []shape{disk("vdc", 1<<30), mounted("/srv", hosttest.FileSystem{Type: "btrfs", Source: "/dev/vdb", Devices: []string{"vdb", "vdc"}})}, args: small, code: 2, says: "btrfs of 2 devices", hint: "--device"},
		situation{name: "btrfs of an old kernel", node: []shape{file("/proc/sys/kernel/osrelease", "4.19.0-27-amd64\n", 0o644), mounted("/srv", hosttest.FileSystem{Type: "btrfs", Source: "/dev/vdb"})}, args: small, code: 2, says: "from Linux 5.0 on", hint: "ext4 or xfs"},
		situation{name: "btrfs that will not leave copy-on-write", node: []shape{mounted("/srv", hosttest.FileSystem{Type: "btrfs", Source: "/dev/vdb"}), fails("setflags", "", unix.EOPNOTSUPP)}, args: small, code: 1, says: "it would be copy-on-write", hint: "--device", state: takenBack, acts: true},
	)
}

func badDevices() []situation {
	const vdb = "/dev/disk/by-id/virtio-vdb"
	const crypt, plain = "setup --device " + vdb, "setup --encrypt=false --device " + vdb
	return []situation{
		{name: "device that is not there", args: "setup --device /dev/disk/by-id/virtio-nvme9", code: 2, says: "no such device", hint: "ls -l /dev/disk/by-id"},
		{name: "regular file below /dev", node: []shape{file("/dev/swapfile", "x", 0o600)}, args: "setup --device /dev/swapfile", code: 2, says: "not a block device", hint: "--path"},
		{name: "character device", args: "setup --device /dev/null", code: 2, says: "not a block device", hint: "lsblk"},
		{name: "device outside /dev", node: []shape{file("/srv/disk.img", "x", 0o600)}, args: "setup --device /srv/disk.img", code: 2, says: "not a device's name below /dev", hint: "ls -l /dev/disk/by-id"},
		{name: "file in /dev/shm", node: []shape{file("/dev/shm/swap", "x", 0o600)}, args: "setup --device /dev/shm/swap", code: 2, says: "not a device's name below /dev", hint: "ls -l /dev/disk/by-id"},
		{name: "device by a path with dots", args: "setup --device /dev/disk/../vdb", code: 2, says: "not a device's name", hint: "/dev/vdb"},
		{name: "mounted device", node: []shape{mounted("/data", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb"})}, args: crypt, code: 2, says: "it is in use", hint: "findmnt"},
		{name: "disk of a mounted partition", args: "setup --device /dev/disk/by-id/virtio-vda --erase", code: 2, says: "in use", hint: "lsblk"},
		{name: "mounted device to be erased", node: []shape{mounted("/data", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb"})}, args: crypt + " --erase", code: 2, says: "it is in use", hint: "findmnt"},
		{name: "device below LVM", node: []shape{mapping("vg-data", "LVM-abcdefgh", "254:16", 8)}, args: plain, code: 2, says: "mapping vg-data (/dev/dm-0) uses it", hint: "lsblk"},
		{name: "device below LVM, encrypted", node: []shape{mapping("vg-data", "LVM-abcdefgh", "254:16", 8)}, args: crypt, code: 2, says: "mapping vg-data (/dev/dm-0) uses it", hint: "lsblk"},
		{name: "device of a RAID", node: []shape{disk("md0", 64<<20), link("/sys/class/block/vdb/holders/md0", "../../../../../virtual/block/md0")}, args: crypt, code: 2, says: "md0", hint: "lsblk"},
		{name: "device below a foreign mapping", node: []shape{mapping("vault", "CRYPT-LUKS2-abc-vault", "254:16", 8)}, args: crypt + " --erase", code: 2, says: "vault", hint: "lsblk"},
		{name: "device that is somebody's swap, to be encrypted", node: []shape{swapOn("/dev/vdb")}, args: crypt, code: 2, says: "swap", hint: "swapoff"},
		{name: "device that is somebody's swap, to be erased", node: []shape{swapOn("/dev/vdb")}, args: crypt + " --erase", code: 2, says: "swap", hint: "swapoff"},
		{name: "read-only device", node: []shape{file("/sys/class/block/vdb/ro", "1\n", 0o644)}, args: plain, code: 2, says: "it is read-only", hint: "blockdev --setrw"},
		{name: "device too small", node: []shape{disk("vdc", 16<<10)}, args: "setup --device /dev/disk/by-id/virtio-vdc", code: 2, says: "too few for a swap area", hint: "lsblk"},
		{name: "device by UUID, encrypted", node: []shape{link("/dev/disk/by-uuid/5eed-5eed", "../../vdb")}, args: "setup --device /dev/disk/by-uuid/5eed-5eed", code: 2, says: "stored on the device itself", hint: vdb},
		{name: "device by label, encrypted", node: []shape{link("/dev/disk/by-label/swap", "../../vdb")}, args: "setup --device /dev/disk/by-label/swap", code: 2, says: "stored on the device itself", hint: vdb},
		{name: "device by UUID= as in fstab, encrypted", args: "setup --device UUID=5eed-5eed", code: 2, says: "stored on the device itself", hint: "/dev/disk/by-id"},
		{name: "device by LABEL= as in fstab, plain", args: "setup --encrypt=false --device LABEL=swap", code: 2, says: "not a device's name below /dev", hint: "--device /dev/disk/by-label/swap"},
		{name: "erase of another device", node: []shape{disk("vdc", 64<<20)}, args: plain + " --erase=/dev/disk/by-id/virtio-vdc", code: 2, says: "erase /dev/disk/by-id/virtio-vdc", hint: "--erase=" + vdb},
	}
}

// fullDevices are devices that hold something: one row for each thing.
func fullDevices() []situation {
	const name = "/dev/disk/by-id/virtio-vdb"
	le32 := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	gpt := "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00"
	rows := []struct {
		what   string
		says   string
		places map[int64]string
	}{
		{"an ext4 file system", "ext4 file system", map[int64]string{0x438: "\x53\xef", 0x45c: le32(4), 0x460: le32(0x2c2)}},
		{"an xfs file system", "xfs file system", map[int64]string{0: "XFSB"}},
		{"a btrfs file system", "btrfs file system", map[int64]string{0x10040: "_BHRfS_M"}},
		{"LUKS", "LUKS2 header", map[int64]string{0: "LUKS\xba\xbe\x00\x02"}},
		{"an LVM volume", "LVM2 physical volume", map[int64]string{0x200: "LABELONE", 0x218: "LVM2 001"}},
		{"a RAID member", "RAID member", map[int64]string{0x1000: "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"}},
		{"a GPT", "GPT", map[int64]string{512: gpt, 450: "\xee", 510: "\x55\xaa"}},
		{"an MBR", "partition table", map[int64]string{446: "\x00\x20\x21\x00\x83\x00\x00\x00\x00\x08\x00\x00\x00\x00\x01\x00", 510: "\x55\xaa"}},
		{"other swap", "swap area", map[int64]string{4086: "SWAPSPACE2"}},
		{"a hibernation image", "hibernation image", map[int64]string{4086: "S1SUSPEND\x00"}},
		{"random data", "not empty: data", map[int64]string{0: strings.Repeat("\x9c\x21\xe5", 1000)}},
	}
	var all []situation
	for _, r := range rows {
		var shapes []shape
		for at, data := range r.places {
			shapes = append(shapes, bytesAt("/dev/vdb", at, data))
		}
		all = append(all, situation{
			name: "device with " + r.what, node: shapes, args: "setup --device " + name, code: 2,
			says: r.says, hint: "--erase=" + name,
		})
	}
	return all
}

func hardLink(path, other string) shape {
	return func(n *hosttest.Node) { mustDo(os.Link(n.Path(path), n.Path(other))) }
}

func fifo(path string) shape {
	return func(n *hosttest.Node) { mustDo(unix.Mkfifo(n.Path(path), 0o600)) }
}

func chmod(path string, mode os.FileMode) shape {
	return func(n *hosttest.Node) { mustDo(os.Chmod(n.Path(path), mode)) }
}

func truncated(path string, bytes int64) shape {
	return func(n *hosttest.Node) { mustDo(os.Truncate(n.Path(path), bytes)) }
}

// flagged sets chattr's attributes.
func flagged(path string, flags uint32) shape {
	return func(n *hosttest.Node) {
		h := n.Other()
		f, err := h.Files.Open(path, os.O_RDONLY, 0)
		mustDo(err)
		mustDo(h.Kernel.SetInodeFlags(f, flags))
		mustDo(f.Close())
	}
}

// loopOver puts a loop device over a file, as losetup does.
func loopOver(path string) shape {
	return func(n *hosttest.Node) {
		h := n.Other()
		f, err := h.Files.Open(path, os.O_RDWR, 0)
		mustDo(err)
		_, err = h.Kernel.LoopAttach(f, host.LoopOptions{BlockBytes: 512}) // stays open
		mustDo(err)
	}
}

// mapping makes a mapping on a device, as dmsetup, LVM or cryptsetup do.
func mapping(name, uuid, dev string, mebibytes uint64) shape {
	return func(n *hosttest.Node) {
		k := n.Other().Kernel
		mustDo(k.DMCreate(name, uuid))
		target, params := "linear", dev+" 0"
		if strings.HasPrefix(uuid, "CRYPT-") {
			target, params = "crypt", "aes-xts-plain64 "+strings.Repeat("5e", 64)+" 0 "+dev+" 0"
		}
		mustDo(k.DMLoad(name, target, mebibytes<<11, []byte(params)))
		mustDo(k.DMResume(name))
	}
}

// byHand is plain swap that somebody made without swapctl.
func byHand(file string) shape {
	return func(n *hosttest.Node) {
		must(n, "setup --size 8Mi --encrypt=false --persist none --path "+file)
		mustDo(n.Other().Files.Remove(setup.JournalPath))
		mustDo(n.Other().Files.Remove(path.Dir(setup.JournalPath)))
	}
}

// othersDid are situations in which somebody else made, or took away, what setup is about.
func othersDid() []situation {
	const plain = "setup --size 8Mi --encrypt=false --persist none --path /swapfile"
	kubelet := func(n *hosttest.Node) { hosttest.Kubeadm("v1.27.0")(n) }
	return []situation{
		{name: "swap by hand that a boot would not bring back", node: []shape{(*hosttest.Node).Systemd, byHand("/swapfile")}, args: "setup --size 8Mi --encrypt=false --persist systemd --path /swapfile", code: 2, says: "swapctl did not turn it on", hint: "--adopt"},
		{name: "swap by hand with another priority", node: []shape{byHand("/swapfile")}, args: plain + " --priority 5", code: 2, says: "it is on with priority", hint: "swapoff /swapfile"},
		{name: "another area to where somebody swaps", node: []shape{byHand("/swapfile"), up("--size 8Mi --encrypt=false --persist none")}, args: plain, code: 2, says: "swapctl did not", hint: "swapctl teardown, and then this command again"},
		{name: "a mount unit that others can write", node: []shape{(*hosttest.Node).Systemd, mounted("/data", hosttest.FileSystem{Type: "ext4"}), file("/etc/systemd/system/data.mount", "[Mount]\n", 0o666)}, args: "setup --size 8Mi --encrypt=false --persist systemd --path /data/swapfile", code: 1, says: "see when /data is mounted at boot", hint: "chmod go-w /etc/systemd/system/data.mount"},
		{name: "the kubelet's file is gone", node: []shape{kubelet, up("--size 8Mi"), removed("/var/lib/kubelet/config.yaml")}, args: "setup --size 8Mi", code: 2, says: "/var/lib/kubelet/config.yaml is gone", hint: "or take swap back: swapctl teardown"},
	}
}
