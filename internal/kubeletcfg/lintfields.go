package kubeletcfg

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields compares an object with what its type has in this minor.
func (l *linter) fields(s scene, n *yaml.Node, typ, path string) {
	n = through(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	known := l.schema.types[s.api+" "+typ]
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			l.fields(s, value, typ, path)
			continue
		}
		name := key.Value
		field := join(path, name)
		if line := seen[name]; line > 0 {
			l.find(s, key, Finding{Rule: "duplicate-field", Field: field, Message: fmt.Sprintf("it stands in line %d as well: %s", line, s.twice()), Fix: "keep one of them"})
		}
		seen[name] = key.Line
		f, ok := known[name]
		if !ok || !f.in.has(l.minor) {
			l.unknown(s, key, typ, field)
			continue
		}
		l.holds(s, value, f.holds, field)
	}
}

func (s scene) twice() string {
	if s.role == RoleDropin {
		return "the kubelet does not start"
	}
	return "the last one counts, without a word"
}

// unknown finds a field that nobody reads.
func (l *linter) unknown(s scene, key *yaml.Node, typ, field string) {
	names := l.schema.fields(s.api+" "+typ, l.minor)
	f := Finding{Rule: "unknown-field", Field: field, Fix: "take it out"}
	what := "there is no such field"
	if old, ok := l.schema.types[s.api+" "+typ][key.Value]; ok {
		what = fmt.Sprintf("the field is known %s, not in %s", old.in.say(l.schema.newest), l.row.Kubernetes)
	} else if meant := near(key.Value, names); meant != "" {
		f.Fix = fmt.Sprintf("%s instead of %s", meant, key.Value)
	} else if where := l.elsewhere(s.api, key.Value); where != "" {
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
func (l *linter) holds(s scene, n *yaml.Node, holds, field string) {
	n = through(n)
	value := plain(n)
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
			for i, element := range n.Content {
				l.holds(s, element, strings.TrimPrefix(holds, "[]"), fmt.Sprintf("%s[%d]", field, i))
			}
		}
	case strings.HasPrefix(holds, "map:"):
		if _, ok = value.(map[string]any); ok {
			l.members(s, n, strings.TrimPrefix(holds, "map:"), field)
		}
	default:
		if _, ok = value.(map[string]any); ok {
			l.fields(s, n, holds, field)
		}
	}
	if !ok {
		l.find(s, n, Finding{Rule: "wrong-type", Field: field, Message: fmt.Sprintf("it is %s, and has to be %s: %s", kindOf(value), typeWords(holds), s.dies()), Fix: fixType(n, value, holds)})
	}
}

// members compares the values of a map.
func (l *linter) members(s scene, n *yaml.Node, holds, field string) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if line := seen[key.Value]; line > 0 {
			l.find(s, key, Finding{Rule: "duplicate-field", Field: join(field, key.Value), Message: fmt.Sprintf("it stands in line %d as well: %s", line, s.twice()), Fix: "keep one of them"})
		}
		seen[key.Value] = key.Line
		l.holds(s, n.Content[i+1], holds, join(field, key.Value))
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
