package hosttest

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// FileSystem is a mounted file system. The zero value of a field means the
// usual.
type FileSystem struct {
	Type    string // as in mountinfo: ext4, xfs, btrfs, tmpfs, overlay, ...
	Source  string // "/dev/vdb" or, for a file system without a device, any word
	Options string // of the super block: "rw,compress=zstd:3"
	Magic   int64  // f_type; known for the usual types

	TotalBytes, FreeBytes int64 // default 20 GiB and 15 GiB

	ReadOnly    bool
	NoFallocate bool // fallocate(2) gives EOPNOTSUPP, as on ext3
	WriteZeroes bool // so does FALLOC_FL_WRITE_ZEROES, unless this says that the disk can
	NoDirectIO  bool // open(2) with O_DIRECT gives EINVAL
	NoExtents   bool // FS_IOC_FIEMAP gives EOPNOTSUPP

	// Devices are the kernel names of the devices of a btrfs; more than one
	// counts as RAID1, which swapon(2) refuses.
	Devices []string
}

// trait is what the fake knows of a type of file system.
type trait struct {
	magic                        int64
	swap, fallocate, fiemap, dio bool
}

// traitOf says what swapon(2), fallocate(2), FIEMAP and O_DIRECT do there: see
// swap_activate, fallocate, fiemap and direct_IO in the file system's source.
func traitOf(kind string) trait {
	switch kind {
	case "ext4":
		return trait{unix.EXT4_SUPER_MAGIC, true, true, true, true}
	case "ext2", "ext3":
		return trait{unix.EXT4_SUPER_MAGIC, true, false, true, true}
	case "xfs":
		return trait{unix.XFS_SUPER_MAGIC, true, true, true, true}
	case "btrfs":
		return trait{unix.BTRFS_SUPER_MAGIC, true, true, true, true}
	case "f2fs":
		return trait{unix.F2FS_SUPER_MAGIC, true, true, true, true}
	case "vfat":
		return trait{unix.MSDOS_SUPER_MAGIC, true, false, false, true}
	case "tmpfs", "devtmpfs":
		return trait{unix.TMPFS_MAGIC, false, true, false, true} // O_DIRECT from Linux 6.6 on
	case "ramfs":
		return trait{0x858458f6, false, false, false, false}
	case "overlay":
		return trait{unix.OVERLAYFS_SUPER_MAGIC, false, true, true, true}
	case "zfs":
		return trait{0x2fc12fc1, false, false, false, false}
	case "nfs", "nfs4":
		return trait{unix.NFS_SUPER_MAGIC, false, true, false, true}
	case "cifs":
		return trait{0xff534d42, false, true, true, true}
	case "9p":
		return trait{unix.V9FS_MAGIC, false, false, false, false}
	case "fuse", "fuseblk":
		return trait{unix.FUSE_SUPER_MAGIC, false, true, false, true}
	case "squashfs":
		return trait{unix.SQUASHFS_MAGIC, false, false, false, false}
	case "erofs":
		return trait{unix.EROFS_SUPER_MAGIC_V1, false, false, true, true}
	case "bcachefs":
		return trait{unix.BCACHEFS_SUPER_MAGIC, false, true, true, true}
	case "ceph":
		return trait{0x00c36400, false, true, false, true}
	case "proc":
		return trait{magic: unix.PROC_SUPER_MAGIC}
	case "sysfs":
		return trait{magic: unix.SYSFS_MAGIC}
	case "cgroup2":
		return trait{magic: unix.CGROUP2_SUPER_MAGIC}
	}
	return trait{magic: 0x5eed}
}

// mount is a line of mountinfo, with what SetFileSystem said of it.
type mount struct {
	line                string
	point, kind, source string
	dev                 uint64
	readOnly            bool
	FileSystem
	trait
}

// SetFileSystem mounts a file system on a directory, which is made if need be,
// or puts it in the place of the one mounted there ("/" too). What lies in the
// directory stays.
func (n *Node) SetFileSystem(point string, f FileSystem) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.must(os.MkdirAll(n.Root+point, 0o755))
	if f.Source == "" {
		f.Source = f.Type
		if point == "/" {
			f.Source = "/dev/vda1"
		}
	}
	if f.Options == "" {
		f.Options = "rw"
	}
	dev := ""
	if name, ok := strings.CutPrefix(f.Source, "/dev/"); ok && f.Type != "btrfs" {
		dev = n.attribute(name, "dev")
	}
	if dev == "" {
		n.lastAnon++
		dev = fmt.Sprintf("0:%d", n.lastAnon)
	}
	if len(f.Devices) > 0 {
		n.must(n.layBtrfs(f))
	}
	access := "rw,relatime"
	if f.ReadOnly {
		access = "ro,relatime"
	}
	lines := n.mountsBut(point)
	lines = append(lines, fmt.Sprintf("%d 27 %s / %s %s - %s %s %s",
		100+len(lines), dev, escape(point), access, f.Type, escape(f.Source), f.Options))
	n.mounts[point] = f
	n.must(n.put("/proc/self/mountinfo", strings.Join(lines, "\n")+"\n"))
}

