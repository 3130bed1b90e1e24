package kubeletcfg

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
	"github.com/swapctl/swapctl/internal/provisioner"
)

// Role is the purpose of a file.
type Role string

// The roles.
const (
	RoleConfig Role = "config" // kubeadm's --config, or the kubelet's
	RoleDropin Role = "dropin" // a file in the kubelet's --config-dir, with the ending .conf or not
	RolePatch  Role = "patch"  // a file in kubeadm's --patches, with any name
)

// RoleOf guesses a file's role from its name, and from its directory if that is
// a known one.
func RoleOf(name string) Role {
	base := path.Base(name)
	where, known := provisioner.PlaceOf(name)
	switch {
	case known && where.Tool != "":
	case strings.HasSuffix(base, ".conf"), known && where.Dropins:
		return RoleDropin
	case strings.HasPrefix(base, patchTarget) && base != patchTarget+".yaml", strings.Contains(base, "+strategic."), strings.Contains(base, "+merge."), strings.Contains(base, "+json."):
		return RolePatch
	}
	return RoleConfig
}

// LintOptions say which versions will read the files.
type LintOptions struct {
	Row           Row
	CgroupVersion int             // cgroup version of the nodes: 1 or 2; 0 means 2
	Roles         map[string]Role // by file name; the other files get RoleOf
}

// Finding is a fault in a file.
type Finding struct {
	Rule         string // "unknown-field"; it never changes
	Warning      bool   // it may be intended
	Note         bool   // not a fault: what was not judged, and why
	File         string
	Document     int // in the file, from 1; 0 if it is about the whole file
	Line, Column int // from 1; 0 if the fault has no place
	Field        string
	Message      string // what is wrong, and what it causes
	Fix          string // what to write instead
}

// Rules are the rules of Lint, each with what it says.
func Rules() [][2]string {
	return [][2]string{
		{"syntax", "The files are YAML or JSON"},
		{"kind", "Every document is one that kubeadm or the kubelet reads"},
		{"kubeadm-documents", "kubeadm can tell the documents of its file apart"},
		{"kubeadm-api-version", "kubeadm reads this API version"},
		{"unknown-field", "Every field is known, by this spelling"},
		{"duplicate-field", "No field stands twice"},
		{"wrong-type", "Every value has the type of its field"},
		{"feature-gate", "Feature gates exist and can be set"},
		{"swap-behavior", "The swap behavior is legal, and does something"},
		{"fail-swap-on", "The kubelet starts when swap is on"},
		{"cgroup-v1", "The cgroup version is one that the kubelet takes"},
		{"eviction", "No default eviction threshold is lost"},
		{"reserved", "Reserved resources can be enforced"},
		{"memory-qos", "What makes containers swap early is in range"},
		{"extra-args", "Flags do not contradict the files"},
		{"preflight-swap", "kubeadm's preflight lets swap pass"},
		{"dropin-file", "Drop-in files are read"},
		{"patch-file", "Patches are applied, in the way they are meant"},
		{"second-document", "Nothing stands where nobody looks"},
		{"provisioner", "What other tools take is what they take for swap"},
		{"template", "Templates are rendered before they are judged"},
	}
}

// Lint finds what stops the kubeadm and the kubelet of a version, or what they
// accept although it does not do what it says. The result is sorted by place.
func Lint(files []Source, o LintOptions) []Finding {
	l := newLinter(o.Row, o.CgroupVersion, readSchema(minor(o.Row.table.Newest())))
	l.run(files, o.Roles)
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.found
}

func newLinter(row Row, cgroup int, all schema) *linter {
	return &linter{
		row: row, minor: minor(row.Kubernetes), cgroup: cgroup, schema: all,
		texts: map[string][]byte{}, templates: map[string]bool{}, told: map[string]bool{},
	}
}

// run lints each file, and then all of them together.
func (l *linter) run(files []Source, roles map[string]Role) {
	for _, f := range files {
		role, told := roles[f.Name]
		if !told {
			role = RoleOf(f.Name)
		}
		l.texts[f.Name], l.told[f.Name] = f.Data, told
		l.file(f, role)
	}
	l.together()
	l.patches()
}

// linter collects findings.
type linter struct {
	row    Row
	minor  int
	cgroup int
	schema schema
	found  []Finding

	configs    []document // KubeletConfigurations for --config
	forKubeadm bool       // one of the files is for kubeadm
	dropins    []document
	patchFiles []Source
	init       *document               // an InitConfiguration or JoinConfiguration
	owner      map[*yaml.Node]document // the documents of nodes that come from patches
	flags      []flagValue             // those that kubeadm passes to the kubelet
	texts      map[string][]byte       // contents of the files, by name
	templates  map[string]bool         // files that are templates
	told       map[string]bool         // files whose role the caller gave
	depth      int                     // how many texts these files are nested in
	tolerates  string                  // what already configures failSwapOn: false; "" if nothing does
}

