package kernel

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Memory is the part of /proc/meminfo that matters to swap, in bytes.
type Memory struct {
	TotalBytes     int64 // MemTotal
	AvailableBytes int64 // MemAvailable: what can be allocated without swapping
	SwapTotalBytes int64
	SwapFreeBytes  int64
}

// ReadMemory reads /proc/meminfo.
func ReadMemory(h host.Host) (Memory, error) {
	data, err := h.Files.ReadFile("/proc/meminfo", host.SmallLimit)
	if err != nil {
		return Memory{}, err
	}
	return ParseMemory(data)
}

// ParseMemory parses /proc/meminfo. A missing value is an error: every kernel
// since 3.14 has all four.
func ParseMemory(data []byte) (Memory, error) {
	var m Memory
	missing := map[string]*int64{
		"MemTotal":     &m.TotalBytes,
		"MemAvailable": &m.AvailableBytes,
		"SwapTotal":    &m.SwapTotalBytes,
		"SwapFree":     &m.SwapFreeBytes,
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		name, value, _ := strings.Cut(line, ":")
		figure := missing[name]
		if figure == nil {
			continue
		}
		number, ok := strings.CutSuffix(value, " kB")
		if !ok {
			return Memory{}, fmt.Errorf("/proc/meminfo: no kB in line %q", line)
		}
		n, err := parseKiB(strings.TrimSpace(number))
		if err != nil {
			return Memory{}, fmt.Errorf("/proc/meminfo: %w in line %q", err, line)
		}
		*figure = n
		delete(missing, name)
	}
	for _, name := range []string{"MemTotal", "MemAvailable", "SwapTotal", "SwapFree"} {
		if missing[name] != nil {
			return Memory{}, fmt.Errorf("/proc/meminfo: no line %s", name)
		}
	}
	return m, nil
}
