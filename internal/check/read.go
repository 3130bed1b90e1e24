package check

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/systemd"
)

// ReadOptions say what cannot be found out by looking.
type ReadOptions struct {
	// Managed are the areas that swapctl turns on at boot: the name of a
	// mapping, or the path of an area without one.
	Managed []string
	// ManagedErr says why that is not known.
	ManagedErr error
	// KubernetesVersion overrides the kubelet's own version, such as "1.34".
	KubernetesVersion string
	// ControlPlane says whether this is a control plane node; nil: detect it.
	ControlPlane *bool
	// Measure takes the measurements of --probe-disk, which write to the disk.
	Measure bool
	// Stale looks for old unencrypted swap areas on every disk.
	Stale bool
}

// Read reads each file of the node once, and runs no program. What cannot be
// read is part of the facts. It takes some milliseconds without Measure.
func Read(ctx context.Context, h host.Host, o ReadOptions) (*Facts, error) {
	f := &Facts{
		Root:        h.Kernel.EUID() == 0,
		Container:   container(h),
		Release:     kernel.ReadText(h, "/proc/sys/kernel/osrelease"),
		CommandLine: kernel.ReadText(h, "/proc/cmdline"),
		PageBytes:   int64(h.Kernel.PageSize()),
	}
	f.Memory, f.MemoryErr = kernel.ReadMemory(h)
	if use, err := kernel.ReadMemoryUse(h); err == nil {
		f.Use = use
	} else if f.MemoryErr == nil {
		f.MemoryErr = err
	}
	var err error
	if f.Kubelet, err = readKubelet(ctx, h, o); err != nil {
		return nil, err
	}
	stacks := kernel.NewStacks(h)
	f.Areas, f.SwapsErr = readAreas(ctx, h, stacks, f.Kubelet, o)
	f.Groups = readGroups(h, f)
	f.Noswap = readNoswap(h, f)
	f.Volumes = readVolumes(h, f.Kubelet)
	f.Disks = readDisks(h, stacks, f.Areas)
	f.Boot = readBoot(h, f.CommandLine.Value, f.Kubelet.Unit)
	f.Boot.Unseen, f.Boot.Awaited = errors.Join(f.Boot.Unseen, o.ManagedErr), o.Managed
	f.Runtime = readRuntime(h, f.Kubelet)
	f.Tuning = readTuning(h)
	f.Leaks = readLeaks(h, f)
	if o.Stale {
		f.Leaks.Stale, f.Leaks.StaleErr = findStale(h, stacks, f)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Measure {
		f.Measure = measure(ctx, h, f)
	}
	return f, ctx.Err()
}

// container returns the evidence that this is a container.
func container(h host.Host) string {
	for _, name := range []string{"/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io/serviceaccount"} {
		if _, err := h.Files.Stat(name); err == nil {
			return name
		}
	}
	// systemd-nspawn, LXC and others set it for PID 1.
	if t := kernel.ReadText(h, "/run/systemd/container"); t.Err == nil && t.Value != "" {
		return t.String()
	}
	return ""
}

func readAreas(ctx context.Context, h host.Host, stacks *kernel.Stacks, k Kubelet, o ReadOptions) ([]Area, error) {
	swaps, err := kernel.Swaps(h)
	if err != nil {
		return nil, err
	}
	var areas []Area
	for _, s := range swaps {
		a := Area{Swap: s}
		a.Stack, a.StackErr = stacks.Of(s)
		a.LateMount, a.Warnings = readMount(h, a.Stack), sideEffects(h, a.Stack)
		a.Managed = isManaged(h, a.Stack, o.Managed)
		// It matters only for a running kubelet, and it takes a millisecond.
		// systemd knows every area, whoever turned it on.
		if k.Running && h.Kernel.EUID() == 0 && h.Units != nil && h.Units.Running() {
			if state, err := h.Units.Unit(ctx, systemd.SwapUnit(s.Path)); err == nil {
				a.Since = state.ActiveSince
			}
		}
		areas = append(areas, a)
	}
	return areas, nil
}

// isManaged looks an area up among those of swapctl: a mapping by its name, a
// file or device by the target of its path.
func isManaged(h host.Host, at kernel.Layer, managed []string) bool {
	for _, name := range managed {
		if at.Mapping != "" && name == at.Mapping {
			return true
		}
		l := BootLine{What: name}
		if l.look(h); l.means(at) {
			return true
		}
	}
	return false
}

const groupRoot = "/sys/fs/cgroup"

func readGroups(h host.Host, f *Facts) Groups {
	g := Groups{
		Version:     kernel.CgroupVersion(h),
		Controllers: kernel.ReadText(h, groupRoot+"/cgroup.controllers"),
		SystemSwap:  kernel.ReadText(h, groupRoot+"/system.slice/memory.swap.max"),
		SystemIO:    kernel.ReadText(h, groupRoot+"/system.slice/io.latency"),
	}
	for _, dir := range groupsToAsk(h, f) {
		if _, err := h.Files.Stat(dir); err == nil {
			g.SwapMax = kernel.ReadText(h, dir+"/memory.swap.max")
			break
		}
	}
	g.SystemBytes = outsidePods(h, f)
	return g
}

// groupsToAsk are the control groups that may have a swap limit, the kubelet's
// first: the root never has one.
func groupsToAsk(h host.Host, f *Facts) []string {
	var dirs []string
	own := func(proc string) {
		for line := range strings.Lines(kernel.ReadText(h, proc+"/cgroup").Value) {
			group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
			if ok && (group != "/" || f.Container != "") {
				dirs = append(dirs, path.Join(groupRoot, group))
			}
		}
	}
	if f.Kubelet.PID > 0 {
		own(procDir(f.Kubelet.PID))
	}
	dirs = append(dirs, groupRoot+"/system.slice", groupRoot+"/kubepods.slice", groupRoot+"/kubepods", groupRoot+"/init.scope")
	own("/proc/self")
	return dirs
}

// outsidePods is the memory used outside of pods that cannot be reclaimed:
// everything but free memory, inactive page cache, caches of the kernel, and
// pods.
func outsidePods(h host.Host, f *Facts) int64 {
	if f.MemoryErr != nil {
		return 0
	}
	used := f.Memory.TotalBytes - f.Use.FreeBytes - f.Use.InactiveFileBytes - f.Use.ReclaimableBytes
	for _, group := range []string{"/kubepods.slice", "/kubepods"} {
		current, ok := kernel.ReadText(h, groupRoot+group+"/memory.current").Number()
		if !ok {
			continue
		}
		inactive := kernel.ReadText(h, groupRoot+group+"/memory.stat")
		used -= max(0, current-statFigure(inactive.Value, "inactive_file"))
		break
	}
	return max(0, used)
}

func statFigure(text, name string) int64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := kernel.Text{Value: strings.TrimSpace(value)}.Number()
			return n
		}
	}
	return 0
}

