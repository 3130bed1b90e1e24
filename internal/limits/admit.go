package limits

import "github.com/swapctl/swapctl/internal/kubeletcfg"

// admission does to a pod that has yet to be created what an API server would
// do, in its order: defaulting, LimitRanges, priority, pod-level resources, QoS
// class. For a served pod all of that has happened.
type admission struct {
	ranges  map[string]*ranges // by namespace
	classes classes
}

// admit completes a pod. level is how the Kubernetes version treats
// spec.resources.
func (a *admission) admit(p *pod, level kubeletcfg.PodLevel) {
	if p.served {
		if p.qos == qosUnknown {
			p.qos = computeQOS(p, level)
		}
		return
	}
	for i := range p.containers {
		p.containers[i].copyLimits()
	}
	if level == kubeletcfg.PodLevelEarly && p.hasLevel {
		completeLevel(p, level)
	}
	// Static pods are defaulted by the kubelet (pkg/kubelet/config/common.go,
	// tryDecodeSinglePod), but no admission plugin sees them.
	if !p.static {
		if in := a.ranges[p.namespace]; in != nil {
			in.apply(p)
		}
		if level == kubeletcfg.PodLevelLate && p.hasLevel {
			completeLevel(p, level)
		}
		a.classes.resolve(p)
	}
	p.qos = computeQOS(p, level)
}

// copyLimits makes every limit without a request the request, too
// (pkg/apis/core/v1/defaults.go, SetDefaults_Pod).
func (c *container) copyLimits() {
	if c.kind == kindEphemeral {
		return
	}
	for r := range resources {
		if c.hasLimit[r] && !c.hasRequest[r] {
			c.request[r], c.hasRequest[r] = c.limit[r], true
			if r == memory {
				c.from |= requestFromLimit
			}
		}
	}
}

// completeLevel fills in spec.resources (until 1.36: pkg/apis/core/v1/defaults.go,
// defaultHugePagePodLimits and defaultPodRequests; from 1.37: pkg/api/pod/util.go,
// DefaultPodLevelResources). An empty one stays empty.
func completeLevel(p *pod, level kubeletcfg.PodLevel) {
	d := &p.level
	if !d.isSet() {
		return
	}
	// Until 1.36 nothing happens without limits; the containers' hugepages
	// become limits first.
	if level == kubeletcfg.PodLevelEarly && !d.hasLimit[cpu] && !d.hasLimit[memory] && !d.hugepages && !p.anyHugepages() {
		return
	}
	requests := p.aggregate(func(d *demand, r int) (amount, bool) { return d.request[r], d.hasRequest[r] })
	for r := range resources {
		switch {
		case d.hasRequest[r]:
		case requests[r].there:
			d.request[r], d.hasRequest[r] = requests[r].amount, true
		case d.hasLimit[r]:
			d.request[r], d.hasRequest[r] = d.limit[r], true
		}
	}
	if level == kubeletcfg.PodLevelLate {
		completeLevelLimits(p)
	}
}

// completeLevelLimits sets a pod-level limit where there is a request and every
// container has a limit: the larger of the request and the containers' limits.
func completeLevelLimits(p *pod) {
	d := &p.level
	limits := p.aggregate(func(d *demand, r int) (amount, bool) { return d.limit[r], d.hasLimit[r] })
	for r := range resources {
		if !d.hasRequest[r] || d.hasLimit[r] {
			continue
		}
		everyone := true
		for i := range p.containers {
			everyone = everyone && p.containers[i].hasLimit[r]
		}
		if !everyone {
			continue
		}
		d.limit[r], d.hasLimit[r] = limits[r].amount, true
		if d.limit[r].cmp(d.request[r]) < 0 {
			d.limit[r] = d.request[r]
		}
	}
}

func (p *pod) anyHugepages() bool {
	for i := range p.containers {
		if p.containers[i].hugepages {
			return true
		}
	}
	return false
}

// sum is what containers add up to, if any of them says anything.
type sum struct {
	amount amount
	there  bool
}

// aggregate adds up the containers, resource by resource.
func (p *pod) aggregate(of func(d *demand, r int) (amount, bool)) (sums [resources]sum) {
	for r := range resources {
		var most peak
		for i := range p.containers {
			c := &p.containers[i]
			value, there := of(&c.demand, r)
			most.add(c.kind, value)
			sums[r].there = sums[r].there || there
		}
		sums[r].amount = most.most()
	}
	return sums
}
