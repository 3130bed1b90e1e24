package upstream

import (
	"fmt"
	"math/rand/v2"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// generator makes pods that are nearly always valid, and often at a limit:
// equal, nearly equal, zero and missing quantities, fractions of bytes.
type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

// chance is true once in n times.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g generator) memory() string {
	return g.one("64Mi", "128Mi", "256Mi", "134217728", "134217727999m", "134217727.9999", "100M", "1Gi", "1073741824", "2Gi", "3000000001", "0", "1", "0.5", "1e9", "20Gi")
}

func (g generator) cpu() string {
	return g.one("100m", "0.1", "1", "1000m", "2", "0", "250m", "1500m", "1u")
}

// resources returns requests and limits. Most requests are below their limits.
func (g generator) resources() v1.ResourceRequirements {
	r := v1.ResourceRequirements{}
	put := func(list *v1.ResourceList, name v1.ResourceName, text string) {
		if *list == nil {
			*list = v1.ResourceList{}
		}
		(*list)[name] = resource.MustParse(text)
	}
	for _, name := range []v1.ResourceName{v1.ResourceMemory, v1.ResourceCPU} {
		value := g.memory
		if name == v1.ResourceCPU {
			value = g.cpu
		}
		a, b := value(), value()
		if q := resource.MustParse(a); q.Cmp(resource.MustParse(b)) > 0 && !g.chance(20) {
			a, b = b, a
		}
		switch g.IntN(6) {
		case 0:
		case 1:
			put(&r.Requests, name, a)
		case 2:
			put(&r.Limits, name, b)
		case 3:
			put(&r.Requests, name, b)
			put(&r.Limits, name, b)
		default:
			put(&r.Requests, name, a)
			put(&r.Limits, name, b)
		}
	}
	if g.chance(15) {
		pages := g.one("2Mi", "4Mi", "8Mi")
		put(&r.Limits, "hugepages-2Mi", pages)
		if g.chance(2) {
			put(&r.Requests, "hugepages-2Mi", pages)
		}
	}
	if g.chance(15) {
		put(&r.Requests, v1.ResourceEphemeralStorage, "1Gi")
	}
	return r
}

func (g generator) containers(prefix string, n int) []v1.Container {
	var list []v1.Container
	for i := range n {
		c := v1.Container{
			Name: fmt.Sprintf("%s%d", prefix, i), Image: "registry.example/img:1",
			ImagePullPolicy: v1.PullIfNotPresent, TerminationMessagePolicy: v1.TerminationMessageReadFile,
		}
		if !g.chance(5) {
			c.Resources = g.resources()
		}
		list = append(list, c)
	}
	return list
}

// pod returns a pod that does not exist yet. Often all its containers get the
// same resources, so that every QoS class occurs.
func (g generator) pod(i int) *v1.Pod {
	p := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("p%d", i), Namespace: "default"}}
	p.Spec.Containers = g.containers("c", 1+g.IntN(3))
	if g.chance(2) {
		p.Spec.InitContainers = g.containers("i", 1+g.IntN(3))
		for i := range p.Spec.InitContainers {
			if g.chance(2) {
				always := v1.ContainerRestartPolicyAlways
				p.Spec.InitContainers[i].RestartPolicy = &always
			}
		}
	}
	if g.chance(3) {
		same := g.resources()
		if g.chance(2) {
			same.Requests = same.Limits
		}
		for _, list := range [][]v1.Container{p.Spec.InitContainers, p.Spec.Containers} {
			for i := range list {
				list[i].Resources = *same.DeepCopy()
			}
		}
	}
	if g.chance(4) {
		level := g.resources()
		delete(level.Requests, v1.ResourceEphemeralStorage)
		if g.chance(2) { // large enough for the containers
			for name := range level.Requests {
				level.Requests[name] = resource.MustParse("500Gi")
			}
			for name := range level.Limits {
				level.Limits[name] = resource.MustParse("500Gi")
			}
		}
		if anyHugepages(p) { // swapctl does not add them up: they cannot swap
			delete(level.Requests, "hugepages-2Mi")
			delete(level.Limits, "hugepages-2Mi")
		}
		p.Spec.Resources = &level
	}
	return p
}

func anyHugepages(p *v1.Pod) bool {
	for _, list := range [][]v1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for _, c := range list {
			if _, ok := c.Resources.Limits["hugepages-2Mi"]; ok {
				return true
			}
		}
	}
	return false
}

// limitRange returns a LimitRange that most pods satisfy.
func (g generator) limitRange() *v1.LimitRange {
	list := func(chance int, value ...string) v1.ResourceList {
		l := v1.ResourceList{}
		if g.chance(chance) {
			l[v1.ResourceMemory] = resource.MustParse(g.one(value...))
		}
		if g.chance(2 * chance) {
			l[v1.ResourceCPU] = resource.MustParse(g.one("100m", "500m", "1", "2"))
		}
		return l
	}
	item := v1.LimitRangeItem{
		Type:    v1.LimitTypeContainer,
		Default: list(2, "256Mi", "128Mi", "1Gi", "134217727.9999"), DefaultRequest: list(2, "64Mi", "128Mi", "256Mi"),
		Max: list(8, "20Gi", "100Gi"), Min: list(8, "1", "1Mi", "1500m"),
	}
	return &v1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "range", Namespace: "default"}, Spec: v1.LimitRangeSpec{Limits: []v1.LimitRangeItem{item}}}
}