// mountsBut are the lines of mountinfo without those of one mount point.
func (n *Node) mountsBut(point string) []string {
	var lines []string
	for _, m := range n.mountTable() {
		if m.point != point {
			lines = append(lines, m.line)
		}
	}
	return lines
}

func (n *Node) layBtrfs(f FileSystem) error {
	n.lastAnon++
	dir := fmt.Sprintf("/sys/fs/btrfs/5eed0000-0000-4000-8000-%012d/devices", n.lastAnon)
	for _, name := range f.Devices {
		at, err := n.resolve("/sys/class/block/"+name, true)
		if err != nil {
			return err
		}
		if err := n.link(dir+"/"+name, relative(dir+"/"+name, at)); err != nil {
			return err
		}
	}
	return nil
}

// mountOf is the mount that holds a real name of the machine: the longest mount
// point above it, the last line of several for one point.
func (n *Node) mountOf(at string) mount {
	best := mount{point: "/", kind: "ext4", trait: traitOf("ext4")}
	for _, m := range n.mountTable() {
		if within(at, m.point) && len(m.point) >= len(best.point) {
			best = m
		}
	}
	best.FileSystem = n.mounts[best.point]
	best.ReadOnly = best.readOnly
	return best
}

// mountTable parses mountinfo, if it has changed.
func (n *Node) mountTable() []mount {
	const name = "/proc/self/mountinfo"
	read, known := n.texts[name] // only put changes it
	if known && read.content == n.mountText {
		return n.mountsRead
	}
	n.mountText, n.mountsRead = n.text(name), nil
	for line := range strings.Lines(n.mountText) {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+3 {
			continue
		}
		n.mountsRead = append(n.mountsRead, mount{
			line: strings.TrimSuffix(line, "\n"), point: unescape(fields[4]), kind: fields[dash+1],
			source: unescape(fields[dash+2]), dev: parseDev(fields[2]), trait: traitOf(fields[dash+1]),
			readOnly: slices.Contains(strings.Split(fields[5], ","), "ro"),
		})
	}
	return n.mountsRead
}

func within(at, point string) bool {
	return point == "/" || at == point || strings.HasPrefix(at, point+"/")
}

// Statfs implements host.Kernel.
func (p *process) Statfs(path string) (host.Statfs, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.Statfs{}, err
	}
	at, err := p.node.existing(path)
	if err == nil {
		err = p.ruled("statfs", path)
	}
	if err != nil {
		return host.Statfs{}, pathError("statfs", path, err)
	}
	m := p.node.mountOf(at)
	magic := m.trait.magic
	if m.FileSystem.Magic != 0 {
		magic = m.FileSystem.Magic
	}
	return host.Statfs{
		Type: magic, TotalBytes: m.total(), AvailableBytes: p.node.free(m), ReadOnly: m.ReadOnly,
	}, nil
}

func (m mount) total() int64 {
	if m.TotalBytes != 0 {
		return m.TotalBytes
	}
	return 20 << 30
}

// free is what is left on a mount after what processes have put there.
func (n *Node) free(m mount) int64 {
	free := m.FreeBytes
	if free == 0 {
		free = min(15<<30, m.total())
	}
	for _, i := range n.inodes {
		if i.mount == m.point {
			free -= i.bytes
		}
	}
	return max(free, 0)
}

func parseDev(s string) uint64 {
	major, minor, _ := strings.Cut(strings.TrimSpace(s), ":")
	a, _ := strconv.ParseUint(major, 10, 32)
	b, _ := strconv.ParseUint(minor, 10, 32)
	return unix.Mkdev(uint32(a), uint32(b))
}

// escape writes blanks and backslashes in octal, as procfs does (seq_path).
func escape(s string) string {
	if !strings.ContainsAny(s, " \t\n\\") {
		return s
	}
	return strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`).Replace(s)
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
