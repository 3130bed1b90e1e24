package setup

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/nextboot"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/step"
)

// keepsPromises refuses a setup whose swap the next boot would not turn on, or
// after which it would wait for what is gone.
func (n node) keepsPromises(h host.Host, items []step.Item) error {
	found := map[string]step.Item{}
	for _, it := range items {
		found[it.Info.ID] = it
	}
	for _, a := range n.areas {
		if err := n.comesBack(a, found); err != nil {
			return err
		}
		if header := found["swap.header"+a.Suffix]; header.State == step.ItemTodo && !header.Was.Ours() {
			if err := namedByNobody(h, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// comesBack: what was so before us the journal does not know, and a boot leaves it out;
// what a boot loses would then not come back. Below a mapping there is no such swap: one
// that is not ours is refused.
func (n node) comesBack(a area.Area, found map[string]step.Item) error {
	if n.config.Persist == "none" {
		return nil
	}
	it, ok := found["swap.on"+a.Suffix]
	if !ok || it.State != step.ItemDone || it.Was.Ours() {
		return nil
	}
	return fail.Newf(fail.Usage, "bring swap on "+a.Backing()+" back after a reboot",
		"it is on already, and swapctl did not turn it on: a boot does only what swapctl did").
		Hint("turn it off, and run the command again with --erase=%s, by which swapctl makes it anew: swapoff %s", a.Backing(), a.Target()).
		Hint("or have swapctl take it over as it is: --adopt").
		Hint("or leave it to whoever made it: --persist none")
}

// namedByNobody refuses to overwrite or encrypt what a boot looks for: it would
// wait for it, or turn it on unencrypted. Without encryption the path stays,
// and UUID and label are lost.
func namedByNobody(h host.Host, a area.Area) error {
	mentions, err := nextboot.MentionsOf(h, a.Backing())
	if err != nil {
		return fail.New(fail.Failed, "look for what else uses "+a.Backing(), err, "see what it is: ls -l /etc/fstab /etc/crypttab")
	}
	for _, m := range mentions {
		if kind, _ := kernel.UnstableName(m.Spec); !a.Encrypt && kind != kernel.ContentName {
			continue
		}
		return fail.Newf(fail.Usage, "use "+a.Backing(), "%s: a boot would wait for what is not there any more, or use it in clear", m).
			Hint("take it out first: %s", m.Edit())
	}
	return nil
}

// forgotten says why changes for the next boot would be lost.
func (n node) forgotten(h host.Host) []string {
	why := nextboot.Forgets(h)
	if n.config.Persist == "none" || len(why) == 0 {
		return nil
	}
	return []string{"what setup makes may be gone after a reboot: " + strings.Join(why, "; ") + "; " + nextboot.Remember}
}

// lateMounts lists the areas whose file is on a file system that is mounted
// late at boot.
func (n node) lateMounts(h host.Host) []string {
	if n.config.Persist == "none" {
		return nil
	}
	var said []string
	for _, a := range n.areas {
		if a.Device != "" {
			continue
		}
		point, err := area.MountPoint(h, a.Path)
		if err != nil {
			continue
		}
		late, is, err := nextboot.LateMount(h, point)
		if err != nil || !is || late.Why == "" {
			continue
		}
		said = append(said, fmt.Sprintf("%s comes late at boot, or not at all (%s): %s; to have swap at every boot, choose a file system that comes with the others: --path",
			point, late.Why, n.whenMounted(late)))
	}
	return said
}

// whenMounted says what becomes of swap on a mount that is late.
func (n node) whenMounted(late nextboot.Late) string {
	const then = ", and a kubelet that runs by then has to be restarted"
	switch {
	case n.persist.WaitsFor(late.Unit):
		return "swap, and the kubelet after it, wait for it as long as systemd does"
	case late.OnUse:
		return "swapctl.service has it mounted; if that takes long, swap comes later" + then
	case late.Comes:
		return "swap comes after it" + then
	}
	return "no boot mounts it; when somebody does, swap is turned on" + then
}
