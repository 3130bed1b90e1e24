package hosttest

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// mapping is what sysfs does not show of a device-mapper device.
type mapping struct {
	kernel         string // dm-0
	name, uuid     string
	live, inactive *table
}

// table is a one-target table. Keys are no part of it.
type table struct {
	target  string
	sectors uint64
	params  string // a key given in hex as zeros
	below   string // kernel name of the device under it

	firstByte int64 // where it begins there

	seed  uint64 // of the garbage that its key makes of everything
	crypt bool
}

// mapping finds a mapping by name; nil when there is none. One that a test has
// laid out in sysfs is taken over.
func (n *Node) mapping(name string) *mapping {
	if m := n.mappings[name]; m != nil {
		return m
	}
	for _, kernel := range n.shown() {
		if n.attribute(kernel, "dm/name") == name {
			m := &mapping{kernel: kernel, name: name, uuid: n.attribute(kernel, "dm/uuid")}
			m.live = n.foundTable(kernel, m.uuid)
			n.mappings[name] = m
			return m
		}
	}
	return nil
}

// foundTable guesses the table of a mapping that a test has laid out.
func (n *Node) foundTable(kernel, uuid string) *table {
	t := &table{target: "linear", sectors: uint64(n.blockSize(kernel) / 512)}
	dev := "0:0"
	if slaves := n.listed(kernel, "slaves"); len(slaves) > 0 {
		t.below = slaves[0]
		dev = n.attribute(t.below, "dev")
	}
	t.params = dev + " 0"
	if strings.HasPrefix(uuid, "CRYPT-") {
		t.target, t.crypt = "crypt", true
		t.params = "aes-xts-plain64 " + strings.Repeat("0", 128) + " 0 " + dev + " 0"
	}
	return t
}

// all gives every mapping.
func (n *Node) all() map[string]*mapping {
	for _, kernel := range n.shown() {
		if name := n.attribute(kernel, "dm/name"); name != "" {
			n.mapping(name)
		}
	}
	return n.mappings
}

// shown are the kernel names of the mappings that sysfs shows.
func (n *Node) shown() []string {
	names, _ := namesIn(n.Root + "/sys/block")
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "dm-") })
}

// layMapping makes a mapping's sysfs directory and devtmpfs node.
func (n *Node) layMapping(m *mapping) error {
	dev := "253:" + strings.TrimPrefix(m.kernel, "dm-")
	if err := n.layBlock("/sys/devices/virtual/block/"+m.kernel, dev, 0); err != nil {
		return err
	}
	for file, content := range map[string]string{"dm/name": m.name, "dm/uuid": m.uuid, "dm/suspended": "0"} {
		if err := n.setAttribute(m.kernel, file, content); err != nil {
			return err
		}
	}
	return nil
}

// bringToLife gives the mapping its size and its contents: under a fresh key,
// garbage.
func (n *Node) bringToLife(m *mapping) error {
	if err := n.setAttribute(m.kernel, "size", strconv.FormatUint(m.live.sectors, 10)); err != nil {
		return err
	}
	if err := n.layContents(m.kernel, int64(m.live.sectors)*512); err != nil {
		return err
	}
	if !m.live.crypt {
		return nil
	}
	f, err := os.OpenFile(n.Root+"/dev/"+m.kernel, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	start := make([]byte, min(uint64(n.pageBytes), m.live.sectors*512))
	garbage(m.live.seed+1, 0, start)
	_, err = f.Write(start)
	return err
}

// layNode makes the links that udev makes.
func (n *Node) layNode(m *mapping) error {
	if err := n.link("/dev/mapper/"+m.name, "../"+m.kernel); err != nil {
		return err
	}
	if err := n.link("/dev/disk/by-id/dm-name-"+m.name, "../../"+m.kernel); err != nil || m.uuid == "" {
		return err
	}
	return n.link("/dev/disk/by-id/dm-uuid-"+m.uuid, "../../"+m.kernel)
}

func (n *Node) dropMapping(m *mapping) {
	for _, lower := range n.listed(m.kernel, "slaves") {
		n.unstack(m.kernel, lower)
	}
	n.dropBlock(m.kernel)
	for _, link := range []string{"/dev/mapper/" + m.name, "/dev/disk/by-id/dm-name-" + m.name, "/dev/disk/by-id/dm-uuid-" + m.uuid} {
		_ = os.Remove(n.Root + link)
	}
	delete(n.mappings, m.name)
}
