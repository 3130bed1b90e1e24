// Package kubelet finds the kubelet of a node: what starts it, with which
// flags, which files it reads, and which version it is. It changes nothing.
package kubelet

import (
	"cmp"
	"time"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// Kind is what starts the kubelet.
type Kind string

// The kinds.
const (
	Systemd   Kind = "systemd"   // a unit whose program is the kubelet: kubeadm, and most others
	ByHand    Kind = "process"   // it runs, and no unit started it
	K3s       Kind = "k3s"       // a part of the process k3s
	RKE2      Kind = "rke2"      // a child of rke2
	K0s       Kind = "k0s"       // a child of k0s
	MicroK8s  Kind = "microk8s"  // a part of the process kubelite, in a snap
	EKSSnap   Kind = "eks"       // the snap kubelet-eks
	Container Kind = "container" // it runs with other files than ours: RKE
)

// Kubelet is what is known of a node's kubelet. The zero Kubelet means that
// there is none.
type Kubelet struct {
	Found bool
	Kind  Kind
	Unit  string // "kubelet.service"; "" if no unit starts it

	// Argv is the command line of its next start, Argv[0] the program: what its
	// unit says now, not what a running one was started with. Only if the unit
	// does not say it (Wrapped), it is that of the running one.
	Argv    []string
	Env     map[string]string
	Wrapped bool

	Binary  string // the program that prints its version; "" if not known
	Version string // "v1.34.1"; "" if it could not be found out, and then:
	Silence error  // why not

	ConfigFile string // --config, "" for none; the file may not exist
	ConfigDir  string // --config-dir
	Inputs     kubeletcfg.Inputs

	Running bool
	PID     int
	Started time.Duration // of the running one, since the boot; 0: not known

	// Advice says what to set where, if the kubelet is part of something that
	// has its own configuration.
	Advice []string
	// Note is for a person who expected a kubelet.
	Note string

	service service // of Unit
}

// Embedded reports whether something other than a unit's own flags and files
// configures the kubelet, so that swapctl may not change these.
func (k Kubelet) Embedded() bool {
	return k.Found && k.Kind != Systemd && k.Kind != ByHand
}

// RootDir is its --root-dir.
func (k Kubelet) RootDir() string { return cmp.Or(k.path("root-dir"), "/var/lib/kubelet") }

// Row is what the kubelet's version does with swap.
func (k Kubelet) Row() (kubeletcfg.Row, error) {
	if k.Version == "" {
		return kubeletcfg.Row{}, k.Silence
	}
	rows, err := kubeletcfg.Load()
	if err != nil {
		return kubeletcfg.Row{}, err
	}
	return rows.Find(k.Version)
}

// Effective is the configuration with which the kubelet will start next.
func (k Kubelet) Effective() (kubeletcfg.Effective, error) {
	row, err := k.Row()
	if err != nil {
		return kubeletcfg.Effective{}, err
	}
	return row.Effective(k.Inputs)
}

// unclear is the error of a kubelet that exists, but whose next command line
// cannot be found out.
func unclear(format string, args ...any) error {
	return fail.Newf(fail.Usage, "find out how the kubelet is configured", format, args...).
		Hint("leave the kubelet as it is, and set failSwapOn: false yourself: --kubelet skip")
}
