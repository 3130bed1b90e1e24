package manifest

import "strings"

// want is a tree of the members that are read. What it does not name is passed
// over. A list is transparent: its elements are looked at like the value
// itself.
//
// One tree serves every kind, because an object may tell its kind last.
type want struct {
	members map[string]*want
	any     *want  // members of every name
	prefix  string // of more names, with leaf as their value
	leaf    bool   // a scalar
	many    bool   // a leaf that may be a list of scalars
}

// child is what is wanted of the member with this name, nil for nothing.
func (w *want) child(name []byte) *want {
	if w == nil {
		return nil
	}
	if c, ok := w.members[string(name)]; ok {
		return c
	}
	if w.prefix != "" && strings.HasPrefix(string(name), w.prefix) {
		return w.members[memory]
	}
	return w.any
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
	amounts := tree(memory, cpu)
	amounts.prefix = hugepages
	return tree().with("requests", amounts).with("limits", amounts)
}

func wantedAnnotations() *want {
	return tree().with("annotations", tree(configSource, configMirror))
}

// wantedPodSpec adds what is read of a v1 PodSpec.
func wantedPodSpec(w *want) *want {
	container := tree("name", "restartPolicy").with("resources", wantedResources())
	requirement := tree("key", "operator").with("values", &want{leaf: true, many: true})
	terms := tree().with("matchExpressions", requirement).with("matchFields", requirement)
	required := tree().with("nodeSelectorTerms", terms)
	affinity := tree().with("nodeAffinity", tree().with(requiredAffinity, required))
	for _, name := range []string{"nodeName", "priority", "priorityClassName"} {
		w.with(name, scalar())
	}
	return w.with("nodeSelector", every()).with("affinity", affinity).with("resources", wantedResources()).
		with("initContainers", container).with("containers", container).with("ephemeralContainers", container)
}

func wantedTemplate() *want {
	return tree().with("metadata", wantedAnnotations()).with("spec", wantedPodSpec(tree()))
}

// wanted is what is read of any object.
func wanted(templates []templatePath) *want {
	template := wantedTemplate()
	amounts := tree(memory, cpu)
	amounts.prefix = hugepages
	job := tree("parallelism", "completions").with("template", template)
	limit := tree("type").with("default", amounts).with("defaultRequest", amounts).with("max", amounts).with("min", amounts)
	spec := wantedPodSpec(tree("replicas", "parallelism", "completions")).
		with("template", template).with("jobTemplate", tree().with("spec", job)).with("limits", limit)
	metadata := wantedAnnotations().with("labels", every())
	for _, name := range []string{"name", "generateName", "namespace", "uid"} {
		metadata.with(name, scalar())
	}
	status := tree("qosClass", "phase").with("capacity", tree(memory)).
		with("nodeInfo", tree("kubeletVersion").with("swap", tree("capacity")))
	root := tree("apiVersion", "kind", "items", "value", "globalDefault").
		with("metadata", metadata).with("spec", spec).with("status", status).with("template", template)
	for _, t := range templates {
		t.addTo(root)
	}
	return root
}
