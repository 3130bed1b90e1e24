package hosttest

import (
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// open gives the open files of all processes.
func (n *Node) open() iter.Seq[*file] {
	return func(yield func(*file) bool) {
		for _, p := range n.processes {
			for f := range p.files {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// claimed says who has a block device for himself, as the kernel's exclusive
// claims do (bd_may_claim in block/bdev.c): "" when nobody has. A claim on a
// partition is one on its disk, and the other way round.
func (n *Node) claimed(name string) string {
	family := append([]string{name}, n.partsOf(name)...)
	if whole := n.wholeOf(name); whole != "" {
		family = append(family, whole)
	}
	for _, member := range family {
		if who := n.claimant(member); who != "" {
			return who
		}
	}
	return ""
}

func (n *Node) claimant(name string) string {
	if n.isSwap(blockIdentity(name)) {
		return "swap"
	}
	if holders := n.listed(name, "holders"); len(holders) > 0 {
		return holders[0]
	}
	if n.mounted(name) {
		return "mount"
	}
	for f := range n.open() {
		if f.block == name && f.claims {
			return fmt.Sprintf("process %d", f.process.number)
		}
	}
	return ""
}

// claimedByOthers is claimed for a mapping: several mappings may share a
// device, because the device mapper claims it as one holder.
func (n *Node) claimedByOthers(name string) string {
	who := n.claimed(name)
	if strings.HasPrefix(who, "dm-") {
		return ""
	}
	return who
}

func (n *Node) mounted(name string) bool {
	dev := parseDev(n.attribute(name, "dev"))
	for _, m := range n.mountTable() {
		if m.dev == dev || m.source == "/dev/"+name {
			return true
		}
	}
	for _, f := range n.mounts {
		if slices.Contains(f.Devices, name) {
			return true
		}
	}
	return false
}

// users counts what keeps a block device open: files, mappings, swap, mounts.
func (n *Node) users(name string) int {
	count := len(n.listed(name, "holders"))
	if n.isSwap(blockIdentity(name)) {
		count++
	}
	if n.mounted(name) {
		count++
	}
	for f := range n.open() {
		if f.block == name {
			count++
		}
	}
	return count
}

// settle lets loop devices go whose last user has gone.
func (n *Node) settle() {
	for again := true; again; {
		again = false
		for name := range n.loops {
			if n.attribute(name, "loop/autoclear") == "1" && n.users(name) == 0 {
				n.clearLoop(name)
				again = true
			}
		}
	}
}

// passTime is called once per call of a process: what is late arrives.
func (n *Node) passTime() {
	for name, looks := range n.nodes {
		if looks < 0 {
			continue
		}
		if n.nodes[name] = looks - 1; looks > 0 {
			continue
		}
		delete(n.nodes, name)
		if m := n.mappings[name]; m != nil && m.live != nil {
			n.must(n.layNode(m))
		}
	}
}

// fileIdentity and blockIdentity name what an area or a loop is, whatever its
// path says.
func fileIdentity(ino uint64) string   { return fmt.Sprintf("file %d", ino) }
func blockIdentity(name string) string { return "block " + name }
func inoOf(path string) (uint64, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return st.Ino, err
}

// identify gives the identity of what is at a real name of the machine.
func (n *Node) identify(at string) string {
	if name := n.blockName(at); name != "" {
		return blockIdentity(name)
	}
	ino, err := inoOf(n.Root + at)
	if err != nil {
		return ""
	}
	return fileIdentity(ino)
}

// reopen opens a file of the test machine once more, by its descriptor.
func reopen(f *os.File, flag int) (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), flag, 0)
}
