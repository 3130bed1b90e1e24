package kubeletcfg

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
	"github.com/swapctl/swapctl/internal/provisioner"
)

// rolePart is the role of an object inside of a provisioner's file.
const rolePart Role = "part"

// provisioned lints what a provisioner's file configures of kubelets.
func (l *linter) provisioned(s scene, t provisioner.Tool) {
	l.find(s, s.doc.root.Node, Finding{Rule: "provisioner", Note: true, Message: "a file for " + t.Name + ": " + t.Says, Fix: "nothing"})
	s.api = "kubelet"
	for _, part := range t.Parts {
		all := part.At(s.doc.root)
		if part.Holds == provisioner.Files {
			l.files(s, t, all, nil)
			continue
		}
		for _, f := range all {
			in := s
			in.role = rolePart
			in.doc.prefix = dotted(s.doc.prefix, f.Path)
			in.doc.root = f.Value
			l.part(in, s, t, part.Holds, f.Path)
		}
	}
}

// part lints one part: s is the scene of the part, outer that of the document.
func (l *linter) part(s, outer scene, t provisioner.Tool, holds provisioner.Holds, field string) {
	v := s.doc.root
	switch holds {
	case provisioner.Fields:
		l.fieldsOf(s, t)
	case provisioner.Text:
		l.nest(outer, l.inside(""), []inner{l.text(outer, v, field, field, v.Text, true)}, map[string]Role{field: RoleConfig})
	case provisioner.UserData:
		l.userData(outer, l.text(outer, v, field, field, v.Text, true))
	case provisioner.Flags, provisioner.Args:
		l.flagsOf(s, holds)
	case provisioner.DeadFiles:
		l.deadFile(s, t)
	case provisioner.Refused:
		l.refused(s, []string{"failSwapOn", "memorySwap", "memorySwapBehavior"}, t.Name+" does not take it here: "+t.Says, t.Instead())
	case provisioner.Own:
		l.own(s, t)
	case provisioner.ClusterAPI:
		l.clusterAPI(outer, t, v, field)
	case provisioner.KindPatches:
		l.kind(outer, v)
	case provisioner.Files:
	}
}

// fieldsOf lints an object with fields of a KubeletConfiguration that is
// applied on top of the configuration of the provisioner.
func (l *linter) fieldsOf(s scene, t provisioner.Tool) {
	if s.doc.root.Kind != kubeyaml.Object {
		l.holds(s, s.doc.root, ConfigKind, "")
		return
	}
	if t.Strict {
		s.refusedBy = t.Name
	}
	l.refused(s, t.Refuses, t.Name+" does not let it be set, and refuses the file", "take it out")
	l.kubelet(s)
	m := &merger{row: l.row, tree: map[string]any{}, from: map[string]string{}}
	if t.Tolerates {
		m.tree["failSwapOn"], m.from["failSwapOn"] = false, t.Name
	}
	m.patch(m.tree, m.take(s.doc, false), "", s.doc.source)
	l.effective(m.effective(), s.doc, nil, false)
}

// flagsOf lints flags of the kubelet.
func (l *linter) flagsOf(s scene, holds provisioner.Holds) {
	one := func(name string, key, value *yaml.Node, text, field string) {
		name = strings.TrimLeft(name, "-")
		copied := *value
		copied.Value = text
		l.extraArg(s, name, key, &copied, field)
	}
	for m := range s.doc.root.Each() {
		one(m.Name, m.Key, m.Value.Content(), m.Value.Text, m.Name)
	}
	items := s.doc.root.Items
	if s.doc.root.Kind == kubeyaml.String {
		items = []kubeyaml.Value{*s.doc.root}
	}
	for i := range items {
		v := &items[i]
		if name, value := v.Get("name"), v.Get("value"); holds == provisioner.Args && name != nil && value != nil {
			one(name.Text, name.Node, value.Content(), value.Text, fmt.Sprintf("[%d]", i))
			continue
		}
		name, text, given := strings.Cut(v.Text, "=")
		if !given {
			text = "true"
		}
		one(name, v.Content(), v.Content(), text, fmt.Sprintf("[%d]", i))
	}
}

// files lints the files that a tool writes to a node, if kubeadm, a kubelet or
// another tool reads them. They are linted together, as files of one node.
func (l *linter) files(s scene, t provisioner.Tool, all []provisioner.Located, flags []flagValue) {
	tolerates := ""
	if t.Tolerates {
		tolerates = t.Name
	}
	var kept []inner
	roles := map[string]Role{}
	for _, f := range all {
		in, role := l.fileOf(s, f)
		if role == "" {
			continue
		}
		kept = slices.DeleteFunc(kept, func(old inner) bool { return old.name == in.name }) // the last file of a name overwrites the others
		kept, roles[in.name] = append(kept, in), role
	}
	sub := l.inside(tolerates)
	sub.flags = flags
	l.nest(s, sub, kept, roles)
}

// fileOf returns a file that a tool writes to a node; its role is "" if no
// known program reads it.
func (l *linter) fileOf(s scene, f provisioner.Located) (inner, Role) {
	file, err := provisioner.ReadFile(f.Value)
	role := roleOnNode(file.Path, file.Text)
	switch {
	case file.Content == nil || file.Path == "":
		return inner{}, ""
	case err != nil:
		if roleOnNode(file.Path, "") != "" {
			l.find(s, file.Content.Content(), Finding{Rule: "syntax", Field: f.Path, Message: err.Error() + ": nobody can read the file", Fix: "fix it there"})
		}
		return inner{}, ""
	case role == "":
		return inner{}, ""
	}
	in := l.text(s, file.Content, file.Path, f.Path, file.Text, file.Plain)
	in.whole = func() (string, *yaml.Node) { return f.Path + ".path", file.PathAt.Content() }
	return in, role
}

