// Package host is the only access to the machine: files, the kernel, systemd
// and other programs, as interfaces in one value. All reads and changes of
// swapctl go through it, so that a test can use a directory instead of the
// machine (see hosttest) and fail or kill the run at any operation.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Host is a machine. On a workstation, which is not Linux, it has only Files:
// everything else is about a node.
type Host struct {
	Files  Files
	Kernel Kernel
	Units  Units
	Run    Programs
}

// Files is the machine's file tree, procfs and sysfs included. Names are
// absolute paths on that machine. Errors are *fs.PathError as from package os.
type Files interface {
	// ReadFile returns the contents of a file, up to a number of bytes: if it
	// is longer, the error wraps ErrTooLarge, and the rest is not read. It does
	// not wait for a writer of a FIFO.
	ReadFile(name string, most int64) ([]byte, error)
	// ReadDir returns the names in a directory, sorted, up to DirLimit: if
	// there are more, the error wraps ErrTooLarge.
	ReadDir(name string) ([]string, error)
	Readlink(name string) (string, error)
	// EvalSymlinks returns name with every symbolic link resolved.
	EvalSymlinks(name string) (string, error)
	Stat(name string) (Stat, error)  // follows a symbolic link in the last component
	Lstat(name string) (Stat, error) // does not

	// Open opens name with the O_ flags of open(2), always O_CLOEXEC. On a
	// block device, O_EXCL without O_CREAT fails with EBUSY while the kernel
	// uses the device (mounted, swap, or below a mapping or RAID).
	Open(name string, flag int, perm fs.FileMode) (File, error)
	// Temp opens a temporary file without a name, for writing and reading; it
	// is gone after Close, however the process ends.
	Temp() (File, error)
	Mkdir(name string, perm fs.FileMode) error
	// Symlink makes name a symbolic link to target.
	Symlink(target, name string) error
	Remove(name string) error
	// RenameNew renames a file to a name that does not exist
	// (RENAME_NOREPLACE); the error wraps fs.ErrExist if it exists.
	RenameNew(from, to string) error
	// SyncDir makes the names in a directory durable (fsync).
	SyncDir(name string) error
	// Replace writes a whole file atomically and durably: a temporary file in
	// the same directory, fsync, rename, fsync of the directory. It is for
	// files in directories that only swapctl uses; elsewhere use Create and
	// Rewrite.
	Replace(name string, data []byte, perm fs.FileMode) error
	// Create is Replace for a new file: if the name exists at the time of the
	// rename, the error wraps fs.ErrExist and the existing file stays.
	Create(name string, data []byte, perm fs.FileMode) error
	// Rewrite is Replace of a regular file that contains old: its mode, owner
	// and extended attributes (the SELinux label) are kept. If it contains
	// something else at the time of the rename, the error wraps ErrChanged, and
	// the file stays.
	Rewrite(name string, old, data []byte) error
}

// Limits of ReadFile in bytes. Other users and processes decide how long these
// files are.
const (
	SmallLimit = 64 << 10 // files of the kernel about one process, device, group or setting
	FileLimit  = 1 << 20  // files that people and installers write: units, fstab, a kubelet's configuration
	TableLimit = 32 << 20 // files that grow with the node: mounts, zones, installed packages
)

// DirLimit is the largest number of names that ReadDir returns: more than /proc
// has on a node with a limit of processes.
const DirLimit = 1 << 18

// ErrTooLarge is the error of a file that is longer than the given limit.
var ErrTooLarge = errors.New("it is too large")

// TooLarge is the error of a file that is longer than a limit in bytes.
func TooLarge(name string, most int64) error {
	return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w: more than %d KiB", ErrTooLarge, most>>10)}
}

// ReadAll is io.ReadAll up to a number of bytes: if there are more, the error
// wraps ErrTooLarge. name is the name in the error.
func ReadAll(r io.Reader, name string, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1)) //nolint:forbidigo // this is the limit
	if err == nil && int64(len(data)) > most {
		return nil, TooLarge(name, most)
	}
	return data, err
}

// ErrChanged is the error of a file that somebody has changed since it was read.
var ErrChanged = errors.New("somebody has changed it meanwhile")

// ReplaceTemp is the temporary file of Replace of name. A killed run may leave
// it; the next Replace removes it.
func ReplaceTemp(name string) string {
	return filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".swapctl")
}

// File is an open file.
type File interface {
	io.Reader
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Name() string
	Fd() uintptr
	Sync() error
	Stat() (Stat, error)
}

// Stat is the result of stat(2), as far as swapctl needs it.
type Stat struct {
	Mode       fs.FileMode // type and permission bits, as package os gives them
	UID, GID   uint32
	Dev, Rdev  uint64 // device holding the file; device it is (block devices)
	Ino        uint64
	SizeBytes  int64 // apparent size
	UsedBytes  int64 // allocated: st_blocks * 512
	LinksCount uint64

	info fs.FileInfo // of a workstation's file, instead of owner, devices and inode
}

