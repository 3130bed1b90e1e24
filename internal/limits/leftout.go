package limits

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kind is a kind of objects without pods.
type kind struct {
	group, name string
	template    string // Object.TemplatePath
	missing     string // Object.NoTemplate
	computed    bool
}

// leftOut counts an object that has no pods.
func (w *warnings) leftOut(o *Object) {
	if w.kinds == nil {
		w.kinds = map[kind]int{}
	}
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		group = ""
	}
	k := kind{group, o.Kind, o.TemplatePath, o.NoTemplate, o.Computed}
	if _, ok := w.kinds[k]; !ok {
		if len(w.kinds) >= manyWarnings {
			k = kind{name: "other kinds"}
		}
		k.group, k.name = strings.Clone(k.group), strings.Clone(k.name)
	}
	w.kinds[k]++
}

// kindsLeftOut names them, and the flag that would read them.
func (w *warnings) kindsLeftOut() {
	byName := func(a, b kind) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.group, b.group), cmp.Compare(a.template, b.template), cmp.Compare(a.missing, b.missing))
	}
	for _, k := range slices.SortedStableFunc(maps.Keys(w.kinds), byName) {
		name := cmp.Or(k.name, "(none)")
		if k.group != "" {
			name += " (" + k.group + ")"
		}
		w.add("", fmt.Sprintf("%s of kind %s left out: %s", count(w.kinds[k], "object"), name, k.why()))
	}
}

func (k kind) why() string {
	switch {
	case k.computed:
		return "its controller computes the pods, so only those of a cluster can be planned: kubectl get pods -A -o json"
	case k.missing != "":
		return "no pod template at " + k.missing
	case k.template != "":
		return fmt.Sprintf("--template-path %s/%s=%s reads them", k.group, k.name, k.template)
	case k.ofKubernetes():
		return "no pods in them"
	default:
		return fmt.Sprintf("no pods in them that are known; if they have a pod template, --template-path %s/%s=PATH reads it", k.group, k.name)
	}
}

// ofKubernetes reports whether a kind is Kubernetes' own; all of those with
// pods are known.
func (k kind) ofKubernetes() bool {
	return !strings.Contains(k.group, ".") || strings.HasSuffix(k.group, ".k8s.io") && !strings.HasSuffix(k.group, ".x-k8s.io")
}
