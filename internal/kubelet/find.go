package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/systemd"
)

// ServiceUnit is the unit of kubeadm and of most others.
const ServiceUnit = "kubelet.service"

// KubeadmConfig is the configuration that kubeadm writes.
const KubeadmConfig = "/var/lib/kubelet/config.yaml"

// Find finds the kubelet of the node and asks it for its version. An error with
// a Kubelet that is Found says that its configuration could not be read.
func Find(ctx context.Context, h host.Host) (Kubelet, error) {
	k, err := Look(h)
	if k.Found {
		k.Version, k.Silence = askVersion(ctx, h, k)
	}
	return k, err
}

// Look is Find without the version: it reads files and starts no program.
func Look(h host.Host) (Kubelet, error) {
	p, inContainer, err := runningKubelet(h)
	if err != nil {
		return Kubelet{Found: p.pid != 0, Kind: Systemd, Unit: p.unit}, err
	}
	units := systemd.Open(h)
	d, unit, err := findDistribution(units, p)
	if err != nil {
		return Kubelet{Found: true, Kind: d.kind, Unit: unit}, err
	}
	if unit != "" && d.kind != Systemd {
		return d.kubelet(h, unit, p)
	}
	s, err := readService(h, units, unitOf(p))
	var k Kubelet
	switch {
	case err != nil:
		return Kubelet{Found: true, Kind: Systemd, Unit: unitOf(p)}, err
	case s.exists:
		if k, err = fromService(h, s, p); k.Found || err != nil {
			return k, err
		}
	case p.pid != 0:
		k = Kubelet{Found: true, Kind: ByHand, Argv: p.argv, Env: p.env, Binary: p.program()}
		return k.complete(h, p)
	}
	switch name := leftBehind(h); {
	case name != "" && !s.exists:
		return Kubelet{Found: true}, unclear("%s is there, but no kubelet runs and there is no %s", name, ServiceUnit)
	case inContainer:
		return container(), nil
	}
	return k, nil
}

// unitOf is the unit to read, whether the kubelet runs or not.
func unitOf(p process) string {
	if p.unit != "" {
		return p.unit
	}
	return ServiceUnit
}

// fromService describes a kubelet that systemd starts.
func fromService(h host.Host, s service, p process) (Kubelet, error) {
	if p.unit != s.unit {
		p = process{} // another one's
	}
	k := Kubelet{Found: true, Kind: Systemd, Unit: s.unit, Env: s.env, service: s}
	argv := s.argv()
	if len(argv) > 0 && isKubelet(argv) {
		k.Argv, k.Binary = argv, argv[0]
		return k.complete(h, p)
	}
	if name, err := s.othersProgram(h); err != nil {
		return k, untrusted("trust "+name+", which "+s.unit+" starts", err)
	}
	if p.pid != 0 {
		k.Argv, k.Env, k.Binary, k.Wrapped = p.argv, p.env, p.program(), true
		return k.complete(h, p)
	}
	if !s.mentionsKubelet() && leftBehind(h) == "" {
		return Kubelet{Note: fmt.Sprintf("%s is no kubelet: it runs %s", s.unit, strings.Join(argv, " "))}, nil
	}
	return k, unclear("%s starts it by %q, and it does not run now", s.unit, strings.Join(argv, " "))
}

// container describes a kubelet that runs in the node's process namespace, but
// with another file system. A pod with hostPID can look the same: nothing that
// it says is trusted, and it never replaces a kubelet of the node's own.
func container() Kubelet {
	return Kubelet{Found: true, Kind: Container, Advice: distributionOf(Container).advice}
}

// complete adds what follows from the arguments.
func (k Kubelet) complete(h host.Host, p process) (Kubelet, error) {
	k.Running, k.PID, k.Started = p.pid != 0, p.pid, p.started
	k.ConfigFile, k.ConfigDir = k.path("config"), k.path("config-dir")
	if !strings.HasPrefix(k.Binary, "/") {
		k.Binary = ""
	} else if err := host.OnlyRoot(h.Files, k.Binary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		name := k.Binary
		k.Binary = ""
		return k, untrusted("run "+name+", which is the kubelet", err)
	}
	var err error
	k.Inputs, err = readInputs(h, k.ConfigFile, k.ConfigDir, k.Argv)
	return k, err
}

// path is the last value of a flag that names a file. A relative path starts at
// the unit's working directory, by default the root.
func (k Kubelet) path(flag string) string {
	name, _ := kubeletcfg.Flag(k.Argv, flag)
	if name == "" || strings.HasPrefix(name, "/") {
		return name
	}
	return k.service.directory() + "/" + name
}

// Installed reports whether the node has a kubelet of its own, by the files
// that its packages, kubeadm and the usual installers leave. Look finds out
// more, and takes longer.
func Installed(h host.Host) bool {
	return len(systemd.Open(h).Find(ServiceUnit)) > 0 || leftBehind(h) != ""
}

// leftBehind is a file that only a node with a kubelet has.
func leftBehind(h host.Host) string {
	plain := distributionOf(Systemd)
	for _, name := range append([]string{plain.config}, plain.binary...) {
		// Only root may look into /var/lib/kubelet, so somebody made it.
		if there(h, name) {
			return name
		}
	}
	return ""
}

// readFailed is the error of a file that the kubelet reads and swapctl cannot,
// or must not.
func readFailed(name string, err error) error {
	if _, ok := errors.AsType[*host.OthersError](err); ok {
		return untrusted("trust "+name+", which the kubelet reads", err)
	}
	return fail.New(fail.Failed, "read "+name+", which the kubelet reads", err, "see what it is: ls -lL "+name)
}

// unitFailed is the error of a unit file that cannot be read.
func unitFailed(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return readFailed(file.Path, file.Err)
	}
	return err
}

// untrusted is the error of what another user can change.
func untrusted(op string, err error) error {
	others, ok := errors.AsType[*host.OthersError](err)
	if !ok {
		return fail.New(fail.Failed, op, err)
	}
	return fail.New(fail.Usage, op, err, others.Hint())
}
