package kerneltest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Kernel answers the questions that readers ask; any other call panics.
type Kernel struct {
	host.Kernel
	euid   int
	tables map[string]host.DMTable
	loops  map[string]host.LoopStatus
	noswap bool // tmpfs takes the option
	units  map[string]host.UnitState
}

// add takes a section that is about the kernel.
func (k *Kernel) add(f section) (taken bool, err error) {
	text := strings.TrimSpace(f.text)
	switch kind, name, _ := strings.Cut(f.name, " "); kind {
	case "EUID":
		k.euid, err = strconv.Atoi(text)
	case "LOOP":
		words := strings.Fields(text)
		if len(words) != 2 {
			return true, fmt.Errorf("%q is not DEV INO", text)
		}
		ino, err := strconv.ParseUint(words[1], 10, 64)
		k.loops[name] = host.LoopStatus{BackingDev: number(words[0]), BackingIno: ino}
		return true, err
	case "DM":
		lines := strings.Split(text, "\n")
		words := strings.SplitN(lines[0], " ", 4)
		if len(words) < 3 {
			return true, fmt.Errorf("%q is not a table line", lines[0])
		}
		table := host.DMTable{Name: name, Targets: len(lines), Target: words[2]}
		if len(words) == 4 {
			table.Params = words[3]
		}
		k.tables[name] = table
	case "NOSWAP":
		k.noswap = text == "yes"
	case "UNIT":
		var state host.UnitState
		var since string
		if _, err := fmt.Sscan(text, &state.Load, &state.Active, &since); err != nil {
			return true, fmt.Errorf("%q is not LOAD ACTIVE SINCE", text)
		}
		state.ActiveSince, err = time.ParseDuration(since)
		k.units[name] = state
	default:
		return false, nil
	}
	return true, err
}

// TmpfsNoswap implements host.Kernel.
func (k *Kernel) TmpfsNoswap() (bool, error) {
	if k.euid != 0 {
		return false, fmt.Errorf("fsopen tmpfs: %w", unix.EPERM)
	}
	return k.noswap, nil
}

// Units answers for systemd, from the sections of a machine.
type Units struct {
	host.Units
	tree *Tree
	k    *Kernel
}

// Running implements host.Units.
func (u *Units) Running() bool {
	_, err := u.tree.Stat("/run/systemd/system")
	return err == nil
}

// Unit implements host.Units.
func (u *Units) Unit(_ context.Context, unit string) (host.UnitState, error) {
	if state, ok := u.k.units[unit]; ok {
		return state, nil
	}
	return host.UnitState{Load: "not-found", Active: "inactive"}, nil
}

// EUID implements host.Kernel.
func (k *Kernel) EUID() int { return k.euid }

// PageSize implements host.Kernel.
func (k *Kernel) PageSize() int { return 4096 }

// DMTable implements host.Kernel.
func (k *Kernel) DMTable(name string) (host.DMTable, error) {
	if k.euid != 0 {
		return host.DMTable{}, fmt.Errorf("open /dev/mapper/control: %w", unix.EACCES)
	}
	table, ok := k.tables[name]
	if !ok {
		return host.DMTable{}, fmt.Errorf("mapping %s: %w", name, unix.ENOENT)
	}
	return table, nil
}

// LoopStatus implements host.Kernel.
func (k *Kernel) LoopStatus(name string) (host.LoopStatus, error) {
	if k.euid != 0 {
		return host.LoopStatus{}, fmt.Errorf("open %s: %w", name, unix.EACCES)
	}
	status, ok := k.loops[name]
	if !ok {
		return host.LoopStatus{}, fmt.Errorf("%s: %w", name, unix.ENXIO)
	}
	return status, nil
}
