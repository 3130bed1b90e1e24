package limits

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// site is a Node prepared for planning: the tests of its kubelet, without those
// that the node itself passes.
type site struct {
	node    Node
	row     kubeletcfg.Row
	meaning kubeletcfg.Meaning // of its swapBehavior
	gate    bool
	steps   []step
	index   int // among the sites
	alone   bool
}

// step is a test of the kubelet that containers can fail, or that the node
// fails.
type step struct {
	test  kubeletcfg.Test
	fails bool // for every container
}

// newSite prepares a node, and refuses one on which no kubelet would run.
func newSite(node Node) (*site, error) {
	versions, err := kubeletcfg.Load()
	if err != nil {
		return nil, err
	}
	if node.PageSizeBytes == 0 {
		node.PageSizeBytes = 4096
	}
	if node.CgroupVersion == 0 {
		node.CgroupVersion = 2
	}
	refuse := func(format string, args ...any) *fail.Error {
		return fail.Newf(fail.Usage, "plan for "+node.title(), format, args...)
	}
	row, err := versions.Find(node.KubernetesVersion)
	if err != nil {
		return nil, refuse("%w", err).Hint("choose one: --kubernetes-version %s", versions.Newest())
	}
	node.KubernetesVersion = row.Kubernetes
	meaning, ok := row.Behaviors[node.SwapBehavior]
	switch {
	case node.MemoryBytes <= 0:
		return nil, refuse("its memory is %d bytes", node.MemoryBytes).Hint("say its capacity: --node-memory 16Gi")
	case node.SwapBytes < 0:
		return nil, refuse("its swap is %d bytes", node.SwapBytes).Hint("say its capacity: --node-swap 8Gi")
	case max(node.MemoryBytes, node.SwapBytes) > 1<<62: // beyond that, float64 may not fit into 63 bits
		return nil, refuse("a size of %d bytes is more than any machine has", max(node.MemoryBytes, node.SwapBytes)).
			Hint("say its capacity: --node-memory 16Gi --node-swap 8Gi")
	case node.PageSizeBytes < 0:
		return nil, refuse("its pages are %d bytes", node.PageSizeBytes).Hint("ask the node: getconf PAGESIZE")
	case node.CgroupVersion != 1 && node.CgroupVersion != 2:
		return nil, refuse("there is no cgroup version %d: want 1 or 2", node.CgroupVersion)
	case !ok:
		return nil, refuse("a kubelet %s does not start with swapBehavior %q: want %s",
			row.Kubernetes, node.SwapBehavior, strings.Join(row.LegalBehaviors(), " or ")).
			Hint("choose one: --swap-behavior %s", row.LegalBehaviors()[0])
	}
	s := &site{node: node, row: row, meaning: meaning, gate: row.Gate.Default}
	// A kubelet with the gate off does not start when swapBehavior is set
	// (pkg/kubelet/apis/config/validation/validation.go), so whoever sets it has
	// turned the gate on.
	switch gate := node.Gate; {
	case gate == nil:
		s.gate = s.gate || node.SwapBehavior != ""
	case row.Gate.Locked && !*gate:
		return nil, refuse("a kubelet %s does not start with feature gate NodeSwap off: it is locked to on", row.Kubernetes)
	case !*gate && node.SwapBehavior != "":
		return nil, refuse("a kubelet does not start with feature gate NodeSwap off and swapBehavior %s", node.SwapBehavior)
	default:
		s.gate = *gate
	}
	s.prepare()
	return s, nil
}

// prepare lists the tests that containers can fail.
func (s *site) prepare() {
	for _, test := range s.row.Tests {
		open, fails := s.ask(test)
		if open || fails {
			s.steps = append(s.steps, step{test, fails})
		}
	}
}

