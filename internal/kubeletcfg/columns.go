package kubeletcfg

import (
	"errors"
	"fmt"
	"slices"
)

// DropinDir is what a kubelet does with a directory of drop-in files.
type DropinDir struct {
	Support DropinSupport `yaml:"support"`
	Env     string        `yaml:"env,omitempty"` // must be set, to any value, to use --config-dir
	Merge   MergeWay      `yaml:"merge,omitempty"`
}

// DropinSupport is the stage of --config-dir in a minor.
type DropinSupport string

// The stages of --config-dir.
const (
	DropinNone DropinSupport = "none"
	DropinEnv  DropinSupport = "env"  // alpha: only with an environment variable
	DropinFlag DropinSupport = "flag" // beta: the flag is enough
	DropinGA   DropinSupport = "GA"
)

// MergeWay is how drop-in files are merged with the --config file.
type MergeWay string

// The ways of merging.
const (
	// MergeNonZero is the oldest way, that of the library mergo: each file is
	// completed with all defaults, then every value that is not zero overrides.
	// So false and "" never override, and a file without failSwapOn sets it
	// back to true.
	MergeNonZero MergeWay = "nonZero"
	// MergeOver is a JSON merge patch over the internal type: null removes
	// nothing.
	MergeOver MergeWay = "over"
	// MergePatch is a JSON merge patch: null restores the default.
	MergePatch MergeWay = "patch"
)

// Kubeadm is what the kubeadm of a minor reads and writes.
type Kubeadm struct {
	Config      string       `yaml:"config"`      // the API version that swapctl writes
	APIVersions []KubeadmAPI `yaml:"apiVersions"` // those that it reads, oldest first
	Preflight   Preflight    `yaml:"preflight"`   // what its checks report if swap is on
	Validate    bool         `yaml:"validate"`    // it has 'kubeadm config validate'
	Patches     bool         `yaml:"patches"`     // --patches accepts patches for kubeletconfiguration
	CgroupV1    Preflight    `yaml:"cgroupV1"`    // what its checks report on cgroup v1
}

// KubeadmAPI is a version of kubeadm.k8s.io, as one kubeadm treats it.
type KubeadmAPI struct {
	Name      string    `yaml:"name"`
	State     APIState  `yaml:"state"`
	ExtraArgs ExtraArgs `yaml:"extraArgs"`
}

// APIState is how a kubeadm treats an API version.
type APIState string

// The states of an API version.
const (
	APIOld          APIState = "deprecated"
	APICurrent      APIState = "current"
	APIExperimental APIState = "experimental" // only with --allow-experimental-api
)

// ExtraArgs is the shape of kubeletExtraArgs.
type ExtraArgs string

// The shapes.
const (
	ArgsMap  ExtraArgs = "map"  // {name: value}
	ArgsList ExtraArgs = "list" // [{name, value}]
)

// Preflight is what a preflight check of kubeadm reports.
type Preflight string

// The results of a check.
const (
	PreflightOK      Preflight = "ok"
	PreflightWarning Preflight = "warning"
	PreflightError   Preflight = "error"
)

// MemoryQoS is the gate MemoryQoS, which makes a container swap before it
// reaches its memory limit.
type MemoryQoS struct {
	Default          bool   `yaml:"default"`
	ThrottlingFactor string `yaml:"throttlingFactor"` // the default of memoryThrottlingFactor; "" if there is none
}

// GroupVersion is the API version of a KubeletConfiguration, the same in every
// release.
const GroupVersion = "kubelet.config.k8s.io/v1beta1"

// ConfigKind is the kind of a KubeletConfiguration.
const ConfigKind = "KubeletConfiguration"

// KubeadmGroup is the API group of kubeadm's documents.
const KubeadmGroup = "kubeadm.k8s.io"

// API returns a version of kubeadm.k8s.io, if the kubeadm of this minor reads
// it.
func (k Kubeadm) API(name string) (KubeadmAPI, bool) {
	i := slices.IndexFunc(k.APIVersions, func(a KubeadmAPI) bool { return a.Name == name })
	if i < 0 {
		return KubeadmAPI{}, false
	}
	return k.APIVersions[i], true
}

func (r Row) validateColumns() error {
	d := r.DropinDir
	switch {
	case !slices.Contains([]DropinSupport{DropinNone, DropinEnv, DropinFlag, DropinGA}, d.Support):
		return fmt.Errorf("dropinDir.support: %q is not a stage", d.Support)
	case (d.Support == DropinEnv) != (d.Env != ""):
		return errors.New("dropinDir.env: belongs to support env")
	case (d.Support == DropinNone) != (d.Merge == ""):
		return errors.New("dropinDir.merge: belongs to a directory")
	case d.Merge != "" && !slices.Contains([]MergeWay{MergeNonZero, MergeOver, MergePatch}, d.Merge):
		return fmt.Errorf("dropinDir.merge: %q is not a way", d.Merge)
	case len(r.Metrics) == 0 && r.ReportsSwap:
		return errors.New("metrics: a kubelet that reports swap has some")
	}
	return r.Kubeadm.validate()
}

func (k Kubeadm) validate() error {
	current := 0
	for _, api := range k.APIVersions {
		switch {
		case !slices.Contains([]APIState{APIOld, APICurrent, APIExperimental}, api.State):
			return fmt.Errorf("kubeadm.apiVersions: %s: %q is not a state", api.Name, api.State)
		case api.ExtraArgs != ArgsMap && api.ExtraArgs != ArgsList:
			return fmt.Errorf("kubeadm.apiVersions: %s: %q is not a shape", api.Name, api.ExtraArgs)
		case api.State == APICurrent:
			current++
		}
	}
	if api, ok := k.API(k.Config); !ok || api.State != APICurrent || current != 1 {
		return fmt.Errorf("kubeadm.config: %q is not the one current version", k.Config)
	}
	for _, p := range []Preflight{k.Preflight, k.CgroupV1} {
		if !slices.Contains([]Preflight{PreflightOK, PreflightWarning, PreflightError}, p) {
			return fmt.Errorf("kubeadm: %q is not a result of a check", p)
		}
	}
	return nil
}
