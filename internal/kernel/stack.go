package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Stacks finds out what is below swap areas. It reads each device and the mount
// table once, and is for one look at a machine, by one goroutine.
type Stacks struct {
	h       host.Host
	devices map[uint64]answer
	mounts  func() ([]Mount, error)
}

// NewStacks prepares a look at h; nothing is read yet.
func NewStacks(h host.Host) *Stacks {
	var mounts []Mount
	var err error
	read := false
	return &Stacks{h: h, devices: map[uint64]answer{}, mounts: func() ([]Mount, error) {
		if !read {
			mounts, err = Mounts(h)
			read = true
		}
		return mounts, err
	}}
}

// Of returns what is below the swap area, down to the disks. With an error, the Layer still
// has what could be found out. What was read for other areas is cached.
func (t *Stacks) Of(s Swap) (Layer, error) {
	if s.Kind == SwapFile {
		return t.file(origin{path: s.Path, deleted: s.Deleted, bytes: s.SizeBytes})
	}
	dev, err := blockNumber(t.h, s.Path)
	if err != nil {
		return Layer{Kind: KindUnknown, Path: s.Path, Deleted: s.Deleted}, err
	}
	l, err := t.device(dev)
	l.Deleted = s.Deleted
	return l, err
}

// Device describes the block device dev and what is below it.
func (t *Stacks) Device(dev uint64) (Layer, error) { return t.device(dev) }

// blockNumber is the device number of the block device with this node or, if
// there is no node any more, with this kernel name.
func blockNumber(h host.Host, node string) (uint64, error) {
	st, err := h.Files.Stat(node)
	if err == nil && st.IsBlock() {
		return st.Rdev, nil
	}
	if dev, errSys := readDev(h, sysName(devName(node))+"/dev"); errSys == nil {
		return dev, nil
	}
	if err == nil {
		err = fmt.Errorf("%q is not a block device", node)
	}
	return 0, err
}

// answer is what was found out about a device, or an error until then.
type answer struct {
	Layer
	err error
}

func (t *Stacks) device(dev uint64) (Layer, error) {
	if a, ok := t.devices[dev]; ok {
		return a.Layer, a.err
	}
	l := Layer{Kind: KindUnknown, Path: DeviceNumber(dev), Dev: dev}
	// Until everything was read: sysfs may change in the meantime, and show a
	// cycle.
	t.devices[dev] = answer{l, fmt.Errorf("block device %s stands on itself", l.Path)}
	target, err := t.h.Files.Readlink(sysDevice(dev))
	if err == nil {
		l.Name = path.Base(target)
		l.Path = "/dev/" + strings.ReplaceAll(l.Name, "!", "/")
		l, err = sysDir{t, path.Join("/sys/dev/block", target)}.describe(l)
	}
	t.devices[dev] = answer{l, err}
	return l, err
}

// origin is what is known of a file before looking at it: its path according to
// the kernel, perhaps its true identity, and its least size.
type origin struct {
	path    string
	deleted bool
	bytes   int64
	known   bool // dev and ino are from the kernel
	dev     uint64
	ino     uint64
}

// file describes a regular file and the devices of its file system.
func (t *Stacks) file(o origin) (Layer, error) {
	l := Layer{Kind: KindFile, Path: o.path, Deleted: o.deleted, Dev: o.dev, Ino: o.ino}
	place := o.path // where to search for the file system
	if o.deleted {
		place = path.Dir(o.path)
	} else {
		st, err := t.h.Files.Stat(o.path)
		switch {
		case errors.Is(err, fs.ErrPermission):
			l.Unseen = true
		case err != nil || !o.is(st):
			l.Hidden = true
		default:
			l.Dev, l.Ino = st.Dev, st.Ino
		}
	}
	if l.Hidden {
		// Its path is another file's: only the device number helps.
		if unix.Major(o.dev) == 0 {
			return l, nil
		}
		below, err := t.device(o.dev)
		l.Below = []Layer{below}
		return l, err
	}
	mount, err := t.mountOf(place)
	if err != nil && unix.Major(l.Dev) == 0 {
		return l, err
	}
	dev := l.Dev
	if dev == 0 {
		dev = mount.Dev
	}
	if unix.Major(dev) != 0 && dev != mount.Dev {
		mount = Mount{} // the path of a deleted file may be covered by now
	}
	l.FSType = mount.FSType
	l.Below, err = t.fileSystem(mount, dev)
	return l, err
}

