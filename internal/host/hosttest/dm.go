package hosttest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
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
	seed    uint64 // of the garbage that its key makes of everything
	crypt   bool
}

// mapping finds a mapping by name; nil when there is none. One that a test has
// laid out in sysfs is taken over.
func (n *Node) mapping(name string) *mapping {
	if m := n.mappings[name]; m != nil {
		return m
	}
	found, _ := filepath.Glob(n.Root + "/sys/block/dm-*")
	for _, dir := range found {
		kernel := filepath.Base(dir)
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
	found, _ := filepath.Glob(n.Root + "/sys/block/dm-*/dm/name")
	for _, f := range found {
		if name, err := os.ReadFile(f); err == nil {
			n.mapping(strings.TrimSpace(string(name)))
		}
	}
	return n.mappings
}

// dmError words an error as the real host does.
func dmError(op, name string, err error) error {
	if err == nil || errors.Is(err, ErrKilled) {
		return err
	}
	if errors.Is(err, unix.ENXIO) {
		err = fmt.Errorf("%w: there is no mapping of this name (%w)", fs.ErrNotExist, err)
	}
	return fmt.Errorf("device mapper: %s %s: %w", op, name, err)
}

// dmControl is what opening /dev/mapper/control says.
func (p *process) dmControl() error {
	if p.node.missing.deviceMapper {
		return fmt.Errorf("this kernel has no device-mapper driver, or its module is not installed: %w (%w)", fs.ErrNotExist, unix.ENODEV)
	}
	if p.node.euid != 0 {
		return &fs.PathError{Op: "open", Path: "/dev/mapper/control", Err: unix.EACCES}
	}
	return nil
}

// DMTarget implements host.Kernel.
func (p *process) DMTarget(name string) ([3]uint32, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return [3]uint32{}, err
	}
	err := p.dmControl()
	if err == nil {
		err = p.ruled("dmtarget", name)
	}
	if err != nil {
		return [3]uint32{}, dmError("look for target", name, err)
	}
	known := map[string][3]uint32{"crypt": {1, 28, 0}, "linear": {1, 4, 0}, "striped": {1, 7, 0}, "error": {1, 7, 0}}
	version, ok := known[name]
	if !ok || name == "crypt" && p.node.missing.crypt {
		return version, dmError("look for target", name, fmt.Errorf("%w: this kernel has no such target", fs.ErrNotExist))
	}
	return version, nil
}

// DMCreate implements host.Kernel. As on Linux 5.15 and newer, sysfs shows
// nothing of a mapping before its first table is loaded.
func (p *process) DMCreate(name, uuid string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return dmError("create", name, p.dmCreate(name, uuid))
}

func (p *process) dmCreate(name, uuid string) error {
	n := p.node
	if err := p.dmControl(); err != nil {
		return err
	}
	switch {
	case name == "" || strings.Contains(name, "/"):
		return unix.EINVAL
	case len(name) >= 128 || len(uuid) >= 129:
		return unix.ENAMETOOLONG
	}
	taken := map[string]bool{}
	for _, m := range n.all() {
		if m.name == name || uuid != "" && m.uuid == uuid {
			return unix.EBUSY
		}
		taken[m.kernel] = true
	}
	minor := 0
	for taken["dm-"+strconv.Itoa(minor)] {
		minor++
	}
	return p.act(Op{Name: "dmcreate", Path: name}, func(bool) error {
		n.mappings[name] = &mapping{kernel: "dm-" + strconv.Itoa(minor), name: name, uuid: uuid}
		return nil
	})
}

// DMLoad implements host.Kernel.
func (p *process) DMLoad(name, target string, sectors uint64, params []byte) error {
	defer clear(params)
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return dmError("load", name, p.dmLoad(name, target, sectors, params))
}

