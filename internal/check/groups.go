package check

import "slices"

// Group are checks of one part of a node. --only and --ignore take its ID for all of them.
type Group struct {
	ID, Title string
	Checks    []Check
}

// InGroups lists all checks by group, in the order in which they are told: what a node
// must have, its swap, the kubelet, what else touches memory, measurements.
func InGroups() []Group {
	groups := []Group{
		{"kernel", "Kernel", kernelChecks()},
		{"swap", "Swap", slices.Concat(swapChecks(), diskChecks())},
		{"boot", "Next boot", bootChecks()},
		{"services", "Services of the node", sliceChecks()},
		{"kubelet", "Kubelet", kubeletChecks()},
		{"memory", "Memory", memoryChecks()},
		{"leaks", "Leaks", leakChecks()},
		{"measurements", "Measurements", measurements()},
	}
	for _, g := range groups {
		for i := range g.Checks {
			g.Checks[i].Group = g.ID
		}
	}
	return groups
}

// GroupTitle is what a group is about.
func GroupTitle(id string) string {
	for _, g := range InGroups() {
		if g.ID == id {
			return g.Title
		}
	}
	return ""
}

// Catalogue lists all checks, in the order of their groups.
func Catalogue() []Check {
	var all []Check
	for _, g := range InGroups() {
		all = append(all, g.Checks...)
	}
	return all
}

// named reports whether a list of IDs of checks and groups has this check in it.
func (c Check) named(ids []string) bool {
	return slices.Contains(ids, c.ID) || slices.Contains(ids, c.Group)
}

// selectable lists what --only and --ignore take: checks and groups.
func selectable() []string {
	ids := IDs()
	for _, g := range InGroups() {
		ids = append(ids, g.ID)
	}
	return ids
}
