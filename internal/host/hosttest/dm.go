package hosttest

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

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