// IsBlock reports whether it is a block device.
func (s Stat) IsBlock() bool {
	return s.Mode&fs.ModeDevice != 0 && s.Mode&fs.ModeCharDevice == 0
}

// IsSymlink reports whether it is a symbolic link (from Lstat).
func (s Stat) IsSymlink() bool { return s.Mode&fs.ModeSymlink != 0 }

// SameFile reports whether both are the same file on the same device.
func (s Stat) SameFile(o Stat) bool {
	if s.info != nil && o.info != nil {
		return os.SameFile(s.info, o.info)
	}
	return s.Dev == o.Dev && s.Ino == o.Ino
}

// Kernel is everything asked of Linux besides files. Errors wrap the errno, so
// that errors.Is(err, unix.EBUSY) works. Sizes are bytes unless they say
// sectors, which are always 512 bytes.
type Kernel interface {
	PageSize() int
	EUID() int
	// Random fills buf from getrandom(2), blocking until the pool is ready.
	Random(buf []byte) error

	// Lock takes an exclusive flock(2) without waiting; EWOULDBLOCK when
	// another process has it. It ends when the file is closed.
	Lock(f File) error

	// Statfs describes the file system that holds path.
	Statfs(path string) (Statfs, error)
	// TmpfsNoswap reports whether this kernel can mount a tmpfs with the option
	// noswap: it creates such a file system, which is not mounted anywhere.
	// EPERM without root.
	TmpfsNoswap() (bool, error)
	// EncryptBlock measures the time that the kernel takes to encrypt one block
	// of so many bytes with a cipher, in the kernel crypto API's notation
	// ("xts(aes)"), with a random key of so many bytes; the measurement takes
	// at most the given time. It wraps errors.ErrUnsupported if the kernel has
	// no AF_ALG.
	EncryptBlock(cipher string, keyBytes, blockBytes int, most time.Duration) (time.Duration, error)
	// Fallocate allocates size bytes of disk for the file, without writing them
	// (fallocate(2), mode 0). EOPNOTSUPP if the file system cannot.
	Fallocate(f File, size int64) error
	// WriteZeroes has the disk itself write zeros to a range of the file
	// (fallocate(2), FALLOC_FL_WRITE_ZEROES): the extents are then written
	// extents. EOPNOTSUPP if kernel, file system or disk cannot.
	WriteZeroes(f File, offset, length int64) error
	// Identity returns what identifies a file independently of its name.
	Identity(f File) (Identity, error)
	// SwappedTo reports whether the kernel swaps to this very file, which must
	// be open for writing. /proc/swaps has only paths, and paths of another
	// mount namespace look the same.
	SwappedTo(f File) (bool, error)
	// Extents lists where the file lies on its disk (FS_IOC_FIEMAP), in order.
	Extents(f File) ([]Extent, error)
	// InodeFlags and SetInodeFlags are FS_IOC_GETFLAGS and FS_IOC_SETFLAGS
	// (InodeNoCOW and so on).
	InodeFlags(f File) (uint32, error)
	SetInodeFlags(f File, flags uint32) error
	// Btrfs describes the btrfs that contains f. ENOTTY on another file system.
	Btrfs(f File) (Btrfs, error)
	// BlockDevice gives a block device's size and logical block size.
	BlockDevice(f File) (BlockDevice, error)

	// SwapOn is swapon(2) with SWAP_FLAG_ bits; SwapOff is swapoff(2). SwapOff
	// reads everything that was swapped out back into memory; if ctx ends, it
	// stops early with ctx's error and the area stays on.
	SwapOn(path string, flags int) error
	SwapOff(ctx context.Context, path string) error
	// SwapOffApart is SwapOff in a process of its own: when memory runs out,
	// the kernel kills the process in swapoff first, whatever its score
	// (mm/oom_kill.c, oom_task_origin), and swapctl must survive to report
	// that. The error then wraps ErrSwapOffKilled.
	SwapOffApart(ctx context.Context, path string) error

	// LoopAttach attaches backing to a free loop device. The kernel detaches it
	// by itself after its last user has closed it (LO_FLAGS_AUTOCLEAR); until
	// something else uses it, that user is the returned open device.
	LoopAttach(backing File, o LoopOptions) (File, error)
	// LoopStatus describes a loop device by its path; ENXIO when it is free.
	LoopStatus(path string) (LoopStatus, error)
	// LoopDetach clears a loop device (LOOP_CLR_FD); in use, it only becomes
	// autoclear.
	LoopDetach(path string) error

	// DMTarget returns the version of a device-mapper target, and loads its
	// module if there is one; the error wraps fs.ErrNotExist if this kernel has
	// no device mapper or no such target.
	DMTarget(name string) ([3]uint32, error)
	// DMCreate makes an empty mapping; EBUSY when the name or UUID is taken.
	DMCreate(name, uuid string) error
	// DMLoad loads a table of one target. params is wiped on the kernel side of
	// the call (DM_SECURE_DATA_FLAG), and by the caller here.
	DMLoad(name, target string, sectors uint64, params []byte) error
	// DMResume activates the loaded table and makes the device node.
	DMResume(name string) error
	// DMTable describes a mapping; wraps fs.ErrNotExist if there is none. A key
	// in a crypt target's params is returned as zeros of the same length.
	DMTable(name string) (DMTable, error)
	// DMRemove removes a mapping; EBUSY while something uses it.
	DMRemove(name string) error

	// KeyAdd adds payload to the calling thread's keyring as a logon key, which
	// no process can read back. The caller must stay on its thread
	// (runtime.LockOSThread) until KeyRemove, which revokes and unlinks it.
	// KeyAdd wraps errors.ErrUnsupported if the kernel has no keyring.
	KeyAdd(description string, payload []byte) (KeyID, error)
	KeyRemove(id KeyID) error
}

