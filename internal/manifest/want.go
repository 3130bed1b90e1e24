package manifest

import (
	"bytes"
	"maps"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// want is a tree of the members that are read. What it does not name is passed
// over. A list is transparent: its elements are looked at like the value
// itself.
//
// One tree serves every kind, because an object may tell its kind last.
type want struct {
	members map[string]*want
	any     *want    // members of every name
	prefix  string   // of more names, with leaf as their value
	leaf    bool     // a scalar
	many    bool     // a leaf that may be a list of scalars
	plain   bool     // and of every resource that Kubernetes should know by its name
	near    []string // members that are often written wrong: what is near to one is wanted, to be named
	only    string   // where not even this text is in it, JSON has it passed over

	owned bool // no other tree has it

	found  *index            // of members, once child was asked
	judged map[string]string // what misspelt said
}

// child is what is wanted of the member with this name, nil for nothing.
func (w *want) child(name []byte) *want {
	if w == nil {
		return nil
	}
	if w.found == nil {
		w.found = newIndex(w.members)
	}
	if c := w.found.get(name); c != nil {
		return c
	}
	switch {
	case w.prefix != "" && strings.HasPrefix(string(name), w.prefix), w.plain && isPlain(name):
		return w.members[memory]
	case w.near != nil && w.misspelt(name) != "":
		return &want{leaf: true}
	}
	return w.any
}

// index finds members by a hash of their names: nearly all that a pod has are not
// wanted, and for most of these an empty slot is found at once.
type index struct {
	slots [64]*indexed
}

type indexed struct {
	name string
	want *want
	next *indexed // with the same hash
}

func newIndex(members map[string]*want) *index {
	var x index
	for name, w := range members {
		slot := &x.slots[hash([]byte(name))]
		*slot = &indexed{name, w, *slot}
	}
	return &x
}

func (x *index) get(name []byte) *want {
	for m := x.slots[hash(name)]; m != nil; m = m.next {
		if m.name == string(name) {
			return m.want
		}
	}
	return nil
}

// hash tells names apart by their length, their first and their last letter.
func hash(name []byte) byte {
	n := len(name)
	if n == 0 {
		return 0
	}
	return (byte(n) + 3*name[0] + 7*name[n-1]) % 64
}

// isPlain reports whether a resource has a name that Kubernetes must know: those
// of others have a domain before a slash. Of the known ones that decide nothing
// there is one.
func isPlain(name []byte) bool {
	return bytes.IndexByte(name, '/') < 0 && string(name) != "ephemeral-storage"
}

// misspelt is the member that was probably meant by a name that there is none of;
// "" where none is near. It is asked for every name that is not wanted: most do not
// resemble any, and those that do are the same few again and again.
func (w *want) misspelt(name []byte) string {
	for _, word := range w.near {
		if resembles(name, word) {
			meant, known := w.judged[string(name)]
			if !known {
				meant = w.judge(name)
			}
			return meant
		}
	}
	return ""
}

// judge is misspelt for a name that comes for the first time.
func (w *want) judge(name []byte) string {
	const enough = 64
	meant := ""
	for _, word := range w.near {
		if resembles(name, word) && fail.Nearest(string(name), []string{word}) != "" {
			meant = word
			break
		}
	}
	if w.judged == nil {
		w.judged = map[string]string{}
	}
	if len(w.judged) < enough {
		w.judged[string(name)] = meant
	}
	return meant
}

// resembles looks at the first letter and the length.
func resembles(name []byte, word string) bool {
	return len(name)-len(word) <= 2 && len(word)-len(name) <= 2 && len(name) >= 4 && (name[0]^word[0])&^0x20 == 0
}

// misspelling has names that are near to these wanted, too.
func (w *want) misspelling(words ...string) *want {
	w.near = words
	return w
}

// scalar is what is wanted of a name that holds a scalar.
func scalar() *want { return &want{leaf: true} }

// every wants a scalar under whatever name.
func every() *want { return &want{any: scalar()} }

// tree wants scalars under these names.
func tree(leaves ...string) *want {
	w := &want{members: map[string]*want{}}
	for _, name := range leaves {
		w.members[name] = scalar()
	}
	return w
}

// with adds a member that has members itself.
func (w *want) with(name string, child *want) *want {
	w.members[name] = child
	return w
}

// The names of resources that decide something (limits.ResourceList).
const (
	memory    = "memory"
	cpu       = "cpu"
	hugepages = "hugepages-"
)

func wantedResources() *want {
	amounts := wantedAmounts()
	return tree().with("requests", amounts).with("limits", amounts).misspelling(nearResources()...)
}

// Members that are told apart from what is near to them.
func nearResources() []string { return []string{"requests", "limits"} }
func nearContainer() []string { return []string{"resources"} }
func nearPodSpec() []string {
	return []string{"containers", "initContainers", "ephemeralContainers", "priorityClassName"}
}

// wantedAmounts is what is read of a v1 ResourceList.
func wantedAmounts() *want {
	amounts := tree(memory, cpu)
	amounts.prefix, amounts.plain = hugepages, true
	return amounts
}

func wantedAnnotations() *want {
	return tree().with("annotations", tree(configSource, configMirror))
}

// wantedPodSpec adds what is read of a v1 PodSpec.
func wantedPodSpec(w *want) *want {
	container := tree("name", "restartPolicy").with("resources", wantedResources()).
		with("resizePolicy", tree("resourceName", "restartPolicy")).misspelling(nearContainer()...)
	requirement := tree("key", "operator").with("values", &want{leaf: true, many: true})
	terms := tree().with("matchExpressions", requirement).with("matchFields", requirement)
	required := tree().with("nodeSelectorTerms", terms)
	affinity := tree().with("nodeAffinity", tree().with(requiredAffinity, required))
	for _, name := range []string{"nodeName", "priority", "priorityClassName"} {
		w.with(name, scalar())
	}
	return w.with("os", tree("name")).with("nodeSelector", every()).with("affinity", affinity).with("resources", wantedResources()).
		with("initContainers", container).with("containers", container).with("ephemeralContainers", container).
		misspelling(nearPodSpec()...)
}

func wantedTemplate() *want {
	return tree().with("metadata", wantedAnnotations()).with("spec", wantedPodSpec(tree()))
}

// resizing is the beginning of the conditions of a pod that is resized
// (k8s.io/api v0.37, core/v1: PodResizePending and PodResizeInProgress).
const resizing = "PodResize"

// wantedPod is what is read of a Pod, where its kind is known before: less than
// of any object, because most of what is read are pods.
func wantedPod() *want {
	metadata := wantedMetadata()
	conditions := tree("type", "status", "reason", "message")
	conditions.only = resizing
	return tree("apiVersion", "kind", "items").with("metadata", metadata).with("spec", wantedPodSpec(tree())).
		with("status", wantedPodStatus().with("conditions", conditions))
}

func wantedMetadata() *want {
	metadata := wantedAnnotations().with("ownerReferences", tree("uid", "kind", "name", "controller"))
	for _, name := range []string{"name", "generateName", "namespace", "uid"} {
		metadata.with(name, scalar())
	}
	return metadata
}

// wantedPodStatus is what is read of a v1 PodStatus.
func wantedPodStatus() *want {
	resources := tree().with("requests", tree(memory)).with("limits", tree(memory))
	container := tree("name").with("allocatedResources", tree(memory)).with("resources", resources)
	return tree("qosClass", "phase", "resize").with("containerStatuses", container).with("initContainerStatuses", container)
}

// wanted is what is read of any object.
func wanted(said []workload) *want {
	amounts := wantedAmounts()
	limit := tree("type").with("default", amounts).with("defaultRequest", amounts).with("max", amounts).with("min", amounts)
	metadata := wantedMetadata().with("labels", every())
	status := wantedPodStatus().with("succeeded", scalar()).with("active", scalar()).with("capacity", tree(memory)).
		with("nodeInfo", tree("kubeletVersion", "containerRuntimeVersion", "operatingSystem").with("swap", tree("capacity"))).
		with("conditions", tree("type", "status", "reason", "message"))
	root := tree("apiVersion", "kind", "items", "value", "globalDefault").
		with("metadata", metadata).with("spec", wantedPodSpec(tree("paused")).with("limits", limit)).with("status", status)
	template := wantedTemplate()
	for _, all := range [][]workload{kubernetes(), foreign(), said} {
		for i := range all {
			all[i].addTo(root, template)
		}
	}
	return root
}

// addTo has all read that says where the pods of a workload are.
func (w *workload) addTo(root, template *want) {
	for _, t := range w.templates {
		if len(t.path) == 0 { // the object itself is a template
			continue
		}
		root.at(t.path).merge(template)
		if t.instead != nil {
			root.at(t.instead).merge(template)
		}
		numbers := append(append([]path{t.most}, t.replicas...), t.less...)
		if before, _ := t.path.split(); t.name != nil {
			numbers = append(numbers, append(append(path{}, before...), t.name...))
		}
		for _, number := range numbers {
			root.scalarAt(number)
		}
	}
	for _, path := range w.suspend {
		root.scalarAt(path)
	}
	root.scalarAt(w.phase)
}

// scalarAt wants the scalar to which a path leads.
func (w *want) scalarAt(p path) {
	if p == nil {
		return
	}
	if at := w.at(p); at.members == nil && at.any == nil {
		at.leaf = true
	}
}

// at is what is wanted of what a path leads to. What lies on the way becomes
// this tree's own: others may share it.
func (w *want) at(p path) *want {
	for _, name := range p {
		switch name {
		case anyElement: // a list is transparent
		case anyMember:
			w.any = w.any.own()
			w = w.any
		default:
			child := w.members[name].own()
			if w.members == nil {
				w.members = map[string]*want{}
			}
			w.members[name] = child
			w = child
		}
	}
	return w
}

// own is a copy that can be added to, or the value itself where it is one.
func (w *want) own() *want {
	switch {
	case w == nil:
		return &want{owned: true}
	case w.owned:
		return w
	}
	duplicate := *w
	duplicate.members, duplicate.owned = maps.Clone(w.members), true
	return &duplicate
}

// merge adds what another tree wants. A member that is wanted itself is no leaf
// any more.
func (w *want) merge(other *want) {
	w.leaf = w.leaf && other.leaf
	w.many = w.many || other.many
	if other.any != nil {
		w.any = w.any.own()
		w.any.merge(other.any)
	}
	if other.prefix != "" {
		w.prefix = other.prefix
	}
	if other.near != nil {
		w.near = other.near
	}
	w.plain = w.plain || other.plain
	for name, child := range other.members {
		if w.members == nil {
			w.members = map[string]*want{}
		}
		switch old := w.members[name]; old {
		case child: // the template is in many places, and in most of them several times
		case nil:
			w.members[name] = child
		default:
			w.members[name] = old.own()
			w.members[name].merge(child)
		}
	}
}
