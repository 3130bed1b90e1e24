package crypt

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// State is a mapping in the kernel. Without root less is known: then Cipher is
// empty and KeyBits, SectorBytes and InUse are 0.
type State struct {
	Exists     bool
	KernelName string // "dm-0"
	DevPath    string // "/dev/dm-0", which exists before /dev/mapper/NAME
	UUID       string
	Suspended  bool
	HasTable   bool // live; a mapping of a killed run may have none
	SizeBytes  int64

	Cipher      string // empty: the target is not crypt
	KeyBits     int
	KeyInRing   bool // the table has only the name of the key; the key cannot be read anywhere
	SectorBytes int
	Discards    bool
	OffsetBytes int64 // start of the data on the device below

	Loop           string // "/dev/loop0" if that is below it
	LoopAutoClear  bool   // the loop device is removed with the mapping
	BackingPath    string // the file below the loop device, or the device
	BackingDev     uint64 // of the file's file system, or the device's number
	BackingIno     uint64 // of the file; 0 for a device
	BackingDeleted bool   // the file has no name any more

	InUse int // number of openers, swapon included
}

// Find looks for the mapping called name. It is no error if there is none. It
// asks only the kernel, because /dev/mapper/NAME may come late or never.
func Find(h host.Host, name string) (State, error) {
	t, err := h.Kernel.DMTable(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return State{}, nil
	case errors.Is(err, fs.ErrPermission):
		return findInSysfs(h, name)
	case err != nil:
		return State{}, fmt.Errorf("look for mapping %s: %w", name, err)
	}
	s := State{
		Exists: true, KernelName: fmt.Sprintf("dm-%d", unix.Minor(t.Dev)), UUID: t.UUID,
		Suspended: t.Suspended, HasTable: t.Targets > 0, SizeBytes: int64(t.Sectors << kernel.SectorShift),
		InUse: t.OpenCount,
	}
	s.DevPath = "/dev/" + s.KernelName
	if t.Targets != 1 || t.Target != "crypt" {
		return s, nil
	}
	p, err := kernel.ParseCryptTable(t.Params)
	if err != nil {
		return State{}, fmt.Errorf("read mapping %s: %w", name, err)
	}
	s.Cipher, s.KeyBits, s.KeyInRing, s.SectorBytes = p.Cipher, p.KeyBits, p.KeyInRing, p.SectorBytes
	s.Discards, s.OffsetBytes = slices.Contains(p.Options, "allow_discards"), p.OffsetBytes
	dev, err := kernel.ParseDeviceNumber(p.Device)
	if err != nil {
		return State{}, fmt.Errorf("read mapping %s: %w", name, err)
	}
	return s.standingOn(h, dev)
}

// findInSysfs is for ordinary users, who may not use the device mapper's
// control device.
func findInSysfs(h host.Host, name string) (State, error) {
	kernelName, err := kernel.MappingByName(h, name)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("look for mapping %s: %w", name, err)
	}
	dir := "/sys/block/" + kernelName
	s := State{Exists: true, KernelName: kernelName, DevPath: "/dev/" + kernelName}
	s.UUID, _ = word(h, dir+"/dm/uuid")
	suspended, _ := word(h, dir+"/dm/suspended")
	s.Suspended = suspended == "1"
	size, _ := word(h, dir+"/size")
	s.HasTable = size != "" && size != "0"
	if _, err := fmt.Sscan(size, &s.SizeBytes); err == nil {
		s.SizeBytes <<= kernel.SectorShift
	}
	slaves, err := h.Files.ReadDir(dir + "/slaves")
	if err != nil || len(slaves) != 1 {
		return s, nil // gone in the meantime, or not plain dm-crypt
	}
	number, err := word(h, "/sys/class/block/"+slaves[0]+"/dev")
	if err != nil {
		return s, nil
	}
	dev, err := kernel.ParseDeviceNumber(number)
	if err != nil {
		return s, fmt.Errorf("read mapping %s: %w", name, err)
	}
	return s.standingOn(h, dev)
}

// standingOn adds what is below the mapping.
func (s State) standingOn(h host.Host, dev uint64) (State, error) {
	name, err := kernel.DeviceName(h, dev)
	if err != nil {
		return s, fmt.Errorf("what %s stands on: %w", s.DevPath, err)
	}
	path := "/dev/" + strings.ReplaceAll(name, "!", "/")
	l, err := loopOf(h, name)
	if errors.Is(err, fs.ErrNotExist) {
		s.BackingPath, s.BackingDev = path, dev
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("what %s stands on: %w", s.DevPath, err)
	}
	s.Loop, s.LoopAutoClear = path, l.autoClear
	s.BackingPath, s.BackingDev, s.BackingIno, s.BackingDeleted = l.file, l.dev, l.ino, l.deleted
	return s, nil
}
