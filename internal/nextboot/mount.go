package nextboot

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// Late is a mount that a boot does not have before its services start.
type Late struct {
	Unit string // of systemd: "data.mount"
	// Why says what makes it late: "/etc/fstab line 3: _netdev". It is empty for one that
	// comes with the others, but that no boot waits for (nofail).
	Why string
	// Comes: a boot mounts it by itself, later. OnUse: it is mounted when something uses it.
	Comes, OnUse bool

	after   []string // units that it waits for
	endless bool     // it waits for its device without a time limit
}

// LateMount finds whether the file system at a mount point comes too late at boot for
// what starts with the services, or not at all (systemd.mount(5)): what needs the network
// or cloud-init comes with the services, what nothing starts does not come. A mount is as
// late as those that it is on. The error is that of a file that could not be read.
func LateMount(h host.Host, point string) (Late, bool, error) {
	data, err := h.Files.ReadFile("/etc/fstab", host.FileLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Late{}, false, err
	}
	s := mounts{lines: fstab.Parse(data), units: systemd.Open(h)}
	late := Late{Unit: unit.UnitNamePathEscape(point) + ".mount", Comes: true}
	found, err := s.look(point, &late)
	return late, found, err
}

// mounts are those that the next boot makes.
type mounts struct {
	lines []fstab.Entry
	units systemd.Files
}

// look adds to late what is late about a mount point and those above it.
func (s mounts) look(point string, late *Late) (found bool, err error) {
	for at := point; at != "/" && at != "."; at = path.Dir(at) {
		where, what, known, err := s.at(at)
		if err != nil {
			return found, err
		}
		switch {
		case known:
		case at == point:
			where, what = point, description{why: []string{"no line of /etc/fstab and no unit mounts it"}, absent: true}
		default: // no mount
			continue
		}
		late.add(where, what)
		found = found || len(what.why) > 0 || what.nofail
	}
	return found, nil
}

// description is what is said of one mount.
type description struct {
	why     []string // it is late
	after   []string // what it waits for
	nofail  bool
	absent  bool // no boot mounts it
	onUse   bool
	endless bool // it waits without a time limit
}

func (l *Late) add(where string, d description) {
	if len(d.why) > 0 {
		l.Why = strings.TrimPrefix(l.Why+"; "+where+": "+strings.Join(d.why, ", "), "; ")
	}
	l.Comes, l.OnUse = l.Comes && !d.absent, l.OnUse || d.onUse
	l.after, l.endless = append(l.after, d.after...), l.endless || d.endless
}

// at describes the mount of fstab, or of a unit of its own, at a point.
func (s mounts) at(point string) (where string, d description, known bool, err error) {
	for _, e := range s.lines {
		if strings.TrimSuffix(e.File, "/") == point {
			d := ofLine(e)
			return fmt.Sprintf("/etc/fstab line %d", e.Line), s.withCycle(e, d), true, nil
		}
	}
	name := unit.UnitNamePathEscape(point) + ".mount"
	settings, known, err := s.units.Settings(name)
	if err != nil || !known {
		return "", d, s.units.Generated(name), err
	}
	return s.units.Find(name)[0], s.ofUnit(name, settings), true, nil
}

// withCycle adds that a line is an ordering cycle. Without nofail or _netdev a mount is
// before local-fs.target, which a service with its default dependencies comes after:
// systemd then leaves out one of them (systemd 252 left out systemd-tmpfiles-setup.service).
func (s mounts) withCycle(e fstab.Entry, d description) description {
	if d.nofail || d.absent || len(d.why) == 0 || e.Has("_netdev") || isNetwork(e.Type) {
		return d
	}
	for _, name := range d.after {
		settings, known, err := s.units.Settings(name)
		early := slices.ContainsFunc(settings, func(set systemd.Setting) bool {
			return set.Name == "DefaultDependencies" && systemd.SaysNo(set.Value)
		})
		if err == nil && known && !early && strings.HasSuffix(name, ".service") {
			d.why = append(d.why, "which is an ordering cycle without nofail or _netdev")
			return d
		}
	}
	return d
}

