package kernel

import "strings"

// Kinds of a Layer.
const (
	KindFile       = "file"       // a file, on its file system's devices
	KindLoop       = "loop"       // a file as a block device
	KindCrypt      = "crypt"      // dm-crypt
	KindLVM        = "lvm"        // a logical volume
	KindRAID       = "raid"       // md, or dm of a RAID controller
	KindMultipath  = "multipath"  // several ways to one disk
	KindDM         = "dm"         // any other mapping
	KindBcache     = "bcache"     // a disk and its cache
	KindPartition  = "partition"  // of a disk, or of a mapping
	KindZram       = "zram"       // compressed memory
	KindDisk       = "disk"       // a leaf
	KindNetwork    = "network"    // lowest: on another machine
	KindFileSystem = "filesystem" // lowest: a file system without block devices, or unknown
	KindUnknown    = "unknown"    // lowest: a device that sysfs does not show
)

// Layer is a swap area or something below it, with what is below that in turn:
// a tree down to the disks.
type Layer struct {
	Kind string
	Name string // kernel name, "dm-0"; empty for a file
	Path string // "/dev/mapper/cryptswap", "/dev/vda1", "/swapfile"
	Dev  uint64 // of the block device; for a file, st_dev (0 if unknown)
	Ino  uint64 // of a file (0 if unknown)

	FSType  string // of a file's file system
	Level   string // of a RAID array, "raid1"
	Mapping string // name of a device-mapper mapping
	UUID    string // of a mapping, "CRYPT-PLAIN-cryptswap"

	Cipher      string // of dm-crypt, "" if only root may know
	KeyBits     int    // of dm-crypt, 0 if not known
	NullCipher  bool   // dm-crypt with a cipher that does nothing
	TableUnseen bool   // the kind of a mapping is known only from its UUID: reading the table needs root

	Deleted bool // a file without a name, or a deleted device node
	Hidden  bool // the path does not lead to this file: its mount was detached, or is covered
	Unseen  bool // root is needed to look at the path

	Below []Layer
}

// Encrypted reports whether every path from the layer to a disk goes through
// dm-crypt. Memory (zram without a backing device) is not encrypted.
func (l Layer) Encrypted() bool {
	if l.Kind == KindCrypt && !l.NullCipher {
		return true
	}
	for _, b := range l.Below {
		if !b.Encrypted() {
			return false
		}
	}
	return len(l.Below) > 0
}

// Walk calls visit for the layer and everything below it, top to bottom, each
// once. If visit returns false, it does not go deeper there.
func (l Layer) Walk(visit func(Layer) bool) {
	l.walk(visit, map[string]bool{})
}

func (l Layer) walk(visit func(Layer) bool, seen map[string]bool) {
	if seen[l.Kind+l.Path] {
		return
	}
	seen[l.Kind+l.Path] = true
	if !visit(l) {
		return
	}
	for _, b := range l.Below {
		b.walk(visit, seen)
	}
}

// Disks are the disks at the bottom, local and network, each once.
func (l Layer) Disks() []Layer {
	return l.leaves(func(Layer) bool { return true })
}

// PlainDisks are the disks that are reached without dm-crypt.
func (l Layer) PlainDisks() []Layer {
	return l.leaves(func(at Layer) bool { return at.Kind != KindCrypt || at.NullCipher })
}

func (l Layer) leaves(deeper func(Layer) bool) []Layer {
	var disks []Layer
	l.Walk(func(at Layer) bool {
		if at.Kind == KindDisk || at.Kind == KindNetwork {
			disks = append(disks, at)
		}
		return deeper(at)
	})
	return disks
}

// Find returns the first layer of one of the kinds, top to bottom.
func (l Layer) Find(kinds ...string) (Layer, bool) {
	var found Layer
	ok := false
	l.Walk(func(at Layer) bool {
		for _, k := range kinds {
			if !ok && at.Kind == k {
				found, ok = at, true
			}
		}
		return !ok
	})
	return found, ok
}

// Describe lists the layers for people, top to bottom, each once:
// "crypt /dev/mapper/cryptswap", "loop /dev/loop0", "file /swapfile (ext4)",
// "disk /dev/vda".
func (l Layer) Describe() []string {
	var lines []string
	l.Walk(func(at Layer) bool {
		lines = append(lines, at.String())
		return true
	})
	return lines
}

// String describes the layer alone.
func (l Layer) String() string {
	var more []string
	for _, word := range []string{l.FSType, l.Level} {
		if word != "" {
			more = append(more, word)
		}
	}
	if l.Deleted {
		more = append(more, "deleted")
	}
	if l.Hidden {
		more = append(more, "hidden")
	}
	s := l.Kind + " " + l.Path
	if len(more) > 0 {
		s += " (" + strings.Join(more, ", ") + ")"
	}
	return s
}
