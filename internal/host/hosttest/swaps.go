package hosttest

import (
	"fmt"
	"strconv"
	"strings"
)

// area is a line of /proc/swaps; sizes in KiB.
type area struct {
	path, kind string // path without octal escapes
	size, used int64
	priority   int
	identity   string
}

// swaps reads /proc/swaps, which is the only place that says what is on.
func (n *Node) swaps() []area {
	text := n.text("/proc/swaps")
	if len(text) <= len(swapsHeader) {
		return nil
	}
	var areas []area
	for _, line := range strings.Split(text, "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) != 5 {
			continue
		}
		a := area{path: unescape(fields[0]), kind: fields[1]}
		a.size, _ = strconv.ParseInt(fields[2], 10, 64)
		a.used, _ = strconv.ParseInt(fields[3], 10, 64)
		a.priority, _ = strconv.Atoi(fields[4])
		a.identity = n.areas[a.path]
		if a.identity == "" {
			a.identity = n.identify(strings.TrimSuffix(a.path, " (deleted)"))
		}
		areas = append(areas, a)
	}
	return areas
}

// setSwaps writes /proc/swaps as the kernel does (swap_show in mm/swapfile.c),
// and the sums in /proc/meminfo.
func (n *Node) setSwaps(areas []area) error {
	var b strings.Builder
	b.WriteString(swapsHeader)
	clear(n.areas)
	var total, used int64
	for _, a := range areas {
		n.areas[a.path] = a.identity
		total, used = total+a.size, used+a.used
		path, kind := escape(a.path), a.kind
		if kind == "file" {
			kind = "file\t"
		}
		fmt.Fprintf(&b, "%s%s%s\t%d%s\t%d%s\t%d\n", path, strings.Repeat(" ", max(1, 40-len(path))), kind,
			a.size, tabIfShort(a.size), a.used, tabIfShort(a.used), a.priority)
	}
	if err := n.put("/proc/swaps", b.String()); err != nil {
		return err
	}
	if err := n.setMeminfo("SwapTotal", total); err != nil {
		return err
	}
	return n.setMeminfo("SwapFree", total-used)
}

func tabIfShort(kib int64) string {
	if kib < 10000000 {
		return "\t"
	}
	return ""
}

func (n *Node) setMeminfo(name string, kib int64) error {
	text := n.text("/proc/meminfo")
	if text == "" {
		return nil // a bare node has none
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, name+":") {
			lines[i] = fmt.Sprintf("%-16s%8d kB\n", name+":", kib)
		}
	}
	return n.put("/proc/meminfo", strings.Join(lines, ""))
}

// meminfo reads a line of /proc/meminfo, in KiB.
func (n *Node) meminfo(name string) int64 {
	for line := range strings.Lines(n.text("/proc/meminfo")) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			return kib
		}
	}
	return 0
}

func (n *Node) isSwap(identity string) bool {
	for _, a := range n.swaps() {
		if a.identity == identity {
			return true
		}
	}
	return false
}

// renameAreas follows a renamed directory: procfs shows where the file is now.
func (n *Node) renameAreas(old, at string) error {
	areas, changed := n.swaps(), false
	for i, a := range areas {
		if rest, ok := strings.CutPrefix(a.path, old); ok && (rest == "" || rest[0] == '/') {
			areas[i].path, changed = at+rest, true
		}
	}
	if !changed {
		return nil
	}
	return n.setSwaps(areas)
}
