package check

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/systemd"
)

func itoa(n int) string { return strconv.Itoa(n) }

// importantDirs must not become slow while the node swaps: the system's, and
// those of kubelets and container runtimes.
func importantDirs() []string { return append([]string{"/", "/var/log"}, kubelet.Dirs()...) }

func readDisks(h host.Host, stacks *kernel.Stacks, areas []Area) Disks {
	d := Disks{OfAreas: map[string][]Disk{}, OfDirs: map[string][]Disk{}}
	if len(areas) == 0 {
		return d
	}
	for _, a := range areas {
		for _, l := range a.Stack.Disks() {
			d.OfAreas[a.Path] = append(d.OfAreas[a.Path], disk(h, l))
		}
	}
	for _, dir := range importantDirs() {
		if _, err := h.Files.Stat(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
			continue
		}
		layers, err := stacks.Dir(dir)
		if err != nil {
			continue
		}
		for _, l := range layers {
			for _, bottom := range l.Disks() {
				d.OfDirs[dir] = append(d.OfDirs[dir], Disk{Layer: bottom})
			}
		}
	}
	return d
}

func disk(h host.Host, l kernel.Layer) Disk {
	d := Disk{Layer: l, Virtual: strings.HasPrefix(l.Name, "vd") || strings.HasPrefix(l.Name, "xvd") || strings.HasPrefix(l.Name, "ubd")}
	if l.Kind == kernel.KindDisk {
		d.Rotational = kernel.ReadText(h, "/sys/class/block/"+l.Name+"/queue/rotational")
	}
	return d
}

func readTuning(h host.Host) Tuning {
	t := Tuning{
		Swappiness:  kernel.ReadText(h, "/proc/sys/vm/swappiness"),
		MinFree:     kernel.ReadText(h, "/proc/sys/vm/min_free_kbytes"),
		ScaleFactor: kernel.ReadText(h, "/proc/sys/vm/watermark_scale_factor"),
		BoostFactor: kernel.ReadText(h, "/proc/sys/vm/watermark_boost_factor"),
		Zswap:       kernel.ReadText(h, "/sys/module/zswap/parameters/enabled"),
		ZswapPool:   kernel.ReadText(h, "/sys/module/zswap/parameters/max_pool_percent"),
		Pressure:    kernel.ReadText(h, "/proc/pressure/memory"),
		OOMD:        readOOMD(h),
	}
	t.Zones, t.ZonesErr = kernel.Zones(h)
	t.Sysctls, t.SysctlsErr = systemd.ReadSysctls(h)
	return t
}

func readOOMD(h host.Host) OOMD {
	var o OOMD
	group := groupRoot + "/system.slice/systemd-oomd.service"
	if _, err := h.Files.Stat(group); err == nil {
		o.Running = group
	}
	for _, dir := range []string{"/multi-user.target.wants", "/sysinit.target.wants"} {
		link := systemd.Units + dir + "/systemd-oomd.service"
		if _, err := h.Files.Lstat(link); err == nil {
			o.Enabled = link
		}
	}
	if o.Running == "" && o.Enabled == "" {
		return o
	}
	units := systemd.Open(h)
	for _, slice := range []string{"-.slice", "slice", "kubepods.slice", "kubepods-burstable.slice", "kubepods-besteffort.slice"} {
		dropIns, _ := units.DropIns(slice)
		for _, name := range dropIns {
			o.Kills = append(o.Kills, oomKills(h, name)...)
		}
	}
	return o
}

// oomKills finds lines of a drop-in that let systemd-oomd kill.
func oomKills(h host.Host, name string) []string {
	data, err := host.ReadTrusted(h.Files, name, host.FileLimit)
	if err != nil {
		return nil
	}
	var kills []string
	for _, set := range systemd.Parse(string(data)) {
		if (set.Name == "ManagedOOMSwap" || set.Name == "ManagedOOMMemoryPressure") && set.Value == "kill" {
			kills = append(kills, name+": "+set.Name+"="+set.Value)
		}
	}
	return kills
}

func readLeaks(h host.Host, f *Facts) Leaks {
	l := Leaks{
		CorePattern: kernel.ReadText(h, "/proc/sys/kernel/core_pattern"),
		CrashKernel: kernel.ReadText(h, "/sys/kernel/kexec_crash_loaded"),
	}
	for _, a := range f.Areas {
		if crypt, ok := a.Stack.Find(kernel.KindCrypt); ok {
			l.DMCrypt, l.DMCryptSeen, l.DMCryptFrom = true, true, crypt.Path+" is one"
			return l
		}
	}
	l.DMCrypt, l.DMCryptFrom, l.DMCryptSeen = kernel.Module(h, f.Release.Value, "dm_crypt", "CONFIG_DM_CRYPT")
	return l
}
