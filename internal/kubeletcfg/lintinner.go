package kubeletcfg

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
	"github.com/swapctl/swapctl/internal/provisioner"
)

// inner is a text inside of a file that is a file by itself.
type inner struct {
	name  string // its name on the node, or where it is read
	text  string
	field string                              // the field that contains it
	place func(line, column int) (int, int)   // converts a place in the text into a place in the file around it
	whole func() (field string, n *yaml.Node) // where a fault of the whole text is reported; nil: at the text
}

// inside returns a linter for texts inside of a file, for the same nodes.
func (l *linter) inside(tolerates string) *linter {
	sub := newLinter(l.row, l.cgroup, l.schema)
	sub.depth, sub.tolerates = l.depth+1, tolerates
	return sub
}

// maxDepth is how deep texts may be nested: user data in a node class is two, a
// file in a NodeConfig in that user data would be four.
const maxDepth = 5

// nest lints texts that are files of one node, and reports findings at their
// places in the file around them.
func (l *linter) nest(s scene, sub *linter, all []inner, roles map[string]Role) {
	if len(all) == 0 || l.depth >= maxDepth {
		return
	}
	var files []Source
	for _, in := range all {
		files = append(files, Source{Name: in.name, Data: []byte(in.text)})
	}
	sub.run(files, roles)
	l.adopt(s, sub, all)
}

// adopt adds the findings of nested texts.
func (l *linter) adopt(s scene, sub *linter, all []inner) {
	for _, f := range sub.found {
		for _, in := range all {
			if in.name != f.File {
				continue
			}
			field := in.field
			switch {
			case f.Line > 0:
				f.Line, f.Column = in.place(f.Line, f.Column)
			case in.whole != nil:
				var n *yaml.Node
				field, n = in.whole()
				f.Line, f.Column = place(n)
			default:
				f.Line, f.Column = in.place(1, 1)
			}
			f.Field = dotted(s.doc.prefix, dotted(field, f.Field))
			f.File, f.Document = s.doc.source, s.doc.number
			l.found = append(l.found, f)
			break
		}
	}
}

// dotted joins the paths of two fields.
func dotted(outer, inner string) string {
	return strings.Trim(strings.ReplaceAll(outer+"."+inner, ".[", "["), ".")
}

// text makes a file of a value. Its line numbers match only if the value is a
// literal text.
func (l *linter) text(s scene, v *kubeyaml.Value, name, field, text string, plain bool) inner {
	n, in := v.Content(), inner{name: name, text: text, field: field}
	switch indent := l.indentBelow(s.doc.source, n.Line); {
	case plain && n.Style&yaml.LiteralStyle != 0:
		in.place = func(line, column int) (int, int) { return n.Line + line, column + indent }
	default:
		in.place = func(int, int) (int, int) { return n.Line, n.Column }
	}
	return in
}

// indentBelow is the indentation of the first line below a line (from 1) that
// is not empty.
func (l *linter) indentBelow(source string, line int) int {
	for i, text := range bytes.Split(l.texts[source], []byte("\n")) {
		if i >= line && len(bytes.TrimSpace(text)) > 0 {
			return len(text) - len(bytes.TrimLeft(text, " "))
		}
	}
	return 0
}

// userData lints the user data of a machine: an archive of several parts, a
// file for cloud-init or nodeadm, or a script.
func (l *linter) userData(s scene, in inner) {
	pieces, archive := provisioner.Pieces([]byte(in.text))
	if !archive {
		if script(in.text) == "" {
			l.nest(s, l.inside(""), []inner{in}, map[string]Role{in.name: RoleConfig})
		}
		return
	}
	for i, p := range pieces {
		part := inner{name: in.name + " " + strconv.Itoa(i+1), text: p.Text, field: in.field}
		part.place = func(line, column int) (int, int) { return in.place(line+p.Line, column) }
		if !p.Plain {
			part.place = func(int, int) (int, int) { return in.place(p.Line+1, 1) }
		}
		switch {
		case script(p.Text) != "":
		case !l.readAs(s, p, part):
		default:
			l.nest(s, l.inside(""), []inner{part}, map[string]Role{part.name: RoleConfig})
		}
	}
}

// readAs finds a NodeConfig in a part that nodeadm ignores because it has
// another media type (awslabs/amazon-eks-ami 09eea9e8,
// nodeadm/internal/configprovider/mime.go); false if nothing else in the part
// has to be linted.
func (l *linter) readAs(s scene, p provisioner.Piece, part inner) bool {
	all, err := documents(Source{Data: []byte(p.Text)})
	if err != nil || len(all) == 0 {
		return p.Type != "" && !strings.HasPrefix(p.Type, "text/plain")
	}
	if d := all[0]; p.Type == "" || p.Type == provisioner.NodeConfigType || d.word("kind") != "NodeConfig" {
		return true
	}
	line, column := part.place(all[0].root.Node.Line, 1)
	l.find(s, &yaml.Node{Line: line, Column: column}, Finding{
		Rule: "second-document", Field: part.field, Message: "nodeadm passes over a part of type " + p.Type,
		Fix: "Content-Type: " + provisioner.NodeConfigType,
	})
	return false
}

// script returns what a text is that is not YAML and does not have to be; ""
// for other texts.
func script(text string) string {
	text = strings.TrimSpace(text)
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.HasPrefix(first, "#!"), strings.HasPrefix(first, "#cloud-boothook"):
		return "a script"
	case strings.HasPrefix(first, "#include"), strings.HasPrefix(first, "#part-handler"):
		return "a file for cloud-init without a configuration in it"
	case strings.HasPrefix(first, "[settings"):
		return "settings of Bottlerocket, whose settings.kubernetes.memory-swap-behavior is for swap"
	}
	return ""
}
