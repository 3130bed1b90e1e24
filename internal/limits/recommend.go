package limits

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Target is what swap has to be enough for. Exactly one of the two is set.
type Target struct {
	PerContainerBytes int64   `json:"perContainerBytes,omitzero"` // the least value of memory.swap.max of each container
	Ratio             float64 `json:"ratio,omitzero"`             // each container's swap as a ratio of its memory request
}

// Recommendation is how much swap a node needs to reach a Target, and what its
// present swap is used for. It considers containers that run as long as their
// pod: init containers have ended before the others begin.
type Recommendation struct {
	Name        string `json:"name"`
	MemoryBytes int64  `json:"memoryBytes"`
	SwapBytes   int64  `json:"swapBytes"` // at present

	Containers        int64   `json:"containers"`        // that can get swap, each copy counted
	ReachedContainers int64   `json:"reachedContainers"` // that reach the target with the present swap
	SwapNeededBytes   *int64  `json:"swapNeededBytes"`   // for all of them; nil: there are none, or no size is enough
	Needs             []Need  `json:"needs"`             // for a part of them, the smallest part first
	AsksMost          *Demand `json:"asksMost"`          // the container that decides SwapNeededBytes; nil: none in particular

	UnreachableSwapBytes int64   `json:"unreachableSwapBytes"` // of the present swap
	Waste                []Waste `json:"waste"`                // what for, most first
}

// Need is the swap that reaches the target for a part of the containers, those
// with the largest requests: a small request needs a large swap.
type Need struct {
	Percent    int64 `json:"percent"`
	Containers int64 `json:"containers"`
	SwapBytes  int64 `json:"swapBytes"`
}

// Demand is a container and its memory request.
type Demand struct {
	Namespace          string `json:"namespace"`
	Pod                string `json:"pod"`
	Container          string `json:"container"`
	MemoryRequestBytes int64  `json:"memoryRequestBytes"`
}

// Waste is swap in proportion to memory whose owner gets no swap. The formula
// assigns a share of swap to every byte of memory, also to this.
type Waste struct {
	Reason     Reason `json:"reason"` // NotRequested: memory that no container requests
	Containers int64  `json:"containers"`
	SwapBytes  int64  `json:"swapBytes"`
}

// NotRequested is the reason in a Waste for memory that no container requests.
const NotRequested Reason = "NotRequested"

// Recommend says for every node of the plan, in its order, how much swap would
// reach the target. It reads the rows once and keeps the distinct requests of
// each node. Errors are those of the rows.
func Recommend(p *Plan, t Target) ([]Recommendation, error) {
	nodes := p.Nodes()
	byNode := make(map[string]*nodeDemand, len(nodes))
	for _, n := range nodes {
		byNode[n.Name] = &nodeDemand{requests: map[int64]int64{}, waste: map[Reason]*unserved{}}
	}
	for row, err := range p.Rows() {
		if err != nil {
			return nil, err
		}
		if d := byNode[row.Node]; d != nil && !row.Finished && row.Replicas > 0 && (row.Type == App || row.Type == Sidecar) {
			d.add(row)
		}
	}
	list := make([]Recommendation, len(nodes))
	for i, n := range nodes {
		list[i] = byNode[n.Name].recommend(n, t)
	}
	return list, nil
}

// nodeDemand is what the containers of a node request.
type nodeDemand struct {
	requests map[int64]int64 // bytes -> how many containers that can swap
	least    Demand          // the smallest of these requests
	waste    map[Reason]*unserved
}

// unserved are the containers without swap for one reason.
type unserved struct {
	containers  int64
	memoryBytes float64 // requested, absurd numbers included
}

func (d *nodeDemand) add(r *Row) {
	switch r.Reason {
	case Proportional, NodeHasNoSwap:
		if r.MemoryRequestBytes == 0 {
			return
		}
		d.requests[r.MemoryRequestBytes] += r.Replicas
		if d.least.MemoryRequestBytes == 0 || r.MemoryRequestBytes < d.least.MemoryRequestBytes {
			d.least = Demand{r.Namespace, r.Pod, r.Container, r.MemoryRequestBytes}
		}
	case UnlimitedLegacy, LegacyLimited, NoSwapController, FeatureGateOff:
		// Only the node's swap, or their memory limit, is the reason: no share
		// of theirs is lost.
	default:
		w := d.waste[r.Reason]
		if w == nil {
			w = &unserved{}
			d.waste[r.Reason] = w
		}
		w.containers += r.Replicas
		w.memoryBytes += float64(r.MemoryRequestBytes) * float64(r.Replicas)
	}
}

