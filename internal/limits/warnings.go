package limits

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// Warning is something to know about the plan that is not an error.
type Warning struct {
	Object  string `json:"object"` // "Pod default/web"; empty: the whole input
	Message string `json:"message"`
}

// manyWarnings is how many warnings of one sort name their object; further ones
// are only counted, so that memory does not grow with the input.
const manyWarnings = 50

// warnings collects them while the input is read and while it is planned.
type warnings struct {
	list        []Warning
	count       map[string]int // warnings by sort
	kinds       map[kind]int   // objects without pods
	unusedNodes int
	finished    int
	over        map[Ended]int     // workloads that make no pods
	made        int               // workloads that have pods in the input
	strangers   map[string]int    // pods by the node they name that is not planned
	elsewhere   int               // pods bound to a node other than the only one
	classes     map[string]absent // by class
}

// absent is a PriorityClass that is not in the input.
type absent struct {
	first string // object
	count int
}

func (w *warnings) add(object, message string) {
	w.list = append(w.list, Warning{object, message})
}

// sort adds a warning of a sort that may have many.
func (w *warnings) sort(sort, object, message string) {
	if w.count == nil {
		w.count = map[string]int{}
	}
	if w.count[sort]++; w.count[sort] <= manyWarnings {
		w.add(object, message)
	}
}

// skipped is a refusal with Options.SkipInvalid.
func (w *warnings) skipped(e *FieldError) {
	w.sort("skipped", e.Object, fmt.Sprintf("left out: %s: %s: %v", e.Source, e.Field, e.Err))
}

// fractions is what an API server warns about, too: usually an m that should be
// an M.
func (w *warnings) fractions(p *pod, written []string) {
	if len(written) > 0 {
		w.sort("fractions", p.object(), fmt.Sprintf("memory %s is not a whole number of bytes", strings.Join(written, ", ")))
	}
}

// misspelt is what 'kubectl apply' refuses, and an API server alone ignores
// (field validation, on in kubectl since 1.25).
func (w *warnings) misspelt(p *pod, all []Misspelling) {
	for _, one := range all {
		w.sort("misspelt", p.object(), fmt.Sprintf("%s: there is no such field, so it counts in nothing: %s is meant?", one.Field, one.Meant))
	}
}

// pod checks a pod before admission, and its node.
func (w *warnings) pod(plan *Plan, p *pod, on []*site) {
	w.ended(plan, p)
	if p.class != "" && !p.served && !p.static {
		if _, known := plan.admission.classes.lookup(p.class); !known {
			w.absent(p)
		}
	}
	switch {
	case p.daemonSet && len(on) == 0 && plan.owners[p.uid].empty():
		w.sort("nowhere", p.object(), "its nodeSelector and node affinity admit none of the nodes")
	case p.nodeName == "":
	case len(on) == 0:
		w.stranger(p.nodeName)
	case len(plan.sites) == 1 && on[0].node.Name != "" && on[0].node.Name != p.nodeName:
		w.elsewhere++
	}
	if p.hasLevel && p.level.isSet() && len(on) > 0 && on[0].row.PodLevelResources == "off" {
		w.sort("level", p.object(), fmt.Sprintf("spec.resources is ignored by Kubernetes %s", on[0].row.Kubernetes))
	}
}

// ended counts what is in no sum, because it has ended or is in the input as
// pods.
func (w *warnings) ended(plan *Plan, p *pod) {
	switch {
	case p.ended == Finished:
		w.finished++
	case p.ended != Running:
		if w.over == nil {
			w.over = map[Ended]int{}
		}
		w.over[p.ended]++
	case p.replicas < p.wanted, p.daemonSet && !plan.owners[p.uid].empty():
		w.made++
	}
}

func (w *warnings) absent(p *pod) {
	if w.classes == nil {
		w.classes = map[string]absent{}
	}
	one, ok := w.classes[p.class]
	if !ok {
		if len(w.classes) >= manyWarnings {
			return
		}
		one.first = p.object()
	}
	one.count++
	w.classes[p.class] = one
}

func (w *warnings) stranger(node string) {
	if w.strangers == nil {
		w.strangers = map[string]int{}
	}
	if _, ok := w.strangers[node]; !ok && len(w.strangers) >= manyWarnings {
		node = ""
	}
	w.strangers[node]++
}