func readNoswap(h host.Host, f *Facts) Noswap {
	n := Noswap{UIDMap: kernel.ReadText(h, procDir(f.Kubelet.PID)+"/uid_map")}
	if old, known := older(f.Release.Value, "6.4"); known && old {
		n.Tried = true
		n.Supported, n.Err = h.Kernel.TmpfsNoswap()
	}
	return n
}

// readVolumes lists the tmpfs mounts of pods, as the kubelet's mount namespace
// has them.
func readVolumes(h host.Host, k Kubelet) Volumes {
	v := Volumes{From: procDir(k.PID) + "/mountinfo", Dir: k.Dir}
	data, err := h.Files.ReadFile(v.From, host.TableLimit)
	if err != nil && k.PID > 0 && errors.Is(err, fs.ErrPermission) {
		v.From = "/proc/self/mountinfo"
		data, err = h.Files.ReadFile(v.From, host.TableLimit)
	}
	if err != nil {
		v.Err = err
		return v
	}
	mounts, err := kernel.ParseMounts(data)
	v.Err = err
	for _, m := range mounts {
		if m.FSType == "tmpfs" && strings.HasPrefix(m.Point, v.Dir+"/pods/") {
			v.Mounts = append(v.Mounts, m)
		}
	}
	return v
}

// procDir is the /proc directory of a process; ours if it is not known.
func procDir(pid int) string {
	if pid <= 0 {
		return "/proc/self"
	}
	return "/proc/" + itoa(pid)
}
