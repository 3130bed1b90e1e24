// Package systemd knows where systemd has its files, reads units and their
// drop-ins as it does, and finds what in them turns swap on and off. It changes
// nothing, and does not call a running systemd (host.Units does).
package systemd

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/swapctl/swapctl/internal/host"
)

// Directories for units of an administrator, or of swapctl: no unit of a
// package overrides them. Those in Runtime are lost at shutdown.
const (
	Units   = "/etc/systemd/system"
	Runtime = "/run/systemd/system"
)

// Ours is the unit of swapctl; the others are the link that enables it, and
// what starts it again.
const (
	Ours     = "swapctl.service"
	OursPath = Units + "/" + Ours
	OursLink = Units + "/multi-user.target.wants/" + Ours
	// Mounted is the unit that starts Ours again when a file system is mounted
	// for which the boot does not wait.
	Mounted     = "swapctl-mounted.service"
	MountedPath = Units + "/" + Mounted
)

// Mask is the target of the link that masks a unit.
const Mask = "/dev/null"

// Masked reports whether a file is a link that masks a unit, a drop-in or a
// generator.
func Masked(h host.Host, name string) bool {
	target, err := h.Files.Readlink(name)
	return err == nil && target == Mask
}

// UnitDirs returns the directories that may contain units, highest precedence
// first.
func UnitDirs() []string {
	return []string{Units, Runtime, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// ShellWord quotes the name of a unit, or a path, as one word for a shell:
// escaped names contain backslashes.
func ShellWord(name string) string {
	if strings.Contains(name, `\`) {
		return "'" + name + "'"
	}
	return name
}

// SwapUnit returns the name of the unit of the swap area at a path.
func SwapUnit(path string) string { return unit.UnitNamePathEscape(path) + ".swap" }

// dirs returns systemd's directories that exist, highest precedence first
// (systemd.unit(5), "Unit File Load Path"; systemd.generator(7)). /lib counts
// only if it is not /usr/lib itself.
func dirs(h host.Host, sub string) []string {
	var there []string
	var seen []host.Stat
	for _, dir := range []string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"} {
		dir += "/systemd" + sub
		st, err := h.Files.Stat(dir)
		if err != nil && !errors.Is(err, fs.ErrPermission) || known(seen, st) {
			continue
		}
		there, seen = append(there, dir), append(seen, st)
	}
	return there
}

func known(seen []host.Stat, st host.Stat) bool {
	for _, s := range seen {
		if st.Ino != 0 && s.SameFile(st) {
			return true
		}
	}
	return false
}
