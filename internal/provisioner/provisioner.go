// Package provisioner knows the files of tools that set up nodes: by which kind
// or fields they are recognised, where they configure kubelets, what each tool
// does about swap, how texts in them are encoded, and which paths of a node are
// read by what.
package provisioner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// Tool is a kind of file that is not for kubeadm or a kubelet itself, but
// configures kubelets, or is often mistaken for one that does.
type Tool struct {
	Name      string   // its name in messages
	Group     string   // its API group; "" for a kind of the core API
	Kinds     []string // of that group; none: it is recognised by Keys
	Object    string   // the beginning of metadata.name, if only such objects count
	Keys      []string // of a file without apiVersion and kind: it has one of these fields
	Parts     []Part   // the fields that configure a kubelet
	Tolerates bool     // the tool configures failSwapOn: false itself
	Strict    bool     // it refuses unknown fields
	Refuses   []string // fields of a kubelet that it refuses to set
	Says      string   // what it does about swap
	Fragment  string   // what to write in the file for LimitedSwap; "" if the file cannot say it
	Source    string   // the source that was read: the repository, its commit or version, the file
}

// Part is a place in a file that configures a kubelet.
type Part struct {
	Path  string // names of fields; [] means each item of a list; "" is the whole file
	Holds Holds
}

// Holds is what a part contains.
type Holds int

// What a part can contain.
const (
	Fields      Holds = iota // the fields of a KubeletConfiguration
	Text                     // a text that is a file by itself
	UserData                 // user data: a text that a machine gets when it starts
	Flags                    // a list of flags, "name=value" or "--name=value"
	Args                     // flags as a map, or as a list of name and value
	Files                    // files that are written to the node
	DeadFiles                // files that are written where no kubelet reads them
	Refused                  // the fields of a KubeletConfiguration, except those for swap
	Own                      // fields of the tool itself, some of them for swap
	ClusterAPI               // a KubeadmConfigSpec
	KindPatches              // patches of kind for kubeadm's file
)

// Tools are all known tools. The commits are those whose source was read.
func Tools() []Tool {
	return slices.Concat(onKubeadm(), distributions(), clouds(), machines())
}

// Recognise finds the tool of a document, by its kind or its fields.
func Recognise(root *kubeyaml.Value) (Tool, bool) {
	kind, version := root.Word("kind"), root.Word("apiVersion")
	group, _, versioned := strings.Cut(version, "/")
	if !versioned {
		group = ""
	}
	for _, t := range Tools() {
		switch {
		case kind == "" && version == "":
			if slices.ContainsFunc(t.Keys, func(key string) bool { return root.Get(key) != nil }) {
				return t, true
			}
		case len(t.Kinds) > 0 && t.Group == group && slices.Contains(t.Kinds, kind):
			if strings.HasPrefix(root.Word("metadata", "name"), t.Object) {
				return t, true
			}
		}
	}
	return Tool{}, false
}

// Instead says what to write for this tool.
func (t Tool) Instead() string {
	if t.Fragment == "" {
		return t.Says
	}
	return strings.TrimSuffix(t.Fragment, "\n")
}

// OnNode reports whether the files of a tool are read on the node itself, and
// not where the cluster is created.
func (t Tool) OnNode() bool {
	return slices.Contains([]string{"k3s or RKE2", "k0s", "Talos", "EKS nodeadm", "OpenShift"}, t.Name)
}

// Located is a value in a document, with its path.
type Located struct {
	Value *kubeyaml.Value
	Path  string
}

// At returns the values at the path of a part.
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
