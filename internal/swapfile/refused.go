package swapfile

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Reasons for a refusal, as the end of "it would be on NAME: ".
const (
	whyMemory  = "its files live in memory"
	whyLayered = "the kernel does not swap to a file through another file system"
	whyNetwork = "it is reached over the network or shared, and swapping must work when there is no memory left to talk"
	whyProgram = "a program serves it, and that program may itself have to be swapped in"
	whyMoves   = "it writes blocks to new places, so a file does not stay where swap would write"
	whyPinned  = "it moves blocks unless a file is pinned, which swapctl does not do"
	whyDriver  = "the kernel does not swap to its files"
	whyOwner   = "its files have no owner and mode, so others could read what is swapped out"
	whyRead    = "it cannot be written to"
	whyKernel  = "it is a view of the kernel and holds no files of one's own"
	whyUntried = "swapctl does not know that the kernel swaps to its files"
)

// refusals are the file systems on which no swap file is made, by their number
// from statfs(2) (include/uapi/linux/magic.h and their own sources).
var refusals = []struct {
	magic     uint32
	name, why string
}{
	{unix.TMPFS_MAGIC, "tmpfs", whyMemory},
	{unix.RAMFS_MAGIC, "ramfs", whyMemory},
	{unix.HUGETLBFS_MAGIC, "hugetlbfs", whyMemory},

	{unix.OVERLAYFS_SUPER_MAGIC, "overlayfs", whyLayered},
	{0x61756673, "aufs", whyLayered},
	{unix.ECRYPTFS_SUPER_MAGIC, "ecryptfs", whyLayered},
	{0x00c0ffee, "hostfs", whyLayered},

	{unix.NFS_SUPER_MAGIC, "nfs", whyNetwork},
	{unix.CIFS_SUPER_MAGIC, "cifs", whyNetwork},
	{unix.SMB2_SUPER_MAGIC, "cifs", whyNetwork},
	{unix.SMB_SUPER_MAGIC, "smbfs", whyNetwork},
	{unix.CEPH_SUPER_MAGIC, "ceph", whyNetwork},
	{unix.AFS_SUPER_MAGIC, "afs", whyNetwork},
	{unix.AFS_FS_MAGIC, "afs", whyNetwork},
	{unix.V9FS_MAGIC, "9p", whyNetwork},
	{unix.OCFS2_SUPER_MAGIC, "ocfs2", whyNetwork},
	{0x01161970, "gfs2", whyNetwork},
	{0x0bd00bd0, "lustre", whyNetwork},
	{0x47504653, "gpfs", whyNetwork},
	{0x19830326, "beegfs", whyNetwork},
	{0x786f4256, "vboxsf", whyNetwork},

	{unix.FUSE_SUPER_MAGIC, "fuse", whyProgram}, // virtiofs too

	{unix.F2FS_SUPER_MAGIC, "f2fs", whyPinned},
	{unix.NILFS_SUPER_MAGIC, "nilfs2", whyMoves},
	{unix.BCACHEFS_SUPER_MAGIC, "bcachefs", whyDriver},
	{0x2fc12fc1, "zfs", whyDriver},
	{unix.UDF_SUPER_MAGIC, "udf", whyUntried},
	{0x3153464a, "jfs", whyUntried},
	{unix.REISERFS_SUPER_MAGIC, "reiserfs", whyUntried},
	{0x5346544e, "ntfs", whyUntried},
	{0x7366746e, "ntfs3", whyUntried},

	{unix.MSDOS_SUPER_MAGIC, "vfat", whyOwner},
	{unix.EXFAT_SUPER_MAGIC, "exfat", whyOwner},

	{unix.SQUASHFS_MAGIC, "squashfs", whyRead},
	{unix.EROFS_SUPER_MAGIC_V1, "erofs", whyRead},
	{unix.ISOFS_SUPER_MAGIC, "iso9660", whyRead},
	{unix.CRAMFS_MAGIC, "cramfs", whyRead},

	{unix.PROC_SUPER_MAGIC, "proc", whyKernel},
	{unix.SYSFS_MAGIC, "sysfs", whyKernel},
	{unix.CGROUP_SUPER_MAGIC, "cgroup", whyKernel},
	{unix.CGROUP2_SUPER_MAGIC, "cgroup2", whyKernel},
	{unix.DEVPTS_SUPER_MAGIC, "devpts", whyKernel},
}

// refused returns the name of a file system on which no swap file is made, and
// the reason.
func refused(magic uint32) (name, why string) {
	for _, r := range refusals {
		if r.magic == magic {
			return r.name, r.why
		}
	}
	return fmt.Sprintf("a file system of unknown type 0x%x", magic), whyUntried
}
