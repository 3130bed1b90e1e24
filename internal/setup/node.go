package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

// node is a Config with everything decided that it leaves open: the swap areas,
// and what a node has once, however many they are.
type node struct {
	config Config // as the journal keeps it
	areas  []area
	unit   unitWant  // with persistence by systemd
	slice  sliceWant // with a protected system.slice

	kubelet    kubeletPlan
	hasKubelet bool // setup looked for one, and found it
}

// resolveNode decides what a Config leaves open.
func resolveNode(h host.Host, c Config) (node, error) {
	c.Persist = c.persistence(h)
	c.Areas = slices.Clone(c.Areas)
	n := node{config: c}
	for i, one := range c.each() {
		a, err := resolve(h, one)
		if err != nil {
			return n, c.inArea(i, err)
		}
		*n.config.area(i) = a.config.Area
		n.areas = append(n.areas, a)
	}
	return n, nil
}

// nameSteps gives the steps of each area the suffix under which a journal knows
// them: an area is recognized by its file or device, so that a new name, or a
// second area beside the first, changes nothing about one that is on. What the
// journal does not know is called as in the configuration.
func (n *node) nameSteps(j step.Journal) {
	known := map[string]string{} // suffix by file or device
	for _, r := range j.Records {
		kind, suffix := splitID(r.ID)
		var file fileWant
		var device deviceWant
		switch {
		case kind == "swap.file" && json.Unmarshal(r.Want, &file) == nil:
			known[file.Path] = suffix
		case kind == "swap.device" && json.Unmarshal(r.Want, &device) == nil:
			known[device.Device] = suffix
		}
	}
	taken := map[string]bool{bridgeSuffix: true}
	for _, a := range n.areas {
		if suffix, ok := known[a.backing()]; ok {
			taken[suffix] = true
		}
	}
	for i := range n.areas {
		a := &n.areas[i]
		suffix, ok := known[a.backing()]
		if !ok {
			suffix = freeSuffix(n.suffixOf(i), taken)
		}
		a.suffix, taken[suffix] = suffix, true
		a.know(j)
	}
}

// suffixOf is how the steps of an area are called that no journal knows.
func (n node) suffixOf(i int) string {
	if len(n.config.Areas) == 0 {
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

// splitID takes a step's ID apart: "swap.on@fast" is "swap.on" and "@fast".
func splitID(id string) (kind, suffix string) {
	at := strings.IndexByte(id, '@')
	if at < 0 {
		return id, ""
	}
	return id[:at], id[at:]
}

// steps is the table of what setup does, in order; IDs are for ever, because
// journals hold them. Undoing goes the other way round, so that what a boot reads
// and acts on by itself (the lines of fstab, sysctl.d) comes after what it acts
// on: with the power cut between the two, the boot would make again what is
// undone already, and nobody would look for it there.
func (n node) steps() []step.Step {
	steps := n.settings()
	for _, a := range n.areas {
		steps = append(steps, a.lower())
	}
	for _, a := range n.areas {
		steps = append(steps, a.upper()...)
	}
	return append(steps, n.tables()...)
}

// settings are what a node has once. The kubelet comes first: it must tolerate swap
// before there is any. The unit comes before the areas, so that
// boot never pulls down the step that runs it.
func (n node) settings() []step.Step {
	steps := slices.Clone(n.kubelet.steps)
	if n.config.ProtectSystemSlice {
		steps = append(steps, sliceStep{want: n.slice})
	}
	if values := n.config.sysctls(); len(values) > 0 {
		steps = append(steps, sysctlLiveStep{sysctlWant{values}}, sysctlFileStep{want: sysctlWant{values}})
	}
	if n.config.Persist == "systemd" {
		steps = append(steps, unitStep{want: n.unit})
	}
	return steps
}

// tables are what brings the areas back without a unit of ours.
func (n node) tables() []step.Step {
	if n.config.Persist != "fstab" {
		return nil
	}
	steps := []step.Step{n.unmaskStep()}
	for _, a := range n.areas {
		steps = append(steps, a.tableSteps()...)
	}
	return steps
}

// check refuses what cannot be on this node, before anything is changed.
func (n node) check(h host.Host, ignoreHibernation bool) error {
	for i, a := range n.areas {
		if err := a.config.canPersist(h); err != nil {
			return n.config.inArea(i, err)
		}
	}
	if err := n.tablesAreRoots(h); err != nil {
		return err
	}
	if err := n.devicesDiffer(h); err != nil {
		return err
	}
	if err := n.config.canProtect(h); err != nil {
		return err
	}
	for i, a := range n.areas {
		if ignoreHibernation {
			break
		}
		if err := a.checkHibernation(h); err != nil {
			return n.config.inArea(i, err)
		}
	}
	return nil
}

// tablesAreRoots refuses to write into tables of the boot that others can change
// as well.
func (n node) tablesAreRoots(h host.Host) error {
	if n.config.Persist != "fstab" {
		return nil
	}
	for _, table := range []string{fstabPath, crypttabPath} {
		if others, ok := errors.AsType[*host.OthersError](host.OnlyRoot(h.Files, table)); ok {
			return fail.New(fail.Usage, "write "+table, others, others.Hint())
		}
	}
	return nil
}

// devicesDiffer refuses two areas on one device, under two of its names.
func (n node) devicesDiffer(h host.Host) error {
	seen := map[uint64]int{}
	for i, a := range n.areas {
		if a.config.Device == "" {
			continue
		}
		st, err := resolveDevice(h, a.config.Device)
		if err != nil {
			return err
		}
		if first, twice := seen[st.Rdev]; twice {
			return n.config.inArea(i, field("device", "give each area a file or device of its own",
				"%s is that of areas[%d] under another name", a.config.Device, first))
		}
		seen[st.Rdev] = i
	}
	return nil
}

// mayErase reads the value of --erase: the name of the file or device that may
// be overwritten, or "true" for the only one that there is.
func (n *node) mayErase(erase string) error {
	if erase == "" || erase == "false" {
		return nil
	}
	var names []string
	for i := range n.areas {
		a := &n.areas[i]
		if erase == a.backing() || erase == "true" && len(n.areas) == 1 {
			a.erase = true
			return nil
		}
		names = append(names, a.backing())
	}
	err := fail.Newf(fail.Usage, "erase "+erase, "setup would use %s, not that", strings.Join(names, " and "))
	if erase == "true" {
		err = fail.Newf(fail.Usage, "erase what is there", "there are several swap areas: %s", strings.Join(names, " and "))
	}
	return err.Hint("name the one to erase: --erase=%s", names[0])
}

// findBoot finds out what the boot, and what protects the system's services,
// must know of this node.
func (n *node) findBoot(h host.Host) error {
	if n.config.Persist != "systemd" && !n.config.ProtectSystemSlice {
		return nil
	}
	n.slice.Latency = []string{"/"}
	for _, a := range n.areas {
		place := a.config.Device
		if place == "" {
			point, err := mountPoint(h, a.config.Path)
			if err != nil {
				return err
			}
			n.unit.addMount(a.config.Path, point, len(n.areas) == 1)
			place = point
		}
		if !slices.Contains(n.slice.Latency, place) {
			n.slice.Latency = append(n.slice.Latency, place)
		}
	}
	if n.config.Persist != "systemd" {
		return nil
	}
	var err error
	n.unit.Swapctl, err = executable(h)
	return err
}
