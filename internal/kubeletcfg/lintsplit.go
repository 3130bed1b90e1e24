package kubeletcfg

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeadmfile"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// split finds what stops kubeadm from splitting its file into documents
// (k8s.io/kubernetes v1.37.1, cmd/kubeadm/app/util/marshal.go,
// SplitConfigDocuments): each piece between lines with "---" is a document,
// even an empty one.
func (l *linter) split(f Source) {
	pieces, err := kubeadmfile.Split(f.Data)
	kinds := map[string]int{}
	for i, piece := range pieces {
		s := scene{doc: document{source: f.Name, number: i + 1}}
		at := &yaml.Node{Line: piece.Line, Column: 1}
		root, err := kubeyaml.Parse(piece.Text)
		switch {
		case piece.IsEmpty():
			l.find(s, at, Finding{
				Rule: "kubeadm-documents", Message: "kubeadm takes what is between two --- for a document, and this one has neither apiVersion nor kind: it refuses the file",
				Fix: "take out the --- below it, or above it",
			})
		case err != nil:
			l.find(s, at, Finding{
				Rule: "kubeadm-documents", Message: "kubeadm cuts the file at each line that begins with ---, and cannot read this piece alone: it refuses the file",
				Fix: "take out what is no document of its own, such as a %YAML line before ---",
			})
		default:
			l.kindTwice(s, &root, piece.Line, kinds)
		}
	}
	if separator, ok := errors.AsType[*kubeadmfile.SeparatorError](err); ok {
		l.separator(f, separator)
	}
}

// kindTwice finds a second document of a kind. kubeadm ignores the group.
func (l *linter) kindTwice(s scene, root *kubeyaml.Value, line int, kinds map[string]int) {
	kind := document{root: root}.word("kind")
	if kind == "" {
		return
	}
	if first, twice := kinds[kind]; twice {
		n := root.Get("kind").Node
		shift(n, line-1, 0)
		l.find(s, n, Finding{
			Rule: "kubeadm-documents", Field: "kind", Message: fmt.Sprintf("the document in line %d is a %s as well: kubeadm refuses the file", first, kind),
			Fix: "make one document of the two",
		})
		return
	}
	kinds[kind] = line
}

// separator finds text after "---".
func (l *linter) separator(f Source, e *kubeadmfile.SeparatorError) {
	l.find(scene{doc: document{source: f.Name}}, &yaml.Node{Line: e.Line, Column: 1}, Finding{
		Rule: "kubeadm-documents", Message: "behind --- kubeadm takes nothing but a comment: it refuses the file", Fix: "--- alone, and the rest in the next line",
	})
}
