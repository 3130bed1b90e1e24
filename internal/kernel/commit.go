package kernel

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Commit is how much memory the kernel has committed to processes, and the
// limit, in bytes (proc(5), vm.overcommit_memory).
type Commit struct {
	Strict         bool // mode 2: it commits no more than the limit, whatever is free
	LimitBytes     int64
	CommittedBytes int64
}

// ReadCommit reads /proc/sys/vm/overcommit_memory and, in mode 2, /proc/meminfo.
func ReadCommit(h host.Host) (Commit, error) {
	mode := ReadText(h, "/proc/sys/vm/overcommit_memory")
	if mode.Missing() || mode.Err == nil && mode.Value != "2" {
		return Commit{}, nil
	}
	if mode.Err != nil {
		return Commit{}, mode.Err
	}
	data, err := h.Files.ReadFile("/proc/meminfo", host.SmallLimit)
	if err != nil {
		return Commit{}, err
	}
	c := Commit{Strict: true}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		figure := map[string]*int64{"CommitLimit": &c.LimitBytes, "Committed_AS": &c.CommittedBytes}[name]
		if figure == nil {
			continue
		}
		if *figure, err = parseKiB(strings.TrimSuffix(strings.TrimSpace(value), " kB")); err != nil {
			return Commit{}, fmt.Errorf("/proc/meminfo: %w in line %q", err, strings.TrimSpace(line))
		}
	}
	return c, nil
}

// Forbids reports whether the kernel refuses to turn off areas of so many
// bytes: before it reads anything back, it accounts all of them against the
// rest of the limit (mm/swapfile.c, swapoff: security_vm_enough_memory_mm).
func (c Commit) Forbids(areaBytes int64) bool {
	return c.Strict && c.CommittedBytes+areaBytes >= c.LimitBytes
}
