package check

import (
	"context"
	"errors"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// readKubelet finds the kubelet without running it: to start it for its version
// alone takes longer than everything else here. The error is that of an
// unusable version in o.
func readKubelet(_ context.Context, h host.Host, o ReadOptions) (Kubelet, error) {
	found, err := kubelet.Look(h)
	k := Kubelet{
		Found: found.Found, Unit: found.Unit, Kind: string(found.Kind), Err: err,
		Running: found.Running, PID: found.PID, Dir: found.RootDir(), Started: found.Started,
	}
	if found.Kind == kubelet.Container && err == nil {
		k.Err = errors.New(strings.Join(found.Advice, "; "))
	}
	k.ControlPlane, k.ControlPlaneErr = found.ControlPlane(h)
	if o.ControlPlane != nil {
		k.ControlPlane, k.ControlPlaneErr = "", nil
		if *o.ControlPlane {
			k.ControlPlane = "--control-plane says so"
		}
	}
	if k.Version = o.KubernetesVersion; k.Version == "" && found.Found {
		k.Version = versionOf(h, "kubelet", found.Binary)
	}
	if !found.Found && o.KubernetesVersion == "" {
		return k, nil
	}
	return k.configure(found.Inputs, o.KubernetesVersion != "")
}

// configure merges the kubelet's configuration as its version does, or as the
// newest does if the version is not known. said: a person named the version.
func (k Kubelet) configure(in kubeletcfg.Inputs, said bool) (Kubelet, error) {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return k, fail.New(fail.Failed, "read what Kubernetes versions do", err)
	}
	row, err := rows.Find(k.Version)
	switch {
	case err == nil && k.Version != "":
		k.Row = &row
	case err != nil && said:
		return k, fail.New(fail.Usage, "use --kubernetes-version", err)
	case err != nil:
		unknown, ok := errors.AsType[*kubeletcfg.UnknownError](err)
		k.TooOld = ok && !unknown.Newer
		row, _ = rows.Find("")
	}
	if k.Err != nil {
		return k, nil
	}
	if k.Config, err = row.Effective(in); err != nil {
		k.Config.Problems = []kubeletcfg.Problem{unreadableFile(err)}
		return k, nil
	}
	if k.Row != nil {
		k.Config.Problems = append(k.Config.Problems, row.Faults(in, k.Config)...)
	}
	return k, nil
}

// unreadableFile is the problem of a file that is there, and with which no kubelet
// starts.
func unreadableFile(err error) kubeletcfg.Problem {
	p := kubeletcfg.Problem{Severity: kubeletcfg.Fatal, Message: err.Error() + ": the kubelet does not start"}
	if syntax, ok := errors.AsType[*kubeletcfg.SyntaxError](err); ok {
		p.Source, p.Line, p.Column = syntax.File, syntax.Line, 1
		p.Message = syntax.Err.Error() + ": the kubelet does not start"
	}
	return p
}
