package swapfile

import (
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// kernel is the real one except where a test replaces it.
type kernel struct {
	host.Kernel
	pageBytes   int
	statfs      func(path string) (host.Statfs, error)
	fallocate   func(f host.File, size int64) error
	writeZeroes func(f host.File, offset, length int64) error
	extents     func(f host.File) ([]host.Extent, error)
	flags       func(f host.File) (uint32, error)
	setFlags    func(f host.File, flags uint32) error
	devices     int
	blockDevice *host.BlockDevice
}

func (k kernel) PageSize() int {
	if k.pageBytes != 0 {
		return k.pageBytes
	}
	return k.Kernel.PageSize()
}

func (k kernel) Statfs(path string) (host.Statfs, error) {
	if k.statfs != nil {
		return k.statfs(path)
	}
	return k.Kernel.Statfs(path)
}

func (k kernel) Fallocate(f host.File, size int64) error {
	if k.fallocate != nil {
		return k.fallocate(f, size)
	}
	return k.Kernel.Fallocate(f, size)
}

func (k kernel) WriteZeroes(f host.File, offset, length int64) error {
	if k.writeZeroes != nil {
		return k.writeZeroes(f, offset, length)
	}
	return k.Kernel.WriteZeroes(f, offset, length)
}

func (k kernel) Extents(f host.File) ([]host.Extent, error) {
	if k.extents != nil {
		return k.extents(f)
	}
	return k.Kernel.Extents(f)
}

func (k kernel) InodeFlags(f host.File) (uint32, error) {
	if k.flags != nil {
		return k.flags(f)
	}
	return k.Kernel.InodeFlags(f)
}

func (k kernel) SetInodeFlags(f host.File, flags uint32) error {
	if k.setFlags != nil {
		return k.setFlags(f, flags)
	}
	return k.Kernel.SetInodeFlags(f, flags)
}

func (k kernel) Btrfs(f host.File) (host.Btrfs, error) {
	if k.devices != 0 {
		return host.Btrfs{Devices: k.devices}, nil
	}
	return k.Kernel.Btrfs(f)
}

func (k kernel) BlockDevice(f host.File) (host.BlockDevice, error) {
	if k.blockDevice != nil {
		return *k.blockDevice, nil
	}
	return k.Kernel.BlockDevice(f)
}

// files are the real ones, all owned by root, except where a test replaces
// them.
type files struct {
	host.Files
	release string                             // of the kernel
	open    func(name string, flag int) error  // fails Open
	write   func(flag int, offset int64) error // fails WriteAt
	block   bool                               // files are devices
	opened  *[]int                             // flags of every Open
	rename  error
	sync    error // fails Sync
	lost    bool  // WriteAt writes nothing
}

func (f files) ReadFile(name string, most int64) ([]byte, error) {
	if name == "/proc/sys/kernel/osrelease" && f.release != "" {
		return []byte(f.release + "\n"), nil
	}
	return f.Files.ReadFile(name, most)
}

func (f files) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	if f.opened != nil {
		*f.opened = append(*f.opened, flag)
	}
	if f.open != nil {
		if err := f.open(name, flag); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	file, err := f.Files.Open(name, flag&^f.hidden(), perm)
	if err != nil {
		return nil, err
	}
	return openFile{file, f, flag}, nil
}

// hidden are flags that files in place of devices do not support.
func (f files) hidden() int {
	if f.block {
		return unix.O_EXCL
	}
	return 0
}

func (f files) Stat(name string) (host.Stat, error) { return f.owned(f.Files.Stat(name)) }

func (f files) RenameNew(from, to string) error {
	if f.rename != nil {
		return &fs.PathError{Op: "rename", Path: from, Err: f.rename}
	}
	return f.Files.RenameNew(from, to)
}

func (f files) owned(st host.Stat, err error) (host.Stat, error) {
	st.UID = 0
	if f.block {
		st.Mode |= fs.ModeDevice
	}
	return st, err
}

type openFile struct {
	host.File
	files files
	flag  int
}

func (f openFile) Stat() (host.Stat, error) { return f.files.owned(f.File.Stat()) }

func (f openFile) Sync() error {
	if f.files.sync != nil {
		return f.files.sync
	}
	return f.File.Sync()
}

func (f openFile) WriteAt(p []byte, offset int64) (int, error) {
	if f.files.write != nil {
		if err := f.files.write(f.flag, offset); err != nil {
			return 0, &fs.PathError{Op: "write", Path: f.Name(), Err: err}
		}
	}
	if f.files.lost {
		return len(p), nil
	}
	return f.File.WriteAt(p, offset)
}

// onExt4 describes an ext4 file system with more than enough room.
func onExt4(string) (host.Statfs, error) {
	return host.Statfs{Type: unix.EXT4_SUPER_MAGIC, TotalBytes: 1 << 40, AvailableBytes: 1 << 40}, nil
}

// fakeHost is the machine on which the tests run, with changes.
func fakeHost(f files, k kernel) host.Host {
	linux := host.Linux()
	f.Files, k.Kernel = linux.Files, linux.Kernel
	if k.statfs == nil {
		k.statfs = onExt4
	}
	return host.Host{Files: f, Kernel: k}
}

// backed returns the extents of a file with all blocks, whatever the file
// system of the test's directory says.
func backed(f host.File) ([]host.Extent, error) {
	st, err := f.Stat()
	return []host.Extent{{Length: st.SizeBytes, Flags: host.ExtentUnwritten | host.ExtentLast}}, err
}

func noFlags(host.File) (uint32, error) { return 0, nil }
