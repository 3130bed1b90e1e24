package nextboot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// Remember is what to do on a node for which Forgets returns a reason.
const Remember = "put swap into what the system is made from (its image, Ignition, a MachineConfig, configuration.nix), or run 'swapctl setup' at each boot with --persist none"

// Forgets finds why changes in /etc and /var/lib are lost at a reboot.
func Forgets(h host.Host) []string {
	var why []string
	say := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	for _, dir := range []string{"/etc", "/var/lib"} {
		m, err := kernel.MountOf(h, dir)
		if err != nil {
			continue
		}
		switch {
		case m.FSType == "tmpfs" || m.FSType == "ramfs":
			say("%s is on %s, in memory", dir, m.FSType)
		case m.FSType == "overlay" && upperInMemory(h, m):
			say("%s is on %s, whose changes are in memory (overlay)", dir, m.Point)
		case m.Has("ro"):
			say("%s is read-only (%s)", dir, m.Point)
		}
	}
	for _, sign := range []struct{ file, says string }{
		{"/run/ostree-booted", "the system is one of ostree, whose updates make /etc from a tree"},
		{"/etc/NIXOS", "the system is NixOS, which makes /etc from its configuration"},
		{"/usr/share/flatcar", "the system is Flatcar, which is set up by Ignition"},
	} {
		if _, err := h.Files.Lstat(sign.file); err == nil {
			say("%s (%s)", sign.says, sign.file)
		}
	}
	return why
}

// upperInMemory reports whether the upper directory of an overlay is in memory,
// as with overlayroot, live systems and some appliances.
func upperInMemory(h host.Host, m kernel.Mount) bool {
	upper := ""
	for o := range strings.SplitSeq(m.SuperOptions, ",") {
		if dir, ok := strings.CutPrefix(o, "upperdir="); ok {
			upper = dir
		}
	}
	if upper == "" {
		return true // a read-only one
	}
	below, err := kernel.MountOf(h, upper)
	if err != nil || below.Point == m.Point { // from before the root was changed, as overlayroot does
		return strings.Contains(m.Source, "overlayroot") || strings.Contains(upper, "overlay") || strings.HasPrefix(upper, "/run/")
	}
	return below.FSType == "tmpfs" || below.FSType == "ramfs"
}
