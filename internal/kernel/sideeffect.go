package kernel

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// SwapSideEffect says what swap on a layer does to other things and, after ";
// ", the usual cure; "" if nothing.
func SwapSideEffect(h host.Host, l Layer) string {
	switch {
	case l.Kind == KindFile && l.FSType == "btrfs" && !ownSubvolume(h, l):
		// fs/btrfs/inode.c, btrfs_swap_activate; ioctl.c, create_snapshot: ETXTBSY.
		return "no snapshot can be made of the btrfs subvolume that " + l.Path + " is in while swap is on; " +
			"give swap a subvolume of its own: " + subvolumeByHand(h, l)
	case l.Kind == KindDisk && strings.HasPrefix(l.Name, "zd"):
		return l.Path + " is a ZFS volume: to write to it ZFS needs memory, and the node can stand still when there is none; " +
			"use a partition: swapctl setup --device /dev/disk/by-partuuid/..."
	case l.Kind == KindLVM && isThin(h, l):
		return l.Path + " is a thin volume: writes to swap fail when its pool is full; " +
			"use a volume that has its blocks from the start, or a partition: lvcreate --type linear"
	}
	return ""
}

// subvolumeRoot is the inode number of the root directory of a btrfs subvolume
// (include/uapi/linux/btrfs_tree.h, BTRFS_FIRST_FREE_OBJECTID).
const subvolumeRoot = 256

// ownSubvolume reports whether a file is in the root of a subvolume that is not
// the system's.
func ownSubvolume(h host.Host, l Layer) bool {
	dir := path.Dir(l.Path)
	st, err := h.Files.Stat(dir)
	return err == nil && st.Ino == subvolumeRoot && !slices.Contains([]string{"/", "/var", "/var/lib", "/home", "/root", "/opt", "/srv"}, dir)
}

// subvolumeByHand are the commands that give swap a subvolume in the file system that it is
// on now.
func subvolumeByHand(h host.Host, l Layer) string {
	dir, size := "/swap", "4Gi"
	if m, err := MountOf(h, l.Path); err == nil {
		dir = path.Join(m.Point, "swap")
	}
	if st, err := h.Files.Stat(l.Path); err == nil {
		size = strconv.FormatInt(st.SizeBytes, 10)
	}
	return fmt.Sprintf("btrfs subvolume create %s; swapctl setup --size %s --path %s/swapfile", dir, size, dir)
}

// isThin reports whether a logical volume is thinly provisioned.
func isThin(h host.Host, l Layer) bool {
	table, err := h.Kernel.DMTable(l.Mapping)
	return err == nil && table.Target == "thin"
}
