// Package provisioner knows the files of tools that set up nodes: by which kind or
// shape they are told, where in them kubelets are configured, what each tool does about
// swap, how the texts in them are encoded, and what is read from where on a node.
package provisioner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// Tool is a kind of file that is neither kubeadm's nor a kubelet's, and says how
// kubelets are to be configured, or is often taken for one that does.
type Tool struct {
	Name      string   // what messages call it
	Group     string   // its API group; "" for a kind of the core API
	Kinds     []string // of that group; none: it is told by Keys
	Object    string   // how metadata.name begins, where only that one is meant
	Keys      []string // of a file without apiVersion and kind: one of them is in it
	Parts     []Part   // where it configures a kubelet
	Tolerates bool     // it configures failSwapOn: false itself
	Strict    bool     // it refuses fields that it does not know
	Refuses   []string // fields of a kubelet's that it does not let be set
	Says      string   // what it does about swap
	Fragment  string   // what to write there for LimitedSwap; "" when that cannot be said there
	Source    string   // where it was read: the repository, its commit or version, the file
}

// Part is a place in a file that configures a kubelet.
type Part struct {
	Path  string // names of fields; [] follows a list into each of its items; "" is the whole file
	Holds Holds
}

// Holds is what stands in a part.
type Holds int

// What a part can hold.
const (
	Fields      Holds = iota // the fields of a KubeletConfiguration
	Text                     // a text that is a file of its own
	UserData                 // a text that a machine gets when it starts
	Flags                    // a list of flags, "name=value" or "--name=value"
	Args                     // flags as a map, or as a list of name and value
	Files                    // files that are written to the node
	DeadFiles                // files that are written where no kubelet looks
	Refused                  // the fields of a KubeletConfiguration, without those for swap
	Own                      // fields of its own, some of them for swap
	ClusterAPI               // a KubeadmConfigSpec
	KindPatches              // patches of kind for kubeadm's file
)

// Tools are all that are known. The commits are those that were read.
func Tools() []Tool {
	return slices.Concat(onKubeadm(), distributions(), clouds(), machines())
}

// Recognise finds whose document this is, by its kind or its shape.
func Recognise(root *kubeyaml.Value) (Tool, bool) {
	word := func(names ...string) string {
		text, _ := root.Get(names...).Any().(string)
		return text
	}
	group, _, versioned := strings.Cut(word("apiVersion"), "/")
	if !versioned {
		group = ""
	}
	for _, t := range Tools() {
		switch {
		case word("kind") == "" && word("apiVersion") == "":
			if slices.ContainsFunc(t.Keys, func(key string) bool { return root.Get(key) != nil }) {
				return t, true
			}
		case len(t.Kinds) > 0 && t.Group == group && slices.Contains(t.Kinds, word("kind")):
			if strings.HasPrefix(word("metadata", "name"), t.Object) {
				return t, true
			}
		}
	}
	return Tool{}, false
}

// Instead is what to write for this tool.
func (t Tool) Instead() string {
	if t.Fragment == "" {
		return t.Says
	}
	return strings.TrimSuffix(t.Fragment, "\n")
}

// OnNode reports whether the files of a tool are read on the node itself, and not by
// who makes the cluster.
func (t Tool) OnNode() bool {
	return slices.Contains([]string{"k3s or RKE2", "k0s", "Talos", "EKS nodeadm", "OpenShift"}, t.Name)
}

// Located is a part of a document, and the path by which it is there.
type Located struct {
	Value *kubeyaml.Value
	Path  string
}

// At follows the path of a part.
func (p Part) At(root *kubeyaml.Value) []Located {
	all := []Located{{root, ""}}
	if p.Path == "" {
		return all
	}
	for name := range strings.SplitSeq(p.Path, ".") {
		name, list := strings.CutSuffix(name, "[]")
		var next []Located
		for _, f := range all {
			inner := f.Value.Get(name)
			path := strings.TrimPrefix(f.Path+"."+name, ".")
			switch {
			case inner == nil:
			case list:
				for i := range inner.Items {
					next = append(next, Located{&inner.Items[i], fmt.Sprintf("%s[%d]", path, i)})
				}
			default:
				next = append(next, Located{inner, path})
			}
		}
		all = next
	}
	return all
}