func (p *process) dmLoad(name, target string, sectors uint64, params []byte) error {
	n := p.node
	if err := p.dmControl(); err != nil {
		return err
	}
	m := n.mapping(name)
	if m == nil {
		return unix.ENXIO
	}
	t, err := p.parseTable(target, sectors, params)
	if err != nil {
		return err
	}
	if t.below != "" && n.claimedByOthers(t.below) != "" {
		return unix.EBUSY
	}
	return p.act(Op{Name: "dmload", Path: name}, func(bool) error {
		if m.live == nil && m.inactive == nil {
			if err := n.layMapping(m); err != nil {
				return err
			}
		}
		if old := m.inactive; old != nil && (m.live == nil || m.live.below != old.below) {
			n.unstack(m.kernel, old.below)
		}
		m.inactive = t
		if t.below == "" {
			return nil
		}
		return n.stack(m.kernel, t.below)
	})
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

// DMResume implements host.Kernel. What udev does upon it, is done at once, but
// see LoseNode and LateNode.
func (p *process) DMResume(name string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	n := p.node
	err := p.dmControl()
	m := n.mapping(name)
	if err == nil && m == nil {
		err = unix.ENXIO
	}
	if err != nil {
		return dmError("resume", name, err)
	}
	return dmError("resume", name, p.act(Op{Name: "dmresume", Path: name}, func(bool) error {
		if m.inactive == nil {
			return nil
		}
		if m.live != nil && m.live.below != m.inactive.below {
			n.unstack(m.kernel, m.live.below)
		}
		m.live, m.inactive = m.inactive, nil
		if err := n.bringToLife(m); err != nil {
			return err
		}
		if _, late := n.nodes[name]; late {
			return nil
		}
		return n.layNode(m)
	}))
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

// DMTable implements host.Kernel.
func (p *process) DMTable(name string) (host.DMTable, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.DMTable{}, err
	}
	n := p.node
	err := p.dmControl()
	m := n.mapping(name)
	if err == nil && m == nil {
		err = unix.ENXIO
	}
	if err != nil {
		return host.DMTable{}, dmError("read", name, err)
	}
	minor, _ := strconv.Atoi(strings.TrimPrefix(m.kernel, "dm-"))
	t := host.DMTable{
		Name: m.name, UUID: m.uuid, Dev: unix.Mkdev(253, uint32(minor)), OpenCount: n.users(m.kernel),
		Suspended: n.attribute(m.kernel, "dm/suspended") == "1",
	}
	if m.live != nil {
		t.Targets, t.Sectors, t.Target, t.Params = 1, m.live.sectors, m.live.target, m.live.params
	}
	return t, nil
}

// DMRemove implements host.Kernel.
func (p *process) DMRemove(name string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	n := p.node
	err := p.dmControl()
	m := n.mapping(name)
	switch {
	case err != nil:
	case m == nil:
		err = unix.ENXIO
	case n.users(m.kernel) > 0:
		err = unix.EBUSY
	}
	if err != nil {
		return dmError("remove", name, err)
	}
	return dmError("remove", name, p.act(Op{Name: "dmremove", Path: name}, func(bool) error {
		n.dropMapping(m)
		n.settle()
		return nil
	}))
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

// parseTable checks a table as the target's constructor does.
func (p *process) parseTable(target string, sectors uint64, params []byte) (*table, error) {
	t := &table{target: target, sectors: sectors, params: string(blankKey(target, params))}
	words := bytes.Fields(params)
	switch {
	case sectors == 0:
		return nil, unix.EINVAL
	case target == "crypt":
		return t, p.parseCrypt(t, words)
	case target == "linear" && len(words) == 2:
		return t, p.node.parseBelow(t, string(words[0]), string(words[1]))
	case target == "error" || target == "zero":
		return t, nil
	}
	return nil, unix.EINVAL
}

// parseBelow finds the device of a table line, and checks that it is long
// enough (device_area_is_invalid in drivers/md/dm-table.c).
func (n *Node) parseBelow(t *table, dev, start string) error {
	if strings.HasPrefix(dev, "/") {
		at, err := n.existing(dev)
		if err != nil {
			return unix.ENODEV
		}
		t.below = n.blockName(at)
	} else {
		t.below = n.blockByDev(dev)
	}
	first, err := strconv.ParseUint(start, 10, 63)
	if err != nil {
		return unix.EINVAL
	}
	if t.below == "" {
		return unix.ENXIO
	}
	if (first+t.sectors)*512 > uint64(n.blockSize(t.below)) {
		return unix.EINVAL
	}
	return nil
}
