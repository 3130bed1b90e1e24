package kubeletcfg

import (
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeadmfile"
	"github.com/swapctl/swapctl/internal/kubeyaml"
	"github.com/swapctl/swapctl/internal/provisioner"
)

// kindBase is the KubeletConfiguration that kind generates and then patches
// (kubernetes-sigs/kind 0033147e, pkg/cluster/internal/kubeadm/config.go).
const kindBase = "apiVersion: " + GroupVersion + "\nkind: " + ConfigKind + `
metadata: {name: config}
cgroupDriver: systemd
cgroupRoot: /kubelet
failSwapOn: false
imageGCHighThresholdPercent: 100
evictionHard: {nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
`

// kind lints the patches in a Cluster of kind: those for all nodes, and on top
// of them those of each node. In each set, kind applies merge patches before
// JSON patches (kubernetes-sigs/kind 5b7e6568, pkg/internal/patch/kubeyaml.go).
func (l *linter) kind(s scene, cluster *kubeyaml.Value) {
	base, err := kubeyaml.Parse([]byte(kindBase))
	if err != nil {
		return
	}
	base = l.kindPatches(s, cluster, "", base)
	nodes := cluster.Get("nodes")
	if nodes == nil {
		return
	}
	for i := range nodes.Items {
		l.kindPatches(s, &nodes.Items[i], "nodes["+strconv.Itoa(i)+"]", base)
	}
}

// kindPatches lints the patches of one object, and returns the patched
// configuration.
func (l *linter) kindPatches(s scene, object *kubeyaml.Value, at string, base kubeyaml.Value) kubeyaml.Value {
	sub := l.inside("kind")
	p := patched{root: &base, own: true}
	var all []inner
	add := func(v *kubeyaml.Value, field string) Source {
		in := l.text(s, v, field, field, v.Text, true)
		all = append(all, in)
		f := Source{Name: field, Data: []byte(v.Text)}
		sub.texts[f.Name] = f.Data
		return f
	}
	for _, f := range (provisioner.Part{Path: "kubeadmConfigPatches[]"}).At(object) {
		sub.kindMerge(add(f.Value, dotted(at, f.Path)), &p)
	}
	for _, f := range (provisioner.Part{Path: "kubeadmConfigPatchesJSON6902[]"}).At(object) {
		if text := f.Value.Get("patch"); text != nil {
			sub.kindJSON(add(text, dotted(at, f.Path+".patch")), f.Value, &p)
		}
	}
	sub.judgePatched(&p)
	l.adopt(s, sub, all)
	return *p.root
}

// kindMerge applies a merge patch to the documents that it matches: those of
// its kind whose apiVersion is the same, or any if the patch has none.
func (l *linter) kindMerge(f Source, p *patched) {
	all, err := documents(f)
	if err != nil {
		l.syntax(f.Name, err)
		return
	}
	for _, d := range all {
		if d.root == nil {
			continue
		}
		group, version, _ := strings.Cut(d.word("apiVersion"), "/")
		switch l.kindMatches(d, d.word("kind"), group, version) {
		case ConfigKind:
			l.apply(d, kubeadmfile.MergePatch, p)
		case "":
		default:
			l.kindKubeadm(scene{doc: d, role: rolePart, api: l.row.Kubeadm.Config}, d.word("kind"))
		}
	}
}

// kindMatches returns the kind that a patch matches; "" if the kubelet has
// nothing to do with it, or if kind ignores the patch, which it does without a
// message.
func (l *linter) kindMatches(d document, kind, group, version string) string {
	groups := map[string]string{
		ConfigKind: strings.TrimSuffix(GroupVersion, "/v1beta1"), "InitConfiguration": KubeadmGroup, "JoinConfiguration": KubeadmGroup,
		"ClusterConfiguration": KubeadmGroup, "KubeProxyConfiguration": "kubeproxy.config.k8s.io",
	}
	want, known := groups[kind]
	f := Finding{Rule: "second-document", Field: "kind", Message: "kind passes over a patch for what it has not written itself", Fix: "kind: " + ConfigKind + ", for the kubelet"}
	switch {
	case !known:
		l.find(scene{doc: d}, d.root.Node, f)
		return ""
	case group != want && (group != "" || version != ""), kind == ConfigKind && version != "" && version != "v1beta1":
		f.Field, f.Fix = "apiVersion", "take it out, or write the one of "+kind+": "+want+"/..."
		l.find(scene{doc: d}, d.root.Node, f)
		return ""
	case kind == "KubeProxyConfiguration":
		return ""
	}
	return kind
}

// kindKubeadm lints a patch for one of kubeadm's documents. kind accepts flags
// as a map and as a list (kubernetes-sigs/kind bf36485a,
// pkg/internal/patch/kubeadm_merge.go).
func (l *linter) kindKubeadm(s scene, kind string) {
	l.clusterGates(s)
	if args := s.doc.root.Get("nodeRegistration", "kubeletExtraArgs"); args != nil {
		flags := s
		flags.doc.root, flags.doc.prefix = args, dotted(s.doc.prefix, "nodeRegistration.kubeletExtraArgs")
		l.flagsOf(flags, provisioner.Args)
	}
	shown := without(*s.doc.root, "metadata")
	if registration := shown.Member("nodeRegistration"); registration != nil {
		registration.Value = without(registration.Value, "kubeletExtraArgs")
	}
	l.fields(s, &shown, kind, "")
}

// without returns an object without one of its members.
func without(v kubeyaml.Value, name string) kubeyaml.Value {
	v.Members = slices.DeleteFunc(slices.Clone(v.Members), func(m kubeyaml.Member) bool { return m.Name == name })
	return v
}

// kindJSON applies a JSON patch to the document that it matches; of a patch for
// kubeadm's documents it lints the flags that it adds.
func (l *linter) kindJSON(f Source, object *kubeyaml.Value, p *patched) {
	d, ok := l.piece(f, kubeadmfile.Piece{Line: 1, Text: f.Data}, 1)
	if !ok {
		return
	}
	switch l.kindMatches(d, object.Word("kind"), object.Word("group"), object.Word("version")) {
	case ConfigKind:
		l.apply(d, kubeadmfile.KindPatch, p)
	case "":
	default:
		for i := range d.root.Items {
			l.kindFlag(d, &d.root.Items[i])
		}
	}
}

// kindFlag lints an operation of a JSON patch that sets flags of the kubelet.
func (l *linter) kindFlag(d document, operation *kubeyaml.Value) {
	to, value := operation.Get("path"), operation.Get("value")
	if to == nil || value == nil {
		return
	}
	s := scene{doc: d, role: rolePart}
	name, flags := strings.CutPrefix(to.Text, "/nodeRegistration/kubeletExtraArgs")
	switch {
	case !flags:
	case name == "":
		s.doc.root = value
		l.flagsOf(s, provisioner.Args)
	case value.Kind == kubeyaml.Object:
		s.doc.root = &kubeyaml.Value{Kind: kubeyaml.List, Items: []kubeyaml.Value{*value}}
		l.flagsOf(s, provisioner.Args)
	default:
		l.extraArg(s, strings.TrimPrefix(name, "/"), to.Node, value.Content(), "")
	}
}
