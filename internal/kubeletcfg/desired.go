package kubeletcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// Desired is what the kubelet should do about swap.
type Desired struct {
	Behavior      string // LimitedSwap, NoSwap; UnlimitedSwap where it still exists
	CgroupVersion int    // cgroup version of the node: 1 or 2; 0: not known, treated as 2
}

// The behaviors.
const (
	LimitedSwap   = "LimitedSwap"
	NoSwap        = "NoSwap"
	UnlimitedSwap = "UnlimitedSwap"
)

// Behaviors are all values that some minor accepts.
func Behaviors() []string { return []string{LimitedSwap, NoSwap, UnlimitedSwap} }

// setting is a Desired as fields of a KubeletConfiguration.
type setting struct {
	behavior    string // memorySwap.swapBehavior; "" to leave memorySwap out
	gate        bool   // featureGates.NodeSwap must be true
	gateOff     bool   // featureGates.NodeSwap must be off; its default is off
	allowCgroup bool   // failCgroupV1 must be false
}

// setting returns the fields with which this minor does what is desired.
func (r Row) setting(w Desired) (setting, error) {
	if !slices.Contains(Behaviors(), w.Behavior) {
		return setting{}, fail.New(fail.Usage, "choose a swap behavior",
			fmt.Errorf("%q is not one of %s", w.Behavior, strings.Join(Behaviors(), ", ")), "--swap-behavior LimitedSwap")
	}
	reason := r.reason(w)
	if reason == "" {
		_, named := r.Behaviors[w.Behavior]
		s := setting{allowCgroup: r.FailCgroupV1 && w.CgroupVersion == 1}
		if named {
			s.behavior, s.gate = w.Behavior, !r.Gate.Default
		} else {
			s.gateOff = true
		}
		return s, nil
	}
	return setting{}, fail.New(fail.Usage, fmt.Sprintf("give %s to Kubernetes %s", w.Behavior, r.Kubernetes),
		fmt.Errorf("%s", reason), r.instead(w)...)
}

// CanSwap says why this minor cannot do what is desired; its hints are the
// nearest version or setting that can. nil if it can.
func (r Row) CanSwap(w Desired) error {
	_, err := r.setting(w)
	return err
}

// reason says why this minor cannot do what is desired; "" if it can.
func (r Row) reason(w Desired) string {
	meaning, named := r.Behaviors[w.Behavior]
	switch {
	case !named && w.Behavior == NoSwap && r.GateOff == None && !r.Gate.Locked:
		return "" // the gate is off, and the kubelet then gives no swap
	case !named && w.Behavior == NoSwap:
		return "it is no behavior of that version, and with the gate NodeSwap off the kubelet leaves it to the container runtime, which limits nothing without a memory limit"
	case !named:
		return "that version has no such behavior, its kubelet refuses to start with it"
	case w.CgroupVersion == 1 && (meaning == Share || meaning == UnlimitedV2):
		return "the node has cgroup v1, where the kubelet of that version silently treats it as NoSwap"
	}
	return ""
}

// instead returns the closest alternatives to what this minor cannot do.
func (r Row) instead(w Desired) []string {
	var hints []string
	if near, ok := r.nearest(w); ok {
		hints = append(hints, fmt.Sprintf("Kubernetes %s can: --kubernetes-version %s", near.Kubernetes, near.Kubernetes))
	}
	if v2 := (Desired{w.Behavior, 2}); w.CgroupVersion == 1 && r.reason(v2) == "" {
		hints = append(hints, "boot the node with cgroup v2: systemd.unified_cgroup_hierarchy=1 on the kernel's command line")
	}
	for _, other := range Behaviors() {
		if other != w.Behavior && other != UnlimitedSwap && r.reason(Desired{other, w.CgroupVersion}) == "" {
			hints = append(hints, fmt.Sprintf("Kubernetes %s can do %s: --swap-behavior %s", r.Kubernetes, other, other))
		}
	}
	return hints
}

// nearest finds the closest row that can do what is desired.
func (r Row) nearest(w Desired) (Row, bool) {
	return r.nearestThat(func(o Row) bool { return o.reason(w) == "" })
}

// nearestThat finds the closest row that can do something; of two, the newer
// one.
func (r Row) nearestThat(can func(Row) bool) (Row, bool) {
	here := slices.IndexFunc(r.table, func(o Row) bool { return o.Kubernetes == r.Kubernetes })
	for distance := 1; here >= 0 && distance < len(r.table); distance++ {
		for _, i := range []int{here + distance, here - distance} {
			if i >= 0 && i < len(r.table) && can(r.table[i]) {
				return r.table[i], true
			}
		}
	}
	return Row{}, false
}