// scene is the document that the linter looks at, and who reads it.
type scene struct {
	doc  document
	role Role
	api  string // name of the API in the schema: kubelet, v1beta4

	refusedBy string // who refuses unknown fields; "": they are ignored
}

// find adds a finding at a node. It does not if the node is not from a file:
// then the finding is not new.
func (l *linter) find(s scene, n *yaml.Node, f Finding) {
	if n != nil && n.Line == 0 {
		return
	}
	d := s.doc
	if owner, ok := l.owner[n]; ok {
		d = owner
	}
	f.Field = dotted(d.prefix, f.Field)
	f.File, f.Document = d.source, d.number
	if n != nil && n.Kind == yaml.ScalarNode && !f.Note && l.templated(f, n) {
		return
	}
	f.Line, f.Column = place(n)
	l.found = append(l.found, f)
}

func (l *linter) file(f Source, role Role) {
	switch role {
	case RoleDropin:
		if !l.dropinName(f) {
			return
		}
	case RolePatch:
		l.patchFiles = append(l.patchFiles, f)
		return
	case RoleConfig, rolePart:
		if l.unreadHere(f) || l.machine(f) {
			return
		}
	}
	all, err := documents(f)
	if err != nil {
		l.syntax(f.Name, err)
		return
	}
	l.documents(f, role, all)
}

// machine lints a file that is user data of a machine and not YAML; it returns
// false for other files.
func (l *linter) machine(f Source) bool {
	s := scene{doc: document{source: f.Name, number: 1}}
	at := &yaml.Node{Line: 1, Column: 1}
	if _, archive := provisioner.Pieces(f.Data); archive {
		l.find(s, at, Finding{Rule: "provisioner", Note: true, Message: "user data of a machine, in several parts or compressed: each part that configures a kubelet is judged", Fix: "nothing"})
		l.userData(s, inner{name: f.Name, text: string(f.Data), place: func(line, column int) (int, int) { return line, column }})
		return true
	}
	what := script(string(f.Data))
	if what != "" {
		l.find(s, at, Finding{Rule: "provisioner", Note: true, Message: what + ": it is left alone", Fix: "nothing"})
	}
	return what != ""
}

func (l *linter) syntax(name string, err error) {
	if l.template(name) {
		return
	}
	finding := Finding{Rule: "syntax", File: name, Document: 1, Line: 1, Column: 1, Message: err.Error(), Fix: "fix it there"}
	if syntaxError, ok := errors.AsType[*SyntaxError](err); ok {
		finding.Line, finding.Column, finding.Document = syntaxError.Line, max(syntaxError.Column, 1), syntaxError.Document
		finding.Message = syntaxError.Err.Error()
	}
	l.found = append(l.found, finding)
}

// documents lints each document. A kubelet reads only the first one of a file;
// kubeadm reads all of them.
func (l *linter) documents(f Source, role Role, all []document) {
	all = slices.DeleteFunc(all, func(d document) bool { return d.root == nil })
	if len(all) == 0 {
		l.nothing(f)
		return
	}
	forKubeadm := slices.ContainsFunc(all, func(d document) bool {
		return strings.HasPrefix(d.word("apiVersion"), KubeadmGroup+"/")
	})
	if forKubeadm {
		l.forKubeadm = true
		l.split(f)
	}
	reader := kubeadmReader(all)
	for i, d := range all {
		s := scene{doc: d, role: role, api: "kubelet"}
		if i > 0 && !forKubeadm {
			l.find(s, d.root.Node, Finding{Rule: "second-document", Message: "the kubelet reads the first document of a file only", Fix: "put it into the first, or into a file of its own"})
			continue
		}
		if group, _, _ := strings.Cut(d.word("apiVersion"), "/"); reader != "" && d.word("kind") == ConfigKind && group+"/v1beta1" == GroupVersion {
			l.find(s, d.root.Node, Finding{
				Rule: "second-document", Field: "kind", Message: reader + " passes over a " + ConfigKind,
				Fix: "a patch: swapctl kubeadm-config --kind patch, in the directory that patches.directory names",
			})
			continue
		}
		l.document(s)
	}
}

// kubeadmReader is the command that reads a file with a JoinConfiguration or an
// UpgradeConfiguration, and ignores its KubeletConfiguration; "" for other
// files (cmd/kubeadm/app/util/config/joinconfiguration.go,
// upgradeconfiguration.go).
func kubeadmReader(all []document) string {
	reader := ""
	for _, d := range all {
		switch d.word("kind") {
		case "InitConfiguration", "ClusterConfiguration":
			return ""
		case "JoinConfiguration":
			reader = "kubeadm join"
		case "UpgradeConfiguration":
			reader = "kubeadm upgrade"
		}
	}
	return reader
}

