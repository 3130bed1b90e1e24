package kubeletcfg

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Default is the source of a setting that no file and no flag sets.
const Default = "default"

// Source is a file, or a text that was read from one.
type Source struct {
	Name string // its name in messages
	Data []byte
}

// Inputs are what a kubelet computes its configuration from.
type Inputs struct {
	Config  *Source  // the file of --config; nil if there is none
	Dropins []Source // the *.conf files of --config-dir, in the order of their paths
	Flags   []string // the kubelet's arguments; they may begin with the program's name
}

// Effective is the part of a kubelet's configuration that affects swap.
type Effective struct {
	FailSwapOn     bool
	FailSwapOnFrom string // a file's name, a flag like "--fail-swap-on", or Default

	SwapBehavior     string // as it was set; "" if it was not
	SwapBehaviorFrom string

	Gates        map[string]bool // as they were set
	GatesFrom    map[string]string
	NodeSwap     bool // the gate NodeSwap is on
	NodeSwapFrom string

	FailCgroupV1     bool
	FailCgroupV1From string

	EvictionHard         map[string]string // with the defaults that still apply
	EvictionHardFrom     map[string]string
	EvictionSoft         map[string]string
	SystemReserved       map[string]string
	KubeReserved         map[string]string
	SystemReservedCgroup string
	KubeReservedCgroup   string
	Enforced             []string // enforceNodeAllocatable

	MemoryQoS               bool   // the gate is on
	MemoryThrottlingFactor  string // "" if there is none: then memory.high is not set
	MemoryReservationPolicy string

	RuntimeEndpoint     string // the socket of the container runtime; "" if no flag, file or default sets it
	RuntimeEndpointFrom string

	Sources  []string  // the files that were read, lowest precedence first
	Problems []Problem // what stops the kubelet, or has no effect without an error
}

// Severity is the effect of a Problem.
type Severity string

// The severities.
const (
	Fatal  Severity = "fatal"  // the kubelet or kubeadm does not start
	Silent Severity = "silent" // it is accepted, but does not do what it says
)

// Problem is something wrong with one of the inputs.
type Problem struct {
	Severity     Severity
	Source       string // a file's name or a flag
	Line, Column int    // from 1; 0 if it has no place in a file
	Field        string // "memorySwap.swapBehavior"
	Message      string
	Fix          string // what to do
}

// String formats a problem on one line.
func (p Problem) String() string {
	where := p.Source
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", where, p.Line, p.Column)
	}
	text := p.Message
	for _, before := range []string{p.Field, where} {
		if before != "" {
			text = before + ": " + text
		}
	}
	return text
}

// Fatals are the problems that stop the kubelet from starting.
func (e Effective) Fatals() []Problem {
	var fatal []Problem
	for _, p := range e.Problems {
		if p.Severity == Fatal {
			fatal = append(fatal, p)
		}
	}
	return fatal
}

// Effective merges the inputs as the kubelet of this minor does: its defaults,
// the --config file, the drop-in files, the flags (cmd/kubelet/app/server.go,
// NewKubeletCommand). It returns an error only for a file that is not YAML or
// JSON, with which the kubelet does not start either; every other fault is in
// Problems.
func (r Row) Effective(in Inputs) (Effective, error) {
	m := &merger{row: r, tree: map[string]any{}, from: map[string]string{}}
	if in.Config != nil {
		if err := m.config(*in.Config); err != nil {
			return Effective{}, err
		}
	}
	if err := m.dropins(in.Dropins); err != nil {
		return Effective{}, err
	}
	flags := readFlags(in.Flags)
	m.flags(flags)
	e := m.effective()
	e.RuntimeEndpoint, e.RuntimeEndpointFrom = m.runtime(flags)
	return e, nil
}

