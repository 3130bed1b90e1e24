package kubeletcfg

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// fields checks the fields of an object against those of its type in this
// minor.
func (l *linter) fields(s scene, v *kubeyaml.Value, typ, path string) {
	known := l.schema.typ(s.api + " " + typ)
	for m := range v.Each() {
		field := join(path, m.Name)
		l.twice(s, m, field)
		f, ok := known[m.Name]
		if !ok || !f.in.has(l.minor) {
			l.unknown(s, m.Key, m.Name, typ, field)
			continue
		}
		l.holds(s, &m.Value, f.holds, field)
	}
}

// twice finds a field that is set a second time. One of them may come from a
// merge key.
func (l *linter) twice(s scene, m *kubeyaml.Member, field string) {
	for ; m.Before != nil; m = m.Before {
		if m.Before.Merged && !m.Merged && s.role != RoleDropin {
			continue // It overrides a merge key above it: the kubelet and kubeadm read it as intended.
		}
		l.find(s, m.Key, Finding{Rule: "duplicate-field", Field: field, Message: fmt.Sprintf("it stands in line %d as well: %s", m.Before.Key.Line, s.twice()), Fix: "keep one of them"})
	}
}

func (s scene) twice() string {
	if s.role == RoleDropin {
		return "the kubelet does not start"
	}
	return "the last one silently wins"
}

// unknown finds a field that this minor does not have.
func (l *linter) unknown(s scene, key *yaml.Node, name, typ, field string) {
	f := Finding{Rule: "unknown-field", Field: field, Message: "there is no such field", Fix: "take it out"}
	if strings.HasPrefix(name, "$") && s.role == RolePatch {
		f.Message, f.Fix = name+" directs strategic merge patches alone", PatchFile+" as the name of the file"
	} else if other, ok := l.schema.typ(s.api + " " + typ)[name]; ok {
		f.Message = fmt.Sprintf("the field is known %s, not in %s", other.in.say(l.schema.newest), l.row.Kubernetes)
	} else if meant := fail.Nearest(name, l.schema.fields(s.api+" "+typ, l.minor)); meant != "" {
		f.Fix = fmt.Sprintf("%s instead of %s", meant, name)
	} else if name == "memorySwapBehavior" { // its name in kOps
		f.Fix = "memorySwap: {swapBehavior: " + LimitedSwap + "}"
	} else if where := l.elsewhere(s.api, name); where != "" {
		f.Fix = "it belongs into " + where
	}
	f.Message += ": " + s.ignores()
	l.find(s, key, f)
}

// ignores says what the reader does with a field that it does not know.
func (s scene) ignores() string {
	switch {
	case s.refusedBy != "":
		return s.refusedBy + " refuses the file"
	case s.api != "kubelet":
		return "kubeadm warns, and ignores it"
	case s.role == RoleDropin, s.role == rolePart:
		return "it is silently ignored"
	case s.role == RolePatch:
		return "it passes kubeadm, and the kubelet ignores it"
	}
	return "the kubelet logs it once, and ignores it"
}

// elsewhere returns the object that has a field.
func (l *linter) elsewhere(api, name string) string {
	for _, object := range []struct{ typ, name string }{
		{"KubeletConfiguration", "KubeletConfiguration"},
		{"MemorySwapConfiguration", "memorySwap"},
		{"NodeRegistrationOptions", "nodeRegistration"},
		{"InitConfiguration", "InitConfiguration"},
		{"JoinConfiguration", "JoinConfiguration"},
		{"ClusterConfiguration", "ClusterConfiguration"},
	} {
		for _, of := range []string{api, "kubelet", l.row.Kubeadm.Config} {
			if f, ok := l.schema.typ(of + " " + object.typ)[name]; ok && f.in.has(l.minor) {
				return object.name
			}
		}
	}
	return ""
}

// holds checks a value, and the values in it, against the shape of its field.
func (l *linter) holds(s scene, v *kubeyaml.Value, holds shape, field string) {
	switch {
	case !holds.fits(v.Kind):
		message := fmt.Sprintf("expected %s, found %s: %s", holds.words(), v.Kind, s.dies())
		l.find(s, v.Content(), Finding{Rule: "wrong-type", Field: field, Message: message, Fix: fixType(v, holds)})
	case holds == "any", v.Kind == kubeyaml.Null:
	case v.Kind == kubeyaml.List:
		for i := range v.Items {
			l.holds(s, &v.Items[i], holds.element(), fmt.Sprintf("%s[%d]", field, i))
		}
	case holds.element() != "":
		for m := range v.Each() {
			l.twice(s, m, join(field, m.Name))
			l.holds(s, &m.Value, holds.element(), join(field, m.Name))
		}
	case v.Kind == kubeyaml.Object:
		l.fields(s, v, string(holds), field)
	}
}

func (s scene) dies() string {
	if s.api == "kubelet" {
		return "the kubelet does not start"
	}
	return "kubeadm refuses the file"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fixType says how to write a value that has the wrong type.
func fixType(v *kubeyaml.Value, holds shape) string {
	n, isText := v.Content(), v.Kind == kubeyaml.String
	switch {
	case holds == "bool" && isText && (n.Value == "true" || n.Value == "false"), holds == "number" && isText:
		return n.Value + ", without quotes"
	case holds == "string" && n.Kind == yaml.ScalarNode:
		return `"` + n.Value + `", in quotes`
	case holds == "[]Arg":
		return "- {name: fail-swap-on, value: \"false\"} for each, as since v1beta4"
	case holds == "map:string" && v.Kind == kubeyaml.List:
		return "name: \"value\" for each, as until v1beta3"
	}
	return holds.words()
}
