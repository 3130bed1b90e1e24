package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/step"
)

const (
	// defaultConfigDir is the kubelet's configuration directory where it has
	// none yet: the one that its documentation uses.
	defaultConfigDir = "/etc/kubernetes/kubelet.conf.d"
	kubeletFile      = "50-swapctl.conf"
)

// kubeletIDs are the steps with which the kubelet learns to tolerate swap: before
// there is any, and they go after it.
func kubeletIDs() []string { return []string{"kubelet.config", "kubelet.configdir"} }

// kubeletPlan is what a run of setup does about the kubelet.
type kubeletPlan struct {
	steps    []step.Step
	unit     string // that has to be restarted to see a change; "" for none
	warnings []string
}

// plan takes what is to be done about the kubelet into the node's steps.
func (n *node) plan(p kubeletPlan) {
	n.kubelet = p
	for i := range n.areas {
		n.areas[i].restarts = p.unit
	}
}

// findKubelet decides what setup does about the node's kubelet.
func (n *node) findKubelet(ctx context.Context, h host.Host, j step.Journal) error {
	kept, err := keptFrom(j)
	if err != nil {
		return err
	}
	n.plan(kept.plan())
	if n.config.Kubelet == "skip" {
		return nil
	}
	without := kept.without(h)
	k, err := kubelet.Find(ctx, kubelet.With(h, without))
	switch {
	case err != nil:
		return err
	case !k.Found:
		if k.Note != "" {
			n.kubelet.warnings = append(n.kubelet.warnings, k.Note+"; no kubelet was configured")
		}
		return nil
	}
	n.hasKubelet = true
	if n.config.KubernetesVersion != "" {
		k.Version = n.config.KubernetesVersion
	}
	if k.Embedded() {
		return n.embeddedKubelet(k)
	}
	return n.planKubelet(h, k, kept, without)
}

const skipHint = "or leave the kubelet as it is, and set failSwapOn: false yourself: --kubelet skip"

// kubeletRow is what the kubelet's version does with swap.
func kubeletRow(k kubelet.Kubelet) (kubeletcfg.Row, error) {
	row, err := k.Row()
	if err == nil {
		return row, nil
	}
	hint := "say which it is: --kubernetes-version 1.34"
	if unknown, ok := errors.AsType[*kubeletcfg.UnknownError](err); ok && unknown.Newer {
		_, newest := kubeletcfg.Known()
		hint = "a newer swapctl may know it; or have it treated as the newest known: --kubernetes-version " + newest
	}
	return row, fail.New(fail.Usage, "find out the kubelet's version", err, hint, skipHint)
}

// embeddedKubelet: what brings its own kubelet writes its configuration itself,
// so nothing is changed. One that would not start with swap is refused.
func (n *node) embeddedKubelet(k kubelet.Kubelet) error {
	n.kubelet.warnings = append(n.kubelet.warnings, fmt.Sprintf(
		"the kubelet is a part of %s and is left as it is; it counts the node's swap when it starts: systemctl restart %s", k.Kind, k.Unit))
	row, err := kubeletRow(k)
	if err != nil {
		n.kubelet.warnings = append(n.kubelet.warnings, "its version could not be found out, so make sure that it has failSwapOn: false; "+strings.Join(k.Advice, "; "))
		return nil //nolint:nilerr // nothing depends on it
	}
	e, err := row.Effective(k.Inputs)
	if err != nil {
		return fail.New(fail.Usage, "read the configuration of the kubelet of "+string(k.Kind), err, skipHint)
	}
	if e.FailSwapOn {
		return fail.New(fail.Usage, "give this node swap", fmt.Errorf("the kubelet of %s would not start with swap (failSwapOn is true, from %s), and %s configures it", k.Kind, e.FailSwapOnFrom, k.Kind),
			append(k.Advice, skipHint)...)
	}
	if e.SwapBehavior != n.config.SwapBehavior {
		n.kubelet.warnings = append(n.kubelet.warnings, fmt.Sprintf("its swapBehavior is %q, not %s; %s", e.SwapBehavior, n.config.SwapBehavior, strings.Join(k.Advice, "; ")))
	}
	return nil
}

