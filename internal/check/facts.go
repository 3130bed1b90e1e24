package check

import (
	"time"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/nextboot"
	"github.com/swapctl/swapctl/internal/systemd"
)

// Facts is what is known of a node, read once. If something could not be read,
// there is an error that says why.
type Facts struct {
	Root      bool   // an ordinary user does not see everything
	Container string // what shows that this is a container; empty if nothing does

	Release     kernel.Text
	CommandLine kernel.Text
	PageBytes   int64

	Groups    Groups
	Memory    kernel.Memory
	MemoryErr error
	Use       kernel.MemoryUse
	Areas     []Area
	SwapsErr  error // wraps fs.ErrNotExist where the kernel has no swap at all

	Noswap  Noswap
	Volumes Volumes
	Disks   Disks
	Boot    Boot
	Kubelet Kubelet
	Runtime Runtime
	Tuning  Tuning
	Leaks   Leaks
	Measure Measured
}

// Groups is what is known of control groups.
type Groups struct {
	Version     int         // 0: none to be seen
	Controllers kernel.Text // of the root
	// SwapMax is memory.swap.max of the kubelet's group, or of a neighbour; the
	// root has none.
	SwapMax     kernel.Text
	SystemSwap  kernel.Text // of system.slice
	SystemIO    kernel.Text // io.latency of system.slice
	SystemBytes int64       // memory outside of pods that cannot be reclaimed, in bytes; 0: not known
}

// Area is an active swap area.
type Area struct {
	kernel.Swap
	Stack    kernel.Layer
	StackErr error
	// Since is when it was turned on, in time since the boot; 0: not known.
	Since time.Duration
	// LateMount is why the file system that its file is on comes late at boot.
	LateMount string
	// Warnings are the side effects of swap there.
	Warnings []string
	// Managed: swapctl made it, and turns it on after a reboot, according to
	// its journal.
	Managed bool
}

// Name is how a person knows the area.
func (a Area) Name() string {
	if a.Stack.Mapping != "" {
		return "/dev/mapper/" + a.Stack.Mapping
	}
	return a.Path
}

// Noswap is what the tmpfs option noswap depends on.
type Noswap struct {
	UIDMap kernel.Text // of the kubelet if it runs
	// Tried: the kernel is older than 6.4 and was asked.
	Tried     bool
	Supported bool
	Err       error
}

// Volumes are the memory-backed volumes that are mounted for pods.
type Volumes struct {
	From   string // which mount table was read
	Dir    string // below which directory
	Mounts []kernel.Mount
	Err    error
}

// Disk is a disk that an area or a directory is on.
type Disk struct {
	kernel.Layer
	Rotational kernel.Text
	Virtual    bool // a virtio disk, whose rotational flag says nothing
}

// Disks is what is known of disks.
type Disks struct {
	OfAreas map[string][]Disk // by path of the area
	// OfDirs are the disks of the directories that matter to a node: "/", those
	// of the kubelet and of container runtimes.
	OfDirs map[string][]Disk
}

// Boot is what a reboot turns on.
type Boot struct {
	Service   string     // our unit, if it is enabled: where its link is
	Before    []string   // the units that our unit is ordered before
	Mounted   bool       // there is the unit that starts ours again when a mount comes
	Awaited   []string   // areas of swapctl's journal, whether they are on or not
	Lines     []BootLine // of fstab, and .swap units
	Unseen    error      // why not all of that could be read
	Zram      []string   // files that set up zram at boot
	Masked    []string   // links to /dev/null that keep swap off
	MasksErr  error      // why not all of them could be seen
	GenOff    string     // parameter of the kernel command line that keeps swap off
	Crypttab  map[string]string
	Hibernate kernel.Hibernation

	Mentions    []nextboot.Mention // of devices and files, for swap and hibernation
	MentionsErr error              // why not all of them could be seen
	Forgets     []string           // why changes in /etc or /var/lib are lost at a reboot

	TurnsOff    []SwapOffLine
	TurnsOffErr error // why not all of them could be seen
}

// BootLine is a line of a file that turns on swap at boot.
type BootLine struct {
	From   string // "/etc/fstab line 3", "/etc/systemd/system/x.swap"
	What   string // as it stands there
	Dev    uint64 // of the block device that What is, 0 if it is none
	Stat   host.Stat
	Exists bool
	NoFail bool // the boot continues without it, and does not wait
	NoAuto bool
	Unused bool // a unit that nothing wants

	ByProgram  bool // without a unit of swap
	Everything bool // What is a directory, and it turns on all that is in it
}

// Tuning is what controls reclaim.
type Tuning struct {
	Swappiness, MinFree, ScaleFactor kernel.Text
	BoostFactor                      kernel.Text
	Sysctls                          systemd.Sysctls // what the next boot sets
	SysctlsErr                       error           // why not all of it could be seen
	Zones                            []kernel.Zone
	ZonesErr                         error
	Zswap                            kernel.Text
	ZswapPool                        kernel.Text
	Pressure                         kernel.Text
	OOMD                             OOMD
}

// OOMD is what is known of systemd-oomd.
type OOMD struct {
	Running string   // its control group; empty when there is none
	Enabled string   // the link that starts it
	Kills   []string // "FILE: LINE" of what lets it kill pods
}

// Leaks are ways besides swap in which memory reaches a disk.
type Leaks struct {
	DMCrypt     bool
	DMCryptFrom string
	DMCryptSeen bool // it is known whether there is dm-crypt

	CorePattern kernel.Text
	CrashKernel kernel.Text
	Stale       []Stale
	StaleErr    error // why not all was looked at
}

// Stale is a swap area that is not in use, unencrypted.
type Stale struct {
	Path      string
	Image     bool // of hibernation
	SizeBytes int64
	Data      bool // it contains more than its header
}

// Runtime is the container runtime.
type Runtime struct {
	Name    string // containerd, cri-o, cri-dockerd; empty when none was found
	Version string // empty when it could not be found out
	From    string // which file says so
	// Endpoint is the socket that the kubelet is configured to use, and where
	// that is configured: "unix:///run/crio/crio.sock
	// (--container-runtime-endpoint)"; empty if it is not configured.
	Endpoint string
}

// Measured are the results of measurements.
type Measured struct {
	Asked   bool
	Latency Latency
	Encrypt Encrypt
}
