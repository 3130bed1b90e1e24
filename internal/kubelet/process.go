package kubelet

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// process is a running kubelet of root's on this node; pid 0 is none.
type process struct {
	pid     int
	argv    []string
	env     map[string]string // nil if it cannot be read
	exe     string            // "" if it cannot be read
	unit    string            // "kubelet.service", from its control group
	started time.Duration     // since the boot; 0: not known
}

// program is the running program file; "" if not known.
func (p process) program() string {
	if p.exe == "" && len(p.argv) > 0 && path.IsAbs(p.argv[0]) {
		return p.argv[0]
	}
	return p.exe
}

// traces are directories that every kubelet makes when it starts, with any
// flags (Kubernetes 1.22 to 1.37, pkg/kubelet/kubelet.go, ContainerLogsDir), or
// by default.
func traces() []string { return []string{"/var/log/containers", "/var/lib/kubelet"} }

// runningKubelet finds the kubelet of this node among the processes: one that a
// unit started before one that a person did. Any user can give a process this
// name; identify decides which ones count. inContainer says that a process of
// root's has this name in a container.
func runningKubelet(h host.Host) (found process, inContainer bool, err error) {
	// Reading each process takes longer than everything else that setup reads.
	if !slices.ContainsFunc(traces(), func(dir string) bool { return there(h, dir) }) {
		return process{}, false, nil
	}
	names, err := h.Files.ReadDir("/proc")
	if err != nil {
		return process{}, false, fail.New(fail.Failed, "look for a running kubelet", err, "findmnt /proc")
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
		who := identify(h, dir)
		inContainer = inContainer || who.whose == contained
		if who.whose != node {
			continue
		}
		p, err := readProcess(h, dir, pid, who)
		if err != nil {
			return process{pid: pid, unit: who.unit}, false, err
		}
		if p.pid != 0 && (found.pid == 0 || found.unit == "" && p.unit != "") {
			found = p
		}
	}
	return found, inContainer, nil
}

// readProcess reads the command line of a process that counts: nothing if it is
// not a kubelet after all, or if it was replaced in the meantime.
func readProcess(h host.Host, dir string, pid int, who identity) (process, error) {
	cmdline, err := h.Files.ReadFile(dir+"/cmdline", host.SmallLimit)
	if errors.Is(err, host.ErrTooLarge) && identify(h, dir) == who {
		return process{}, fail.New(fail.Usage, "read the command line of the kubelet that runs", err,
			fmt.Sprintf("see what it is: head -c 1000 %s/cmdline; ls -l %s/exe", dir, dir))
	}
	if err != nil || len(cmdline) == 0 {
		return process{}, nil //nolint:nilerr // it has ended by now
	}
	p := process{pid: pid, exe: who.exe, unit: who.unit, started: who.began}
	if p.argv = strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00"); !isKubelet(p.argv) {
		return process{}, nil
	}
	if environ, err := h.Files.ReadFile(dir+"/environ", host.SmallLimit); err == nil {
		p.env = map[string]string{}
		for entry := range strings.SplitSeq(string(environ), "\x00") {
			if name, value, ok := strings.Cut(entry, "="); ok {
				p.env[name] = value
			}
		}
	}
	if identify(h, dir) != who {
		return process{}, nil
	}
	return p, nil
}

// isKubelet reports whether a command line is that of a kubelet, or of
// hyperkube running one.
func isKubelet(argv []string) bool {
	switch path.Base(argv[0]) {
	case "kubelet":
		return true
	case "hyperkube":
		return len(argv) > 1 && argv[1] == "kubelet"
	}
	return false
}

// there reports whether a file exists, as far as that can be seen.
func there(h host.Host, name string) bool {
	_, err := h.Files.Stat(name)
	return err == nil || errors.Is(err, fs.ErrPermission)
}