// planKubelet: a file in the kubelet's configuration directory where that works,
// otherwise an edit of its configuration file. Nothing is planned of which we
// have not seen, by reading back what the kubelet would, that it does what it
// should.
func (n *node) planKubelet(h host.Host, k kubelet.Kubelet, kept keptKubelet, without map[string][]byte) error {
	row, err := kubeletRow(k)
	if err != nil {
		return err
	}
	wish := kubeletcfg.Wish{Behavior: n.config.SwapBehavior, CgroupVersion: kernel.CgroupVersion(h)}
	if err := row.CanSwap(wish); err != nil {
		return cannotSwap(err)
	}
	if n.staysAsKept(h, k, row, wish, kept) {
		n.kubelet.warnings = kubeletWarnings(k, kept.config.want)
		return nil
	}
	want, dir, err := chooseKubelet(k, row, wish, kept)
	if err != nil {
		return err
	}
	files := maps.Clone(without)
	if err := want.lay(files, row, wish, k); err != nil {
		return err
	}
	if dir != nil {
		files[dir.File] = []byte(dir.Text)
		if err := nothingElseIn(h, dir.Dir, kept); err != nil {
			return err
		}
	}
	if already, err := row.Effective(k.Inputs); err != nil {
		return noKubelet(err)
	} else if kept.config == nil && meets(row, already, wish) == nil {
		dir = nil // its step finds everything done
		want.Via = false
	} else if err := n.readBack(h, row, wish, files); err != nil {
		return err
	}
	n.plan(kubeletPlan{steps: []step.Step{kubeletConfigStep{want: want}}, unit: k.Unit, warnings: kubeletWarnings(k, want)})
	if dir != nil {
		n.kubelet.steps = append(n.kubelet.steps, kubeletDirStep{want: *dir})
	}
	return nil
}

// cannotSwap is the refusal of a wish. Its version is what a node has, and not
// to be said otherwise to get on.
func cannotSwap(err error) error {
	var hints []string
	for _, hint := range fail.Hints(err) {
		if before, _, ok := strings.Cut(hint, ": --kubernetes-version"); ok {
			hint = before + ": upgrade the node first"
		}
		hints = append(hints, hint)
	}
	op, why := "have the kubelet tolerate swap", err
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		op, why = worded.Op, worded.Err
	}
	return fail.New(fail.Usage, op, why, append(hints, skipHint)...)
}

// staysAsKept reports whether what the journal has still does what is wished,
// whatever the kubelet's version is by now: then nothing is written anew.
func (n *node) staysAsKept(h host.Host, k kubelet.Kubelet, row kubeletcfg.Row, wish kubeletcfg.Wish, kept keptKubelet) bool {
	if kept.config == nil || kept.config.want.wish() != wish || kept.config.want.Unit != k.Unit {
		return false
	}
	was, err := kept.config.want.row()
	if err != nil || kept.config.want.Edit && k.Inputs.Config == nil {
		return false
	}
	files, want := map[string][]byte{}, kept.config.want
	if err := want.lay(files, was, wish, k); err != nil {
		return false
	}
	if !want.Edit {
		files[want.File] = []byte(kept.config.want.Text)
	}
	if kept.dir != nil {
		files[kept.dir.want.File] = []byte(kept.dir.want.Text)
	}
	return n.readBack(h, row, wish, files) == nil
}

// readBack merges what would be there as the kubelet does.
func (n *node) readBack(h host.Host, row kubeletcfg.Row, wish kubeletcfg.Wish, files map[string][]byte) error {
	then, err := kubelet.Look(kubelet.With(h, files))
	if err != nil {
		return noKubelet(err)
	}
	e, err := row.Effective(then.Inputs)
	if err == nil {
		err = meets(row, e, wish)
	}
	return noKubelet(err)
}

// noKubelet words why the kubelet cannot be made to tolerate swap, in the place of
// what a helper says of the one thing.
func noKubelet(err error, hints ...string) error {
	hints = append(append(fail.Hints(err), hints...), skipHint)
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		err = worded.Err
	}
	return fail.New(fail.Usage, "have the kubelet tolerate swap", err, hints...)
}

// kubeletWarnings are what a person should know although it stops nothing.
func kubeletWarnings(k kubelet.Kubelet, want kubeletWant) []string {
	var w []string
	if want.Edit && want.File == kubelet.KubeadmConfig {
		w = append(w, "kubeadm upgrade writes "+kubelet.KubeadmConfig+" anew, without failSwapOn: false: give it the patch that 'swapctl kubeadm-config --kind patch' writes, by --patches")
	}
	if k.Unit == "" && k.Running {
		w = append(w, fmt.Sprintf("the kubelet (process %d) was started by hand: restart it by hand, it counts the node's swap only when it starts", k.PID))
	}
	return w
}
