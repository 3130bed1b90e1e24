package hosttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// systemdDir is there where systemd runs.
const systemdDir = "/run/systemd/system"

// unitDir is where the fake looks for unit files.
const unitDir = "/etc/systemd/system"

// cgroupDir is where the control groups of slices are.
const cgroupDir = "/sys/fs/cgroup"

// units is what systemd knows, besides the files.
type units struct {
	running bool
	late    bool            // as systemd 257: a slice is written only when touched
	active  map[string]bool // services that were started
	runs    map[string]int  // how often
	// OnStart is told of the services that are started; an error fails the job.
	onStart func(unit string) error

	silent bool
	asked  []Asked
}

// Asked is a call to systemd.
type Asked struct {
	Call   string // as in Op.Name, and the unit: "stop swapctl.service"
	SwapOn bool   // at that time
}

// SilenceSystemd has systemd take every call from now on and never answer it; no
// time passes. SpeakSystemd ends that.
func (n *Node) SilenceSystemd() { n.locked(func() { n.units.silent = true }) }

// SpeakSystemd ends SilenceSystemd.
func (n *Node) SpeakSystemd() { n.locked(func() { n.units.silent = false }) }

// Asked lists the calls to systemd so far.
func (n *Node) Asked() []Asked {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.units.asked)
}

// ask begins a call to systemd.
func (p *process) ask(ctx context.Context, call, unit string) error {
	n := p.node
	n.units.asked = append(n.units.asked, Asked{strings.TrimSpace(call + " " + unit), len(n.swaps()) > 0})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("systemd: %s %s: %w", call, unit, ctx.Err())
	case n.units.silent:
		return fmt.Errorf("%s %s: %w within 25s", call, unit, host.ErrNoAnswer)
	}
	return nil
}

// Systemd makes the node one whose init is systemd, with system.slice's control
// group and swapctl at /usr/local/bin/swapctl.
func (n *Node) Systemd() {
	n.locked(func() {
		n.units.running = true
		n.bootUnits()
		for name, content := range map[string]string{
			"/usr/local/bin/swapctl":                       "\x7fELF",
			cgroupDir + "/system.slice/memory.swap.max":    "max\n",
			cgroupDir + "/system.slice/io.latency":         "",
			cgroupDir + "/system.slice/cgroup.controllers": "cpuset cpu io memory pids\n",
		} {
			n.must(n.put(name, content))
		}
		n.must(os.Chmod(n.Root+"/usr/local/bin/swapctl", 0o755))
		n.must(n.link("/proc/self/exe", "/usr/local/bin/swapctl"))
		n.must(os.MkdirAll(n.Root+unitDir+"/multi-user.target.wants", 0o755))
	})
}

// LateSlices has a slice's control group written only when the slice is
// started, as systemd 257 does, and not by a reload, as 252 does.
func (n *Node) LateSlices() { n.locked(func() { n.units.late = true }) }

// OnStart has do called for each service that a process starts. An error fails
// the start. It is called without a lock, so it may use the node.
func (n *Node) OnStart(do func(unit string) error) { n.locked(func() { n.units.onStart = do }) }

// StopUnit is systemctl stop by somebody else's hand.
func (n *Node) StopUnit(unit string) { n.locked(func() { delete(n.units.active, unit) }) }

// bootUnits is what systemd does in a boot, short of starting services.
func (n *Node) bootUnits() {
	clear(n.units.active)
	if !n.units.running {
		return
	}
	n.must(os.MkdirAll(n.Root+systemdDir, 0o755))
	n.must(n.applySlices())
}

// Running implements host.Units.
func (p *process) Running() bool {
	defer p.leave()
	if p.enter() != nil {
		return false
	}
	st, err := os.Stat(p.node.Root + systemdDir)
	return err == nil && st.IsDir()
}

// Reload implements host.Units.
func (p *process) Reload(ctx context.Context) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	if err := p.ask(ctx, "reload", ""); err != nil {
		return err
	}
	return p.act(Op{Name: "reload"}, func(bool) error {
		if p.node.units.late {
			return nil
		}
		return p.node.applySlices()
	})
}

// Start implements host.Units.
func (p *process) Start(ctx context.Context, unit string) error {
	hook, err := p.start(ctx, unit)
	if err != nil || hook == nil {
		return err
	}
	if err := hook(unit); err != nil {
		p.node.locked(func() { delete(p.node.units.active, unit) })
		return fmt.Errorf("systemd: start %s: the job's result is \"failed\": %w", unit, err)
	}
	return nil
}

