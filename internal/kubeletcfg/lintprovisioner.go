package kubeletcfg

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// rolePart is that of a document that is part of a provisioner's file.
const rolePart Role = "part"

// provisioned judges what a provisioner's file says of kubelets.
func (l *linter) provisioned(s scene, p provisioner) {
	l.find(s, s.doc.root.Node, Finding{Rule: "provisioner", Note: true, Message: "a file for " + p.name + ": " + p.says, Fix: "nothing"})
	s.role, s.api = rolePart, "kubelet"
	for _, part := range p.parts {
		for _, f := range part.at(s.doc.root) {
			inner := s
			inner.doc.prefix = strings.Trim(s.doc.prefix+"."+f.path, ".")
			inner.doc.root = f.value
			l.part(inner, p, part.holds)
		}
	}
}

func (l *linter) part(s scene, p provisioner, holds partKind) {
	switch holds {
	case fieldsPart:
		l.fieldsOf(s, p)
	case textPart:
		l.textOf(s, p, s.doc.root, s.doc.root.Text)
	case flagsPart, argsPart:
		l.flagsOf(s, holds)
	case filesPart:
		l.fileOf(s, p)
	case refusedPart:
		l.refused(s, p)
	case ownPart:
		l.own(s, p)
	}
}

// fieldsOf judges an object with the fields of a KubeletConfiguration as one that
// applies on top of what the provisioner writes itself.
func (l *linter) fieldsOf(s scene, p provisioner) {
	if s.doc.root.Kind != kubeyaml.Object {
		l.holds(s, s.doc.root, ConfigKind, "")
		return
	}
	l.kubelet(s)
	m := &merger{row: l.row, tree: map[string]any{}, from: map[string]string{}}
	if p.tolerate {
		m.tree["failSwapOn"], m.from["failSwapOn"] = false, p.name
	}
	m.patch(m.tree, m.take(s.doc, false), "", s.doc.source)
	l.effective(m.effective(), s.doc, nil, false)
}

// textOf judges the KubeletConfigurations in a text that stands in a file.
func (l *linter) textOf(s scene, p provisioner, at *kubeyaml.Value, text string) {
	all, err := kubeyaml.Documents([]byte(text))
	if err != nil && len(all) == 0 {
		if strings.Contains(text, ConfigKind) {
			line, reason := kubeyaml.Place([]byte(text), err)
			l.find(s, at.Node, Finding{Rule: "syntax", Message: fmt.Sprintf("line %d of the text: %v", line, reason), Fix: "fix it there"})
		}
		return
	}
	for i := range all {
		inner := s
		inner.doc.root = &all[i]
		l.settle(s.doc.source, at.Content(), all[i].Node)
		d := inner.doc
		outer, known := recognise(&all[i])
		switch {
		case all[i].Kind != kubeyaml.Object:
		case d.word("kind") == ConfigKind, d.word("kind") == "" && d.word("apiVersion") == "" && !known:
			l.fieldsOf(inner, p)
		case known:
			l.provisioned(inner, outer)
		}
	}
}

// settle gives the nodes of a text the places that they have in the file around it:
// of a literal text their own, of other texts that where the text begins.
func (l *linter) settle(source string, outer, inner *yaml.Node) {
	if inner == nil {
		return
	}
	if outer.Style&yaml.LiteralStyle != 0 {
		shift(inner, outer.Line, l.indentBelow(source, outer.Line))
		return
	}
	var move func(n *yaml.Node)
	move = func(n *yaml.Node) {
		n.Line, n.Column = outer.Line, outer.Column
		for _, c := range n.Content {
			move(c)
		}
	}
	move(inner)
}

// indentBelow is how far the first line with something in it is indented that is
// below a line, from 1.
func (l *linter) indentBelow(source string, line int) int {
	for i, text := range bytes.Split(l.texts[source], []byte("\n")) {
		if i >= line && len(bytes.TrimSpace(text)) > 0 {
			return len(text) - len(bytes.TrimLeft(text, " "))
		}
	}
	return 0
}

// flagsOf judges flags of the kubelet.
func (l *linter) flagsOf(s scene, holds partKind) {
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
		if name, value := v.Get("name"), v.Get("value"); holds == argsPart && name != nil && value != nil {
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

// fileOf judges a file that a provisioner writes to a node, if the kubelet or kubeadm
// reads it.
func (l *linter) fileOf(s scene, p provisioner) {
	name, _ := s.doc.root.Get("path").Any().(string)
	content := s.doc.root.Get("content")
	if content == nil {
		content = s.doc.root.Get("contents", "source")
	}
	if content == nil || content.Kind != kubeyaml.String {
		return
	}
	text, ok := plain(content.Text, s.doc.root)
	base := path.Base(name)
	switch {
	case !ok:
	case strings.HasPrefix(base, patchTarget) && !strings.Contains(base, "+json"), strings.Contains(text, ConfigKind):
		if strings.Contains(path.Dir(name), "kubelet.conf.d") && path.Ext(base) != ".conf" {
			l.find(s, s.doc.root.Get("path").Node, Finding{
				Rule: "dropin-file", Field: "path", Message: "the kubelet reads files in its --config-dir only when their names end in .conf",
				Fix: strings.TrimSuffix(base, path.Ext(base)) + ".conf",
			})
			return
		}
		l.textOf(s, p, content, text)
	}
}

// plain is the content of a file: a text, or a data URL, or base64.
func plain(text string, file *kubeyaml.Value) (string, bool) {
	encoding, _ := file.Get("encoding").Any().(string)
	isBase64 := encoding == "base64"
	if strings.HasPrefix(encoding, "gz") || file.Get("contents", "compression") != nil && file.Get("contents", "compression").Text != "" {
		return "", false
	}
	if rest, ok := strings.CutPrefix(text, "data:"); ok {
		kind, data, found := strings.Cut(rest, ",")
		unescaped, err := url.PathUnescape(data)
		if !found || err != nil {
			return "", false
		}
		text, isBase64 = unescaped, strings.HasSuffix(kind, ";base64")
	}
	if !isBase64 {
		return text, true
	}
	data, err := base64.StdEncoding.DecodeString(text)
	return string(data), err == nil
}

// refused finds the fields for swap where the provisioner has none.
func (l *linter) refused(s scene, p provisioner) {
	for m := range s.doc.root.Each() {
		if slices.Contains([]string{"failSwapOn", "memorySwap", "memorySwapBehavior"}, m.Name) {
			l.find(s, m.Key, Finding{Rule: "provisioner", Field: m.Name, Message: p.name + " does not take it here: " + p.says, Fix: p.instead()})
		}
	}
}

// own judges fields that are the provisioner's, and not a kubelet's.
func (l *linter) own(s scene, p provisioner) {
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
	if off, set := fails.Any().(bool); behavior.Text != NoSwap && !p.tolerate && (!set || off) {
		l.find(s, behavior.Node, Finding{Rule: "fail-swap-on", Field: failName, Message: "the kubelet does not start when swap is on: the behavior can never come to anything", Fix: failName + ": false"})
	}
}

// firstOf is the first of several fields that is there, and its name.
func firstOf(object *kubeyaml.Value, names ...string) (*kubeyaml.Value, string) {
	for _, name := range names {
		if v := object.Get(strings.Split(name, ".")...); v != nil {
			return v, name
		}
	}
	return nil, ""
}

// instead is what to write for this provisioner.
func (p provisioner) instead() string {
	if p.fragment == "" {
		return p.says
	}
	return strings.TrimSuffix(p.fragment, "\n")
}
