package nextboot

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// LateMount says why the file system at a mount point comes too late at boot for swap
// on it, or not at all: "/etc/fstab line 3: _netdev"; "" when it comes with the others
// (systemd.mount(5)). Swap units belong before sysinit.target; what needs the network or
// cloud-init comes after it. The error is that of a file that could not be read.
func LateMount(h host.Host, point string) (string, error) {
	if point == "/" {
		return "", nil
	}
	const name = "/etc/fstab"
	data, err := h.Files.ReadFile(name, host.FileLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, e := range fstab.Parse(data) {
		if strings.TrimSuffix(e.File, "/") == point {
			return said(fmt.Sprintf("%s line %d", name, e.Line), lateOptions(e.Options)), nil
		}
	}
	return lateUnit(systemd.Open(h), unit.UnitNamePathEscape(point))
}

func said(where string, why []string) string {
	if len(why) == 0 {
		return ""
	}
	return where + ": " + strings.Join(why, ", ")
}

// lateOptions are those of mount options that make it late.
func lateOptions(options string) []string {
	var late []string
	for o := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(o, "=")
		switch key {
		case "_netdev", "noauto", "x-systemd.automount", "comment=systemd.automount":
			late = append(late, o)
		case "x-systemd.requires", "x-systemd.after", "x-systemd.wants":
			if lateThing(value) {
				late = append(late, o)
			}
		}
	}
	return late
}

// lateThing reports whether a unit or device comes after sysinit.target: all services
// do, and the targets of the network.
func lateThing(name string) bool {
	return strings.HasSuffix(name, ".service") || strings.HasPrefix(name, "network") || strings.HasPrefix(name, "remote-fs") || strings.HasPrefix(name, "cloud-")
}

// lateUnit judges a mount that has a unit of its own.
func lateUnit(units systemd.Files, name string) (string, error) {
	settings, exists, err := units.Settings(name + ".mount")
	if err != nil || !exists {
		return "", err
	}
	var late []string
	for _, s := range settings {
		switch {
		case s.Section == "Unit" && slices.Contains([]string{"After", "Requires", "Wants", "BindsTo"}, s.Name):
			for word := range strings.FieldsSeq(s.Value) {
				if lateThing(word) {
					late = append(late, s.Name+"="+word)
				}
			}
		case s.Section == "Mount" && s.Name == "Options":
			late = append(late, lateOptions(s.Value)...)
		}
	}
	if !units.IsWanted(name + ".mount") {
		late = append(late, "nothing wants it")
	}
	return said(units.Find(name + ".mount")[0], late), nil
}
