package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Group is the memory and swap of a version 2 control group, with all groups
// below it.
type Group struct {
	Path        string // below /sys/fs/cgroup, "/kubepods.slice/..."
	SwapBytes   int64  // memory.swap.current
	MemoryBytes int64  // "anon" of memory.stat: cannot be dropped
	LimitBytes  int64  // memory.max
}

// TightGroups lists the control groups whose swap would not fit back into their
// memory limit, the tightest first. Without version 2 control groups there are
// none.
func TightGroups(h host.Host) ([]Group, error) {
	var tight []Group
	err := walkGroups(h, "", func(g Group) {
		if g.MemoryBytes+g.SwapBytes > g.LimitBytes {
			tight = append(tight, g)
		}
	})
	slices.SortStableFunc(tight, func(a, b Group) int {
		over := func(g Group) int64 { return g.MemoryBytes + g.SwapBytes - g.LimitBytes }
		return int(min(max(over(b)-over(a), -1), 1))
	})
	return tight, err
}

const groupRoot = "/sys/fs/cgroup"

// walkGroups visits every group with a limit and something in swap. Below a
// group with nothing in swap, no group has any. A container can make groups
// below its own, to any depth: those of pods are five levels deep, and groups
// below a container are within the container's limit.
func walkGroups(h host.Host, at string, visit func(Group)) error {
	const deepest = 12
	if strings.Count(at, "/") >= deepest {
		return nil
	}
	names, err := h.Files.ReadDir(groupRoot + at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // went away meanwhile
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		// The files of a group have a dot after the name of their controller; a
		// group's name may have one too, but then it has files of its own.
		sub := at + "/" + name
		swapped, ok := groupNumber(h, sub, "memory.swap.current")
		if !ok || swapped == 0 {
			continue
		}
		if limit, ok := groupNumber(h, sub, "memory.max"); ok {
			visit(Group{Path: sub, SwapBytes: swapped, MemoryBytes: anon(h, sub), LimitBytes: limit})
		}
		if err := walkGroups(h, sub, visit); err != nil {
			return fmt.Errorf("below %s: %w", sub, err)
		}
	}
	return nil
}

// groupNumber reads a file with one number; "max" counts as none.
func groupNumber(h host.Host, group, file string) (int64, bool) {
	data, err := h.Files.ReadFile(groupRoot+group+"/"+file, host.SmallLimit)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n, err == nil
}

// anon is the first line of memory.stat on every kernel so far, but is searched
// by name.
func anon(h host.Host, group string) int64 {
	data, err := h.Files.ReadFile(groupRoot+group+"/memory.stat", host.TableLimit)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "anon "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return 0
}