// roleOnNode is the role of a file that a tool writes to a node.
func roleOnNode(name, text string) Role {
	where, known := provisioner.PlaceOf(name)
	switch role := RoleOf(name); {
	case script(text) != "":
		return ""
	case strings.HasPrefix(path.Base(name), patchTarget):
		return RolePatch
	case known && where.Dropins:
		return RoleDropin
	case known:
		return RoleConfig
	case strings.Contains(text, ConfigKind), strings.Contains(text, "apiVersion: "+KubeadmGroup):
		return role
	}
	return ""
}

// deadFile finds a file for a kubelet that no kubelet of this tool reads.
func (l *linter) deadFile(s scene, t provisioner.Tool) {
	file, err := provisioner.ReadFile(s.doc.root)
	if err != nil || file.Content == nil || !strings.Contains(file.Text, ConfigKind) {
		return
	}
	l.find(s, file.Content.Content(), Finding{
		Rule: "second-document", Message: "the kubelet of " + t.Name + " reads no such file, unless a flag of it names the directory", Fix: t.Instead(),
	})
}

// refused finds fields that a provisioner refuses.
func (l *linter) refused(s scene, names []string, message, fix string) {
	for m := range s.doc.root.Each() {
		if slices.Contains(names, m.Name) {
			l.find(s, m.Key, Finding{Rule: "provisioner", Field: m.Name, Message: message, Fix: fix})
		}
	}
}

// own lints fields that are the provisioner's, not a kubelet's.
func (l *linter) own(s scene, t provisioner.Tool) {
	behavior, name := firstOf(s.doc.root, "memorySwapBehavior", "memorySwap.swapBehavior", "kubelet_swap_behavior")
	fails, failName := firstOf(s.doc.root, "failSwapOn", "kubelet_fail_swap_on")
	if failName == "" {
		failName = map[bool]string{true: "kubelet_fail_swap_on", false: "failSwapOn"}[strings.HasPrefix(name, "kubelet_")]
	}
	if fails != nil && !shape("bool").fits(fails.Kind) {
		l.find(s, fails.Node, Finding{Rule: "wrong-type", Field: failName, Message: "expected true or false, found " + fails.Kind.String(), Fix: "true or false, without quotes"})
	}
	if behavior == nil || behavior.Kind != kubeyaml.String || behavior.Text == "" {
		return
	}
	if _, legal := l.row.Behaviors[behavior.Text]; !legal {
		f := l.illegal(behavior.Text)
		f.Field = name
		l.find(s, behavior.Node, f)
	}
	if off, set := fails.Any().(bool); behavior.Text != NoSwap && !t.Tolerates && (!set || off) {
		l.find(s, behavior.Node, Finding{Rule: "fail-swap-on", Field: failName, Message: "the kubelet does not start when swap is on: the behavior can never come to anything", Fix: failName + ": false"})
	}
}

// firstOf returns the first of several fields that exists, and its name.
func firstOf(object *kubeyaml.Value, names ...string) (*kubeyaml.Value, string) {
	for _, name := range names {
		if v := object.Get(strings.Split(name, ".")...); v != nil {
			return v, name
		}
	}
	return nil, ""
}

// clusterAPI lints a KubeadmConfigSpec: the files that Cluster API writes, and
// whether kubeadm reads patches from the directory where they are written.
func (l *linter) clusterAPI(s scene, t provisioner.Tool, spec *kubeyaml.Value, at string) {
	all := (provisioner.Part{Path: "files[]"}).At(spec)
	if len(all) == 0 {
		return
	}
	var directories []string
	flags := slices.Concat(argsOf(spec.Get("joinConfiguration", "nodeRegistration", "kubeletExtraArgs")), argsOf(spec.Get("initConfiguration", "nodeRegistration", "kubeletExtraArgs")))
	for _, node := range []string{"initConfiguration", "joinConfiguration"} {
		if v := spec.Get(node, "patches", "directory"); v != nil && v.Text != "" {
			directories = append(directories, path.Clean(v.Text))
		}
	}
	for i := range all {
		f := &all[i]
		f.Path = dotted(at, f.Path)
		name := f.Value.Word("path")
		if !strings.HasPrefix(path.Base(name), patchTarget) || slices.ContainsFunc(directories, func(d string) bool { return strings.HasPrefix(name, d+"/") }) {
			continue
		}
		finding := Finding{
			Rule: "patch-file", Field: dotted(f.Path, "path"), Message: "kubeadm does not look there: no patches.directory names " + path.Dir(name),
			Fix: "joinConfiguration: {patches: {directory: " + path.Dir(name) + "}}, and the same in initConfiguration for control planes",
		}
		if len(directories) > 0 {
			finding.Fix = path.Join(directories[0], path.Base(name))
		}
		l.find(s, f.Value.Get("path").Content(), finding)
	}
	l.files(s, t, all, flags)
}

// argsOf returns flags that are a map, or a list of name and value.
func argsOf(args *kubeyaml.Value) []flagValue {
	var all []flagValue
	for m := range args.Each() {
		all = append(all, flagValue{m.Name, m.Value.Text})
	}
	if args == nil {
		return all
	}
	for i := range args.Items {
		if name, value := args.Items[i].Get("name"), args.Items[i].Get("value"); name != nil && value != nil {
			all = append(all, flagValue{name.Text, value.Text})
		}
	}
	return all
}
