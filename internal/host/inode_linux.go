package host

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctlDirection has the two bits of an ioctl number that give the direction of
// the data. Read and write are swapped on some architectures (powerpc, mips,
// sparc), so numbers that package unix lacks are made from one that it has.
const (
	ioctlDirection = 0xc0000000
	ioctlRead      = unix.FS_IOC_GETFLAGS & ioctlDirection
)

// btrfsFSInfo is BTRFS_IOC_FS_INFO, _IOR(0x94, 31, 1024 bytes), of
// include/uapi/linux/btrfs.h; the number of devices is its second 64-bit word,
// and the UUID follows it.
const (
	btrfsFSInfo      = ioctlRead | btrfsFSInfoSize<<16 | 0x94<<8 | 31
	btrfsFSInfoSize  = 1024
	btrfsDeviceCount = 8
	btrfsUUID        = 16
)

// Fallocate implements Kernel.
func (linux) Fallocate(f File, size int64) error {
	err := again(func() error { return unix.Fallocate(fd(f), 0, 0, size) })
	return pathError("fallocate", f.Name(), err)
}

// WriteZeroes implements Kernel. Linux has it since 6.17 (fs/open.c,
// vfs_fallocate), ext4 first, for disks that can write zeros by themselves
// (fs/ext4/extents.c, ext4_fallocate: bdev_write_zeroes_unmap_sectors).
func (linux) WriteZeroes(f File, offset, length int64) error {
	err := again(func() error { return unix.Fallocate(fd(f), unix.FALLOC_FL_WRITE_ZEROES, offset, length) })
	return pathError("write zeroes to", f.Name(), err)
}

// getVersion is FS_IOC_GETVERSION, _IOR('v', 1, long); the kernel writes 32 bits
// (include/uapi/linux/fs.h; fs/ext4/ioctl.c, fs/btrfs/ioctl.c, fs/xfs/xfs_ioctl.c).
const getVersion = ioctlRead | unsafe.Sizeof(uintptr(0))<<16 | 'v'<<8 | 1

// Identity implements Kernel.
func (linux) Identity(f File) (Identity, error) {
	var st unix.Statx_t
	err := again(func() error {
		return unix.Statx(fd(f), "", unix.AT_EMPTY_PATH, unix.STATX_INO|unix.STATX_BTIME, &st)
	})
	if err != nil {
		return Identity{}, pathError("statx", f.Name(), err)
	}
	id := Identity{Dev: unix.Mkdev(st.Dev_major, st.Dev_minor), Ino: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		id.BirthNS = st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
	}
	if generation, err := unix.IoctlGetUint32(fd(f), uint(getVersion)); err == nil {
		id.Generation = generation // 0 if the file system has none
	}
	return id, nil
}

// SwappedTo allocates beyond the largest possible size, which every file system
// refuses (EFBIG): for a file that is swapped to, the kernel returns ETXTBSY
// before it checks the size (Linux 4.0 to 7.2, fs/open.c, vfs_fallocate).
func (linux) SwappedTo(f File) (bool, error) {
	const beyond = 1 << 62
	err := again(func() error { return unix.Fallocate(fd(f), unix.FALLOC_FL_KEEP_SIZE, beyond, beyond) })
	switch {
	case errors.Is(err, unix.ETXTBSY):
		return true, nil
	case errors.Is(err, unix.EFBIG), errors.Is(err, unix.EOPNOTSUPP):
		return false, nil
	}
	return false, pathError("see whether the kernel swaps to", f.Name(), err)
}

// InodeFlags reads 32 bits, although the ioctl number says "long": the kernel
// writes 32 bits.
func (linux) InodeFlags(f File) (uint32, error) {
	flags, err := unix.IoctlGetUint32(fd(f), unix.FS_IOC_GETFLAGS)
	return flags, pathError("read inode flags of", f.Name(), err)
}

// SetInodeFlags implements Kernel.
func (linux) SetInodeFlags(f File, flags uint32) error {
	err := ioctl(fd(f), unix.FS_IOC_SETFLAGS, unsafe.Pointer(&flags))
	return pathError("set inode flags of", f.Name(), err)
}

// Btrfs implements Kernel.
func (linux) Btrfs(f File) (Btrfs, error) {
	var info [btrfsFSInfoSize]byte
	if err := ioctl(fd(f), btrfsFSInfo, unsafe.Pointer(&info[0])); err != nil {
		return Btrfs{}, pathError("look at the btrfs of", f.Name(), err)
	}
	return Btrfs{
		Devices: int(binary.NativeEndian.Uint64(info[btrfsDeviceCount:])),
		UUID:    [16]byte(info[btrfsUUID:]),
	}, nil
}

// BlockDevice implements Kernel.
func (linux) BlockDevice(f File) (BlockDevice, error) {
	var size uint64
	if err := ioctl(fd(f), unix.BLKGETSIZE64, unsafe.Pointer(&size)); err != nil {
		return BlockDevice{}, pathError("read size of", f.Name(), err)
	}
	logical, err := unix.IoctlGetUint32(fd(f), unix.BLKSSZGET)
	if err != nil {
		return BlockDevice{}, pathError("read block size of", f.Name(), err)
	}
	readOnly, err := unix.IoctlGetUint32(fd(f), unix.BLKROGET)
	if err != nil {
		return BlockDevice{}, pathError("read mode of", f.Name(), err)
	}
	return BlockDevice{SizeBytes: int64(size), LogicalBytes: int(logical), ReadOnly: readOnly != 0}, nil
}
