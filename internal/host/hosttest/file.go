package hosttest

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// file is an open file of a process.
type file struct {
	process *process
	name    string // as it was opened
	at      string // real name on the machine
	flag    int
	block   string // kernel name of the block device, if it is one
	claims  bool   // opened a block device with O_EXCL
	locked  bool   // holds the flock
	real    *os.File
	closed  bool
}

// Name implements host.File.
func (f *file) Name() string { return f.name }

// Fd implements host.File.
func (f *file) Fd() uintptr { return f.real.Fd() }

func (f *file) writable() bool { return f.flag&unix.O_ACCMODE != unix.O_RDONLY }

// use locks the node for one call on the file.
func (f *file) use(op string) error {
	if err := f.process.enter(); err != nil {
		return err
	}
	if f.closed {
		return f.wrap(op, fs.ErrClosed)
	}
	return nil
}

// Read implements host.File.
func (f *file) Read(b []byte) (int, error) {
	defer f.process.leave()
	if err := f.use("read"); err != nil {
		return 0, err
	}
	at, err := f.real.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, f.wrap("read", err)
	}
	if err := f.aligned(b, at); err != nil {
		return 0, f.wrap("read", err)
	}
	got, err := f.real.Read(b)
	return got, f.wrap("read", err)
}

// ReadAt implements host.File.
func (f *file) ReadAt(b []byte, off int64) (int, error) {
	defer f.process.leave()
	if err := f.use("read"); err != nil {
		return 0, err
	}
	if err := f.aligned(b, off); err != nil {
		return 0, f.wrap("read", err)
	}
	got, err := f.real.ReadAt(b, off)
	return got, f.wrap("read", err)
}

// Write implements host.File.
func (f *file) Write(b []byte) (int, error) {
	defer f.process.leave()
	if err := f.use("write"); err != nil {
		return 0, err
	}
	whence := io.SeekCurrent
	if f.flag&unix.O_APPEND != 0 {
		whence = io.SeekEnd
	}
	at, err := f.real.Seek(0, whence)
	if err != nil {
		return 0, f.wrap("write", err)
	}
	put, err := f.write(b, at)
	if _, seek := f.real.Seek(at+int64(put), io.SeekStart); err == nil && !f.closed {
		err = seek
	}
	return put, f.wrap("write", err)
}

// WriteAt implements host.File.
func (f *file) WriteAt(b []byte, off int64) (int, error) {
	defer f.process.leave()
	if err := f.use("write"); err != nil {
		return 0, err
	}
	put, err := f.write(b, off)
	return put, f.wrap("write", err)
}

func (f *file) write(b []byte, off int64) (int, error) {
	if !f.writable() {
		return 0, unix.EBADF
	}
	if err := f.aligned(b, off); err != nil {
		return 0, err
	}
	if err := f.mayWrite(); err != nil {
		return 0, err
	}
	n := f.process.node
	put, short := 0, f.room(off, int64(len(b))) < int64(len(b))
	err := f.process.act(Op{Name: "write", Path: f.at}, func(half bool) error {
		data := b[:f.room(off, int64(len(b)))]
		// The kernel's own files take the whole of a write or nothing of it.
		if half && !strings.HasPrefix(f.at, "/proc/") && !strings.HasPrefix(f.at, "/sys/") {
			data = b[:len(data)/2]
		}
		n.watch(f.at, data)
		if strings.HasPrefix(f.at, "/proc/sys/") { // a value, which is replaced (kernel/sysctl.c)
			if err := f.real.Truncate(0); err != nil {
				return err
			}
		}
		var err error
		put, err = f.writeReal(data, off)
		if err == nil {
			err = n.scribble(f.block, off, int64(put))
		}
		if f.block == "" {
			n.charge(f.at, f.real)
		}
		if err == nil && short {
			err = unix.ENOSPC
		}
		return err
	})
	return put, err
}

// writeReal writes at an offset also to a file opened for appending.
func (f *file) writeReal(data []byte, off int64) (int, error) {
	if f.flag&unix.O_APPEND != 0 {
		return f.real.Write(data)
	}
	if noted, err := f.process.node.notesZeros(f, data, off); noted || err != nil {
		return len(data), err
	}
	return f.real.WriteAt(data, off)
}

