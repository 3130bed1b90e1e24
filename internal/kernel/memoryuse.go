package kernel

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// MemoryUse is how the machine's memory is used, in bytes, as far as it matters
// to eviction.
type MemoryUse struct {
	FreeBytes         int64 // MemFree
	AnonBytes         int64 // AnonPages
	FileBytes         int64 // Cached, Buffers and SwapCached: the kernel's NR_FILE_PAGES
	InactiveFileBytes int64 // Inactive(file): page cache that can be dropped at once
	ReclaimableBytes  int64 // SReclaimable: caches of the kernel's own
}

// ReadMemoryUse reads /proc/meminfo.
func ReadMemoryUse(h host.Host) (MemoryUse, error) {
	data, err := h.Files.ReadFile("/proc/meminfo", host.SmallLimit)
	if err != nil {
		return MemoryUse{}, err
	}
	return ParseMemoryUse(data)
}

// ParseMemoryUse parses /proc/meminfo. A missing line counts as 0, except that
// of free memory.
func ParseMemoryUse(data []byte) (MemoryUse, error) {
	figures := map[string]int64{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		number, ok := strings.CutSuffix(strings.TrimSpace(value), " kB")
		if !ok {
			continue // counts of huge pages
		}
		n, err := parseKiB(strings.TrimSpace(number))
		if err != nil {
			return MemoryUse{}, fmt.Errorf("/proc/meminfo: %w in line %q", err, strings.TrimSpace(line))
		}
		figures[name] = n
	}
	if _, ok := figures["MemFree"]; !ok {
		return MemoryUse{}, fmt.Errorf("/proc/meminfo: no line MemFree")
	}
	return MemoryUse{
		FreeBytes:         figures["MemFree"],
		AnonBytes:         figures["AnonPages"],
		FileBytes:         figures["Cached"] + figures["Buffers"] + figures["SwapCached"],
		InactiveFileBytes: figures["Inactive(file)"],
		ReclaimableBytes:  figures["SReclaimable"],
	}, nil
}
