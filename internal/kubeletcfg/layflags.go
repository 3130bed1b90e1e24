package kubeletcfg

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// flags applies the flags, which take precedence over the files. A flag with a
// map replaces the whole map; only gates keep the values that the flag does not
// name (kubeletConfigFlagPrecedence).
func (m *merger) flags(all []flagValue) {
	for field, name := range map[string]string{"failSwapOn": "fail-swap-on", "failCgroupV1": "fail-cgroupv1"} {
		on, given, err := flagBool(all, name)
		switch {
		case err != nil:
			m.problem(Problem{Severity: Fatal, Source: "--" + name, Message: "it is neither true nor false", Fix: "--" + name + "=false"})
		case given:
			m.tree[field], m.from[field] = on, "--"+name
		}
	}
	for field, name := range map[string][2]string{
		"evictionHard": {"eviction-hard", "<"}, "evictionSoft": {"eviction-soft", "<"},
		"systemReserved": {"system-reserved", "="}, "kubeReserved": {"kube-reserved", "="},
	} {
		object, ok := flagObject(all, name[0], name[1])
		if !ok {
			continue
		}
		m.clear(field)
		tree := map[string]any{}
		for key, value := range object {
			tree[key], m.from[field+"."+key] = value, "--"+name[0]
		}
		m.tree[field] = tree
	}
	for field, name := range map[string]string{"systemReservedCgroup": "system-reserved-cgroup", "kubeReservedCgroup": "kube-reserved-cgroup"} {
		if text, ok := flagText(all, name); ok {
			m.tree[field], m.from[field] = text, "--"+name
		}
	}
	if text, ok := flagText(all, "enforce-node-allocatable"); ok {
		list := []any{}
		for word := range strings.SplitSeq(text, ",") {
			list = append(list, word)
		}
		m.tree["enforceNodeAllocatable"], m.from["enforceNodeAllocatable"] = list, "--enforce-node-allocatable"
	}
	m.gateFlags(all)
}

func (m *merger) gateFlags(all []flagValue) {
	set, ok := flagObject(all, "feature-gates", "=")
	if !ok {
		return
	}
	gates, _ := m.lookup("featureGates").(map[string]any)
	gates = maps.Clone(gates)
	if gates == nil {
		gates = map[string]any{}
	}
	for name, text := range set {
		on, err := strconv.ParseBool(text)
		if err != nil {
			m.problem(Problem{Severity: Fatal, Source: "--feature-gates", Field: name, Message: fmt.Sprintf("%q is neither true nor false", text), Fix: name + "=true or " + name + "=false"})
			continue
		}
		gates[name], m.from["featureGates."+name] = on, "--feature-gates"
	}
	m.tree["featureGates"] = gates
}