// mayWrite refuses writes to what is swapped to (generic_write_checks in
// mm/filemap.c, blkdev_write_iter in block/fops.c).
func (f *file) mayWrite() error {
	n := f.process.node
	if f.block != "" && n.isSwap(blockIdentity(f.block)) {
		return unix.ETXTBSY
	}
	st, err := f.stat()
	if err != nil {
		return err
	}
	if f.block == "" && n.isSwap(fileIdentity(st.Ino)) {
		return unix.ETXTBSY
	}
	if l := n.loop(f.block); l != nil && n.isSwap(fileIdentity(l.ino)) {
		return unix.EIO
	}
	return nil
}

// room is how many of the bytes can be written at an offset: a device has an
// end, a file system too.
func (f *file) room(off, bytes int64) int64 {
	n := f.process.node
	if f.block != "" {
		return max(0, min(bytes, n.blockSize(f.block)-off))
	}
	st, err := f.stat()
	if err != nil || !st.Mode.IsRegular() {
		return bytes
	}
	grows := off + bytes - max(st.UsedBytes, st.SizeBytes)
	if grows <= 0 {
		return bytes
	}
	return max(0, bytes-max(0, grows-n.free(n.mountOf(f.at))))
}

// aligned is what O_DIRECT asks of memory, offset and length. btrfs and tmpfs
// go through the page cache for what does not fit.
func (f *file) aligned(b []byte, off int64) error {
	const sector = 512
	if f.flag&unix.O_DIRECT == 0 || len(b) == 0 {
		return nil
	}
	if kind := f.process.node.mountOf(f.at).kind; f.block == "" && (kind == "btrfs" || kind == "tmpfs") {
		return nil
	}
	if off%sector != 0 || len(b)%sector != 0 || uintptr(unsafe.Pointer(&b[0]))%sector != 0 {
		return unix.EINVAL
	}
	return nil
}

// Sync implements host.File. The fake only counts it.
func (f *file) Sync() error {
	defer f.process.leave()
	if err := f.use("sync"); err != nil {
		return err
	}
	return f.wrap("sync", f.process.act(Op{Name: "sync", Path: f.at}, func(bool) error { return nil }))
}

// Stat implements host.File.
func (f *file) Stat() (host.Stat, error) {
	defer f.process.leave()
	if err := f.use("stat"); err != nil {
		return host.Stat{}, err
	}
	st, err := f.stat()
	return st, f.wrap("stat", err)
}

func (f *file) stat() (host.Stat, error) {
	if f.block != "" {
		return f.process.node.lstat(f.at)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.real.Fd()), &st); err != nil {
		return host.Stat{}, err
	}
	return f.process.node.describe(f.at, &st), nil
}

// Close implements host.File. A loop device without other users goes with it.
func (f *file) Close() error {
	defer f.process.leave()
	if err := f.use("close"); err != nil {
		return err
	}
	err := f.release()
	f.process.node.settle()
	return f.wrap("close", err)
}

func (f *file) release() error {
	f.closed = true
	delete(f.process.files, f)
	return f.real.Close()
}

// wrap words an error as package os does; io.EOF stays bare.
func (f *file) wrap(op string, err error) error {
	if err == io.EOF { //nolint:errorlint // readers return it unwrapped
		return err
	}
	return pathError(op, f.name, err)
}

// Lock implements host.Kernel.
func (p *process) Lock(f host.File) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	h, err := p.handle(f)
	if err == nil {
		err = p.ruled("lock", f.Name())
	}
	if err != nil {
		return pathError("flock", f.Name(), err)
	}
	mine, err := h.stat()
	if err != nil {
		return pathError("flock", h.name, err)
	}
	for other := range p.node.open() {
		if st, err := other.stat(); err == nil && other != h && other.locked && st.SameFile(mine) {
			return pathError("flock", h.name, unix.EWOULDBLOCK)
		}
	}
	h.locked = true
	return nil
}
