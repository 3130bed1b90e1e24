package kubeletcfg

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/fail"
)

// kubeadmKinds are the kinds that kubeadm reads from a file.
func kubeadmKinds() []string {
	return []string{"InitConfiguration", "ClusterConfiguration", "JoinConfiguration", "ResetConfiguration", "UpgradeConfiguration", "ClusterStatus"}
}

// kubeadm lints one of kubeadm's own documents.
func (l *linter) kubeadm(s scene, version, kind string) {
	n := s.doc.root.Get("apiVersion").Node
	api, known := l.row.Kubeadm.API(version)
	current := KubeadmGroup + "/" + l.row.Kubeadm.Config
	f := Finding{Rule: "kubeadm-api-version", Field: "apiVersion", Fix: current}
	switch {
	case !known:
		f.Message = fmt.Sprintf("the kubeadm of %s does not read %s/%s", l.row.Kubernetes, KubeadmGroup, version)
		if near, ok := l.row.nearestThat(func(o Row) bool { _, has := o.Kubeadm.API(version); return has }); ok {
			f.Message += fmt.Sprintf(": %s was the last that did", near.Kubernetes)
			if minor(near.Kubernetes) > l.minor {
				f.Message = strings.Replace(f.Message, "was the last that did", "is the first that does", 1)
			}
			f.Fix += fmt.Sprintf(", which 'kubeadm config migrate' of %s writes", near.Kubernetes)
		}
	case api.State == APIExperimental:
		f.Message = "it is experimental: kubeadm reads it only with --allow-experimental-api"
	case api.State == APIOld && version != "v1beta2":
		f.Warning, f.Message = true, "it is deprecated"
	}
	if f.Message != "" {
		l.find(s, n, f)
	}
	if !known {
		return
	}
	s.api = version
	if fields := l.schema.typ(version + " " + kind); fields == nil || !fields["kind"].in.has(l.minor) {
		n := written(s.doc.root.Get("kind"))
		f := Finding{Rule: "kind", Field: "kind", Message: fmt.Sprintf("%q is no kind of %s/%s: kubeadm passes over it", kind, KubeadmGroup, version), Fix: "one of " + strings.Join(kubeadmKinds(), ", ")}
		if meant := fail.Nearest(kind, kubeadmKinds()); meant != "" {
			f.Fix = meant
		}
		if n == nil {
			n = s.doc.root.Node
		}
		l.find(s, n, f)
		return
	}
	l.fields(s, s.doc.root, kind, "")
	l.clusterGates(s)
	if kind == "InitConfiguration" || kind == "JoinConfiguration" {
		l.init = &s.doc
		l.extraArgs(s, api)
	}
}

// clusterGates finds gates of the kubelet among those of kubeadm.
func (l *linter) clusterGates(s scene) {
	gates := s.doc.root.Get("featureGates")
	for _, name := range []string{"NodeSwap", "NodeMemorySwap"} {
		if key, _ := member(gates, name); key != nil {
			l.find(s, key, Finding{
				Rule: "feature-gate", Field: "featureGates." + name, Message: "these are kubeadm's own gates, and it refuses others",
				Fix: "featureGates of a KubeletConfiguration in the same file",
			})
		}
	}
}

// extraArgs lints flags, which take precedence over every file.
func (l *linter) extraArgs(s scene, api KubeadmAPI) {
	args := s.doc.root.Get("nodeRegistration", "kubeletExtraArgs")
	if args == nil {
		return
	}
	const path = "nodeRegistration.kubeletExtraArgs"
	switch {
	case api.ExtraArgs == ArgsMap:
		for m := range args.Each() {
			l.flags = append(l.flags, flagValue{m.Name, m.Value.Text})
			l.extraArg(s, m.Name, m.Key, m.Value.Content(), join(path, m.Name))
		}
	case api.ExtraArgs == ArgsList:
		for i := range args.Items {
			name, value := args.Items[i].Get("name"), args.Items[i].Get("value")
			if name != nil && value != nil {
				l.flags = append(l.flags, flagValue{name.Text, value.Text})
				l.extraArg(s, name.Text, name.Node, value.Content(), fmt.Sprintf("%s[%d]", path, i))
			}
		}
	}
}

func (l *linter) extraArg(s scene, name string, key, value *yaml.Node, field string) {
	f := Finding{Rule: "extra-args", Field: field}
	switch {
	case strings.HasPrefix(name, "-"):
		f.Message, f.Fix = "kubeadm puts the -- before a flag's name itself: the kubelet gets four of them and does not start", strings.TrimLeft(name, "-")
		l.find(s, key, f)
	case name == "fail-swap-on":
		if off, err := strconv.ParseBool(value.Value); err == nil && !off {
			return
		}
		f.Message, f.Fix = "the flag wins over failSwapOn of every file: the kubelet does not start when swap is on", `"false", or take it out`
		l.find(s, value, f)
	case name == "feature-gates":
		for gate, text := range pairs(value.Value, "=") {
			on, err := strconv.ParseBool(text)
			if err != nil {
				f.Message, f.Fix = fmt.Sprintf("%q is neither true nor false: the kubelet does not start", text), gate+"=true"
				l.find(s, value, f)
				continue
			}
			l.gate(s, value, gate, on, join(field, gate))
		}
	case name == "config-dir" && l.row.DropinDir.Support == DropinNone:
		f.Message = "the kubelet of " + l.row.Kubernetes + " has no such flag, and does not start"
		f.Fix = "take it out"
		l.find(s, key, f)
	case strings.Contains(strings.ReplaceAll(name, "-", ""), "swap"):
		f.Message, f.Fix = "there is no such flag: the kubelet does not start", "memorySwap.swapBehavior in a KubeletConfiguration"
		l.find(s, key, f)
	}
}

// preflight finds a configuration with which kubeadm's preflight checks refuse
// the swap that is desired.
func (l *linter) preflight(tolerates bool) {
	if l.row.Kubeadm.Preflight != PreflightError || !tolerates || l.init == nil {
		return
	}
	list := l.init.root.Get("nodeRegistration", "ignorePreflightErrors")
	passes := slices.ContainsFunc(words(list.Any()), func(word string) bool {
		return strings.EqualFold(word, "swap") || strings.EqualFold(word, "all")
	})
	if !passes {
		l.find(scene{doc: *l.init}, l.init.root.Node, Finding{
			Rule: "preflight-swap", Field: "nodeRegistration.ignorePreflightErrors",
			Message: "the preflight of kubeadm " + l.row.Kubernetes + " takes swap for an error", Fix: "ignorePreflightErrors: [Swap]",
		})
	}
}
