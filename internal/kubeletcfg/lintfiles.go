package kubeletcfg

import (
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// patchTarget is the name of the kubelet's configuration in kubeadm's patches.
const patchTarget = "kubeletconfiguration"

// dropinName checks the name of a file in --config-dir; false if the kubelet
// does not read it.
func (l *linter) dropinName(file Source) bool {
	name := file.Name
	f := Finding{Rule: "dropin-file", File: name}
	switch {
	case !strings.HasSuffix(name, ".conf") && l.foreignDropin(file):
		return false
	case !strings.HasSuffix(name, ".conf") && !forKubelet(file):
		f.Note, f.Message, f.Fix = true, "the kubelet does not read it in its --config-dir, and it is not for a kubelet", "nothing"
		l.found = append(l.found, f)
		return false
	case !strings.HasSuffix(name, ".conf"):
		f.Message = "the kubelet reads files in its --config-dir only when their names end in .conf"
		f.Fix = "rename it to " + strings.TrimSuffix(path.Base(name), path.Ext(name)) + ".conf"
		l.found = append(l.found, f)
		return false
	case l.row.DropinDir.Support == DropinNone:
		f.Message = "the kubelet of " + l.row.Kubernetes + " has no --config-dir"
		f.Fix = "write it into the file of --config"
		l.found = append(l.found, f)
		return false
	}
	return true
}

// forKubelet reports whether a file seems to be intended for a kubelet: it is a
// KubeletConfiguration, or YAML or JSON without apiVersion and kind.
func forKubelet(f Source) bool {
	d, err := first(f)
	if err == nil && (d.word("kind") != "" || d.word("apiVersion") != "") {
		return d.word("kind") == ConfigKind
	}
	return slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(f.Name))
}

// together judges the files together, as one kubelet reads them.
func (l *linter) together() {
	groups := l.configs
	if len(groups) == 0 && len(l.dropins) > 0 {
		groups = []document{{}}
	}
	tolerates := false
	for _, config := range groups {
		m := &merger{row: l.row, tree: map[string]any{}, from: map[string]string{}}
		if config.root != nil {
			m.document(config)
		}
		alone := config.root == nil
		if alone && l.tolerates != "" {
			m.tree["failSwapOn"], m.from["failSwapOn"] = false, l.tolerates
		}
		dropins := l.dropins
		if len(l.configs) > 1 {
			dropins = nil // it is not known which one they belong to
		}
		m.dropinDocuments(dropins)
		m.flags(l.flags)
		m.problems = nil // each file was already judged
		e := m.effective()
		l.effective(e, config, dropins, alone)
		tolerates = tolerates || !e.FailSwapOn
	}
	l.preflight(tolerates)
}

// effective judges a merged configuration. If there is no --config file
// (alone), that file may still set a lot.
func (l *linter) effective(e Effective, config document, dropins []document, alone bool) {
	at := func(source string, path ...string) (scene, *kubeyaml.Value) {
		for _, d := range append([]document{config}, dropins...) {
			n := d.root.Get(path...)
			if n != nil && d.source == source {
				return scene{doc: d}, n
			}
		}
		return scene{doc: config}, config.root
	}
	s, n := at(e.SwapBehaviorFrom, "memorySwap", "swapBehavior")
	field := "memorySwap.swapBehavior"
	meaning, legal := l.row.Behaviors[e.SwapBehavior]
	f := Finding{Rule: "swap-behavior", Field: field}
	switch {
	case e.SwapBehavior != "" && !e.NodeSwap:
		f.Message, f.Fix = "the kubelet does not start with it while the gate NodeSwap is off, which it is "+gateFrom(e), "featureGates: {NodeSwap: true}"
		f.Warning = alone && e.NodeSwapFrom == Default
		l.find(s, written(n), f)
	case !legal:
		l.find(s, written(n), l.illegal(e.SwapBehavior))
	case l.cgroup == 1 && (meaning == Share || meaning == UnlimitedV2) && e.SwapBehavior != "":
		f.Message, f.Fix = "on cgroup v1 the kubelet silently treats it as NoSwap", "cgroup v2 on the node"
		l.find(s, written(n), f)
	case e.SwapBehavior == "" && e.NodeSwap && meaning == UnlimitedV2 && !alone:
		if _, gate := at(e.NodeSwapFrom, "featureGates", "NodeSwap"); gate != config.root {
			f.Message, f.Fix, f.Warning = "without a behavior every container may take all swap there is", "memorySwap: {swapBehavior: LimitedSwap}", true
			l.find(s, gate.Node, f)
		}
	}
	byFlag := strings.HasPrefix(e.FailSwapOnFrom, "--") // a fault with its own rule
	if e.FailSwapOn && !byFlag && e.SwapBehavior != "" && e.SwapBehavior != NoSwap {
		f := Finding{Rule: "fail-swap-on", Field: "failSwapOn", Message: "the kubelet does not start when swap is on: memorySwap can never come to anything", Fix: "failSwapOn: false", Warning: alone && e.FailSwapOnFrom == Default}
		if e.FailSwapOnFrom != Default {
			s, n = at(e.FailSwapOnFrom, "failSwapOn")
		}
		l.find(s, written(n), f)
	}
	l.cannotSayFalse(dropins)
}

// cannotSayFalse finds values that a merge with mergo ignores.
func (l *linter) cannotSayFalse(dropins []document) {
	if l.row.DropinDir.Merge != MergeNonZero {
		return
	}
	for _, d := range dropins {
		key, n := member(d.root, "failSwapOn")
		if off, ok := n.Any().(bool); ok && !off {
			l.find(scene{doc: d}, key, Finding{
				Rule: "dropin-file", Field: "failSwapOn", Message: "in the config directory of the kubelet of " + l.row.Kubernetes + " what is false counts as not said",
				Fix: "write it into the file of --config",
			})
		}
	}
}

func gateFrom(e Effective) string {
	if e.NodeSwapFrom == Default {
		return "by default"
	}
	return "in " + e.NodeSwapFrom
}