// Identity identifies a file: an inode number alone may be reused after the
// file is gone. Fields that the file system does not have are 0.
type Identity struct {
	Dev        uint64 `json:"dev"` // of the file system; another one after a reboot or a mount
	Ino        uint64 `json:"ino"`
	BirthNS    int64  `json:"birthNS,omitempty"` // in nanoseconds since 1970 (statx(2), stx_btime)
	Generation uint32 `json:"generation,omitempty"`
}

// Same reports whether both are of one file. Dev is left out: it depends on the
// mount, not on the file system.
func (i Identity) Same(o Identity) bool {
	i.Dev, o.Dev = 0, 0
	return i.Ino != 0 && i == o
}

// KeyID is a kernel key's serial number.
type KeyID int32

// Statfs is the result of statfs(2).
type Statfs struct {
	Type           int64 // magic number, unix.EXT4_SUPER_MAGIC and so on
	TotalBytes     int64
	AvailableBytes int64 // free space less root's reserve, f_bavail
	ReadOnly       bool
}

// Extent is one piece of a file, in bytes; Flags are FIEMAP_EXTENT_ bits.
type Extent struct {
	Logical, Physical, Length int64
	Flags                     uint32
}

// FIEMAP_EXTENT_ bits that matter to swap (include/uapi/linux/fiemap.h).
const (
	ExtentLast      = 0x00000001
	ExtentUnknown   = 0x00000002
	ExtentDelalloc  = 0x00000004
	ExtentEncoded   = 0x00000008
	ExtentInline    = 0x00000200
	ExtentTail      = 0x00000400
	ExtentUnwritten = 0x00000800
	ExtentShared    = 0x00002000
)

// Inode flags that matter to swap, FS_*_FL of include/uapi/linux/fs.h.
const (
	InodeCompress  = 0x00000004
	InodeImmutable = 0x00000010
	InodeAppend    = 0x00000020
	InodeNoCOW     = 0x00800000
)

// Flags of SwapOn, SWAP_FLAG_ in include/linux/swap.h. The priority, 0 to
// SwapPriorityMask, is in the low bits and counts only with SwapPrefer.
const (
	SwapPriorityMask = 0x7fff
	SwapPrefer       = 0x8000
	SwapDiscard      = 0x10000 // on; alone: both once and pages
	SwapDiscardOnce  = 0x20000 // the whole area, at swapon
	SwapDiscardPages = 0x40000 // each freed cluster
)

// Btrfs is one file system of that kind.
type Btrfs struct {
	Devices int
	UUID    [16]byte // by which /sys/fs/btrfs names it
}

// BlockDevice is a block device's size and smallest addressable unit, in bytes.
type BlockDevice struct {
	SizeBytes    int64
	LogicalBytes int
	ReadOnly     bool
}

// LoopOptions says how a loop device reads its backing file.
type LoopOptions struct {
	DirectIO   bool // past the page cache; ignored where the file system cannot
	BlockBytes int  // logical block size, 512 or 4096
}

// LoopStatus is what LOOP_GET_STATUS64 says.
type LoopStatus struct {
	BackingDev, BackingIno uint64 // of the backing file
	AutoClear, DirectIO    bool
}

// DMTable is a mapping in the kernel. Target and Params are of the first table
// line, Targets is the number of lines.
type DMTable struct {
	Name, UUID string
	Dev        uint64
	OpenCount  int
	Suspended  bool
	Targets    int
	Sectors    uint64
	Target     string
	Params     string
}
