package kubeletcfg

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// kubelet lints a KubeletConfiguration.
func (l *linter) kubelet(s scene) {
	l.fields(s, s.doc.root, ConfigKind, "")
	switch s.role {
	case RoleConfig:
		l.configs = append(l.configs, s.doc)
		l.evictionDefaults(s)
	case RoleDropin:
		l.dropins = append(l.dropins, s.doc)
	case RolePatch:
		l.evictionDefaults(s)
	case rolePart: // judged by the caller, who knows the configuration below it
	}
	l.gates(s, s.doc.root.Get("featureGates"), "featureGates")
	for _, field := range []string{"evictionHard", "evictionSoft"} {
		l.thresholds(s, field)
	}
	l.softPeriods(s)
	l.reserved(s)
	l.reservedAmounts(s, "systemReserved")
	l.reservedAmounts(s, "kubeReserved")
	l.memoryQoS(s)
	l.cgroupV1(s)
}

func (l *linter) illegal(text string) Finding {
	f := Finding{
		Rule: "swap-behavior", Field: "memorySwap.swapBehavior",
		Message: fmt.Sprintf("%q is no behavior of Kubernetes %s: the kubelet does not start", text, l.row.Kubernetes),
		Fix:     strings.Join(l.row.LegalBehaviors(), " or "),
	}
	if meant := fail.Nearest(text, l.row.LegalBehaviors()); meant != "" && !slices.Contains(Behaviors(), text) {
		f.Fix = meant
	}
	if slices.Contains(Behaviors(), text) {
		if o, ok := l.row.nearestThat(func(o Row) bool { _, has := o.Behaviors[text]; return has }); ok {
			f.Message += fmt.Sprintf(" (Kubernetes %s has it)", o.Kubernetes)
		}
	}
	return f
}

// gates lints the feature gates in a map.
func (l *linter) gates(s scene, v *kubeyaml.Value, field string) {
	for m := range v.Each() {
		if on, ok := m.Value.Any().(bool); ok {
			l.gate(s, m.Key, m.Name, on, join(field, m.Name))
		}
	}
}

// gate lints one feature gate.
func (l *linter) gate(s scene, n *yaml.Node, name string, on bool, field string) {
	g, known := l.schema.gates()[name]
	f := Finding{Rule: "feature-gate", Field: field, Fix: "take it out"}
	switch {
	case !known:
		f.Message = "no release knows this gate: the kubelet panics"
		if name == "NodeMemorySwap" {
			f.Fix = "NodeSwap, which is what some texts mean by it"
		} else if meant := fail.Nearest(name, slices.Sorted(maps.Keys(l.schema.gates()))); meant != "" {
			f.Fix = meant + " instead of " + name
		}
	case !g.in.has(l.minor):
		f.Message = fmt.Sprintf("the gate is known %s, not in %s: the kubelet panics", g.in.say(l.schema.newest), l.row.Kubernetes)
	case g.locked > 0 && l.minor >= g.locked && on != g.value:
		f.Message = fmt.Sprintf("the gate is locked to %v since 1.%d: the kubelet panics", g.value, g.locked)
	case name == "NodeSwap" && !on && !l.row.Gate.Locked && l.row.Gate.Default:
		f.Warning = true
		f.Message = "no container can swap with the gate off, and from " + l.lockedFrom(g) + " on the kubelet panics"
	default:
		return
	}
	l.find(s, n, f)
}

func (l *linter) lockedFrom(g knownGate) string { return fmt.Sprintf("1.%d", g.locked) }

// evictionDefaults finds default thresholds that are removed without intention.
func (l *linter) evictionDefaults(s scene) {
	key, n := member(s.doc.root, "evictionHard")
	hard, ok := n.Any().(map[string]any)
	if merged, _ := s.doc.root.Get("mergeDefaultEvictionSettings").Any().(bool); !ok || merged && l.row.MergeEviction {
		return
	}
	var lost []string
	for _, signal := range slices.Sorted(maps.Keys(defaultEviction())) {
		if _, named := hard[signal]; !named {
			lost = append(lost, fmt.Sprintf("%s: %s", signal, quotePercent(defaultEviction()[signal])))
		}
	}
	if len(lost) == 0 {
		return
	}
	fix := "add what is missing: " + strings.Join(lost, ", ")
	if l.row.MergeEviction {
		fix = "mergeDefaultEvictionSettings: true, or " + fix
	}
	l.find(s, key, Finding{
		Rule: "eviction", Field: "evictionHard", Warning: true,
		Message: fmt.Sprintf("what is named here takes the place of all defaults: %d of them are gone", len(lost)), Fix: fix,
	})
}

func quotePercent(value any) string {
	text, _ := value.(string)
	if strings.HasSuffix(text, "%") {
		return strconv.Quote(text)
	}
	return text
}

// signals are those for which a kubelet can evict
// (pkg/kubelet/eviction/api/types.go).
func signals() []string {
	return []string{
		"memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree",
		"containerfs.available", "containerfs.inodesFree", "allocatableMemory.available", "pid.available",
	}
}

// thresholds finds signals and quantities with which the kubelet does not start
// (pkg/kubelet/eviction/helpers.go, parseThresholdStatement).
func (l *linter) thresholds(s scene, field string) {
	for m := range s.doc.root.Get(field).Each() {
		f := Finding{Rule: "eviction", Field: join(field, m.Name)}
		text, ok := m.Value.Any().(string)
		switch {
		case !slices.Contains(signals(), m.Name):
			f.Message, f.Fix = "the kubelet does not start with a signal that it does not know", "one of "+strings.Join(signals(), ", ")
			if meant := fail.Nearest(m.Name, signals()); meant != "" {
				f.Fix = meant + " instead of " + m.Name
			}
			l.find(s, m.Key, f)
		case ok && wrongThreshold(text) != "":
			f.Message, f.Fix = wrongThreshold(text)+": the kubelet does not start", "a quantity like 100Mi, or a share like \"10%\""
			l.find(s, m.Value.Node, f)
		}
	}
}

