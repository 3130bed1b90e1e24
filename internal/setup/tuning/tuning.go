// Package tuning has the steps that prepare the node for swap besides the
// areas: kernel settings of memory management, and the protection of
// system.slice.
package tuning

import (
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// Kinds are the step kinds of this package.
func Kinds() step.Kinds { return step.Kinds{sliceKind(), sysctlLiveKind(), sysctlFileKind()} }

// Steps are those that a Config asks for. latency are paths on the disks where
// the system's services have priority, file is that of the settings: see
// FileOf. The file of settings, which a boot reads by itself, comes after the
// live settings.
func Steps(c config.Config, latency []string, file string) []step.Step {
	var steps []step.Step
	if c.ProtectSystemSlice {
		steps = append(steps, sliceStep(sliceWant{latency}, step.Mode{}))
	}
	if values := settings(c); len(values) > 0 {
		want := sysctlWant{values}
		steps = append(steps, step.Of(&sysctlLiveStep{want}), sysctlFileStep(sysctlFileWant{want, file}))
	}
	return steps
}

// Check refuses a slice if systemd does not run.
func Check(h host.Host, c config.Config) error {
	if !c.ProtectSystemSlice || h.Units.Running() {
		return nil
	}
	return config.Invalid("protectSystemSlice", "leave --protect-system-slice out", "systemd is not this node's init")
}

// FileOf is the file for the settings: sysctlPath or, if another file would
// override one of them at the next boot, one in the same directory whose name
// sorts after that. A file of an earlier run does not count. "" is sysctlPath.
func FileOf(h host.Host, c config.Config, j step.Journal) string {
	all, err := systemd.ReadSysctls(h)
	if err != nil {
		return PreviousFile(j) // whoever cannot read it cannot write ours there either
	}
	ours := sysctlFileWant{File: PreviousFile(j)}.path()
	others := slices.DeleteFunc(all, func(l systemd.SysctlLine) bool { return l.File == ours })
	if len(beaters(others, c, sysctlPath)) == 0 {
		return ""
	}
	var keys []string
	for _, v := range settings(c) {
		keys = append(keys, "vm/"+v.Name)
	}
	none := func(string) bool { return false }
	return path.Join(path.Dir(sysctlPath), others.FileThatWins(path.Base(sysctlPath), none, keys...))
}

// PreviousFile is the file in the journal, "" for sysctlPath.
func PreviousFile(j step.Journal) string {
	want, _ := step.WantOf[sysctlFileWant](j.Record("sysctl.file")) // what cannot be read is met again
	return want.File
}

// Beaten says which settings another file of sysctl.d overrides at the next
// boot.
func Beaten(h host.Host, c config.Config, file string) []string {
	all, err := systemd.ReadSysctls(h)
	if err != nil {
		return nil
	}
	file = sysctlFileWant{File: file}.path()
	var said []string
	for _, l := range beaters(all, c, file) {
		said = append(said, fmt.Sprintf("a boot sets vm.%s to %s again: %s comes after %s; take that line out: ${EDITOR:-vi} +%d %s",
			path.Base(l.Key), l.Value, l.At(), file, l.Line, l.File))
	}
	return said
}

// beaters are the lines with other values that come after ours: of several
// lines for a setting the last one wins, in the order of file names.
func beaters(all systemd.Sysctls, c config.Config, file string) (beat systemd.Sysctls) {
	for _, v := range settings(c) {
		for _, l := range all {
			later := l.File != file && path.Base(l.File) > path.Base(file)
			if l.Key == "vm/"+v.Name && later && l.Value != strconv.FormatInt(v.Value, 10) {
				beat = append(beat, l)
			}
		}
	}
	return beat
}
