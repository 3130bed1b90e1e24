package persist

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/systemd"
)

// Where the files of persistence by systemd are. /etc is the administrator's
// place, where nothing that a package brings can hide them.
const (
	swapDropIn   = systemd.Units + "/swap.d/50-swapctl.conf"
	podsDropIn   = systemd.Units + "/kubepods.slice.d/50-swapctl.conf"
	bootTimeout  = 90 // seconds that a boot may wait for us at the very most
	stopsTimeout = 20 // seconds for us to take back what we had begun, when they are over
)

// afterSwap are the services that run a kubelet or containers, which start only
// once swap is on. Ordering against a unit that is not there has no effect.
func afterSwap() []string { return append(kubelet.Units(), "containerd.service", "crio.service") }

// unitText is swapctl.service. What it does not say matters as much:
//   - no dependency on a device or mount (Requires=, BindsTo=,
//     RequiresMountsFor=): systemd waits 90 s for one that is missing.
//     'setup --boot' waits itself, for a shorter time.
//   - default dependencies, so that it comes after sysinit.target and with it
//     local-fs.target and swap.target (systemd.special(7), bootup(7)): before them
//     it would be part of an ordering cycle, which systemd solves by not starting
//     one of those in it. So every mount that does not come late is there already.
//     After= of one that does (nextboot.LateMount) would have the kubelet wait for
//     it, for ever where nothing starts it: setup warns of it instead.
//   - nothing that gives the service a mount namespace of its own (ProtectSystem=,
//     PrivateTmp=, ProtectKernelTunables= and so on): the kernel keeps a swap
//     file, and the file below a loop device, by the mount through which it was
//     opened. With the namespace that mount goes away, and the file system can
//     no longer be found, nor unmounted in order.
//
// LimitMEMLOCK= is for the memory of a key, which must not be swapped out: by
// default it is 64 KiB with kernels before 5.16 (include/uapi/linux/resource.h,
// MLOCK_LIMIT), one page where pages are that large.
func unitText(swapctl string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Made by swapctl setup; swapctl teardown removes it. To change it, use a drop-in:
# systemctl edit %[1]s
[Unit]
Description=Swap, brought back as swapctl set it up
Documentation=https://github.com/swapctl/swapctl
Before=%[2]s

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
`, systemd.Ours, strings.Join(afterSwap(), " "), systemd.Word(strings.ReplaceAll(swapctl, "$", "$$")), bootTimeout, stopsTimeout)
	return b.String()
}

// swapOrder is a drop-in for every swap unit. At a shutdown systemd turns off
// each area when its unit's turn comes; by default that is after swap.target
// has ended, and so after all services, but where swap.target is masked at
// once. Being before our service in the boot, they are after it, and after all
// that comes after it, in the shutdown.
const swapOrder = `# Made by swapctl setup; swapctl teardown removes it.
# At a shutdown swap goes off only after swapctl.service, and so after the kubelet.
[Unit]
Before=swapctl.service
`

// podsOrder is a drop-in for the slice of all pods. Pods are scopes without
// default dependencies, in a slice without them (libcontainer makes both so): a
// shutdown leaves them running until the very end, while swap is turned off
// under them. With this they end when the kubelet does, and before swap.
const podsOrder = `# Made by swapctl setup; swapctl teardown removes it.
# At a shutdown pods end as services do, and swap goes off only after them.
[Unit]
Conflicts=shutdown.target
Before=shutdown.target
After=swapctl.service
`
