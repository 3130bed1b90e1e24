package manifest

import (
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// parseTemplatePaths parses Options.TemplatePaths, one template each.
func parseTemplatePaths(texts []string) ([]workload, error) {
	var all []workload
	for _, text := range texts {
		w, ok := parseTemplatePath(text)
		if !ok {
			return nil, fail.Newf(fail.Usage, "understand the template path",
				"%q: expected KIND=PATH, GROUP/KIND=PATH or PATH, with a PATH such as spec.template or spec.groups[].template, and maybe :REPLICAS behind it", text).
				Hint("for Argo Rollouts: --template-path argoproj.io/Rollout=spec.template")
		}
		all = append(all, w)
	}
	return all, nil
}

func parseTemplatePath(text string) (workload, bool) {
	kind, rest, found := strings.Cut(text, "=")
	if !found {
		kind, rest = "", text
	}
	w := workload{group: anyGroup, kind: kind, foreign: true, said: true}
	if i := strings.LastIndexByte(kind, '/'); i >= 0 {
		w.group, w.kind = groupOf(kind[:i]), kind[i+1:]
	}
	at, numbers, counted := strings.Cut(strings.TrimPrefix(rest, "."), ":")
	t := template{path: parsePath(at)}
	good := (!found || w.kind != "") && t.path.legal()
	if counted {
		for number := range strings.SplitSeq(numbers, ",") {
			p := parsePath(strings.TrimPrefix(number, "."))
			t.replicas = append(t.replicas, p)
			good = good && p.legal() && p.fits(t.path)
		}
	} else if good {
		t.replicas = []path{append(append(path{}, t.path[:len(t.path)-1]...), "replicas")}
	}
	w.templates = []template{t}
	return w, good
}

// legal reports whether a path of the user is valid.
func (p path) legal() bool {
	several := 0
	for _, name := range p {
		switch name {
		case anyElement, anyMember:
			several++
		default:
			if name == "" || strings.ContainsAny(name, "[]*/: ") {
				return false
			}
		}
	}
	return several <= 1 && len(p) > 0 && p[0] != anyElement && p[0] != anyMember && p[len(p)-1] != anyElement && p[len(p)-1] != anyMember
}

// fits reports whether a number belongs to the object, or to the same elements
// as the template.
func (p path) fits(template path) bool {
	before, _ := p.split()
	of, _ := template.split()
	return before == nil || of != nil && before.String() == of.String()
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
