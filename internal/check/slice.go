package check

import "strings"

func sliceChecks() []Check {
	return []Check{
		{
			ID: "system-slice-memory-swap-max", Title: "The node's own services are not swapped out",
			Want:  "memory.swap.max 0 for system.slice",
			Why:   "A kubelet, container runtime or sshd that waits for its own pages makes the whole node slow just when it must act.",
			Needs: []string{"swap-controller"},
			Says:  []Status{Pass, Warn, Unknown}, Run: sliceSwap,
		},
		{
			ID: "cgroup-io-controller", Title: "Control groups for disks",
			Want:  "io among the controllers",
			Why:   "Without it the node's own services have no precedence at a disk that is busy with swap.",
			Needs: []string{"cgroup-v2"},
			Says:  []Status{Pass, Warn, Unknown}, Run: ioController,
		},
		{
			ID: "system-slice-io-latency", Title: "The node's own services go first at the disk",
			Want:  "a latency target in io.latency of system.slice",
			Why:   "While memory is swapped, everybody waits for the disk; io.latency slows down the others until these services are served in time.",
			Needs: []string{"cgroup-io-controller"},
			Says:  []Status{Pass, Warn, Skip, Unknown}, Run: sliceLatency,
		},
	}
}

const protect = "swapctl setup --protect-system-slice"

func sliceSwap(f *Facts) Finding {
	limit := f.Groups.SystemSwap
	switch {
	case limit.Err != nil:
		return unknown(limit.String(), seenFromOutside(f))
	case limit.Value == "0":
		return pass(limit.String())
	}
	const command = "systemctl set-property system.slice MemorySwapMax=0"
	return warn(limit.String(), protect+", or: "+command).fixedBy(command)
}

func ioController(f *Facts) Finding {
	c := f.Groups.Controllers
	switch {
	case c.Err != nil:
		return unknown(c.String(), seenFromOutside(f))
	case hasWord(c.Value, "io"):
		return pass(c.String())
	}
	return Finding{Status: Warn, Found: c.String() + " (no io)", Hint: "use a kernel with CONFIG_BLK_CGROUP", Blocks: true}
}

func sliceLatency(f *Facts) Finding {
	l := f.Groups.SystemIO
	switch {
	case l.Missing() && f.Groups.SystemSwap.Err == nil:
		return skip(l.String() + " (this kernel has no CONFIG_BLK_CGROUP_IOLATENCY)")
	case l.Err != nil:
		return unknown(l.String(), seenFromOutside(f))
	case strings.Contains(l.Value, "target="):
		return pass(l.String())
	}
	return warn(l.String(), protect)
}
