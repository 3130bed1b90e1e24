package plan

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/limits"
)

// nodeFlags describe the node that is planned for.
type nodeFlags struct {
	node, nodes       string
	memory, swap      string
	swapBehavior      string
	kubernetesVersion string
	cgroupVersion     int
	pageSize          string
	featureGates      string

	note string // what of this machine is planned for
}

// add adds the flags to a command.
func (n *nodeFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	_, newest := kubeletcfg.Known()
	f.StringVar(&n.memory, "node-memory", "", "memory of the node, a `size` like 64Gi: its MemTotal, or capacity.memory")
	f.StringVar(&n.swap, "node-swap", "", "swap of the node, a `size` like 32Gi, or 50% of its memory: its SwapTotal")
	f.StringVar(&n.node, "node", "", "`file` with the Node object of the node, - for standard input")
	f.StringVar(&n.nodes, "nodes", "", "`file` with the Node objects of several nodes")
	f.StringVar(&n.swapBehavior, "swap-behavior", "LimitedSwap", "memorySwap.swapBehavior of the kubelet; '' where it says none")
	f.StringVar(&n.kubernetesVersion, "kubernetes-version", "", "`version` of the kubelet, like 1.34 (default that of the Node object, else "+newest+")")
	f.IntVar(&n.cgroupVersion, "cgroup-version", 2, "version of the node's cgroups")
	cli.OneOf(f, "swap-behavior", kubeletcfg.LimitedSwap, kubeletcfg.NoSwap)
	cli.OneOf(f, "cgroup-version", "1", "2")
	f.StringVar(&n.pageSize, "page-size", "4096", "`bytes` of a memory page of the node")
	f.StringVar(&n.featureGates, "feature-gates", "", "`gate` of the kubelet, NodeSwap=true or NodeSwap=false (default that of its version, on where --swap-behavior needs it)")
}

// check refuses flags that contradict each other, before any input is read.
func (n *nodeFlags) check(cmd *cobra.Command, o *flags) error {
	switch {
	case n.node != "" && n.nodes != "":
		return cli.Usage(cmd, errors.New("--node and --nodes are the same thing twice: name one file"))
	case n.file() != "" && n.memory != "":
		return cli.Usage(cmd, errors.New("--node-memory and a file with Node objects contradict each other"),
			"use only one of them")
	}
	if err := cli.OneStdin(cmd, append(slices.Clone(o.pods), n.node, n.nodes, o.diff)...); err != nil {
		return err
	}
	return cli.CgroupVersion(cmd, n.cgroupVersion)
}

// file is the file with Node objects, "" when none was named.
func (n *nodeFlags) file() string {
	if n.node != "" {
		return n.node
	}
	return n.nodes
}

// options translates the flags for the planner. If there are Node objects, only
// what they leave open is set.
func (n *nodeFlags) options(a *cli.App, changed func(string) bool) (limits.Options, error) {
	var o limits.Options
	base, err := n.base(changed)
	if err != nil {
		return o, err
	}
	o.Base = base
	o.Default = func() ([]limits.Node, error) {
		node, err := n.complete(a, base, changed)
		return []limits.Node{node}, err
	}
	if n.memory == "" || n.file() != "" {
		return o, nil
	}
	node, err := n.complete(a, base, changed)
	o.Nodes = []limits.Node{node}
	return o, err
}

