// Package tuning has the steps that set the node up for swap beside the areas: the
// settings of the kernel's memory management, and the protection of system.slice.
package tuning

import (
	"fmt"
	"path"
	"strconv"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// Kinds are the kinds of step of this package.
func Kinds() step.Kinds { return step.Kinds{sliceKind(), sysctlLiveKind(), sysctlFileKind()} }

// Steps are those that a Config asks for. latency is what stands on the disks where the
// system's services go first. What a boot reads by itself, the file of settings, comes
// after what it acts on.
func Steps(c config.Config, latency []string) []step.Step {
	var steps []step.Step
	if c.ProtectSystemSlice {
		steps = append(steps, sliceStep(sliceWant{latency}, step.Mode{}))
	}
	if values := settings(c); len(values) > 0 {
		want := sysctlWant{values}
		steps = append(steps, step.Of(sysctlLiveStep{want}), sysctlFileStep(want))
	}
	return steps
}

// Check refuses a slice where nothing makes slices.
func Check(h host.Host, c config.Config) error {
	if !c.ProtectSystemSlice || h.Units.Running() {
		return nil
	}
	return config.Invalid("protectSystemSlice", "leave --protect-system-slice out", "systemd is not this node's init")
}

// Beaten says which settings another file of sysctl.d takes back at the next boot: of
// several lines for one the last by the names of the files wins.
func Beaten(h host.Host, c config.Config) []string {
	all, err := systemd.ReadSysctls(h)
	if err != nil {
		return nil // whoever cannot read it cannot write ours there either
	}
	var said []string
	for _, v := range settings(c) {
		for _, l := range all {
			ours := l.File == sysctlPath || path.Base(l.File) <= path.Base(sysctlPath)
			if l.Key == "vm/"+v.Name && !ours && l.Value != strconv.FormatInt(v.Value, 10) {
				said = append(said, fmt.Sprintf("a boot sets vm.%s to %s again: %s comes after %s; take that line out: ${EDITOR:-vi} +%d %s",
					v.Name, l.Value, l.At(), sysctlPath, l.Line, l.File))
			}
		}
	}
	return said
}