// effective reads the merged configuration.
func (m *merger) effective() Effective {
	e := Effective{
		Sources:                 m.sources,
		Gates:                   map[string]bool{},
		GatesFrom:               map[string]string{},
		EvictionHard:            m.object("evictionHard"),
		EvictionHardFrom:        map[string]string{},
		EvictionSoft:            m.object("evictionSoft"),
		SystemReserved:          m.object("systemReserved"),
		KubeReserved:            m.object("kubeReserved"),
		Enforced:                words(m.lookup("enforceNodeAllocatable")),
		MemoryReservationPolicy: m.text("memoryReservationPolicy"),
		SystemReservedCgroup:    m.text("systemReservedCgroup"),
		KubeReservedCgroup:      m.text("kubeReservedCgroup"),
	}
	e.FailSwapOn, e.FailSwapOnFrom = m.switched("failSwapOn", true)
	e.FailCgroupV1, e.FailCgroupV1From = m.switched("failCgroupV1", m.row.FailCgroupV1)
	if behavior := m.swapBehavior(); behavior != "" {
		e.SwapBehavior, e.SwapBehaviorFrom = behavior, m.from["memorySwap.swapBehavior"]
	} else {
		e.SwapBehaviorFrom = Default
	}
	gates, _ := m.lookup("featureGates").(map[string]any)
	for name, value := range gates {
		if on, ok := value.(bool); ok {
			e.Gates[name], e.GatesFrom[name] = on, m.from["featureGates."+name]
		}
	}
	for signal := range e.EvictionHard {
		e.EvictionHardFrom[signal] = m.from["evictionHard."+signal]
	}
	e.NodeSwap, e.NodeSwapFrom = m.row.gate("NodeSwap", m.row.Gate.Stage, m.row.Gate.Default, e)
	e.MemoryQoS, _ = m.row.gate("MemoryQoS", "", m.row.MemoryQoS.Default, e)
	e.MemoryThrottlingFactor = m.row.MemoryQoS.ThrottlingFactor
	if factor, ok := m.lookup("memoryThrottlingFactor").(json.Number); ok {
		e.MemoryThrottlingFactor = factor.String()
	}
	if len(e.Enforced) == 0 {
		e.Enforced = []string{"pods"}
	}
	e.Problems = append(m.problems, m.row.judge(e)...)
	return e
}

// gate reports whether a gate is on: as set by its name, otherwise as AllAlpha
// or AllBeta is set for its stage, otherwise by default
// (k8s.io/component-base/featuregate).
func (r Row) gate(name, stage string, byDefault bool, e Effective) (on bool, from string) {
	if on, ok := e.Gates[name]; ok {
		return on, e.GatesFrom[name]
	}
	all := map[string]string{"alpha": "AllAlpha", "beta": "AllBeta"}[stage]
	if on, ok := e.Gates[all]; ok {
		return on, e.GatesFrom[all]
	}
	return byDefault, Default
}

// judge finds what the kubelet's own validation finds
// (pkg/kubelet/apis/config/validation/validation.go,
// ValidateKubeletConfiguration).
func (r Row) judge(e Effective) []Problem {
	var found []Problem
	if set, ok := e.Gates["NodeSwap"]; ok && r.Gate.Locked && set != r.Gate.Default {
		found = append(found, Problem{
			Severity: Fatal, Source: e.GatesFrom["NodeSwap"], Field: "featureGates.NodeSwap",
			Message: fmt.Sprintf("the kubelet panics: the gate is locked to %v in %s", r.Gate.Default, r.Kubernetes),
			Fix:     "take featureGates.NodeSwap out",
		})
	}
	_, legal := r.Behaviors[e.SwapBehavior]
	switch {
	case e.SwapBehavior == "":
	case !e.NodeSwap:
		found = append(found, Problem{
			Severity: Fatal, Source: e.SwapBehaviorFrom, Field: "memorySwap.swapBehavior",
			Message: "the kubelet refuses it while the gate NodeSwap is off (" + e.NodeSwapFrom + ")",
			Fix:     "set featureGates.NodeSwap to true, or take memorySwap out",
		})
	case !legal:
		found = append(found, Problem{
			Severity: Fatal, Source: e.SwapBehaviorFrom, Field: "memorySwap.swapBehavior",
			Message: fmt.Sprintf("%q is no behavior of Kubernetes %s", e.SwapBehavior, r.Kubernetes),
			Fix:     "one of " + strings.Join(r.LegalBehaviors(), ", "),
		})
	}
	return found
}

// switched returns a boolean and its source.
func (m *merger) switched(field string, byDefault bool) (on bool, from string) {
	if on, ok := m.lookup(field).(bool); ok {
		return on, m.from[field]
	}
	return byDefault, Default
}

func (m *merger) text(field string) string {
	text, _ := m.lookup(field).(string)
	return text
}

// object returns a map of strings; nil if there is none.
func (m *merger) object(field string) map[string]string {
	value, ok := m.lookup(field).(map[string]any)
	if !ok {
		return nil
	}
	object := map[string]string{}
	for name, v := range value {
		if text, ok := v.(string); ok {
			object[name] = text
		}
	}
	return object
}

func (m *merger) swapBehavior() string {
	object, _ := m.lookup("memorySwap").(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if text, ok := object[key].(string); ok && strings.EqualFold(key, "swapBehavior") {
			m.from["memorySwap.swapBehavior"] = m.from["memorySwap."+key]
			return text
		}
	}
	return ""
}
