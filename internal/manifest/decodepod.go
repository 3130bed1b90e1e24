package manifest

import (
	"math"

	"github.com/swapctl/swapctl/internal/limits"
)

// Annotations by which the kubelet knows where a pod comes from
// (k8s.io/kubernetes v1.37, pkg/kubelet/types/pod_update.go), and the field of a
// node affinity that must hold when a pod is placed.
const (
	configSource     = "kubernetes.io/config.source"
	configMirror     = "kubernetes.io/config.mirror"
	requiredAffinity = "requiredDuringSchedulingIgnoredDuringExecution"
)

// newPod empties the pod for the next object.
func (d *decoder) newPod(o *limits.Object) *limits.Pod {
	d.pod = limits.Pod{Containers: d.pod.Containers[:0]}
	d.amount, d.allocations = d.amount[:0], d.allocations[:0]
	o.Pod = &d.pod
	return o.Pod
}

func (d *decoder) barePod(root value, o *limits.Object) error {
	p := d.newPod(o)
	p.Served = o.UID != 0
	status, err := d.sub(root, "status")
	if err != nil {
		return err
	}
	if p.QOSClass, err = d.string(status, "qosClass"); err != nil {
		return err
	}
	if p.Phase, err = d.string(status, "phase"); err != nil {
		return err
	}
	if err := d.fillPod(root, p); err != nil || !p.Served {
		return err
	}
	return d.status(status, p)
}

// fillPod reads metadata and spec of a Pod or of a template.
func (d *decoder) fillPod(v value, p *limits.Pod) error {
	metadata, err := d.sub(v, "metadata")
	if err != nil {
		return err
	}
	annotations, err := d.sub(metadata, "annotations")
	if err != nil {
		return err
	}
	if source := annotations.get(configSource); source.there() {
		s, err := d.string(annotations, configSource)
		if err != nil {
			return err
		}
		p.ConfigSource = &s
	}
	if _, err := d.string(annotations, configMirror); err != nil {
		return err
	}
	p.Mirror = annotations.get(configMirror).there()
	spec, err := d.sub(v, "spec")
	if err != nil {
		return err
	}
	return d.podSpec(spec, p)
}

func (d *decoder) podSpec(spec value, p *limits.Pod) error {
	var err error
	if p.NodeName, err = d.string(spec, "nodeName"); err != nil {
		return err
	}
	d.misspelt(spec, p, nearPodSpec())
	p.Windows = string(spec.get("os").get("name").textOrNone()) == "windows"
	if p.PriorityClassName, err = d.string(spec, "priorityClassName"); err != nil {
		return err
	}
	priority, err := d.integer(spec.get("priority"), 32)
	if err != nil {
		return err
	}
	if priority != nil {
		p.Priority = narrow(*priority)
	}
	if p.NodeSelector, err = d.stringMap(spec.get("nodeSelector"), d.selector); err != nil {
		return err
	}
	if err := d.affinity(spec, p); err != nil {
		return err
	}
	if own := spec.get("resources"); own.kind() != null {
		r, err := d.resources(own)
		if err != nil {
			return err
		}
		p.Resources = &r
	}
	for _, group := range [...]struct {
		name string
		kind limits.ContainerType
	}{{"initContainers", limits.Init}, {"containers", limits.App}, {"ephemeralContainers", limits.Ephemeral}} {
		if err := d.containers(spec, group.name, group.kind, p); err != nil {
			return err
		}
	}
	return nil
}

// misspelt records members whose names are near to these. An API server has
// accepted what it serves.
func (d *decoder) misspelt(v value, p *limits.Pod, words []string) {
	if p.Served {
		return
	}
	near := want{near: words}
	for member := range v.each() {
		if meant := near.misspelt(member.name()); meant != "" && v.kind() == object && meant != string(member.name()) {
			p.Misspelt = append(p.Misspelt, limits.Misspelling{Field: member.path(), Meant: meant})
		}
	}
}

// narrow is for a number that was read as one of 32 bits.
func narrow(n int64) *int32 {
	i := int32(max(math.MinInt32, min(n, math.MaxInt32)))
	return &i
}

func (d *decoder) containers(spec value, name string, t limits.ContainerType, p *limits.Pod) error {
	all, err := d.elements(spec, name)
	if err != nil {
		return err
	}
	for element := range all.each() {
		v, err := typed(element, object, "an object")
		if err != nil {
			return err
		}
		c := limits.Container{Type: t}
		if c.Name, err = d.string(v, "name"); err != nil {
			return err
		}
		restart, err := d.string(v, "restartPolicy")
		if err != nil {
			return err
		}
		if t == limits.Init && restart == "Always" {
			c.Type = limits.Sidecar
		}
		if c.Resources, err = d.resources(v.get("resources")); err != nil {
			return err
		}
		d.misspelt(v, p, nearContainer())
		d.misspelt(v.get("resources"), p, nearResources())
		for policy := range v.get("resizePolicy").each() {
			c.RestartsToResize = c.RestartsToResize || string(policy.get("resourceName").textOrNone()) == memory &&
				string(policy.get("restartPolicy").textOrNone()) == "RestartContainer"
		}
		p.Containers = append(p.Containers, c)
	}
	return nil
}

func (d *decoder) affinity(spec value, p *limits.Pod) error {
	v := spec
	for _, name := range []string{"affinity", "nodeAffinity", requiredAffinity} {
		var err error
		if v, err = d.sub(v, name); err != nil || !v.there() {
			return err
		}
	}
	p.HasNodeAffinity = true
	terms, err := d.elements(v, "nodeSelectorTerms")
	if err != nil {
		return err
	}
	for element := range terms.each() {
		term, err := typed(element, object, "an object")
		if err != nil {
			return err
		}
		var t limits.NodeSelectorTerm
		if t.MatchExpressions, err = d.requirements(term, "matchExpressions"); err != nil {
			return err
		}
		if t.MatchFields, err = d.requirements(term, "matchFields"); err != nil {
			return err
		}
		p.NodeAffinity = append(p.NodeAffinity, t)
	}
	return nil
}

func (d *decoder) requirements(term value, name string) ([]limits.NodeSelectorRequirement, error) {
	all, err := d.elements(term, name)
	var found []limits.NodeSelectorRequirement
	for element := range all.each() {
		v, err := typed(element, object, "an object")
		if err != nil {
			return nil, err
		}
		var r limits.NodeSelectorRequirement
		if r.Key, err = d.string(v, "key"); err != nil {
			return nil, err
		}
		if r.Operator, err = d.string(v, "operator"); err != nil {
			return nil, err
		}
		if r.Values, err = d.strings(v.get("values")); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, err
}