// ask says whether the node decides a test: it fails for all, or is open.
func (s *site) ask(test kubeletcfg.Test) (open, fails bool) {
	switch test {
	case kubeletcfg.TestController:
		return false, !s.node.SwapController
	case kubeletcfg.TestGate:
		return false, !s.gate
	case kubeletcfg.TestBehavior:
		return false, s.meaning != kubeletcfg.Share
	case kubeletcfg.TestCgroup:
		return false, s.meaning == kubeletcfg.Share && s.node.CgroupVersion == 1
	default:
		return true, false
	}
}

// title is the node for messages.
func (n *Node) title() string {
	if n.Name == "" {
		return "this node"
	}
	return "node " + n.Name
}

// NodeFromObject makes a Node of a v1 Node object. base is Options.Base. A
// missing capacity is a *FieldError; a kubelet newer than all known ones is
// treated as the newest, and one that does not report its swap (before 1.33) as
// having base's swap. A warning says so in both cases.
func NodeFromObject(o *Object, base Node) (Node, []Warning, error) {
	versions, err := kubeletcfg.Load()
	if err != nil {
		return Node{}, nil, err
	}
	from, node := o.Node, base
	name := objectName(o.Kind, "", o.Name)
	refuse := func(field string, err error) error {
		return &FieldError{Source: o.Source, Object: name, Field: field, Err: err}
	}
	if o.Name == "" {
		return Node{}, nil, refuse("metadata.name", errMissing)
	}
	node.Name, node.Runtime, node.Windows = o.Name, strings.Clone(from.Runtime), from.Windows
	node.Labels = map[string]string{}
	for key, value := range from.Labels {
		node.Labels[strings.Clone(key)] = strings.Clone(value)
	}
	var warnings []Warning
	warn := func(format string, args ...any) {
		warnings = append(warnings, Warning{name, fmt.Sprintf(format, args...)})
	}
	if from.KubeletVersion != "" && base.KubernetesVersion == "" {
		row, err := versions.Find(from.KubeletVersion)
		var unknown *kubeletcfg.UnknownError
		switch {
		case errors.As(err, &unknown) && unknown.Newer:
			warn("runs kubelet %s, which is newer than all that are known: planned as %s", from.KubeletVersion, versions.Newest())
			row.Kubernetes = versions.Newest()
		case err != nil:
			return Node{}, nil, refuse("status.nodeInfo.kubeletVersion", err)
		}
		node.KubernetesVersion = row.Kubernetes
	}
	if from.MemoryCapacity == nil {
		return Node{}, nil, refuse("status.capacity.memory", errMissing)
	}
	node.MemoryBytes = *from.MemoryCapacity
	if node.MemoryBytes <= 0 {
		return Node{}, nil, refuse("status.capacity.memory", fmt.Errorf("%d: must be more than 0", node.MemoryBytes))
	}
	if from.SwapCapacity != nil {
		if node.SwapBytes = *from.SwapCapacity; node.SwapBytes < 0 {
			return Node{}, nil, refuse("status.nodeInfo.swap.capacity", fmt.Errorf("%d: %w", node.SwapBytes, errNegative))
		}
		return node, warnings, nil
	}
	row, err := versions.Find(node.KubernetesVersion)
	if err != nil {
		return Node{}, nil, refuse("status.nodeInfo.kubeletVersion", err)
	}
	switch {
	case base.SwapBytes > 0: // said by a person
	case !row.ReportsSwap:
		warn("a kubelet %s does not report its swap: planned without any, unless --node-swap says how much there is", row.Kubernetes)
	}
	return node, warnings, nil
}

// checkNames refuses two nodes with one name: pods name their node.
func checkNames(nodes []Node) error {
	var seen []string
	for i := range nodes {
		seen = append(seen, nodes[i].Name)
	}
	slices.Sort(seen)
	for i := 1; i < len(seen); i++ {
		if seen[i] == seen[i-1] {
			return fail.Newf(fail.Usage, "plan for node "+seen[i], "it is there twice").Hint("use only one of them")
		}
	}
	return nil
}