func (l *linter) nothing(f Source) {
	l.found = append(l.found, Finding{Rule: "syntax", File: f.Name, Message: "there is nothing in it: the kubelet refuses an empty file", Fix: "delete it, or write what is missing"})
}

// document lints one document.
func (l *linter) document(s scene) {
	group, version, _ := strings.Cut(s.doc.word("apiVersion"), "/")
	kind := s.doc.word("kind")
	switch {
	case l.misplaced(s):
	case group == KubeadmGroup && s.role == RoleConfig:
		l.kubeadm(s, version, kind)
	case s.doc.word("apiVersion") == GroupVersion && kind == ConfigKind:
		l.kubelet(s)
	case s.role == RoleConfig && foreign(group) && kind != "":
	default:
		l.notOurs(s, group, kind)
	}
}

// notOurs notes a document that another program reads, and does not judge it,
// unless it seems to be intended for kubeadm or a kubelet.
func (l *linter) notOurs(s scene, group, kind string) {
	t, known := provisioner.Recognise(s.doc.root)
	switch {
	case l.told[s.doc.source] && s.role == RoleDropin: // the kubelet reads it
		l.badKind(s)
	case known:
		l.provisioned(s, t)
	case l.meant(s, group, kind):
		l.badKind(s)
	default:
		what := strings.TrimSpace(s.doc.word("apiVersion") + " " + kind)
		if what == "" {
			what = "a file without apiVersion and kind"
		}
		l.find(s, s.doc.root.Node, Finding{Rule: "provisioner", Note: true, Message: what + ": no configuration of kubeadm or a kubelet that swapctl knows; it is left alone", Fix: "nothing"})
	}
}

// meant reports whether a document seems to be intended for kubeadm or a
// kubelet.
func (l *linter) meant(s scene, group, kind string) bool {
	kinds := append(kubeadmKinds(), ConfigKind)
	switch {
	case strings.HasPrefix(group, "kubeadm"), strings.HasPrefix(group, "kubelet"), slices.Contains(kinds, kind):
		return true
	case kind != "" && group == "" && s.doc.word("apiVersion") == "" || kind == "" && group == "":
		if fail.Nearest(kind, kinds) != "" || l.forKubeadm {
			return true
		}
		return slices.ContainsFunc(s.doc.root.Members, func(m kubeyaml.Member) bool {
			_, known := l.schema.typ("kubelet " + ConfigKind)[m.Name]
			return known && m.Name != "apiVersion" && m.Name != "kind" || strings.EqualFold(m.Name, "apiVersion") && m.Name != "apiVersion"
		})
	}
	return false
}

// foreign reports whether a group is that of another component that kubeadm's
// file may configure.
func foreign(group string) bool { return group == "kubeproxy.config.k8s.io" }

// badKind finds what makes a document unreadable as a KubeletConfiguration.
func (l *linter) badKind(s scene) {
	for _, want := range []struct{ field, value string }{{"apiVersion", GroupVersion}, {"kind", ConfigKind}} {
		switch found := s.doc.root.Get(want.field); {
		case found == nil:
			l.missing(s, want.field, want.value)
		case s.doc.word(want.field) != want.value:
			l.other(s, want.field, want.value, found.Node)
		}
	}
}

// missing finds a document without apiVersion or kind.
func (l *linter) missing(s scene, field, value string) {
	f := Finding{Rule: "kind", Field: field, Message: "it is missing: nobody reads the document", Fix: field + ": " + value}
	n := s.doc.root.Node
	for m := range s.doc.root.Each() {
		if strings.EqualFold(m.Name, field) {
			n, f.Message = m.Key, fmt.Sprintf("%s is missing: %q is another word", field, m.Name)
			break
		}
	}
	l.find(s, n, f)
}

// other finds an apiVersion or a kind that is not a kubelet's.
func (l *linter) other(s scene, field, value string, n *yaml.Node) {
	f := Finding{Rule: "kind", Field: field, Message: fmt.Sprintf("%q is nothing that kubeadm or the kubelet reads", n.Value), Fix: value}
	if group, _, _ := strings.Cut(s.doc.word("apiVersion"), "/"); field == "apiVersion" && strings.HasPrefix(group, "kubeadm") {
		f.Fix = KubeadmGroup + "/" + l.row.Kubeadm.Config + ", or for the kubelet " + value
	}
	l.find(s, n, f)
}
