package hosttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Describe shows the machine's swap and what was done to it, for the message of
// a failing test.
func (n *Node) Describe() string {
	ops := n.Ops()
	n.mu.Lock()
	defer n.mu.Unlock()
	var b strings.Builder
	swaps, _ := slurp(n.Root + "/proc/swaps")
	b.Write(swaps)
	for _, name := range slices.Sorted(maps.Keys(n.all())) {
		m := n.mappings[name]
		fmt.Fprintf(&b, "mapping %s is %s, %d users", name, m.kernel, n.users(m.kernel))
		if m.live != nil {
			fmt.Fprintf(&b, ": 0 %d %s %s", m.live.sectors, m.live.target, m.live.params)
		}
		b.WriteByte('\n')
	}
	for _, name := range slices.Sorted(maps.Keys(n.loops)) {
		fmt.Fprintf(&b, "%s on %s, %d users\n", name, n.attribute(name, "loop/backing_file"), n.users(name))
	}
	for _, k := range n.keys {
		fmt.Fprintf(&b, "key %s of process %d\n", k.description, k.process.number)
	}
	for _, op := range ops {
		fmt.Fprintf(&b, "%4d %s\n", op.N, op)
	}
	return b.String()
}
