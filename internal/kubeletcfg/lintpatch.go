package kubeletcfg

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeadmfile"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// kubeadmBase is the KubeletConfiguration that kubeadm generates and then
// patches, as far as it matters to a patch for swap (k8s.io/kubernetes v1.37.1,
// cmd/kubeadm/app/componentconfigs/kubelet.go, Default): it contains objects
// even if they are empty, but not failSwapOn. A minor has only the fields that
// it knows.
const kubeadmBase = "apiVersion: " + GroupVersion + "\nkind: " + ConfigKind + `
authentication: {anonymous: {enabled: false}, webhook: {cacheTTL: 0s, enabled: true}, x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
authorization: {mode: Webhook, webhook: {cacheAuthorizedTTL: 0s, cacheUnauthorizedTTL: 0s}}
cgroupDriver: systemd
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
containerRuntimeEndpoint: ""
crashLoopBackOff: {}
healthzBindAddress: 127.0.0.1
healthzPort: 10248
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
memorySwap: {}
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
`

// patched is the configuration of a node, to which the patches are applied one
// after the other.
type patched struct {
	root  *kubeyaml.Value
	own   bool     // it is from the files, not kubeadm's default
	first document // the first patch: faults that no line causes are reported there
}

// patches applies the patches of all files to the KubeletConfiguration in
// kubeadm's file or, if there is none, to the one that kubeadm generates, and
// judges the result.
func (l *linter) patches() {
	p := patched{}
	if len(l.configs) == 1 && l.forKubeadm {
		p.root, p.own = l.configs[0].root, true
	}
	for _, f := range l.patchFiles {
		l.patchFile(f, &p)
	}
	l.judgePatched(&p)
}

// judgePatched judges the result of the patches.
func (l *linter) judgePatched(p *patched) {
	if p.first.root == nil {
		return
	}
	d := document{source: p.first.source, number: p.first.number, root: p.root}
	s := scene{doc: d, role: RolePatch, api: "kubelet"}
	if p.root.Get("apiVersion") == nil || p.root.Get("kind") == nil {
		l.find(s, p.first.root.Node, Finding{
			Rule: "kind", Message: "the patch takes away apiVersion and kind: the kubelet does not start", Fix: "apiVersion: " + GroupVersion + " and kind: " + ConfigKind,
		})
		return
	}
	l.kubelet(s)
	m := &merger{row: l.row, tree: map[string]any{}, from: map[string]string{}}
	m.document(d)
	if _, said := m.tree["failSwapOn"]; !said && l.tolerates != "" {
		m.tree["failSwapOn"], m.from["failSwapOn"] = false, l.tolerates
	}
	m.flags(l.flags)
	l.effective(m.effective(), d, nil, !p.own)
}

// startingPoint is a copy of what is patched, without places: no line of a
// patch wrote it.
func (l *linter) startingPoint(p *patched) kubeyaml.Value {
	if p.root != nil {
		return placeless(*p.root)
	}
	base, err := kubeyaml.Parse([]byte(kubeadmBase))
	if err != nil {
		return kubeyaml.Value{Kind: kubeyaml.Object}
	}
	known := l.schema.typ("kubelet " + ConfigKind)
	base.Members = slices.DeleteFunc(base.Members, func(m kubeyaml.Member) bool { return !known[m.Name].in.has(l.minor) })
	return placeless(base)
}

// placeless returns a copy of a value without places in a file.
func placeless(v kubeyaml.Value) kubeyaml.Value {
	node := func(n *yaml.Node) *yaml.Node {
		if n == nil {
			return &yaml.Node{}
		}
		return &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style}
	}
	v.Node = node(v.Content())
	v.Items, v.Members = slices.Clone(v.Items), slices.Clone(v.Members)
	for i := range v.Items {
		v.Items[i] = placeless(v.Items[i])
	}
	for i, m := range v.Members {
		v.Members[i] = kubeyaml.Member{Name: m.Name, Key: node(m.Key), Value: placeless(m.Value)}
	}
	return v
}

// patchFile applies the documents of one file. kubeadm splits it like its own
// files, and ignores white space (cmd/kubeadm/app/util/patches/patches.go,
// CreatePatchSet).
func (l *linter) patchFile(f Source, p *patched) {
	typ, ok := l.patchName(f.Name)
	if !ok {
		return
	}
	pieces, err := kubeadmfile.Split(f.Data)
	number, found := 0, false
	for _, piece := range pieces {
		if len(strings.TrimSpace(string(piece.Text))) == 0 {
			continue
		}
		found = true
		number++
		d, ok := l.piece(f, piece, number)
		if !ok {
			return
		}
		if !l.apply(d, typ, p) {
			return
		}
	}
	switch separator, bad := errors.AsType[*kubeadmfile.SeparatorError](err); {
	case bad:
		l.separator(f, separator)
	case !found:
		l.found = append(l.found, Finding{Rule: "patch-file", File: f.Name, Message: "there is nothing in it: kubeadm passes over it", Fix: "delete it, or write what is missing"})
	}
}