func (p *process) start(ctx context.Context, unit string) (hook func(string) error, err error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.ask(ctx, "start", unit); err != nil {
		return nil, err
	}
	n := p.node
	slice := strings.HasSuffix(unit, ".slice")
	if !slice && !n.unitFile(unit) {
		return nil, fmt.Errorf("systemd: start %s: Unit %s not found", unit, unit)
	}
	return n.units.onStart, p.act(Op{Name: "start", Path: unit}, func(bool) error {
		n.units.active[unit] = true
		n.units.runs[unit]++
		if strings.HasPrefix(unit, "system-") && slice {
			return n.applySlices() // of those above it; one that is active already is not touched
		}
		return nil
	})
}

// Stop implements host.Units.
func (p *process) Stop(ctx context.Context, unit string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	if err := p.ask(ctx, "stop", unit); err != nil {
		return err
	}
	if !p.node.units.active[unit] {
		return nil
	}
	return p.act(Op{Name: "stop", Path: unit}, func(bool) error {
		delete(p.node.units.active, unit)
		return nil
	})
}

// Restart implements host.Units.
func (p *process) Restart(ctx context.Context, unit string) error {
	hook, err := p.restart(ctx, unit)
	if err != nil || hook == nil {
		return err
	}
	if err := hook(unit); err != nil {
		p.node.locked(func() { delete(p.node.units.active, unit) })
		return fmt.Errorf("systemd: restart %s: it ended again at once: %w", unit, err)
	}
	return nil
}

func (p *process) restart(ctx context.Context, unit string) (hook func(string) error, err error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.ask(ctx, "restart", unit); err != nil {
		return nil, err
	}
	n := p.node
	if !n.units.active[unit] {
		return nil, nil
	}
	return n.units.onStart, p.act(Op{Name: "restart", Path: unit}, func(bool) error {
		n.units.runs[unit]++
		return nil
	})
}

// StartUnit is systemctl start by somebody else's hand, or the boot's.
func (n *Node) StartUnit(unit string) {
	n.locked(func() {
		n.units.active[unit] = true
		n.units.runs[unit]++
	})
}

// Runs tells how often a unit was started.
func (n *Node) Runs(unit string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.units.runs[unit]
}

// Unit implements host.Units.
func (p *process) Unit(ctx context.Context, unit string) (host.UnitState, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.UnitState{}, err
	}
	if err := p.ask(ctx, "unit", unit); err != nil {
		return host.UnitState{}, err
	}
	if err := p.ruled("unit", unit); err != nil {
		return host.UnitState{}, err
	}
	s := host.UnitState{Load: "not-found", Active: "inactive"}
	if p.node.unitFile(unit) {
		s.Load = "loaded"
	}
	if p.node.units.active[unit] {
		s.Active, s.Run = "active", fmt.Sprint(p.node.units.runs[unit])
	}
	return s, nil
}

func (n *Node) unitFile(unit string) bool {
	for _, dir := range []string{unitDir, "/usr/lib/systemd/system", "/lib/systemd/system"} {
		if _, err := os.Stat(n.Root + dir + "/" + unit); err == nil {
			return true
		}
	}
	return false
}

// applySlices writes the control groups of the slices as their drop-ins say.
func (n *Node) applySlices() error {
	groups, _ := filepath.Glob(n.Root + cgroupDir + "/*.slice")
	for _, group := range groups {
		slice := filepath.Base(group)
		swapMax, latency := "max", ""
		dropIns, _ := filepath.Glob(n.Root + unitDir + "/" + slice + ".d/*.conf")
		slices.Sort(dropIns)
		for _, name := range dropIns {
			text, err := slurp(name)
			if err != nil {
				return err
			}
			for line := range strings.Lines(string(text)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				switch key {
				case "MemorySwapMax":
					swapMax = value
				case "IODeviceLatencyTargetSec":
					latency += value + "\n"
				}
			}
		}
		if err := errors.Join(n.setGroup(slice, "memory.swap.max", swapMax+"\n"), n.setGroup(slice, "io.latency", latency)); err != nil {
			return err
		}
	}
	return nil
}

// setGroup writes a file of a control group, if the kernel has it.
func (n *Node) setGroup(slice, file, content string) error {
	name := cgroupDir + "/" + slice + "/" + file
	if _, err := os.Stat(n.Root + name); err != nil {
		return nil //nolint:nilerr // a controller that is not there
	}
	return n.put(name, content)
}
