package kubeletcfg

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// fields compares an object with what its type has in this minor.
func (l *linter) fields(s scene, v *kubeyaml.Value, typ, path string) {
	known := l.schema.types[s.api+" "+typ]
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

// twice finds a name that takes the place of another, as a merge key's may, too.
func (l *linter) twice(s scene, m *kubeyaml.Member, field string) {
	for ; m.Before != nil; m = m.Before {
		l.find(s, m.Key, Finding{Rule: "duplicate-field", Field: field, Message: fmt.Sprintf("it stands in line %d as well: %s", m.Before.Key.Line, s.twice()), Fix: "keep one of them"})
	}
}

func (s scene) twice() string {
	if s.role == RoleDropin {
		return "the kubelet does not start"
	}
	return "the last one counts, without a word"
}

// unknown finds a field that nobody reads.
func (l *linter) unknown(s scene, key *yaml.Node, name, typ, field string) {
	names := l.schema.fields(s.api+" "+typ, l.minor)
	f := Finding{Rule: "unknown-field", Field: field, Fix: "take it out"}
	what := "there is no such field"
	if old, ok := l.schema.types[s.api+" "+typ][name]; ok {
		what = fmt.Sprintf("the field is known %s, not in %s", old.in.say(l.schema.newest), l.row.Kubernetes)
	} else if meant := fail.Nearest(name, names); meant != "" {
		f.Fix = fmt.Sprintf("%s instead of %s", meant, name)
	} else if where := l.elsewhere(s.api, name); where != "" {
		f.Fix = "it belongs into " + where
	}
	f.Message = what + ": " + map[bool]string{
		true:  "kubeadm warns, and goes on without it",
		false: map[Role]string{RoleDropin: "it is ignored without a word", RolePatch: "it passes kubeadm, and the kubelet ignores it"}[s.role],
	}[s.api != "kubelet"]
	if strings.HasSuffix(f.Message, ": ") {
		f.Message += "the kubelet logs it once, and goes on without it"
	}
	l.find(s, key, f)
}

// elsewhere names the type that has a field.
func (l *linter) elsewhere(api, name string) string {
	for _, typ := range []string{"KubeletConfiguration", "MemorySwapConfiguration", "NodeRegistrationOptions", "InitConfiguration", "JoinConfiguration", "ClusterConfiguration"} {
		for _, of := range []string{api, "kubelet", l.row.Kubeadm.Config} {
			if f, ok := l.schema.types[of+" "+typ][name]; ok && f.in.has(l.minor) {
				return map[string]string{"MemorySwapConfiguration": "memorySwap", "NodeRegistrationOptions": "nodeRegistration"}[typ] +
					strings.NewReplacer("MemorySwapConfiguration", "", "NodeRegistrationOptions", "").Replace(typ)
			}
		}
	}
	return ""
}

// holds compares a value with what its field holds. null fits everywhere.
func (l *linter) holds(s scene, v *kubeyaml.Value, holds, field string) {
	value := v.Any()
	if value == nil || holds == "any" {
		return
	}
	var ok bool
	switch {
	case holds == "bool":
		_, ok = value.(bool)
	case holds == "string":
		_, ok = value.(string)
	case holds == "number":
		_, ok = value.(json.Number)
	case strings.HasPrefix(holds, "[]"):
		if _, ok = value.([]any); ok {
			for i := range v.Items {
				l.holds(s, &v.Items[i], strings.TrimPrefix(holds, "[]"), fmt.Sprintf("%s[%d]", field, i))
			}
		}
	case strings.HasPrefix(holds, "map:"):
		if _, ok = value.(map[string]any); ok {
			l.members(s, v, strings.TrimPrefix(holds, "map:"), field)
		}
	default:
		if _, ok = value.(map[string]any); ok {
			l.fields(s, v, holds, field)
		}
	}
	if !ok {
		l.find(s, v.Content(), Finding{Rule: "wrong-type", Field: field, Message: fmt.Sprintf("it is %s, and has to be %s: %s", kindOf(value), typeWords(holds), s.dies()), Fix: fixType(v.Content(), value, holds)})
	}
}

// members compares the values of a map.
func (l *linter) members(s scene, v *kubeyaml.Value, holds, field string) {
	for m := range v.Each() {
		l.twice(s, m, join(field, m.Name))
		l.holds(s, &m.Value, holds, join(field, m.Name))
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

// typeWords says what a field holds.
func typeWords(holds string) string {
	switch {
	case holds == "bool":
		return "true or false"
	case holds == "string":
		return "a string"
	case holds == "number":
		return "a number"
	case holds == "[]Arg":
		return "a list of name and value"
	case strings.HasPrefix(holds, "[]"):
		return "a list"
	case strings.HasPrefix(holds, "map:"):
		return "an object"
	}
	return "an object"
}

// fixType says how to write a value of another type.
func fixType(n *yaml.Node, value any, holds string) string {
	_, isText := value.(string)
	switch {
	case holds == "bool" && isText && (n.Value == "true" || n.Value == "false"):
		return n.Value + ", without quotes"
	case holds == "bool":
		return "true or false"
	case holds == "number" && isText:
		return n.Value + ", without quotes"
	case holds == "string" && n.Kind == yaml.ScalarNode:
		return `"` + n.Value + `", in quotes`
	case holds == "[]Arg":
		return "- {name: fail-swap-on, value: \"false\"} for each, as since v1beta4"
	case holds == "map:string" && n.Kind == yaml.SequenceNode:
		return "name: \"value\" for each, as until v1beta3"
	}
	return typeWords(holds)
}
