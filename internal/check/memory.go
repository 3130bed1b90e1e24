package check

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/kernel"
)

const evictionID = "eviction-threshold"

func memoryChecks() []Check {
	return []Check{
		{
			ID: evictionID, Title: "The kernel swaps before the kubelet evicts",
			Want:  "evictionHard memory.available between the kernel's watermarks min and low",
			Why:   "Above them pods are evicted while swap is empty; below them the kernel kills before the kubelet can choose whom to evict.",
			Needs: []string{"swap-active", "kubelet-config-decodes"},
			Says:  []Status{Pass, Warn, Unknown}, Run: evictionThreshold,
		},
		{
			ID: "swappiness", Title: "vm.swappiness",
			Want: "10 to 100; more only where swap is compressed memory",
			Why:  "At 0 the kernel swaps only when all page cache is gone; above 100 it would sooner swap than drop page cache, which costs more on a disk.",
			Says: []Status{Pass, Warn, Unknown}, Run: swappiness,
		},
		sysctlCheck(),
		{
			ID: "zswap", Title: "No compressed cache before swap",
			Want: "N in /sys/module/zswap/parameters/enabled",
			Why:  "zswap keeps in memory what the kubelet believes to be on disk, and is neither supported nor tested by Kubernetes.",
			Says: []Status{Pass, Warn, Unknown}, Run: zswap,
			Preflight: Always,
		},
		{
			ID: "systemd-oomd", Title: "systemd-oomd leaves pods alone",
			Want: "no ManagedOOMSwap=kill or ManagedOOMMemoryPressure=kill on -.slice or kubepods.slice",
			Why:  "It kills the group that uses most swap, a pod, and the kubelet never learns why.",
			Says: []Status{Pass, Warn, Fail}, Run: oomd,
			Preflight: Always,
		},
		{
			ID: "memory-pressure", Title: "Memory is not short just now",
			Want: "under 10% of the last minute lost by all processes at once (full avg60)",
			Why:  "A node that waits for memory all the time needs less work or more memory; more swap makes it slower still.",
			Says: []Status{Pass, Warn, Unknown}, Run: memoryPressure,
			Preflight: Always,
		},
	}
}

func evictionThreshold(f *Facts) Finding {
	if f.Kubelet.Found && f.Kubelet.Err != nil {
		return unknown(f.Kubelet.Err.Error(), asRoot)
	}
	e, err := solve(f)
	if err != nil {
		return unknown(oneLine(err.Error()), asRoot)
	}
	found := fmt.Sprintf("%s: min %s, low %s, high %s", e.MarksFrom, bytesize.Format(e.MinBytes), bytesize.Format(e.LowBytes), bytesize.Format(e.HighBytes))
	if e.HardBytes != nil {
		found += fmt.Sprintf("; evictionHard memory.available %s (%s)", bytesize.Format(*e.HardBytes), e.HardFrom)
	}
	if e.KernelBytes > 0 && e.HardBytes != nil {
		found += fmt.Sprintf(", of which %s are the kernel's own", bytesize.Format(min(e.KernelBytes, *e.HardBytes)))
	}
	found += "; " + e.Explanation
	if e.Verdict == SwapFirst {
		return pass(found)
	}
	if e.Fix == nil {
		return warn(found, e.hint())
	}
	return warn(found, e.hint()).fixedBy(e.Fix.commands(f)...)
}

// hint says what to change.
func (e Eviction) hint() string {
	if e.Fix == nil {
		if e.PodsLevelBytes != nil && *e.PodsLevelBytes > e.HighBytes {
			return fmt.Sprintf("reserve less: %s are reserved for what needs %s less", bytesize.Format(e.ReservedBytes), bytesize.Format(*e.PodsLevelBytes))
		}
		return "give the node more memory, or less to do: no setting within reason fixes this"
	}
	var ways []string
	if e.Fix.WatermarkScaleFactor != nil {
		ways = append(ways, fmt.Sprintf("swapctl setup --watermark-scale-factor %d", *e.Fix.WatermarkScaleFactor))
	}
	if e.Fix.EvictionHard != "" {
		ways = append(ways, "evictionHard: {memory.available: "+e.Fix.EvictionHard+"} in the kubelet's configuration")
	}
	if e.Fix.Together {
		return strings.Join(ways, ", and ")
	}
	return strings.Join(ways, ", or ")
}

func swappiness(f *Facts) Finding {
	t := f.Tuning.Swappiness
	n, ok := t.Number()
	const hint = "swapctl setup --swappiness 60, or: sysctl -w vm.swappiness=60"
	switch {
	case !ok:
		return unknown(t.String(), asRoot)
	case n < 10, n > 100 && !allInMemory(f):
		return warn(t.String(), hint).fixedBy(f.setSysctl("vm.swappiness", 60)...)
	}
	return pass(t.String())
}

// allInMemory reports whether there is swap and all of it is compressed memory.
func allInMemory(f *Facts) bool { return len(f.Areas) > 0 && allZram(f) }

func zswap(f *Facts) Finding {
	t := f.Tuning.Zswap
	switch {
	case t.Missing():
		return pass(t.String() + " (this kernel has no zswap)")
	case t.Err != nil:
		return unknown(t.String(), asRoot)
	case t.Value == "Y" || t.Value == "1":
		return warn(t.String()+"; "+f.Tuning.ZswapPool.String(),
			"echo N > /sys/module/zswap/parameters/enabled, and zswap.enabled=0 on the kernel command line").
			fixedBy("echo N > /sys/module/zswap/parameters/enabled", "# and add zswap.enabled=0 to the kernel command line")
	}
	return pass(t.String())
}

func oomd(f *Facts) Finding {
	o := f.Tuning.OOMD
	where := o.Running
	if where == "" {
		where = o.Enabled
	}
	switch {
	case where == "":
		return pass("systemd-oomd is neither running nor enabled")
	case len(o.Kills) > 0 && o.Running != "":
		return failed(o.Running+" is there; "+strings.Join(o.Kills, "; "), "set it to auto in a drop-in: systemctl edit ./-.slice; or: systemctl disable --now systemd-oomd")
	case len(o.Kills) > 0:
		return warn(o.Enabled+"; "+strings.Join(o.Kills, "; "), "systemctl disable systemd-oomd")
	}
	return pass(where + ", and nothing has it look at pods")
}

func memoryPressure(f *Facts) Finding {
	t := f.Tuning.Pressure
	if t.Err != nil {
		return unknown(t.String(), "use a kernel with CONFIG_PSI, and psi=1 on its command line")
	}
	p, err := kernel.ParsePressure(t.Value)
	if err != nil {
		return unknown(t.File+": "+err.Error(), "look at it: cat "+t.File)
	}
	found := fmt.Sprintf("%s: some avg60=%.2f full avg60=%.2f", t.File, p.SomeAvg60, p.FullAvg60)
	if p.FullAvg60 >= 10 {
		return warn(found, "see who needs it: kubectl top pods; take work off this node")
	}
	return pass(found)
}
