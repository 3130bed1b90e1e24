package kubelet

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// whose says to whom a process belongs.
type whose int

const (
	others    whose = iota // not root's, or not of this node: it does not count
	contained              // root's, with other files than ours
	node                   // root's, and of the node, as we are
)

// identity is the evidence of whose a process is. If another process has got
// the same number, it differs.
type identity struct {
	whose whose
	exe   string        // "" if it cannot be read
	unit  string        // of systemd's own, not of a user's manager
	began time.Duration // since the boot; 0: not known
}

// identify says whose a process is, by nothing that an ordinary user, or a pod,
// can give to one of his own:
//
//   - all its user IDs are root's: a program with the set-user-ID bit keeps the
//     real one of its caller, who chooses its name and its arguments;
//   - it is in our own user and process namespace, for root of another one is
//     nobody here; and among our files, or it is one in a container;
//   - the file of its program is called kubelet, for sudo, which becomes root
//     altogether, can be called by any name; and only root can change that file.
//
// Without root the namespaces and the program of another's process are not to be
// seen: then only what a unit of the system's has started counts.
func identify(h host.Host, dir string) identity {
	status, err := h.Files.ReadFile(dir+"/status", host.SmallLimit)
	if err != nil || !allRoot(string(status)) || nested(string(status)) {
		return identity{}
	}
	groups, _ := h.Files.ReadFile(dir+"/cgroup", host.SmallLimit)
	stat, _ := h.Files.ReadFile(dir+"/stat", host.SmallLimit)
	who := identity{whose: node, unit: unitOfGroups(string(groups)), began: kernel.ProcessStart(stat)}
	user, pid, mount := sameNamespace(h, dir, "user"), sameNamespace(h, dir, "pid"), sameNamespace(h, dir, "mnt")
	exe, err := h.Files.Readlink(dir + "/exe")
	switch {
	case h.Kernel.EUID() != 0 && errors.Is(err, fs.ErrPermission):
		if who.unit == "" {
			return identity{}
		}
		return who
	case err != nil || !user || !pid:
		return identity{}
	case !mount:
		return identity{whose: contained}
	}
	who.exe = strings.TrimSuffix(exe, " (deleted)")
	if base := path.Base(who.exe); !strings.Contains(base, "kubelet") && !strings.Contains(base, "hyperkube") {
		return identity{}
	}
	if err := host.OnlyRoot(h.Files, who.exe); err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be deleted
		return identity{}
	}
	// The path of a file on a file system that is mounted nowhere any more is that
	// from its own root.
	runs, err1 := h.Files.Stat(dir + "/exe")
	named, err2 := h.Files.Stat(who.exe)
	if exe == who.exe && err1 == nil && err2 == nil && !runs.SameFile(named) {
		return identity{}
	}
	return who
}

// allRoot reports whether the real, effective, saved and file system user IDs
// of a process are all root's (proc(5), /proc/PID/status).
func allRoot(status string) bool {
	fields := statusFields(status, "Uid")
	for _, id := range fields {
		if id != "0" {
			return false
		}
	}
	return len(fields) == 4
}

// nested reports whether a process has a process namespace below ours (proc(5),
// NSpid).
func nested(status string) bool { return len(statusFields(status, "NSpid")) > 1 }

func statusFields(status, name string) []string {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

// sameNamespace reports whether a process is in our namespace of a kind. On a
// kernel built without it, we have no link either.
func sameNamespace(h host.Host, dir, kind string) bool {
	ours, err := h.Files.Readlink("/proc/self/ns/" + kind)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	theirs, errTheirs := h.Files.Readlink(dir + "/ns/" + kind)
	return err == nil && errTheirs == nil && ours == theirs
}

// unitOfGroups finds the service of the system manager in /proc/PID/cgroup, of
// either version: it is directly below slices. Below a service or a scope (a
// user's manager, a container), others choose the names of groups.
func unitOfGroups(text string) string {
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) < 3 || fields[1] != "" && fields[1] != "name=systemd" {
			continue
		}
		for part := range strings.SplitSeq(strings.TrimPrefix(fields[2], "/"), "/") {
			if strings.HasSuffix(part, ".service") {
				return part
			}
			if !strings.HasSuffix(part, ".slice") {
				break
			}
		}
	}
	return ""
}
