package limits

import "math"

// sums adds up the pods of one node.
type sums struct {
	totals    Totals
	unlimited int64
}

// add counts a pod's copies. What runs at the same time is added: app
// containers and sidecars; or, if that is more, an init container and the
// sidecars before it.
func (s *sums) add(on *site, p *pod) {
	if p.ended != Running || p.replicas == 0 {
		return
	}
	var request, swap peak
	var swappable, free int64
	for i := range p.containers {
		c := &p.containers[i]
		v := on.decide(p, c)
		request.add(c.kind, c.request[memory])
		if v.swap == limited {
			swap.add(c.kind, amount{whole: v.bytes})
			if v.bytes >= on.node.PageSizeBytes {
				swappable++
			}
			continue
		}
		free++
		if v.swap == unlimited {
			swappable++
		}
	}
	t := &s.totals
	t.Pods = plus(t.Pods, p.replicas)
	t.Containers = plus(t.Containers, times(int64(len(p.containers)), p.replicas))
	t.SwappableContainers = plus(t.SwappableContainers, times(swappable, p.replicas))
	t.MemoryRequestBytes = plus(t.MemoryRequestBytes, times(request.most().bytes(), p.replicas))
	t.SwapLimitBytes = plus(t.SwapLimitBytes, times(swap.most().bytes(), p.replicas))
	s.unlimited = plus(s.unlimited, times(free, p.replicas))
}

// of returns the sums over the node's pods.
func (s *sums) of(on *site) NodeTotals {
	t := s.totals
	if s.unlimited == 0 {
		t.UnreachableSwapBytes = max(0, on.node.SwapBytes-t.SwapLimitBytes)
	}
	return NodeTotals{Node: on.node, Totals: t, Unlimited: s.unlimited}
}

// peak is the most that a pod's containers have at one time
// (k8s.io/component-helpers/resource, AggregateContainerRequests). Quantities
// are added without rounding.
type peak struct{ running, sidecars, start amount }

func (p *peak) add(kind containerKind, value amount) {
	switch kind {
	case kindInit:
		p.start = larger(p.start, p.sidecars.plus(value))
	case kindSidecar:
		p.sidecars = p.sidecars.plus(value)
		p.running = p.running.plus(value)
	default:
		p.running = p.running.plus(value)
	}
}

func (p *peak) most() amount { return larger(p.running, p.start) }

func larger(a, b amount) amount {
	if a.cmp(b) < 0 {
		return b
	}
	return a
}

// plus and times stop at the largest number: absurd manifests must not make
// sums negative.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func times(a, b int64) int64 {
	if b != 0 && a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return a * b
}
