package manifest

import (
	"maps"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// templatePath says where a kind has its pod template.
type templatePath struct {
	group string // empty: any
	kind  string // empty: any that swapctl does not know
	path  []string
}

// parseTemplatePaths reads Options.TemplatePaths.
func parseTemplatePaths(texts []string) ([]templatePath, error) {
	templates := make([]templatePath, 0, len(texts))
	for _, text := range texts {
		kind, path, found := strings.Cut(text, "=")
		if !found {
			kind, path = "", text
		}
		t := templatePath{kind: kind, path: strings.Split(strings.TrimPrefix(path, "."), ".")}
		if i := strings.LastIndexByte(kind, '/'); i >= 0 {
			t.group, t.kind = groupOf(kind[:i]), kind[i+1:]
		}
		bad := found && t.kind == ""
		for _, name := range t.path {
			bad = bad || name == "" || strings.ContainsAny(name, "[]*/ ")
		}
		if bad {
			return nil, fail.Newf(fail.Usage, "understand the template path",
				"%q: expected KIND=PATH, GROUP/KIND=PATH or PATH, with a PATH such as spec.template", text).
				Hint("for Argo Rollouts: --template-path argoproj.io/Rollout=spec.template")
		}
		templates = append(templates, t)
	}
	return templates, nil
}

// matches reports whether this is the path for a kind.
func (t templatePath) matches(group, kind string) bool {
	return (t.kind == "" || t.kind == kind) && (t.group == "" || t.group == group)
}

// replicas is the path of the number of copies, which stands beside the
// template.
func (t templatePath) replicas() []string {
	return append(append([]string{}, t.path[:len(t.path)-1]...), "replicas")
}

// addTo has the template and the number of copies read.
func (t templatePath) addTo(root *want) {
	parent := root
	for _, name := range t.path[:len(t.path)-1] {
		child := &want{members: map[string]*want{}}
		if old := parent.members[name]; old != nil {
			child.members, child.any, child.prefix = maps.Clone(old.members), old.any, old.prefix
		}
		if child.members == nil {
			child.members = map[string]*want{}
		}
		parent.members[name] = child
		parent = child
	}
	last := t.path[len(t.path)-1]
	template := wantedTemplate()
	if old := parent.members[last]; old != nil {
		for name, child := range old.members {
			if template.members[name] == nil {
				template.members[name] = child
			}
		}
	}
	parent.members[last] = template
	if parent.members["replicas"] == nil {
		parent.members["replicas"] = scalar()
	}
}

// groupOf is the group of an apiVersion: "apps" of "apps/v1", "" of "v1". A
// group alone is one with a dot in it.
func groupOf(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found && !strings.Contains(apiVersion, ".") {
		return ""
	}
	return group
}