// piece parses a document that kubeadm has split off.
func (l *linter) piece(f Source, piece kubeadmfile.Piece, number int) (document, bool) {
	root, err := kubeyaml.Parse(piece.Text)
	if err == nil {
		err = root.Check()
	}
	if err != nil {
		line, reason := kubeyaml.Place(piece.Text, err)
		l.syntax(f.Name, &SyntaxError{File: f.Name, Document: number, Line: max(line, 1) + piece.Line - 1, Err: reason})
		return document{}, false
	}
	if root.Node == nil {
		root.Node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: 1, Column: 1}
	}
	shift(root.Node, piece.Line-1, 0)
	return document{source: f.Name, number: number, root: &root}, true
}

// shift moves nodes of a text to their place in the file that contains it.
func shift(n *yaml.Node, lines, columns int) {
	if n == nil {
		return
	}
	n.Line, n.Column = n.Line+lines, n.Column+columns
	for _, inner := range n.Content {
		shift(inner, lines, columns)
	}
}

// apply applies one patch; false if kubeadm cannot apply it.
func (l *linter) apply(d document, typ kubeadmfile.PatchType, p *patched) bool {
	if p.first.root == nil {
		p.first = d
		base := l.startingPoint(p)
		p.root = &base
	}
	l.owns(d, d.root.Node)
	result, err := kubeadmfile.Apply(*p.root, *d.root, typ)
	fault, refused := errors.AsType[*kubeadmfile.PatchError](err)
	if !refused {
		p.root = &result
		return true
	}
	f := Finding{Rule: "patch-file", Field: fault.Field, Message: fault.Error() + ": kubeadm refuses it", Fix: patchFix(typ, d, fault)}
	l.find(scene{doc: d, role: RolePatch}, fault.Node, f)
	return false
}

// patchFix says what to write instead of a patch that cannot be applied.
func patchFix(typ kubeadmfile.PatchType, d document, fault *kubeadmfile.PatchError) string {
	switch {
	case strings.HasPrefix(fault.Field, "$"):
		return "$patch: delete or $patch: replace, or take it out"
	case typ != kubeadmfile.JSONPatch && d.root.Kind == kubeyaml.List:
		return "name the file " + patchTarget + "+json.yaml, or write an object: failSwapOn: false"
	case typ != kubeadmfile.JSONPatch:
		return "an object: failSwapOn: false"
	case d.root.Kind != kubeyaml.List:
		return "[{op: add, path: /failSwapOn, value: false}], or name it " + PatchFile
	case fault.Field == "path" && fault.Node.Kind == yaml.ScalarNode && !strings.HasPrefix(fault.Node.Value, "/"):
		return "/" + fault.Node.Value
	case fault.Field == "path" && fault.Node.Kind == yaml.ScalarNode:
		if parts := strings.Split(fault.Node.Value, "/"); len(parts) > 2 {
			return "first an operation that adds /" + parts[1] + ", with what is to be in it"
		}
		return "take it out"
	}
	return "{op: add, path: /failSwapOn, value: false}"
}

// owns records which document these nodes are from, for the places of findings.
func (l *linter) owns(d document, n *yaml.Node) {
	if l.owner == nil {
		l.owner = map[*yaml.Node]document{}
	}
	l.owner[n] = d
	for _, inner := range n.Content {
		l.owns(d, inner)
	}
}

// patchName parses the name of a file in kubeadm's --patches; false if the
// patch is not for the kubelet, or kubeadm does not read it
// (cmd/kubeadm/app/util/patches/patches.go, parseFilename).
func (l *linter) patchName(name string) (typ kubeadmfile.PatchType, ok bool) {
	base := path.Base(name)
	f := Finding{Rule: "patch-file", File: name}
	stop := func(message, fix string) (kubeadmfile.PatchType, bool) {
		f.Message, f.Fix = message, fix
		l.found = append(l.found, f)
		return "", false
	}
	extension := path.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	if extension != ".yaml" && extension != ".json" {
		return stop("kubeadm passes over it: the name of a patch ends in .yaml or .json", stem+".yaml")
	}
	if !strings.HasPrefix(base, patchTarget) {
		if others := []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "corednsdeployment", "kubeproxydaemonset"}; slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(base, o) }) {
			return "", false
		}
		return stop("kubeadm passes over it: the name of a patch for the kubelet begins with "+patchTarget, PatchFile)
	}
	if !l.row.Kubeadm.Patches {
		return stop("the patches of kubeadm "+l.row.Kubernetes+" have no target "+patchTarget, "a KubeletConfiguration in kubeadm's --config")
	}
	// The type follows the first + in the name, before any dot.
	kind := regexp.MustCompile(`^[^.+]*\+(json|merge|strategic)?`).FindStringSubmatch(base)
	if kind == nil {
		if word := regexp.MustCompile(`[.-](merge|json)$`).FindString(stem); word != "" {
			f.Message, f.Fix, f.Warning = "it is a strategic merge patch: the kind stands behind a +", patchTarget+"+"+word[1:]+extension, true
			l.found = append(l.found, f)
		}
		return kubeadmfile.StrategicPatch, true
	}
	if kind[1] == "" {
		_, unknown, _ := strings.Cut(stem, "+")
		return stop("kubeadm refuses it: there is no kind of patch called "+unknown, PatchFile)
	}
	return kubeadmfile.PatchType(kind[1]), true
}
