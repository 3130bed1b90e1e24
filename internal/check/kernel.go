package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/util/version"
)

const asRoot = "run it as root: sudo swapctl check"

func kernelChecks() []Check {
	return []Check{
		{
			ID: "kernel-version", Title: "Kernel version",
			Want: "Linux 5.8 or later",
			Why:  "Version 2 control groups, without which no pod's swap can be limited, work from Linux 4.15 on and are recommended from 5.8 on (kubeadm's system verification).",
			Says: []Status{Pass, Warn, Fail, Unknown}, Run: kernelVersion,
			Preflight: Always, ForKubelet: true,
		},
		{
			ID: "cgroup-v2", Title: "Control groups, version 2",
			Want: "the unified hierarchy alone on /sys/fs/cgroup",
			Why:  "On version 1 the kubelet gives no container any swap, and from Kubernetes 1.35 on it does not start there.",
			Says: []Status{Pass, Fail, Unknown}, Run: cgroupV2,
			Preflight: Always, ForKubelet: true,
		},
		{
			ID: "swap-controller", Title: "Swap limits for control groups",
			Want:  "memory.swap.max in the kubelet's control group",
			Why:   "Without it the kubelet sets no swap limit at all, and one pod may take all the swap there is.",
			Needs: []string{"cgroup-v2"},
			Says:  []Status{Pass, Fail, Unknown}, Run: swapController,
			Preflight: Always, ForKubelet: true,
		},
		{
			ID: "tmpfs-noswap", Title: "tmpfs that is never swapped out",
			Want: "a kernel whose tmpfs takes the option noswap, and a kubelet that uses it (1.31 or later)",
			Why:  "Secrets are mounted into pods as tmpfs. Where the kubelet cannot mount it with noswap, they may be swapped out; the kubelet then only records an event.",
			Says: []Status{Pass, Warn, Fail, Unknown}, Run: tmpfsNoswap,
			Preflight: Always,
		},
		{
			ID: "tmpfs-mounted-noswap", Title: "Memory-backed volumes of today's pods",
			Want:  "noswap on each of them",
			Why:   "The kubelet does not mount again what was mounted before it knew that swap is on, so Secrets of pods that were there before stay swappable.",
			Needs: []string{"tmpfs-noswap"},
			Says:  []Status{Pass, Warn, Fail, Unknown}, Run: tmpfsMounted,
			Preflight: Always,
		},
	}
}

// older reports whether a kernel release is older than another; known is false
// if it is not a version.
func older(release, than string) (is, known bool) {
	have, err := version.ParseGeneric(release)
	if err != nil {
		return false, false
	}
	return have.LessThan(version.MustParseGeneric(than)), true
}

func kernelVersion(f *Facts) Finding {
	ancient, known := older(f.Release.Value, "4.15")
	old, _ := older(f.Release.Value, "5.8")
	switch {
	case f.Release.Err != nil || !known:
		return unknown(f.Release.String(), "see what kernel this is: uname -r")
	case ancient:
		return failed(f.Release.String(), "install a newer kernel of the distribution")
	case old:
		return warn(f.Release.String(), "install a newer kernel of the distribution")
	}
	return pass(f.Release.String())
}

func cgroupV2(f *Facts) Finding {
	switch f.Groups.Version {
	case 2:
		return pass(f.Groups.Controllers.String())
	case 1:
		return failed("cgroup version 1 controllers are mounted (/proc/self/mountinfo)",
			"boot with systemd.unified_cgroup_hierarchy=1 on the kernel command line (/etc/default/grub), or a distribution that has it by default")
	}
	return unknown("no control groups are mounted here (/proc/self/mountinfo)", seenFromOutside(f))
}

// seenFromOutside is the hint for a container that hides the node.
func seenFromOutside(f *Facts) string {
	if f.Container != "" {
		return "run it on the node itself: this is a container (" + f.Container + ")"
	}
	if !f.Root {
		return asRoot
	}
	return "look at it: ls -l, and what is mounted there: findmnt"
}

