package kubelet

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// process is a running kubelet; pid 0 is none.
type process struct {
	pid       int
	argv      []string
	env       map[string]string // nil when it is not to be seen
	exe       string
	unit      string // "kubelet.service", from its control group
	elsewhere bool   // among other files than ours
	started   time.Time
}

// program is the file that runs.
func (p process) program() string {
	if p.exe != "" {
		return p.exe
	}
	return p.argv[0]
}

// traces are directories that every kubelet makes when it starts, whatever its
// flags (Kubernetes 1.22 to 1.37, pkg/kubelet/kubelet.go, ContainerLogsDir), or
// by default.
func traces() []string { return []string{"/var/log/containers", "/var/lib/kubelet"} }

// runningKubelet finds the kubelet of this node among the processes. One in a
// process namespace of its own is that of a cluster in containers, as kind
// makes them.
func runningKubelet(h host.Host) (process, error) {
	// Looking at each process costs more than all else that setup reads.
	if !slices.ContainsFunc(traces(), func(dir string) bool { return there(h, dir) }) {
		return process{}, nil
	}
	names, err := h.Files.ReadDir("/proc")
	if err != nil {
		return process{}, fail.New(fail.Failed, "look for a running kubelet", err, "findmnt /proc")
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		dir := "/proc/" + name
		comm, err := h.Files.ReadFile(dir+"/comm", host.SmallLimit)
		if err != nil { // it has ended by now
			continue
		}
		if c := strings.TrimSpace(string(comm)); c != "kubelet" && c != "hyperkube" {
			continue
		}
		p := readProcess(h, dir, pid)
		if len(p.argv) > 0 && isKubelet(p.argv) && !nested(h, dir) {
			return p, nil
		}
	}
	return process{}, nil
}

func readProcess(h host.Host, dir string, pid int) process {
	p := process{pid: pid}
	cmdline, err := h.Files.ReadFile(dir+"/cmdline", host.SmallLimit)
	if err != nil || len(cmdline) == 0 {
		return process{}
	}
	p.argv = strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00")
	if exe, err := h.Files.Readlink(dir + "/exe"); err == nil {
		p.exe = strings.TrimSuffix(exe, " (deleted)")
	}
	if environ, err := h.Files.ReadFile(dir+"/environ", host.SmallLimit); err == nil {
		p.env = map[string]string{}
		for entry := range strings.SplitSeq(string(environ), "\x00") {
			if name, value, ok := strings.Cut(entry, "="); ok {
				p.env[name] = value
			}
		}
	}
	groups, _ := h.Files.ReadFile(dir+"/cgroup", host.SmallLimit)
	p.unit = unitOfGroups(string(groups))
	theirs, err1 := h.Files.Readlink(dir + "/ns/mnt")
	ours, err2 := h.Files.Readlink("/proc/self/ns/mnt")
	p.elsewhere = err1 == nil && err2 == nil && theirs != ours
	p.started = startOf(h, dir)
	return p
}

// isKubelet reports whether a command line is one of a kubelet, as such or as a
// part of hyperkube.
func isKubelet(argv []string) bool {
	switch path.Base(argv[0]) {
	case "kubelet":
		return true
	case "hyperkube":
		return len(argv) > 1 && argv[1] == "kubelet"
	}
	return false
}

// nested reports whether a process has a process namespace below ours (proc(5),
// NSpid).
func nested(h host.Host, dir string) bool {
	status, err := h.Files.ReadFile(dir+"/status", host.SmallLimit)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return len(strings.Fields(rest)) > 1
		}
	}
	return false
}

// unitOfGroups finds the service in /proc/PID/cgroup, of either version.
func unitOfGroups(text string) string {
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 || fields[1] != "" && fields[1] != "name=systemd" {
			continue
		}
		for part := range strings.SplitSeq(fields[2], "/") {
			if strings.HasSuffix(part, ".service") {
				return part
			}
		}
	}
	return ""
}

// clockTicks is USER_HZ, in which /proc counts: 100 on every architecture that
// Kubernetes runs on.
const clockTicks = 100

// startOf is when a process began, from field 22 of /proc/PID/stat and the time
// of the boot.
func startOf(h host.Host, dir string) time.Time {
	stat, err1 := h.Files.ReadFile(dir+"/stat", host.SmallLimit)
	boot, err2 := h.Files.ReadFile("/proc/stat", host.TableLimit)
	if errors.Join(err1, err2) != nil {
		return time.Time{}
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return time.Time{}
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return time.Time{}
	}
	for line := range strings.Lines(string(boot)) {
		if rest, ok := strings.CutPrefix(line, "btime "); ok {
			seconds, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			if err != nil {
				return time.Time{}
			}
			return time.Unix(seconds, 0).Add(time.Duration(ticks) * time.Second / clockTicks)
		}
	}
	return time.Time{}
}

// there reports whether a file is there, as far as one can see.
func there(h host.Host, name string) bool {
	_, err := h.Files.Stat(name)
	return err == nil || errors.Is(err, fs.ErrPermission)
}