// all returns the warnings: those of objects in their order, then what was
// counted.
func (w *warnings) all(plan *Plan) []Warning {
	for _, sort := range slices.Sorted(maps.Keys(w.count)) {
		if more := w.count[sort] - manyWarnings; more > 0 {
			w.add("", fmt.Sprintf("%s more like these: %s", count(more, "object"), describe(sort)))
		}
	}
	for _, class := range slices.Sorted(maps.Keys(w.classes)) {
		one := w.classes[class]
		others := ""
		if one.count > 1 {
			others = " (and of " + count(one.count-1, "more pod") + ")"
		}
		w.add(one.first, fmt.Sprintf("its PriorityClass %s%s is not in the input, so its priority is not known; it is not critical", class, others))
	}
	for _, node := range slices.Sorted(maps.Keys(w.strangers)) {
		name := "node " + node
		if node == "" {
			name = "other nodes"
		}
		w.add("", fmt.Sprintf("%s left out: on %s, which is not planned", count(w.strangers[node], "pod"), name))
	}
	if w.elsewhere > 0 {
		w.add("", fmt.Sprintf("%s planned on node %s, although bound to another", count(w.elsewhere, "pod"), plan.sites[0].node.Name))
	}
	if w.finished > 0 {
		w.add("", fmt.Sprintf("%s finished (Succeeded or Failed): listed, but in no total", count(w.finished, "pod")))
	}
	for _, ended := range slices.Sorted(maps.Keys(w.over)) {
		w.add("", fmt.Sprintf("%s %s: listed, but in no total", count(w.over[ended], "workload"), ended))
	}
	if w.made > 0 {
		w.add("", fmt.Sprintf("%s counted by pods that are in the input, too: only copies that are not there are added", count(w.made, "workload")))
	}
	if w.unusedNodes > 0 {
		w.add("", fmt.Sprintf("%s in the input not used: the nodes to plan for were given", count(w.unusedNodes, "Node")))
	}
	w.kindsLeftOut()
	w.sites(plan.sites)
	return w.list
}

// sites warns of problems of nodes, each sort once.
func (w *warnings) sites(all []*site) {
	var old, bare []string
	for _, on := range all {
		if on.node.CgroupVersion == 1 && on.row.FailCgroupV1 {
			old = append(old, on.node.title())
		}
		if !on.node.SwapController {
			bare = append(bare, on.node.title())
		}
	}
	if len(old) > 0 {
		w.add("", fmt.Sprintf("%s: cgroup v1, on which a kubelet %s does not start unless failCgroupV1 is false", few(old), all[0].row.Kubernetes))
	}
	w.runtimes(all)
	if len(bare) > 0 {
		w.add("", fmt.Sprintf("%s: the kernel does not limit swap; any container may use all of it", few(bare)))
	}
}

// runtimes warns of container runtimes that do not pass swap limits on.
func (w *warnings) runtimes(all []*site) {
	by := map[string][]string{} // nodes by what is wrong
	for _, on := range all {
		name, release, _ := strings.Cut(on.node.Runtime, "://")
		runtime, found := kubeletcfg.FindContainerRuntime(name)
		if passes, known := runtime.Passing(release); !found || passes || !known || on.node.Windows {
			continue
		}
		what := "with " + on.node.Runtime
		if runtime.Since == "" {
			what += " (" + runtime.Name + "), which drops the swap limits"
		} else {
			what += ", which drops the swap limits before " + runtime.Since
		}
		what += ", this plan does not come true: " + runtime.Otherwise
		by[what] = append(by[what], on.node.title())
	}
	for _, what := range slices.Sorted(maps.Keys(by)) {
		w.add("", few(by[what])+": "+what)
	}
}

// few lists the first of many.
func few(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

func describe(sort string) string {
	switch sort {
	case "skipped":
		return "left out, because an API server would refuse them"
	case "fractions":
		return "memory that is not a whole number of bytes"
	case "misspelt":
		return "with fields that Kubernetes does not have"
	case "resize":
		return "planned with what is allocated, while a resize is pending"
	case "nowhere":
		return "admitted by none of the nodes"
	default:
		return "spec.resources is ignored by this Kubernetes version"
	}
}

// count is "1 pod" or "3 pods".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
