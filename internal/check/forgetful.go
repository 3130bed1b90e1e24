package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/nextboot"
)

func forgetfulCheck() Check {
	return Check{
		ID: "root-persistent", Title: "What setup writes is there after a reboot",
		Want: "/etc and /var/lib on a disk, and writable",
		Why:  "Where the root is laid over by memory, or made anew by each boot or update, units, settings and the swap file are gone after it.",
		Says: []Status{Pass, Warn}, Run: forgetful,
		Preflight: Always,
	}
}

func forgetful(f Facts) Finding {
	if len(f.Boot.Forgets) > 0 {
		return warn(oneLine(strings.Join(f.Boot.Forgets, "; ")),
			"put swap into what the system is made from (its image, Ignition, a MachineConfig, configuration.nix), or run 'swapctl setup' at each boot with --persist none")
	}
	return pass("/etc and /var/lib are on a disk, and writable")
}

// forgets finds why a boot does not have what was written to the last one's /etc and
// /var/lib.
func forgets(h host.Host) []string {
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

// upperInMemory reports whether the directory that takes the changes of an overlay is
// in memory: overlayroot, live systems and some appliances have it so.
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

// readMount is why the file system below an area in a file comes late.
func readMount(h host.Host, at kernel.Layer) string {
	file, ok := at.Find(kernel.KindFile)
	if !ok || file.Hidden || file.Deleted {
		return ""
	}
	m, err := kernel.MountOf(h, file.Path)
	if err != nil {
		return ""
	}
	late, _ := nextboot.LateMount(h, m.Point)
	return late
}
