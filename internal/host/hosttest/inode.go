package hosttest

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Inode flags that only the fake needs a name for (include/uapi/linux/fs.h).
const (
	flagNoCompress = 0x00000400
	flagExtents    = 0x00080000 // ext4 shows it on every file that fallocate can reach
)

// inode is what the machine's file system knows of a file, and the directory
// that plays it does not.
type inode struct {
	uid, gid    uint32
	flags       uint32 // FS_..._FL
	allocated   int64  // fallocate reached to here; what was never written is unwritten
	zeroed      int64  // zeros were written from the start to here, without their taking room in this test
	mount       string // whose space it takes
	bytes       int64  // how much of it
	born        int64  // in nanoseconds since 1970; 0: nobody has asked yet
	extentFlags uint32 // on every extent: shared, encoded, ...
}

// inode returns the record of a file, which it makes if there is none.
func (n *Node) inode(number uint64) *inode {
	i := n.inodes[number]
	if i == nil {
		i = &inode{}
		n.inodes[number] = i
	}
	return i
}

// existing resolves a name of something that is there.
func (n *Node) existing(name string) (string, error) {
	at, _, err := n.found(name, true)
	return at, err
}

// lstat describes the file at a real name of the machine.
func (n *Node) lstat(at string) (host.Stat, error) {
	var st unix.Stat_t
	if err := unix.Lstat(n.Root+at, &st); err != nil {
		return host.Stat{}, err
	}
	return n.describe(at, &st), nil
}

// describe turns the test machine's stat into the fake machine's.
func (n *Node) describe(at string, st *unix.Stat_t) host.Stat {
	s := host.Stat{
		Mode: fileMode(st.Mode), Dev: n.mountOf(at).dev, Ino: st.Ino,
		SizeBytes: st.Size, UsedBytes: st.Blocks * 512, LinksCount: uint64(st.Nlink), //nolint:unconvert // narrower on some machines
	}
	if i := n.inodes[st.Ino]; i != nil {
		s.UID, s.GID = i.uid, i.gid
		s.UsedBytes = max(s.UsedBytes, i.allocated, i.zeroed)
	}
	if !s.Mode.IsRegular() || path.Dir(at) != "/dev" && at != "/dev/mapper/control" {
		return s
	}
	if name := n.blockName(at); name != "" {
		s.Mode = fs.ModeDevice | s.Mode.Perm()&0o600 | 0o060
		s.GID, s.Rdev = 6, parseDev(n.attribute(name, "dev")) // group disk
		s.SizeBytes, s.UsedBytes = 0, 0
		return s
	}
	for name, rdev := range map[string]uint64{
		"/dev/null": unix.Mkdev(1, 3), "/dev/loop-control": unix.Mkdev(10, 237), "/dev/mapper/control": unix.Mkdev(10, 236),
	} {
		if at == name {
			s.Mode, s.Rdev = fs.ModeDevice|fs.ModeCharDevice|0o600, rdev
		}
	}
	return s
}

// fileMode is st_mode in package fs's bits.
func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	}
	for bit, flag := range map[uint32]fs.FileMode{
		unix.S_ISVTX: fs.ModeSticky, unix.S_ISUID: fs.ModeSetuid, unix.S_ISGID: fs.ModeSetgid,
	} {
		if mode&bit != 0 {
			m |= flag
		}
	}
	return m
}

// charge notes how much of its file system's space a file takes now.
func (n *Node) charge(at string, f *os.File) {
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil {
		return
	}
	i := n.inode(st.Ino)
	i.mount = n.mountOf(at).point
	i.bytes = max(st.Blocks*512, i.allocated, i.zeroed)
}

// forget drops the record of a file that lost its last name. A loop keeps its
// backing file, and the space it takes, alive.
func (n *Node) forget(ino uint64) {
	for _, l := range n.loops {
		if l.ino == ino {
			return
		}
	}
	delete(n.inodes, ino)
}

// InodeFlags implements host.Kernel.
func (p *process) InodeFlags(f host.File) (uint32, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return 0, err
	}
	h, err := p.handle(f)
	if err == nil {
		err = p.ruled("getflags", f.Name())
	}
	if err != nil {
		return 0, pathError("read inode flags of", f.Name(), err)
	}
	st, err := h.stat()
	if err != nil {
		return 0, pathError("read inode flags of", f.Name(), err)
	}
	flags := p.node.inode(st.Ino).flags
	switch kind := p.node.mountOf(h.at).kind; {
	case kind == "ext4":
		return flags | flagExtents, nil
	case hasFlags(kind):
		return flags, nil
	}
	return 0, pathError("read inode flags of", f.Name(), unix.ENOTTY)
}

// SetInodeFlags implements host.Kernel. On btrfs, NOCOW does not take on a file
// that has contents, without an error.
func (p *process) SetInodeFlags(f host.File, flags uint32) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	h, err := p.handle(f)
	if err != nil {
		return pathError("set inode flags of", f.Name(), err)
	}
	return pathError("set inode flags of", f.Name(), p.setFlags(h, flags))
}

// hasFlags knows the file systems with FS_IOC_GETFLAGS.
func hasFlags(kind string) bool {
	switch kind {
	case "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "overlay":
		return true
	}
	return false
}

func (p *process) setFlags(h *file, flags uint32) error {
	n := p.node
	st, err := h.stat()
	if err != nil {
		return err
	}
	m := n.mountOf(h.at)
	switch {
	case !hasFlags(m.kind):
		return unix.ENOTTY
	case m.ReadOnly:
		return unix.EROFS
	case n.euid != 0:
		return unix.EPERM
	case m.kind != "btrfs" && flags&host.InodeNoCOW != 0:
		return unix.EOPNOTSUPP
	case flags&host.InodeCompress != 0 && flags&(host.InodeNoCOW|flagNoCompress) != 0:
		return unix.EINVAL
	}
	return p.act(Op{Name: "setflags", Path: h.at}, func(bool) error {
		i := n.inode(st.Ino)
		if st.Mode.IsRegular() && st.SizeBytes > 0 {
			flags = flags&^host.InodeNoCOW | i.flags&host.InodeNoCOW
		}
		i.flags = flags
		return nil
	})
}

// Btrfs implements host.Kernel.
func (p *process) Btrfs(f host.File) (host.Btrfs, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.Btrfs{}, err
	}
	const op = "look at the btrfs of"
	h, err := p.handle(f)
	if err != nil {
		return host.Btrfs{}, pathError(op, f.Name(), err)
	}
	m := p.node.mountOf(h.at)
	if m.kind != "btrfs" {
		return host.Btrfs{}, pathError(op, f.Name(), unix.ENOTTY)
	}
	return host.Btrfs{Devices: max(1, len(m.Devices))}, nil
}

// errUnknownFile is for a host.File that this node did not open.
var errUnknownFile = errors.New("not a file of this node")

// handle finds the fake's own file behind a host.File.
func (p *process) handle(f host.File) (*file, error) {
	h, ok := f.(*file)
	if !ok || h.process.node != p.node {
		return nil, errUnknownFile
	}
	if h.closed {
		return nil, fs.ErrClosed
	}
	return h, nil
}
