package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/setup/persist"
	"github.com/swapctl/swapctl/internal/setup/tuning"
	"github.com/swapctl/swapctl/internal/step"
)

// node is a Config with everything decided that it leaves open: the swap areas,
// and what a node has once, for any number of areas.
type node struct {
	config  Config // as the journal keeps it
	areas   []area.Area
	persist persist.Plan
	kubelet kubeletstep.Plan
	sysctls string   // the file with the settings, as chosen by tuning
	latency []string // places on the disks where the system's services have priority
}

// resolveNode decides what a Config leaves open.
func resolveNode(h host.Host, c Config) (node, error) {
	c.Persist = persist.Way(h, c.Persist)
	c.Areas = slices.Clone(c.Areas)
	n := node{config: c}
	for i, asked := range c.Areas {
		a, err := area.Resolve(h, asked)
		if err != nil {
			return n, config.InArea(i, err)
		}
		n.config.Areas[i] = a.Area
		n.areas = append(n.areas, a)
	}
	return n, nil
}

// nameSteps gives the steps of each area the suffix that they have in the
// journal: an area is recognised by its file or device, so that a new name, or
// a second area, changes nothing about an active one. Areas that are not in the
// journal get their suffix from the configuration.
func (n *node) nameSteps(j step.Journal) {
	known := map[string]string{} // suffix by file or device
	for _, r := range j.Records {
		if backing, suffix, ok := area.BackingOf(r); ok {
			known[backing] = suffix
		}
	}
	taken := map[string]bool{bridgeSuffix: true}
	for _, a := range n.areas {
		if suffix, ok := known[a.Backing()]; ok {
			taken[suffix] = true
		}
	}
	for i := range n.areas {
		a := &n.areas[i]
		suffix, ok := known[a.Backing()]
		if !ok {
			suffix = freeSuffix(n.suffixOf(i), taken)
		}
		a.Suffix, taken[suffix] = suffix, true
		a.Know(j)
	}
}

// suffixOf is the suffix of the steps of an area that is in no journal.
func (n node) suffixOf(i int) string {
	if !n.config.Listed {
		return ""
	}
	return "@" + n.config.Areas[i].Name
}

func freeSuffix(suffix string, taken map[string]bool) string {
	free := suffix
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("@%s-%d", strings.TrimPrefix(suffix, "@"), i)
	}
	return free
}

// steps is the list of setup's steps, in order; IDs never change, because
// journals contain them. Undoing goes in reverse, so what a boot reads and acts
// on by itself (the lines of fstab, sysctl.d) comes after the steps that it
// affects: after a power cut between the two, the boot would otherwise repeat
// what is undone already, and nobody would look for it. The kubelet comes
// first: it must tolerate swap before there is any.
func (n node) steps() []step.Step {
	steps := slices.Concat(n.kubelet.Steps, tuning.Steps(n.config, n.latency, n.sysctls), n.persist.Before())
	for _, a := range n.areas {
		steps = append(steps, a.Lower())
	}
	for _, a := range n.areas {
		steps = append(steps, a.Upper()...)
	}
	return append(steps, n.persist.After(n.areas)...)
}

// plan adds the kubelet's plan to the node's steps.
func (n *node) plan(p kubeletstep.Plan) {
	n.kubelet = p
	for i := range n.areas {
		n.areas[i].Restarts = p.Unit
	}
}

// check refuses what is not possible on this node, before anything is changed.
func (n node) check(h host.Host, ignoreHibernation bool) error {
	for i, a := range n.areas {
		if err := persist.Check(h, n.config.Persist, a); err != nil {
			return config.InArea(i, err)
		}
	}
	if err := persist.CheckTables(h, n.config.Persist); err != nil {
		return err
	}
	if err := n.devicesDiffer(h); err != nil {
		return err
	}
	if err := tuning.Check(h, n.config); err != nil || ignoreHibernation {
		return err
	}
	for i, a := range n.areas {
		if err := a.CheckHibernation(h); err != nil {
			return config.InArea(i, err)
		}
	}
	return nil
}

// devicesDiffer refuses two areas on one device, with two of its names.
func (n node) devicesDiffer(h host.Host) error {
	seen := map[uint64]int{}
	for i, a := range n.areas {
		if a.Device == "" {
			continue
		}
		st, err := area.ResolveDevice(h, a.Device)
		if err != nil {
			return err
		}
		if first, twice := seen[st.Rdev]; twice {
			return config.InArea(i, config.Invalid("device", "give each area a file or device of its own",
				"%s is that of areas[%d] under another name", a.Device, first))
		}
		seen[st.Rdev] = i
	}
	return nil
}

// mayErase parses the value of --erase: the name of the file or device that may
// be overwritten, or "true" for the only one.
func (n *node) mayErase(erase string) error {
	if erase == "" || erase == "false" {
		return nil
	}
	var names []string
	for i := range n.areas {
		a := &n.areas[i]
		if erase == a.Backing() || erase == "true" && len(n.areas) == 1 {
			a.Erase = true
			return nil
		}
		names = append(names, a.Backing())
	}
	err := fail.Newf(fail.Usage, "erase "+erase, "setup would use %s, not that", strings.Join(names, " and "))
	if erase == "true" {
		err = fail.Newf(fail.Usage, "erase what is there", "there are several swap areas: %s", strings.Join(names, " and "))
	}
	return err.Hint("name the one to erase: --erase=%s", names[0])
}

// findBoot finds out what the boot, and the protection of the system's
// services, depend on.
func (n *node) findBoot(h host.Host) (err error) {
	if n.persist, err = persist.Decide(h, n.config.Persist, n.areas); err != nil || !n.config.ProtectSystemSlice {
		return err
	}
	n.latency = []string{"/"}
	for _, a := range n.areas {
		place := a.Device
		if place == "" {
			if place, err = area.MountPoint(h, a.Path); err != nil {
				return err
			}
		}
		if !slices.Contains(n.latency, place) {
			n.latency = append(n.latency, place)
		}
	}
	return nil
}
