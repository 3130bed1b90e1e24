package limits

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// A small reader of manifests for the tests of this package, so that they do
// not lean on the real one.

type jsonResources struct {
	Requests, Limits map[string]json.RawMessage
}

// quantity reads a quantity that must be one.
func quantity(text string) bytesize.Quantity {
	q, err := bytesize.ParseQuantity(text)
	if err != nil {
		panic(text)
	}
	return q
}

func (r *jsonResources) convert() Resources {
	list := func(from map[string]json.RawMessage) (to ResourceList) {
		for name, written := range from {
			if name == "cpu" || name == "memory" || len(name) > 10 && name[:10] == "hugepages-" {
				to = append(to, ResourceAmount{name, quantity(strings.Trim(string(written), `"`))})
			}
		}
		return to
	}
	return Resources{Requests: list(r.Requests), Limits: list(r.Limits)}
}

type jsonContainer struct {
	Name          string
	RestartPolicy string
	Resources     jsonResources
}

type jsonPodSpec struct {
	NodeName                                        string
	NodeSelector                                    map[string]string
	Priority                                        *int32
	PriorityClassName                               string
	Resources                                       *jsonResources
	InitContainers, Containers, EphemeralContainers []jsonContainer
}

type jsonPod struct {
	Kind     string
	Metadata struct {
		Name, Namespace, UID string
		Annotations          map[string]string
	}
	Spec   jsonPodSpec
	Status struct{ QOSClass, Phase string }
}

func (j *jsonPod) object(served bool) *Object {
	p := &Pod{
		Served: served, NodeName: j.Spec.NodeName, NodeSelector: j.Spec.NodeSelector,
		Priority: j.Spec.Priority, PriorityClassName: j.Spec.PriorityClassName,
	}
	if served {
		p.QOSClass, p.Phase = j.Status.QOSClass, j.Status.Phase
	}
	if source, ok := j.Metadata.Annotations["kubernetes.io/config.source"]; ok {
		p.ConfigSource = &source
	}
	_, p.Mirror = j.Metadata.Annotations["kubernetes.io/config.mirror"]
	if j.Spec.Resources != nil {
		level := j.Spec.Resources.convert()
		p.Resources = &level
	}
	add := func(list []jsonContainer, t ContainerType) {
		for _, c := range list {
			one := Container{Name: c.Name, Type: t, Resources: c.Resources.convert()}
			if t == Init && c.RestartPolicy == "Always" {
				one.Type = Sidecar
			}
			p.Containers = append(p.Containers, one)
		}
	}
	add(j.Spec.InitContainers, Init)
	add(j.Spec.Containers, App)
	add(j.Spec.EphemeralContainers, Ephemeral)
	return &Object{
		Source: Source{File: "test", Document: 1, Item: -1}, Kind: "Pod",
		Namespace: j.Metadata.Namespace, Name: j.Metadata.Name, Pod: p,
	}
}

func podOf(t testing.TB, text string) *Object {
	t.Helper()
	var j jsonPod
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return j.object(j.Metadata.UID != "")
}
