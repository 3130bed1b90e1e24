package kernel

import (
	"errors"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// sysDir is a block device's directory in sysfs, with no link in its path.
type sysDir struct {
	t   *Stacks
	dir string
}

// describe finds out the kind of device l is and what is below it. Drivers own
// their names: whatever is called dm-0 is a device-mapper mapping.
func (d sysDir) describe(l Layer) (Layer, error) {
	switch {
	case strings.HasPrefix(l.Name, "dm-"):
		return d.mapping(l)
	case d.has("partition"):
		return d.partition(l)
	case strings.HasPrefix(l.Name, "loop"):
		return d.loop(l)
	case strings.HasPrefix(l.Name, "zram"):
		return d.zram(l)
	case strings.HasPrefix(l.Name, "md"):
		l.Kind = KindRAID
		l.Level, _ = d.read("md/level")
	case strings.HasPrefix(l.Name, "bcache"):
		l.Kind = KindBcache
	case d.remote(l.Name):
		l.Kind = KindNetwork
	default:
		l.Kind = KindDisk
	}
	return d.slaves(l)
}

// mapping describes a device-mapper device by its table or, because only root
// may read that, by the UUID that its creator gave it.
func (d sysDir) mapping(l Layer) (Layer, error) {
	var err error
	if l.Mapping, err = d.read("dm/name"); err != nil {
		return l, err
	}
	l.UUID, _ = d.read("dm/uuid")
	l.Path = "/dev/mapper/" + l.Mapping
	l.Kind = kindByUUID(l.UUID)
	table, err := d.t.h.Kernel.DMTable(l.Mapping)
	switch {
	case err != nil || table.Dev != 0 && table.Dev != l.Dev:
		l.TableUnseen = true
	case table.Target == "crypt" && table.Targets == 1:
		l = crypt(l, table)
	case table.Target == "multipath":
		l.Kind = KindMultipath
	case l.Kind == KindCrypt:
		// The UUID says so and the table does not (LUKS2 on a self-encrypting
		// disk, or a made-up UUID).
		l.Kind = KindDM
	}
	return d.slaves(l)
}

func crypt(l Layer, table host.DMTable) Layer {
	l.Kind = KindCrypt
	p, err := ParseCryptTable(table.Params)
	if err != nil {
		return l // it is dm-crypt nevertheless
	}
	l.Cipher, l.KeyBits, l.NullCipher = p.Cipher, p.KeyBits, p.NullCipher()
	return l
}

// kindByUUID derives the kind of a mapping from the prefix of its UUID, on
// which users of libdevmapper have agreed. Not every CRYPT- is dm-crypt:
// cryptsetup uses it for dm-verity and dm-integrity, too.
func kindByUUID(uuid string) string {
	// Partitions of mappings: "part1-mpath-...".
	if rest, ok := strings.CutPrefix(uuid, "part"); ok {
		if n, _, ok := strings.Cut(rest, "-"); ok && n != "" && isDigits(n) {
			return KindPartition
		}
	}
	prefix, rest, _ := strings.Cut(uuid, "-")
	switch prefix {
	case "LVM":
		return KindLVM
	case "mpath":
		return KindMultipath
	case "DMRAID":
		return KindRAID
	case "CRYPT":
		maker, _, _ := strings.Cut(rest, "-")
		switch maker {
		case "PLAIN", "LUKS1", "LUKS2", "LOOPAES", "TCRYPT", "BITLK", "FVAULT2":
			return KindCrypt
		}
	}
	return KindDM
}

// A partition's disk is the directory above its own.
func (d sysDir) partition(l Layer) (Layer, error) {
	l.Kind = KindPartition
	dev, err := readDev(d.t.h, path.Dir(d.dir)+"/dev") // missing: the disk is being removed
	if err != nil {
		return l, err
	}
	disk, err := d.t.device(dev)
	l.Below = []Layer{disk}
	return l, err
}

// loop: a file, or another block device, is below it.
func (d sysDir) loop(l Layer) (Layer, error) {
	l.Kind = KindLoop
	backing, err := d.read("loop/backing_file")
	if err != nil {
		return l, err
	}
	below, err := d.behind(backing, l.Path)
	l.Below = []Layer{below}
	return l, err
}

// behind describes the backing file that the kernel names. loop is the node of
// its loop device, which may know more than the path.
func (d sysDir) behind(name, loop string) (Layer, error) {
	o := origin{path: name}
	if status, err := d.t.h.Kernel.LoopStatus(loop); err == nil {
		o.known, o.dev, o.ino = true, status.BackingDev, status.BackingIno
	}
	st, err := d.t.h.Files.Stat(name)
	if err == nil && st.IsBlock() {
		return d.t.device(st.Rdev)
	}
	if plain, marked := strings.CutSuffix(name, deletedMark); marked && err != nil {
		o.path, o.deleted = plain, true
	}
	return d.t.file(o)
}

// zram is memory, and writes to a disk only if it has a backing device.
func (d sysDir) zram(l Layer) (Layer, error) {
	l.Kind = KindZram
	backing, err := d.read("backing_dev")
	if err != nil || backing == "none" {
		return l, nil // no such file: a kernel without write-back
	}
	dev, err := blockNumber(d.t.h, strings.TrimSuffix(backing, deletedMark))
	if err != nil {
		l.Below = []Layer{{Kind: KindUnknown, Path: backing}}
		return l, err
	}
	below, err := d.t.device(dev)
	l.Below = []Layer{below}
	return l, err
}

// slaves adds the devices that are below l according to the kernel.
func (d sysDir) slaves(l Layer) (Layer, error) {
	names, err := d.t.h.Files.ReadDir(d.dir + "/slaves")
	if err != nil {
		return l, nil // a hidden or old device has no such directory
	}
	var errs []error
	for _, name := range names {
		// Never leave out a device because of an error of another: an unknown
		// one counts as not encrypted.
		below := Layer{Kind: KindUnknown, Name: name, Path: "/dev/" + name}
		dev, err := readDev(d.t.h, d.dir+"/slaves/"+name+"/dev")
		if err == nil {
			below, err = d.t.device(dev)
		}
		l.Below = append(l.Below, below)
		errs = append(errs, err)
	}
	return l, errors.Join(errs...)
}

// remote reports whether the disk is on another machine.
func (d sysDir) remote(name string) bool {
	for _, driver := range []string{"nbd", "rbd", "drbd", "etherd!"} {
		if strings.HasPrefix(name, driver) {
			return true
		}
	}
	// iSCSI: .../host3/session1/target3:0:0/...
	if strings.Contains(d.dir, "/session") {
		return true
	}
	return strings.HasPrefix(name, "nvme") && d.fabric()
}

// fabric reports whether an NVMe namespace is reached over a network. With
// multipath, its "device" is the subsystem, with a link to each controller.
func (d sysDir) fabric() bool {
	transport, err := d.read("device/transport")
	if err != nil {
		entries, _ := d.t.h.Files.ReadDir(d.dir + "/device")
		for _, entry := range entries {
			if !strings.HasPrefix(entry, "nvme") {
				continue
			}
			if transport, err = d.read("device/" + entry + "/transport"); err == nil {
				break
			}
		}
	}
	return err == nil && transport != "pcie" && transport != "apple-nvme"
}

func (d sysDir) has(name string) bool {
	_, err := d.t.h.Files.Lstat(d.dir + "/" + name)
	return err == nil
}

func (d sysDir) read(name string) (string, error) { return readLine(d.t.h, d.dir+"/"+name) }