func wrongThreshold(text string) string {
	if share, ok := strings.CutSuffix(text, "%"); ok {
		number, err := strconv.ParseFloat(share, 32)
		if err != nil || number < 0 || number > 100 {
			return fmt.Sprintf("%q is no share of 100%%", text)
		}
		return ""
	}
	quantity, err := bytesize.ParseQuantity(text)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is no quantity", text)
	case quantity.Sign() <= 0:
		return fmt.Sprintf("%q is not more than nothing", text)
	}
	return ""
}

// softPeriods finds soft thresholds without a grace period.
func (l *linter) softPeriods(s scene) {
	periods, _ := s.doc.root.Get("evictionSoftGracePeriod").Any().(map[string]any)
	if s.role == RoleDropin {
		return
	}
	for m := range s.doc.root.Get("evictionSoft").Each() {
		if signal := m.Name; periods[signal] == nil {
			l.find(s, m.Key, Finding{
				Rule: "eviction", Field: "evictionSoft." + signal, Message: "a soft threshold needs a grace period: the kubelet does not start",
				Fix: "evictionSoftGracePeriod: {" + signal + ": 1m30s}",
			})
		}
	}
}

// reserved finds reserved resources that cannot be enforced
// (ValidateKubeletConfiguration).
func (l *linter) reserved(s scene) {
	list := s.doc.root.Get("enforceNodeAllocatable")
	if list == nil || s.role == RoleDropin {
		return
	}
	legal := []string{"none", "pods", "system-reserved", "kube-reserved", "system-reserved-compressible", "kube-reserved-compressible"}
	for i := range list.Items {
		v := &list.Items[i]
		word := v.Word()
		field := map[bool]string{true: "systemReservedCgroup", false: "kubeReservedCgroup"}[strings.HasPrefix(word, "system-")]
		group := s.doc.root.Get(field)
		switch {
		case !slices.Contains(legal, word):
			f := Finding{Rule: "reserved", Field: "enforceNodeAllocatable", Message: fmt.Sprintf("%q cannot be enforced: the kubelet does not start", word), Fix: "one of " + strings.Join(legal, ", ")}
			if meant := fail.Nearest(word, legal); meant != "" {
				f.Fix = meant
			}
			l.find(s, v.Node, f)
		case strings.Contains(word, "-reserved") && (group == nil || group.Text == ""):
			l.find(s, v.Node, Finding{Rule: "reserved", Field: "enforceNodeAllocatable", Message: word + " needs " + field + ": the kubelet does not start", Fix: field + ": /" + strings.SplitN(word, "-", 2)[0] + ".slice"})
		}
	}
}

// memoryQoS finds factors out of range.
func (l *linter) memoryQoS(s scene) {
	v := s.doc.root.Get("memoryThrottlingFactor")
	number, ok := v.Any().(json.Number)
	if !ok {
		return
	}
	if factor, err := number.Float64(); err != nil || factor <= 0 || factor > 1 {
		l.find(s, v.Node, Finding{
			Rule: "memory-qos", Field: "memoryThrottlingFactor", Warning: !l.row.MemoryQoS.Default,
			Message: "it has to be more than 0 and at most 1: the kubelet does not start while the gate MemoryQoS is on", Fix: "0.9",
		})
	}
}

func (l *linter) cgroupV1(s scene) {
	key, n := member(s.doc.root, "failCgroupV1")
	fails, set := n.Any().(bool)
	switch {
	case l.cgroup != 1:
	case set && fails:
		l.find(s, key, Finding{Rule: "cgroup-v1", Field: "failCgroupV1", Message: "the kubelet does not start on a node with cgroup v1", Fix: "failCgroupV1: false, or cgroup v2 on the node"})
	case !set && l.row.FailCgroupV1 && s.role == RoleConfig:
		l.find(s, s.doc.root.Node, Finding{Rule: "cgroup-v1", Field: "failCgroupV1", Message: fmt.Sprintf("the kubelet of %s does not start on a node with cgroup v1 unless it is told to", l.row.Kubernetes), Fix: "failCgroupV1: false, or cgroup v2 on the node"})
	}
}

// reservedAmounts finds resources and quantities with which the kubelet does
// not start (cmd/kubelet/app/server.go, parseResourceList).
func (l *linter) reservedAmounts(s scene, field string) {
	known := []string{"cpu", "memory", "ephemeral-storage", "pid"}
	for m := range s.doc.root.Get(field).Each() {
		f := Finding{Rule: "reserved", Field: join(field, m.Name)}
		text, ok := m.Value.Any().(string)
		switch {
		case !slices.Contains(known, m.Name):
			f.Message, f.Fix = "it cannot be reserved: the kubelet does not start", "one of "+strings.Join(known, ", ")
			l.find(s, m.Key, f)
		case ok && wrongAmount(text) != "":
			f.Message, f.Fix = wrongAmount(text)+": the kubelet does not start", "a quantity like 512Mi"
			l.find(s, m.Value.Node, f)
		}
	}
}

func wrongAmount(text string) string {
	quantity, err := bytesize.ParseQuantity(text)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is no quantity", text)
	case quantity.Sign() < 0:
		return fmt.Sprintf("%q is less than nothing", text)
	}
	return ""
}
