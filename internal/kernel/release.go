package kernel

import (
	"bytes"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Release is the running kernel's release, "6.12.107+deb13-cloud-amd64".
func Release(h host.Host) (string, error) {
	data, err := h.Files.ReadFile("/proc/sys/kernel/osrelease", host.SmallLimit)
	return string(bytes.TrimSpace(data)), err
}

// CgroupVersion is 2 if services and containers use the unified hierarchy, 1 if
// the old controllers are mounted (also beside a unified one, "hybrid"), and 0
// if there are no cgroups.
func CgroupVersion(h host.Host) int {
	// Only the root of a version 2 hierarchy has this file; in hybrid mode that
	// root is /sys/fs/cgroup/unified.
	if _, err := h.Files.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return 2
	}
	mounts, err := Mounts(h)
	if err != nil {
		return 0
	}
	for _, m := range mounts {
		if strings.HasPrefix(m.FSType, "cgroup") {
			return 1
		}
	}
	return 0
}