func swapController(f *Facts) Finding {
	limit := f.Groups.SwapMax
	switch {
	case limit.Err == nil && limit.File != "":
		return pass(limit.String())
	case limit.File == "":
		return unknown("no control group below /sys/fs/cgroup was found to look into", seenFromOutside(f))
	case !limit.Missing():
		return unknown(limit.String(), seenFromOutside(f))
	}
	found := limit.String()
	if f.Groups.Controllers.Err == nil && !hasWord(f.Groups.Controllers.Value, "memory") {
		return failed(found+"; "+f.Groups.Controllers.String()+" (no memory)",
			"take cgroup_disable=memory off the kernel command line")
	}
	if hasWord(f.CommandLine.Value, "swapaccount=0") {
		return failed(found+"; "+f.CommandLine.File+" has swapaccount=0", "take swapaccount=0 off the kernel command line and reboot")
	}
	return failed(found, "use a kernel with CONFIG_SWAP and CONFIG_MEMCG")
}

func hasWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// tmpfsNoswap decides as the kubelet does (pkg/kubelet/util/swap/swap_util.go,
// Kubernetes 1.31 and later): never in a user namespace; from Linux 6.4 on
// always; on older kernels by a test mount, because distributions backport it.
func tmpfsNoswap(f *Facts) Finding {
	old, known := older(f.Release.Value, "6.4")
	evidence := f.Release.String()
	switch {
	case f.Release.Err != nil || !known:
		return unknown(evidence, "see what kernel this is: uname -r")
	case inUserNamespace(f.Noswap.UIDMap.Value):
		return lacksNoswap(f, f.Noswap.UIDMap.String()+" (a user namespace, where the kernel refuses noswap)",
			"run the kubelet outside of a user namespace")
	case f.Kubelet.Row != nil && !f.Kubelet.Row.NoswapTmpfs:
		return lacksNoswap(f, "kubelet "+f.Kubelet.Version+" mounts no volume with noswap", "upgrade to Kubernetes 1.31 or later")
	case !old:
		return pass(evidence)
	case !f.Noswap.Tried || errors.Is(f.Noswap.Err, unix.EPERM):
		return unknown(evidence+"; whether its tmpfs still supports noswap, only root can find out", asRoot)
	case f.Noswap.Err != nil:
		return unknown(evidence+"; "+f.Noswap.Err.Error(), "try it: mount -t tmpfs -o noswap none /mnt")
	case f.Noswap.Supported:
		return pass(evidence + "; it is older than 6.4, and still supports noswap")
	}
	return lacksNoswap(f, evidence+"; asked for a tmpfs with noswap, it refused", "use a kernel from 6.4 on (Debian 13, Ubuntu 24.04, RHEL 10)")
}

// lacksNoswap fails if a Secret could then reach a disk unencrypted.
func lacksNoswap(f *Facts, found, hint string) Finding {
	if plain := plainAreas(f); len(plain) > 0 {
		return failed(found+"; "+plain[0].Name()+" is not encrypted", hint+"; or encrypt swap: swapctl setup --encrypt")
	}
	return warn(found, hint+"; until then keep swap encrypted")
}

// inUserNamespace reads a uid_map as the kubelet does (moby/sys/userns): in the
// initial namespace all IDs map to themselves. An empty map is not set yet.
func inUserNamespace(uidMap string) bool {
	if uidMap == "" {
		return false
	}
	var inside, outside, count uint64
	if n, err := fmt.Sscan(uidMap, &inside, &outside, &count); n != 3 || err != nil {
		return false
	}
	return inside != 0 || outside != 0 || count != 1<<32-1
}

func tmpfsMounted(f *Facts) Finding {
	v := f.Volumes
	if v.Err != nil {
		hint := asRoot
		if f.Root && !errors.Is(v.Err, fs.ErrPermission) {
			hint = "see what is mounted: findmnt -t tmpfs"
		}
		return unknown(v.From+": "+v.Err.Error(), hint)
	}
	if f.Container != "" && !f.Kubelet.Running {
		return unknown(v.From+" has the mounts of this container only", seenFromOutside(f))
	}
	var lacking []string
	for _, m := range v.Mounts {
		if !m.Has("noswap") {
			lacking = append(lacking, m.Point)
		}
	}
	if len(lacking) == 0 {
		return pass(fmt.Sprintf("%s: %s below %s, all with noswap", v.From, count(len(v.Mounts), "tmpfs volume"), v.Dir))
	}
	found := fmt.Sprintf("%s: %d of %s below %s lack noswap, such as %s", v.From, len(lacking), count(len(v.Mounts), "tmpfs volume"), v.Dir, lacking[0])
	const hint = "drain the node, so that its pods are created again: kubectl drain"
	if len(plainAreas(f)) > 0 {
		return failed(found+"; and swap is not encrypted", hint)
	}
	return warn(found, hint)
}

// count formats a number: "no areas", "1 area", "2 areas".
func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
