package persist

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/systemd"
)

// The paths of the files for systemd. /etc is the administrator's directory,
// where nothing from a package can hide them.
const (
	swapDropIn   = systemd.Units + "/swap.d/50-swapctl.conf"
	podsDropIn   = systemd.Units + "/kubepods.slice.d/50-swapctl.conf"
	bootTimeout  = 90 // the longest time in seconds that a boot waits for the service
	stopsTimeout = 20 // seconds for us to undo what was begun, after that time
)

// afterSwap are the services that run a kubelet or containers, which start only
// once swap is on. Ordering against a missing unit has no effect.
func afterSwap() []string { return append(kubelet.Units(), "containerd.service", "crio.service") }

// unitText is swapctl.service. What it does not say matters as much:
//   - no dependency on a device or mount (Requires=, BindsTo=,
//     RequiresMountsFor=): systemd waits 90 s for one that is missing.
//     'setup --boot' waits itself, for a shorter time.
//   - default dependencies, so that it comes after sysinit.target and with it
//     local-fs.target and swap.target (systemd.special(7), bootup(7)): before them
//     it would be part of an ordering cycle, which systemd solves by not starting
//     one of those in it. So every mount that does not come late is there already.
//     It is After= one that does where that is no cycle and has an end
//     (nextboot.Late.MayWait), and without Requires=: if the mount fails, it starts.
//   - nothing that gives the service a mount namespace of its own (ProtectSystem=,
//     PrivateTmp=, ProtectKernelTunables= and so on): the kernel keeps a swap
//     file, and the file below a loop device, by the mount through which it was
//     opened. With the namespace that mount goes away, and the file system can
//     no longer be found, nor unmounted in order.
//
// LimitMEMLOCK= is for the memory of a key, which must not be swapped out: by
// default it is 64 KiB with kernels before 5.16 (include/uapi/linux/resource.h,
// MLOCK_LIMIT), one page where pages are that large.
func unitText(want unitWant) string {
	var b strings.Builder
	after := ""
	if len(want.After) > 0 {
		after = "After=" + strings.Join(want.After, " ") + "\n"
	}
	fmt.Fprintf(&b, `# Made by swapctl setup; swapctl teardown removes it. To change it, use a drop-in:
# systemctl edit %[1]s
[Unit]
Description=Swap, brought back as swapctl set it up
Documentation=https://github.com/swapctl/swapctl
%[6]sBefore=%[2]s

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%[3]s setup --boot
TimeoutStartSec=%[4]d
TimeoutStopSec=%[5]d
UMask=0077
LimitMEMLOCK=8M
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE
NoNewPrivileges=yes
DevicePolicy=closed
DeviceAllow=block-* rw
DeviceAllow=char-misc rw
IPAddressDeny=any
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @swap
SystemCallFilter=~@resources @setuid @chown
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`, systemd.Ours, strings.Join(afterSwap(), " "), systemd.Word(strings.ReplaceAll(want.Swapctl, "$", "$$")), bootTimeout, stopsTimeout, after)
	return b.String()
}

// swapOrder is a drop-in for every swap unit. At a shutdown systemd turns off
// each area when its unit is stopped; by default that is after swap.target has
// stopped, and so after all services, but if swap.target is masked, at once.
// They are ordered before our service at boot, so at shutdown they stop after
// it, and after everything that is ordered after it.
const swapOrder = `# Made by swapctl setup; swapctl teardown removes it.
# At a shutdown swap goes off only after swapctl.service, and so after the kubelet.
[Unit]
Before=swapctl.service
`

// podsOrder is a drop-in for the slice of all pods. Pods are scopes without
// default dependencies, in a slice without them (libcontainer makes both so):
// at a shutdown they run until the very end, while swap is turned off. With
// this drop-in they stop when the kubelet does, and before swap.
const podsOrder = `# Made by swapctl setup; swapctl teardown removes it.
# At a shutdown pods end as services do, and swap goes off only after them.
[Unit]
Conflicts=shutdown.target
Before=shutdown.target
After=swapctl.service
`

// mountDropIn is the drop-in of a mount that wants mountedText.
func mountDropIn(mount string) string { return systemd.Units + "/" + mount + ".d/50-swapctl.conf" }

// mountWants is a drop-in for a mount that comes late. systemd starts what an active unit
// wants also if somebody has mounted it by hand (systemd.unit(5), Wants=; src/core/unit.c,
// retroactively_start_dependencies).
const mountWants = `# Made by swapctl setup; swapctl teardown removes it.
# When this file system comes, swap on it is turned on.
[Unit]
Wants=` + systemd.Mounted + `
`

// mountedText is swapctl-mounted.service. It is a unit of its own because in a boot
// swapctl.service may have run and failed before the mount comes, and a job that was done
// is not done again. It is ordered before nothing, so the kubelet does not wait for it. It
// waits for no end: swapctl.service says what became of it.
func mountedText(mounts []string) string {
	return fmt.Sprintf(`# Made by swapctl setup; swapctl teardown removes it.
[Unit]
Description=Swap, brought back when its file system is mounted
Documentation=https://github.com/swapctl/swapctl
After=%s %s

[Service]
Type=oneshot
ExecStart=/bin/systemctl --no-block start %[1]s
`, systemd.Ours, strings.Join(mounts, " "))
}
