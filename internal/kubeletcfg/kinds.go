package kubeletcfg

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// Kind is a kind of configuration that swapctl writes for kubeadm or a kubelet.
type Kind string

// The kinds.
const (
	KindInit    Kind = "init"    // for kubeadm init: kubeadm's documents and the kubelet's
	KindJoin    Kind = "join"    // for kubeadm join
	KindKubelet Kind = "kubelet" // a KubeletConfiguration for --config
	KindDropin  Kind = "dropin"  // a KubeletConfiguration for --config-dir
	KindPatch   Kind = "patch"   // a patch for kubeadm --patches
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{KindInit, KindJoin, KindKubelet, KindDropin, KindPatch} }

// DefaultPatches is the default directory of kubeadm's patches in a
// JoinConfiguration.
const DefaultPatches = "/etc/kubernetes/patches"

// PatchFile is the file name that kubeadm requires of a strategic merge patch
// for the kubelet's configuration (cmd/kubeadm/app/util/patches/patches.go).
const PatchFile = "kubeletconfiguration+strategic.yaml"

// Request is a configuration that a user asks for.
type Request struct {
	Kind Kind
	Desired
	Version string // the release, "v1.34.2", if more than its minor is known
	Patches string // the directory of patches in a JoinConfiguration; "" is DefaultPatches
}

// File is the name and the content of a file to write.
type File struct {
	Name string // relative to the directory that it is written to
	Data []byte
}

// FileName is the name of a file of this kind: the name, or at least the
// ending, that kubeadm or the kubelet requires.
func (k Kind) FileName() string {
	switch k {
	case KindInit:
		return "kubeadm-init.yaml"
	case KindJoin:
		return "kubeadm-join.yaml"
	case KindDropin:
		return "50-swapctl.conf"
	case KindPatch:
		return PatchFile
	case KindKubelet:
	}
	return "config.yaml" // kubeadm's name for it
}

// Document returns the document of a request; the error says why this minor
// cannot do it.
func (r Row) Document(q Request) ([]byte, error) {
	s, err := r.settingFor(q)
	if err != nil {
		return nil, err
	}
	if q.Kind == KindDropin {
		return r.Dropin(q.Desired)
	}
	var b strings.Builder
	b.WriteString(r.head(q))
	switch q.Kind {
	case KindInit:
		r.initDocuments(&b, q, s)
	case KindJoin:
		r.joinOrInit(&b, q, s)
	case KindKubelet, KindPatch, KindDropin:
		b.WriteString(s.document())
	}
	return []byte(b.String()), nil
}

// Bundle returns all files that the request needs: the document and, for
// kubeadm join, the patch that it refers to.
func (r Row) Bundle(q Request) ([]File, error) {
	text, err := r.Document(q)
	if err != nil {
		return nil, err
	}
	return r.with(q, text)
}

// with adds the patch to a document that refers to it.
func (r Row) with(q Request, text []byte) ([]File, error) {
	files := []File{{q.Kind.FileName(), text}}
	if q.Kind != KindJoin || !r.Kubeadm.Patches {
		return files, nil
	}
	patch, err := r.Document(Request{Kind: KindPatch, Desired: q.Desired, Version: q.Version})
	if err != nil {
		return nil, err
	}
	return append(files, File{filepath.Join("patches", PatchFile), patch}), nil
}

// settingFor is setting, for a kind that can contain it.
func (r Row) settingFor(q Request) (setting, error) {
	s, err := r.setting(q.Desired)
	if err != nil {
		return s, err
	}
	refuse := func(reason string, hints ...string) error {
		return fail.New(fail.Usage, fmt.Sprintf("write a %s configuration for Kubernetes %s", q.Kind, r.Kubernetes), fmt.Errorf("%s", reason), hints...)
	}
	switch q.Kind {
	case KindPatch:
		if !r.Kubeadm.Patches {
			near, _ := r.nearestThat(func(o Row) bool { return o.Kubeadm.Patches })
			return s, refuse("the patches of its kubeadm have no target kubeletconfiguration",
				fmt.Sprintf("Kubernetes %s has it: --kubernetes-version %s", near.Kubernetes, near.Kubernetes),
				"for the whole cluster: --kind init; for one node: --kind join")
		}
	case KindJoin:
		if !r.Kubeadm.Patches && s.behavior != "" && r.Behaviors[s.behavior] != r.Behaviors[""] {
			return s, refuse("a node that joins can only be given flags there, and the kubelet has none for swapBehavior",
				"for the whole cluster: --kind init", "for the node's own file: --kind kubelet --merge /var/lib/kubelet/config.yaml")
		}
	case KindDropin:
		if reason := r.noDropin(); reason != "" {
			near, _ := r.nearestThat(Row.CanDropin)
			return s, refuse(reason,
				fmt.Sprintf("Kubernetes %s can: --kubernetes-version %s", near.Kubernetes, near.Kubernetes),
				"write it into the file of --config: --kind kubelet --merge /var/lib/kubelet/config.yaml")
		}
	case KindInit, KindKubelet:
	default:
		return s, refuse("there is no such kind", "--kind init, join, kubelet, dropin or patch")
	}
	return s, nil
}