// recommend sums up one node.
func (d *nodeDemand) recommend(n NodeTotals, t Target) Recommendation {
	r := Recommendation{
		Name: n.Name, MemoryBytes: n.MemoryBytes, SwapBytes: n.SwapBytes,
		Needs: []Need{}, Waste: d.wasted(n), UnreachableSwapBytes: n.Totals.UnreachableSwapBytes,
	}
	requests := slices.SortedFunc(maps.Keys(d.requests), func(a, b int64) int { return cmp.Compare(b, a) })
	for _, request := range requests {
		r.Containers += d.requests[request]
		if t.reached(n, request) {
			r.ReachedContainers += d.requests[request]
		}
	}
	if r.Containers == 0 {
		return r
	}
	var served int64
	steps := []int64{50, 90, 100}
	for _, request := range requests {
		served += d.requests[request]
		swap, possible := t.needs(n, request)
		for possible && len(steps) > 0 && served*100 >= steps[0]*r.Containers {
			r.Needs = append(r.Needs, Need{steps[0], served, swap})
			steps = steps[1:]
		}
	}
	if len(steps) == 0 {
		r.SwapNeededBytes = &r.Needs[len(r.Needs)-1].SwapBytes
	}
	if t.PerContainerBytes > 0 {
		r.AsksMost = &d.least
	}
	return r
}

// wasted converts the memory of those without swap into the swap in proportion
// to it, and adds the memory that nobody requests.
func (d *nodeDemand) wasted(n NodeTotals) []Waste {
	list := []Waste{}
	rest := n.Totals.UnreachableSwapBytes
	if rest == 0 {
		return list
	}
	for reason, w := range d.waste {
		if share := min(1, w.memoryBytes/float64(n.MemoryBytes)); share > 0 {
			list = append(list, Waste{reason, w.containers, int64(share * float64(n.SwapBytes))})
		}
	}
	byBytes := func(a, b Waste) int {
		return cmp.Or(cmp.Compare(b.SwapBytes, a.SwapBytes), cmp.Compare(a.Reason, b.Reason))
	}
	slices.SortStableFunc(list, byBytes)
	for i := range list {
		list[i].SwapBytes = min(list[i].SwapBytes, rest)
		rest -= list[i].SwapBytes
	}
	if rest > 0 {
		list = append(list, Waste{Reason: NotRequested, SwapBytes: rest})
		slices.SortStableFunc(list, byBytes)
	}
	return list
}

// reached reports whether a container with this request reaches the target. A
// ratio may lack one page, which a swap file uses for its header.
func (t Target) reached(n NodeTotals, request int64) bool {
	got := proportional(request, n.MemoryBytes, n.SwapBytes)
	if t.PerContainerBytes > 0 {
		return got >= wholePages(t.PerContainerBytes, n.PageSizeBytes)
	}
	return float64(got+n.PageSizeBytes) >= t.Ratio*float64(request)
}

// needs returns the least swap, in whole pages, with which a container with this
// request reaches the target, if there is any.
func (t Target) needs(n NodeTotals, request int64) (int64, bool) {
	const most = 1 << 60 // beyond every disk
	page := n.PageSizeBytes
	if t.Ratio > 0 {
		swap := math.Ceil(t.Ratio * float64(n.MemoryBytes))
		return wholePages(int64(min(swap, most)), page), swap < most
	}
	target := wholePages(t.PerContainerBytes, page)
	about := float64(target) / (float64(request) / float64(n.MemoryBytes))
	if about >= most {
		return 0, false
	}
	swap := wholePages(int64(about), page)
	for proportional(request, n.MemoryBytes, swap) < target {
		swap += page
	}
	for swap > page && proportional(request, n.MemoryBytes, swap-page) >= target {
		swap -= page
	}
	return swap, true
}

// wholePages rounds up.
func wholePages(bytes, page int64) int64 { return (bytes + page - 1) / page * page }
