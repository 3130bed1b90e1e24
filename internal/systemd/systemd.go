// Package systemd knows where systemd has its files, reads units and their drop-ins
// as it does, and knows what in them turns swap on and off. It changes nothing, and
// asks nothing of a systemd that runs (host.Units does).
package systemd

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/swapctl/swapctl/internal/host"
)

// Where units are that an administrator made, or swapctl: nothing that a package
// brings can hide them. Those of Runtime are gone with the boot.
const (
	Units   = "/etc/systemd/system"
	Runtime = "/run/systemd/system"
)

// Ours is the unit of swapctl, what enables it, and what starts it again.
const (
	Ours     = "swapctl.service"
	OursPath = Units + "/" + Ours
	OursLink = Units + "/multi-user.target.wants/" + Ours
	// Mounted is the unit that starts Ours again when a mount comes that a boot does not
	// wait for.
	Mounted     = "swapctl-mounted.service"
	MountedPath = Units + "/" + Mounted
)

// Mask is what the link leads to that a masked unit is.
const Mask = "/dev/null"

// Masked reports whether a file is a link that masks a unit, a drop-in or a
// generator.
func Masked(h host.Host, name string) bool {
	target, err := h.Files.Readlink(name)
	return err == nil && target == Mask
}

// UnitDirs are the directories in which units may be, the strongest first.
func UnitDirs() []string {
	return []string{Units, Runtime, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// ShellWord is the name of a unit, or a path, as one word of a shell's: escaped names have
// backslashes.
func ShellWord(name string) string {
	if strings.Contains(name, `\`) {
		return "'" + name + "'"
	}
	return name
}

// SwapUnit is the unit of the swap area at a path.
func SwapUnit(path string) string { return unit.UnitNamePathEscape(path) + ".swap" }

// dirs are the directories of systemd's files that there are, the strongest first
// (systemd.unit(5), "Unit File Load Path"; systemd.generator(7)). /lib counts where
// it is not /usr/lib itself.
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
