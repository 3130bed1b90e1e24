package kubeletcfg

import (
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/provisioner"
)

// misplaced finds a document that the program that reads this path does not
// read; false if nothing is known about the path.
func (l *linter) misplaced(s scene) bool {
	where, known := provisioner.PlaceOf(s.doc.source)
	tool, recognised := provisioner.Recognise(s.doc.root)
	group, _, _ := strings.Cut(s.doc.word("apiVersion"), "/")
	f := Finding{Rule: "second-document"}
	switch {
	case known && where.Tool != "" && recognised && tool.Name == where.Tool:
		return false
	case known && where.Tool != "" && (s.doc.word("kind") != "" || recognised || l.meant(s, group, "")):
		f.Message, f.Fix = "nobody reads it here: "+where.Reader+" takes "+where.Path+" for its own configuration alone", where.Instead
		if recognised {
			f.Fix = readAt(tool)
		}
	case recognised && (s.role == RoleDropin || known && where.Kubelet):
		f.Message, f.Fix = "a file for "+tool.Name+": the kubelet reads this file, and does not start with it", readAt(tool)
	case known && where.Kubelet && group == KubeadmGroup:
		l.badKind(s)
		return true
	case recognised && tool.OnNode() && ofKubeadm(s.doc.source):
		f.Message, f.Fix, f.Warning = "nobody reads it here: "+tool.Name+" does not look where kubeadm and the kubelet do", readAt(tool), true
	default:
		return false
	}
	l.find(s, s.doc.root.Node, f)
	return true
}

// ofKubeadm reports whether a file is in a directory of kubeadm or the kubelet.
func ofKubeadm(name string) bool {
	return strings.Contains(path.Dir(name)+"/", "/etc/kubernetes/") || strings.Contains(path.Dir(name)+"/", "/var/lib/kubelet/")
}

// readAt says where a tool reads its files.
func readAt(t provisioner.Tool) string {
	for _, p := range provisioner.Places() {
		if p.Tool == t.Name {
			return "move it to " + p.Path
		}
	}
	return "take it out: it is for " + t.Name
}

// unreadHere finds a file whose ending makes its directory's reader ignore it.
func (l *linter) unreadHere(f Source) bool {
	where, known := provisioner.PlaceOf(f.Name)
	if !known || where.Dropins || len(where.Endings) == 0 || slices.Contains(where.Endings, path.Ext(f.Name)) {
		return false
	}
	l.found = append(l.found, Finding{
		Rule: "dropin-file", File: f.Name, Message: where.Reader + " reads files in " + where.Path + " only when their names end in " + strings.Join(where.Endings, " or "),
		Fix: "rename it to " + strings.TrimSuffix(path.Base(f.Name), path.Ext(f.Name)) + where.Endings[0],
	})
	return true
}

// foreignDropin finds a file of another tool in a --config-dir, with a name
// that does not end in .conf; false for other files.
func (l *linter) foreignDropin(f Source) bool {
	d, err := first(f)
	if err != nil {
		return false
	}
	tool, recognised := provisioner.Recognise(d.root)
	if recognised {
		l.find(scene{doc: d}, d.root.Node, Finding{
			Rule: "second-document", Message: "nobody reads it here: it is for " + tool.Name + ", and the kubelet reads *.conf alone in its --config-dir", Fix: readAt(tool),
		})
	}
	return recognised
}