// base are the options that hold for every node.
func (n *nodeFlags) base(changed func(string) bool) (limits.Node, error) {
	node := limits.Node{
		SwapBehavior: n.swapBehavior, KubernetesVersion: n.kubernetesVersion,
		CgroupVersion: n.cgroupVersion, SwapController: true,
	}
	var err error
	if node.Gate, err = n.gate(); err != nil {
		return node, badNode("--feature-gates", err, "for example --feature-gates NodeSwap=true")
	}
	if node.PageSizeBytes, err = bytesize.Parse(n.pageSize); err != nil {
		return node, badNode("--page-size", err, "for example --page-size 4096, or 65536 on some arm64 machines")
	}
	if node.PageSizeBytes&(node.PageSizeBytes-1) != 0 || node.PageSizeBytes < 4096 || node.PageSizeBytes > 1<<20 {
		return node, badNode("--page-size", fmt.Errorf("%d bytes is not a page size", node.PageSizeBytes),
			"for example --page-size 4096, or 65536 on some arm64 machines")
	}
	if n.memory != "" {
		if node.MemoryBytes, err = bytesize.Parse(n.memory); err != nil {
			return node, badNode("--node-memory", err, bytesize.Hint("--node-memory", n.memory, "for example --node-memory 64Gi"))
		}
	}
	if changed("node-swap") {
		if node.SwapBytes, err = parseSwap(n.swap, node.MemoryBytes); err != nil {
			return node, badNode("--node-swap", err, bytesize.Hint("--node-swap", n.swap, "for example --node-swap 32Gi, 0, or with --node-memory 50%"))
		}
	}
	return node, nil
}

// gate parses --feature-gates; nil if the gate is not in it.
func (n *nodeFlags) gate() (*bool, error) {
	if n.featureGates == "" {
		return nil, nil
	}
	name, value, _ := strings.Cut(n.featureGates, "=")
	on, err := strconv.ParseBool(value)
	switch {
	case name != "NodeSwap":
		return nil, fmt.Errorf("%q is not NodeSwap, the only gate that decides over swap", name)
	case err != nil:
		return nil, fmt.Errorf("%q is not true or false", value)
	}
	return &on, nil
}

// complete takes from this machine what the flags leave open.
func (n *nodeFlags) complete(a *cli.App, node limits.Node, changed func(string) bool) (limits.Node, error) {
	if n.memory != "" && changed("node-swap") {
		return node, nil
	}
	total, swap, err := a.Node.Memory(a.Host)
	if err != nil {
		return node, (&fail.Error{Op: "ask this machine for its memory and swap", Err: err}).
			Hint("say which node is meant: --node-memory 64Gi --node-swap 32Gi")
	}
	if n.memory == "" {
		node.MemoryBytes = total
	}
	if !changed("node-swap") {
		node.SwapBytes = swap
	}
	n.note = n.thisMachine(node, changed)
	return node, nil
}

// thisMachine says what is taken from this machine: who plans on a workstation rarely
// means that.
func (n *nodeFlags) thisMachine(node limits.Node, changed func(string) bool) string {
	memory, swap := bytesize.Format(node.MemoryBytes), "none"
	if node.SwapBytes > 0 {
		swap = bytesize.Format(node.SwapBytes)
	}
	switch {
	case n.memory != "":
		return "this machine's swap: " + swap + "; --node-swap says another"
	case changed("node-swap"):
		return "this machine's memory: " + memory + "; --node-memory says another"
	case node.SwapBytes == 0:
		swap = "no"
	}
	return "this machine: " + memory + " of memory, " + swap + " swap; --node-memory and --node-swap say another"
}

// badNode is the error of a flag about the node.
func badNode(flag string, err error, hint string) error {
	return fail.New(fail.Usage, "use "+flag, err, hint)
}

// parseSwap parses a size of swap: a quantity, 0, or a percentage of the
// memory.
func parseSwap(text string, memory int64) (int64, error) {
	if isNothing(text) {
		return 0, nil
	}
	bytes, share, err := bytesize.ParseShare(text, memory)
	switch {
	case share && err == nil && memory == 0:
		return 0, errors.New("a share of the memory needs the memory: --node-memory")
	case share:
		return bytes, err
	}
	return bytesize.Parse(text)
}

// isNothing reports whether a size is 0, or 0 with a unit: 0Gi.
func isNothing(text string) bool {
	unit := strings.TrimLeft(text, "0")
	if unit == text || strings.ContainsAny(unit[:min(1, len(unit))], ".123456789") {
		return false
	}
	_, err := bytesize.Parse("1" + unit)
	return err == nil
}