// head is the comment at the top of a file. kubeadm refuses --patches with
// --config: ValidateMixedArguments in
// cmd/kubeadm/app/apis/kubeadm/validation/validation.go of 1.37.2, "can not mix
// '--config' with arguments [patches]".
func (r Row) head(q Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by swapctl: %s for Kubernetes %s", q.Behavior, r.Kubernetes)
	switch q.Kind {
	case KindInit:
		b.WriteString(", for kubeadm init.\n")
		switch {
		case q.Behavior != NoSwap && r.Kubeadm.Patches:
			b.WriteString("# The KubeletConfiguration counts for every node. Control-plane nodes are better\n" +
				"# off without swap: leave it off there, or give them a patch with NoSwap\n" +
				"# (swapctl kubeadm-config --kind patch --swap-behavior NoSwap), and its directory\n" +
				"# here: patches: {directory: DIR}. kubeadm refuses --patches beside --config.\n")
		case q.Behavior != NoSwap:
			b.WriteString("# The KubeletConfiguration counts for every node. Control-plane nodes are better\n" +
				"# off without swap: leave it off there.\n")
		default:
			b.WriteString("# The KubeletConfiguration counts for every node.\n")
		}
	case KindJoin:
		b.WriteString(", for kubeadm join on a node that\n# is not like the cluster's kubelet-config. Add what says where the cluster is, or\n" +
			"# merge it into a file that does: swapctl kubeadm-config --kind join --merge FILE\n")
	case KindPatch:
		b.WriteString(", for kubeadm's patches.\n# It has to be called " + PatchFile + ". Init, join and upgrade\n" +
			"# all need its directory again: --patches DIR; beside --config, where kubeadm\n" +
			"# refuses that flag, patches: {directory: DIR} in the file of --config.\n")
	case KindKubelet, KindDropin:
		b.WriteString(", for the kubelet's --config.\n")
	}
	b.WriteString(r.warning(q.Desired))
	return b.String()
}

// warning is what a user should know about a behavior in this minor.
func (r Row) warning(w Desired) string {
	switch r.Behaviors[w.Behavior] {
	case MemoryLimit:
		return "# In this version a container without a memory limit may swap without limit.\n"
	case Unlimited, UnlimitedV2:
		return "# Every container may take all swap there is.\n"
	case None, Share, Unset:
	}
	return ""
}

// ignored are the preflight errors that kubeadm must be told to ignore.
func (r Row) ignored(s setting) []string {
	var names []string
	if r.Kubeadm.Preflight == PreflightError {
		names = append(names, "Swap")
	}
	if s.allowCgroup && r.Kubeadm.CgroupV1 == PreflightError {
		names = append(names, "SystemVerification")
	}
	return names
}

func (r Row) initDocuments(b *strings.Builder, q Request, s setting) {
	r.joinOrInit(b, q, s)
	group := KubeadmGroup + "/" + r.Kubeadm.Config
	fmt.Fprintf(b, "---\napiVersion: %s\nkind: ClusterConfiguration\n", group)
	if q.Version != "" {
		fmt.Fprintf(b, "kubernetesVersion: %s\n", q.Version)
	}
	b.WriteString("---\n" + s.document())
}

// joinOrInit writes the InitConfiguration or JoinConfiguration.
func (r Row) joinOrInit(b *strings.Builder, q Request, s setting) {
	kind, args := "InitConfiguration", ""
	if q.Kind == KindJoin {
		kind = "JoinConfiguration"
	}
	fmt.Fprintf(b, "apiVersion: %s/%s\nkind: %s\n", KubeadmGroup, r.Kubeadm.Config, kind)
	if q.Kind == KindJoin && !r.Kubeadm.Patches {
		args = r.extraArgs(s)
	}
	writeIgnored(b, r.ignored(s), args)
	if q.Kind == KindJoin && r.Kubeadm.Patches {
		fmt.Fprintf(b, "patches:\n  # with %s in it\n  directory: %s\n", PatchFile, q.patches())
	}
}

func (q Request) patches() string {
	if q.Patches == "" {
		return DefaultPatches
	}
	return q.Patches
}

// extraArgs are flags for a kubelet that no file can configure. They are a map:
// so are those of all API versions whose kubeadm has no patches.
func (r Row) extraArgs(s setting) string {
	text := "  kubeletExtraArgs:\n    fail-swap-on: \"false\"\n"
	if s.gate {
		text += "    feature-gates: NodeSwap=true\n"
	}
	return text
}

// writeIgnored writes nodeRegistration, if it has any fields.
func writeIgnored(b *strings.Builder, names []string, args string) {
	if len(names) == 0 && args == "" {
		return
	}
	b.WriteString("nodeRegistration:\n" + args)
	if len(names) > 0 {
		b.WriteString("  ignorePreflightErrors:\n")
	}
	for _, name := range names {
		fmt.Fprintf(b, "    - %s\n", name)
	}
}