// is reports whether st can be the file.
func (o origin) is(st host.Stat) bool {
	if !st.Mode.IsRegular() {
		return false
	}
	if o.known {
		return st.Dev == o.dev && st.Ino == o.ino
	}
	return st.SizeBytes >= o.bytes
}

func (t *Stacks) mountOf(name string) (Mount, error) {
	mounts, err := t.mounts()
	if err != nil {
		return Mount{}, err
	}
	return mountHolding(mounts, realPath(t.h, name))
}

// fileSystem returns the devices of a mounted file system; dev is the st_dev of
// its files.
func (t *Stacks) fileSystem(m Mount, dev uint64) ([]Layer, error) {
	if unix.Major(dev) != 0 {
		l, err := t.device(dev)
		layers := []Layer{l}
		// XFS may have the data of files on a device of its own.
		if rt, ok := option(m.SuperOptions, "rtdev"); ok && m.FSType == "xfs" {
			all, errRT := t.add(layers, []string{rt})
			return all, errors.Join(err, errRT)
		}
		return layers, err
	}
	if m.FSType == "btrfs" {
		return t.btrfs(m)
	}
	if isNetwork(m.FSType) {
		return []Layer{{Kind: KindNetwork, Path: m.Source, FSType: m.FSType}}, nil
	}
	// bcachefs names all its devices in the source: /dev/sda:/dev/sdb.
	if nodes := strings.Split(m.Source, ":"); strings.HasPrefix(m.Source, "/dev/") {
		return t.add(nil, nodes)
	}
	return []Layer{{Kind: KindFileSystem, Path: m.Source, FSType: m.FSType}}, nil
}

// add appends the devices with these nodes, each one, even if one fails.
func (t *Stacks) add(layers []Layer, nodes []string) ([]Layer, error) {
	var errs []error
	for _, node := range nodes {
		l := Layer{Kind: KindUnknown, Path: node}
		dev, err := blockNumber(t.h, node)
		if err == nil {
			l, err = t.device(dev)
		}
		layers = append(layers, l)
		errs = append(errs, err)
	}
	return layers, errors.Join(errs...)
}

// btrfs returns all devices of a btrfs: a swap file is on one of them, and
// which one does not matter.
func (t *Stacks) btrfs(m Mount) ([]Layer, error) {
	const root = "/sys/fs/btrfs"
	source, err := blockNumber(t.h, m.Source)
	ids, errDir := t.h.Files.ReadDir(root)
	if errDir != nil {
		return t.add(nil, []string{m.Source})
	}
	var pools [][]Layer
	for _, id := range ids {
		names, errDir := t.h.Files.ReadDir(root + "/" + id + "/devices")
		if errDir != nil {
			continue // "features" has none
		}
		nodes := make([]string, len(names))
		for i, n := range names {
			nodes[i] = "/dev/" + strings.ReplaceAll(n, "!", "/")
		}
		layers, errPool := t.add(nil, nodes)
		for _, l := range layers {
			if err == nil && l.Dev == source {
				return layers, errPool
			}
		}
		pools = append(pools, layers)
	}
	// After a boot without an initramfs the source is /dev/root, which is not a
	// node. If there is only one btrfs, it is that.
	if err != nil && len(pools) == 1 {
		return pools[0], nil
	}
	if err == nil {
		err = fmt.Errorf("no btrfs on %s in %s: %w", m.Source, root, fs.ErrNotExist)
	}
	return []Layer{{Kind: KindFileSystem, Path: m.Source, FSType: m.FSType}}, err
}

// option finds "name=value" in a comma-separated list.
func option(list, name string) (string, bool) {
	for o := range strings.SplitSeq(list, ",") {
		if value, ok := strings.CutPrefix(o, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

func isNetwork(fsType string) bool {
	switch fsType {
	case "nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs", "virtiofs", "lustre", "glusterfs", "fuse.glusterfs", "fuse.sshfs":
		return true
	}
	return false
}

// Dir describes what is below the file system of a directory.
func (t *Stacks) Dir(name string) ([]Layer, error) {
	m, err := t.mountOf(name)
	if err != nil {
		return nil, err
	}
	return t.fileSystem(m, m.Dev)
}
