package hosttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// CheckInvariants fails the test for everything that must never be, whatever
// happened: key bytes in a file or left in a keyring, a file pulled away from
// under its user, two areas, loops or mappings over the same bytes, a loop
// without a user, an area whose device is gone.
func (n *Node) CheckInvariants(t testing.TB) {
	t.Helper()
	for _, v := range n.Violations() {
		t.Errorf("invariant broken: %s", v)
	}
}

// Violations is CheckInvariants as a list.
func (n *Node) Violations() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := slices.Clone(n.violations)
	if len(n.secrets) > 0 {
		n.must(n.visit("/", func(at string, st *unix.Stat_t) error {
			if st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size >= window && n.leaksIn(n.Root+at, st.Size) {
				found = append(found, "key bytes in "+at)
			}
			return nil
		}))
	}
	n.buryKeys()
	for _, k := range n.keys {
		if k.stuck {
			continue // it goes with its process
		}
		found = append(found, fmt.Sprintf("key %s is still in the keyring of process %d", k.description, k.process.number))
	}
	for name := range n.loops {
		if n.users(name) == 0 {
			found = append(found, name+" is attached and nobody uses it")
		}
	}
	return append(found, n.shared()...)
}

// shared finds bytes that two have for themselves.
func (n *Node) shared() []string {
	var found []string
	owner := map[string]string{}
	claim := func(what, who string) {
		if old := owner[what]; old != "" && old != who {
			found = append(found, fmt.Sprintf("%s and %s both use %s", old, who, what))
		}
		owner[what] = who
	}
	for name, l := range n.loops {
		claim(fileIdentity(l.ino), name)
	}
	for _, m := range n.all() {
		for _, lower := range n.listed(m.kernel, "slaves") {
			if !strings.HasPrefix(m.uuid, "LVM-") { // volumes of one group share its disks
				claim(blockIdentity(lower), m.kernel)
			}
		}
	}
	for _, a := range n.swaps() {
		switch {
		case a.identity == "" || strings.HasPrefix(a.identity, "block ") && n.attribute(a.identity[6:], "dev") == "":
			found = append(found, a.path+" is on and there is no such file or device")
		default:
			claim(a.identity, "swap "+a.path)
		}
	}
	return found
}
