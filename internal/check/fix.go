package check

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/kernel"
)

const mebibyte = 1 << 20

// leastGap is the smallest distance between the two levels that gives the
// kubelet, which looks every ten seconds, time to evict.
const leastGap = 16 * mebibyte

// fix finds values that give SwapFirst; nil if there is nothing to fix, or no
// reasonable values do it.
func (e Eviction) fix(f *Facts) *Fix {
	if e.Verdict == SwapFirst {
		return nil
	}
	fix := Fix{EvictionHard: e.betterHard()}
	if e.Verdict == EvictFirst || e.Verdict == Contested {
		level := e.evictLevel()
		fix.WatermarkScaleFactor, _ = e.raiseMarks(f, func(m Marks) bool { return m.LowBytes >= level+level/10 && level > m.MinBytes })
	}
	if fix.WatermarkScaleFactor != nil || fix.EvictionHard != "" {
		return &fix
	}
	// Neither alone is enough: first more room between the watermarks, then the
	// threshold between them.
	factor, marks := e.raiseMarks(f, func(m Marks) bool { return m.LowBytes-m.MinBytes >= 2*leastGap })
	if factor == nil {
		return nil
	}
	e.MinBytes, e.LowBytes, e.HighBytes = marks.MinBytes, marks.LowBytes, marks.HighBytes
	if fix.EvictionHard = e.betterHard(); fix.EvictionHard == "" {
		return nil
	}
	fix.WatermarkScaleFactor, fix.Together = factor, true
	return &fix
}

// raiseMarks finds the smallest vm.watermark_scale_factor, in steps of ten,
// that gives the desired watermarks. At most a fifth of memory is kept free for
// that.
func (e Eviction) raiseMarks(f *Facts, good func(Marks) bool) (*int64, Marks) {
	most := int64(3000) // Linux 5.17 and later, kernel/sysctl.c
	if old, known := older(f.Release.Value, "5.17"); !known || old {
		most = 1000
	}
	zones := f.Tuning.Zones
	if len(zones) == 0 {
		zones = []kernel.Zone{{Name: "Normal", ManagedPages: e.MemoryBytes / f.PageBytes}}
	}
	minFree, ok := f.Tuning.MinFree.Number()
	if !ok {
		return nil, Marks{}
	}
	for factor := int64(10); factor <= most; factor += 10 {
		m := zoneMarks(setMarks(zones, minFree, factor, f.PageBytes), f.PageBytes)
		if m.HighBytes > e.MemoryBytes/5 {
			break
		}
		if good(m) {
			return &factor, m
		}
	}
	return nil, Marks{}
}

// betterHard is a threshold in the middle between min and low, in whole MiB; ""
// if they are too close, or if the reservation for the system decides.
func (e Eviction) betterHard() string {
	if e.LowBytes-e.MinBytes < leastGap {
		return ""
	}
	hard := (e.KernelBytes + (e.MinBytes+e.LowBytes)/2) / mebibyte
	if e.PodsLevelBytes != nil && e.podsLevel(hard*mebibyte) > e.LowBytes {
		return ""
	}
	return fmt.Sprintf("%dMi", hard)
}

// Script prints the commands that fix what the report found, as far as a shell
// can; a person should read them before they are run. Hints that are not
// commands become comments.
func (r Report) Script() string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n# What 'swapctl check' would have changed on this node. Read it before you run it.\nset -eu\n")
	n := 0
	for _, c := range r.Checks {
		if c.Status != Warn && c.Status != Fail {
			continue
		}
		n++
		fmt.Fprintf(&b, "\n# %s: %s\n", c.ID, oneLine(c.Found))
		if len(c.commands) == 0 {
			fmt.Fprintf(&b, "# by hand: %s\n", oneLine(c.Hint))
		}
		for _, command := range c.commands {
			b.WriteString(command + "\n")
		}
	}
	if n == 0 {
		b.WriteString("\n# There is nothing to fix.\n")
	}
	return b.String()
}

// commands are those that set the values.
func (fix Fix) commands(f *Facts) []string {
	var all []string
	if fix.WatermarkScaleFactor != nil {
		all = append(all, f.setSysctl("vm.watermark_scale_factor", *fix.WatermarkScaleFactor)...)
	}
	if fix.EvictionHard != "" {
		or := "#"
		switch {
		case fix.Together:
			or = "# and with it,"
		case len(all) > 0:
			or = "# or instead,"
		}
		all = append(all, or+" in the kubelet's configuration (keep the other signals of evictionHard):",
			"#   evictionHard:", "#     memory.available: "+fix.EvictionHard)
	}
	return all
}

// setSysctl sets a value now and at the next boots, in a file whose name sorts
// so that no other file of sysctl.d overrides it.
func (f *Facts) setSysctl(name string, value int64) []string {
	file := "80-swapctl-check-" + strings.TrimPrefix(name, "vm.") + ".conf"
	mine := func(path string) bool { return path == "/etc/sysctl.d/"+file }
	file = f.Tuning.Sysctls.FileThatWins(file, mine, strings.ReplaceAll(name, ".", "/"))
	return []string{
		fmt.Sprintf("sysctl -w %s=%d", name, value),
		fmt.Sprintf("echo '%s = %d' > /etc/sysctl.d/%s", name, value, file),
	}
}

// oneLine keeps evidence inside its comment, whatever a file contains.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
