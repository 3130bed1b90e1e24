package kubeletcfg

import (
	"fmt"
	"strings"
)

// Dropin returns a file for the kubelet's --config-dir; its name must end in
// ".conf". It returns an error if the minor cannot do what is desired (see
// CanSwap), has no --config-dir, or one whose files cannot set a field to
// false.
func (r Row) Dropin(w Desired) ([]byte, error) {
	s, err := r.settingFor(Request{Kind: KindDropin, Desired: w})
	if err != nil {
		return nil, err
	}
	return []byte(r.dropinHead(w) + s.document()), nil
}

// CanDropin reports whether a file in --config-dir can make this minor tolerate
// swap.
func (r Row) CanDropin() bool { return r.noDropin() == "" }

func (r Row) noDropin() string {
	switch {
	case r.DropinDir.Support == DropinNone:
		return "it has no --config-dir"
	case r.DropinDir.Merge == MergeNonZero:
		return "a file in its --config-dir cannot say 'failSwapOn: false': what is false counts as not said"
	}
	return ""
}

// dropinHead is the comment at the top of a drop-in file.
func (r Row) dropinHead(w Desired) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by swapctl: %s for Kubernetes %s, for the kubelet's --config-dir", w.Behavior, r.Kubernetes)
	if r.DropinDir.Env != "" {
		fmt.Fprintf(&b, ",\n# which it takes only with %s in its environment", r.DropinDir.Env)
	}
	b.WriteString(".\n" + r.warning(w))
	return b.String()
}

// document returns a KubeletConfiguration with these fields and no others.
func (s setting) document() string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\n", GroupVersion, ConfigKind)
	b.WriteString("failSwapOn: false\n")
	if s.behavior != "" {
		fmt.Fprintf(&b, "memorySwap:\n  swapBehavior: %s\n", s.behavior)
	}
	if s.gate {
		b.WriteString("featureGates:\n  NodeSwap: true\n")
	}
	if s.allowCgroup {
		b.WriteString("failCgroupV1: false\n")
	}
	return b.String()
}
