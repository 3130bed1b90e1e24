package hosttest

import (
	"fmt"
	"os"
	"strings"
)

// Sizes of the default node, in bytes.
const (
	memoryBytes     = 8 << 30
	systemDiskBytes = 24 << 30
	emptyDiskBytes  = 64 << 20
)

const swapsHeader = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

const defaultMounts = `22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
23 27 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:6 - sysfs sysfs rw
24 27 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=4007820k,nr_inodes=1001955,mode=755
25 27 0:24 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,size=804784k,mode=755
26 24 0:25 / /dev/shm rw,nosuid,nodev shared:3 - tmpfs tmpfs rw
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
28 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:7 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`

const defaultDevices = `Character devices:
  1 mem
  5 /dev/tty
 10 misc

Block devices:
  7 loop
253 device-mapper
254 virtblk
259 blkext
`

const defaultOSRelease = `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
ID=debian
`

const defaultFstab = `# <file system> <mount point> <type> <options> <dump> <pass>
/dev/vda1 / ext4 errors=remount-ro 0 1
`

// layDefault writes the ordinary node.
func (n *Node) layDefault() error {
	for _, dir := range []string{
		"/boot", "/dev/disk/by-id", "/dev/mapper", "/dev/shm", "/etc/systemd/system", "/home", "/mnt", "/proc/self",
		"/root", "/run/lock", "/sys/block", "/sys/class/block", "/sys/dev/block", "/sys/devices/virtual/block", "/sys/fs/cgroup", "/tmp", "/usr/bin",
		"/var/lib", "/var/log", "/var/tmp",
	} {
		if err := os.MkdirAll(n.Root+dir, 0o755); err != nil {
			return err
		}
	}
	for dir, mode := range map[string]os.FileMode{
		"": 0o755, "/root": 0o700, "/tmp": 0o777 | os.ModeSticky, "/var/tmp": 0o777 | os.ModeSticky,
		"/dev/shm": 0o777 | os.ModeSticky,
	} {
		if err := os.Chmod(n.Root+dir, mode); err != nil {
			return err
		}
	}
	for name, content := range map[string]string{
		"/proc/swaps":                       swapsHeader,
		"/proc/meminfo":                     meminfo(),
		"/proc/self/mountinfo":              defaultMounts,
		"/proc/devices":                     defaultDevices,
		"/proc/misc":                        "236 device-mapper\n237 loop-control\n",
		"/proc/keys":                        "",
		"/proc/sys/kernel/osrelease":        "6.12.107+deb13-cloud-amd64\n",
		"/proc/sys/vm/swappiness":           "60\n",
		"/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc dmem\n",
		"/sys/power/resume":                 "0:0\n",
		"/dev/loop-control":                 "",
		"/dev/mapper/control":               "",
		"/dev/null":                         "",
		"/etc/fstab":                        defaultFstab,
		"/etc/hostname":                     "node\n",
		"/etc/os-release":                   defaultOSRelease,
	} {
		n.remember(name, content)
		if err := n.put(name, content); err != nil {
			return err
		}
	}
	if err := n.layDisk("vda", systemDiskBytes); err != nil {
		return err
	}
	if _, err := n.layPartition("vda", 1, systemDiskBytes-1<<20); err != nil {
		return err
	}
	return n.layDisk("vdb", emptyDiskBytes)
}

// meminfo is what /proc/meminfo has of interest, for a node without swap.
func meminfo() string {
	var b strings.Builder
	for _, row := range []struct {
		name  string
		bytes int64
	}{
		{"MemTotal", memoryBytes}, {"MemFree", 5 << 30}, {"MemAvailable", 6 << 30}, {"Buffers", 64 << 20},
		{"Cached", 1 << 30}, {"SwapCached", 0}, {"SwapTotal", 0}, {"SwapFree", 0},
	} {
		fmt.Fprintf(&b, "%-16s%8d kB\n", row.name+":", row.bytes/1024)
	}
	return b.String()
}