// isNetwork reports whether systemd takes a type of file systems for one of the network
// (src/basic/mount-util.c, fstype_is_network, of systemd 252).
func isNetwork(fsType string) bool {
	return slices.Contains([]string{
		"afs", "ceph", "cifs", "smb3", "smbfs", "sshfs", "ncpfs", "ncp", "nfs", "nfs4", "gfs", "gfs2", "glusterfs", "pvfs2", "ocfs2", "lustre", "davfs",
	}, fsType)
}

func ofLine(e fstab.Entry) description {
	d := ofOptions(e.Options)
	if isNetwork(e.Type) && !e.Has("_netdev") {
		d.why, d.after = append(d.why, e.Type), append(d.after, afterNetwork()...)
	}
	d.nofail = e.Has("nofail")
	return d
}

// afterNetwork is what systemd has a mount of the network wait for (systemd.mount(5),
// "Default Dependencies").
func afterNetwork() []string {
	return []string{"remote-fs-pre.target", "network.target", "network-online.target"}
}

// ofOptions reads the options of a mount (systemd.mount(5), "fstab").
func ofOptions(options string) (d description) {
	for o := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(o, "=")
		switch key {
		case "_netdev":
			d.why, d.after = append(d.why, o), append(d.after, afterNetwork()...)
		case "noauto", "x-systemd.automount", "comment":
			d.onUse = d.onUse || key == "x-systemd.automount" || value == "systemd.automount"
			if key != "comment" || value == "systemd.automount" {
				d.why, d.absent = append(d.why, o), true
			}
		case "x-systemd.requires", "x-systemd.after", "x-systemd.wants":
			d.after = append(d.after, value)
			if lateThing(value) {
				d.why = append(d.why, o)
			}
		case "x-systemd.device-timeout", "x-systemd.mount-timeout":
			d.endless = d.endless || systemd.NoLimit(value)
		}
	}
	return d
}

// lateThing reports whether a unit or device comes after sysinit.target: all services
// do, and the targets of the network.
func lateThing(name string) bool {
	return strings.HasSuffix(name, ".service") || strings.HasPrefix(name, "network") || strings.HasPrefix(name, "remote-fs") || strings.HasPrefix(name, "cloud-")
}

// ofUnit describes a mount that has a unit of its own.
func (s mounts) ofUnit(name string, settings []systemd.Setting) (d description) {
	for _, set := range settings {
		switch {
		case set.Section == "Unit" && slices.Contains([]string{"After", "Requires", "Wants", "BindsTo"}, set.Name):
			for word := range strings.FieldsSeq(set.Value) {
				if set.Name == "After" {
					d.after = append(d.after, word)
				}
				if lateThing(word) {
					d.why = append(d.why, set.Name+"="+word)
				}
			}
		case set.Section == "Mount" && set.Name == "Options":
			of := ofOptions(set.Value)
			d.why, d.after, d.absent = append(d.why, of.why...), append(d.after, of.after...), d.absent || of.absent
		case set.Section == "Mount" && set.Name == "TimeoutSec":
			d.endless = systemd.NoLimit(set.Value)
		}
	}
	automount := strings.TrimSuffix(name, ".mount") + ".automount"
	switch {
	case s.units.IsWanted(automount):
		d.why, d.absent, d.onUse = append(d.why, automount), true, true
	case !s.units.IsWanted(name):
		d.why, d.absent = append(d.why, "nothing wants it"), true
	}
	return d
}

// MayWait reports whether these units, of which the kubelet's are among others, may be
// started after the mount: a boot mounts it, none of what it waits for comes after one of
// them, and it keeps no kubelet waiting for ever that does not wait for the same already.
// Where that cannot be read they may not.
func (l Late) MayWait(h host.Host, units, kubelets []string) bool {
	if l.Why == "" || !l.Comes || l.endless {
		return false
	}
	order, err := systemd.Open(h).Order()
	if err != nil {
		return false
	}
	waits := order.Behind(l.after...)
	known := order.Behind(append(slices.Clone(kubelets), "network-online.target")...)
	for name := range waits {
		if slices.Contains(units, name) || order.Endless(name) && !known[name] {
			return false
		}
	}
	return true
}
