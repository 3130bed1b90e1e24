// Package kubeletstep has the steps with which the kubelet of a node tolerates
// swap: before there is any, and as long as there may be.
package kubeletstep

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
)

const (
	// defaultDir is the kubelet's configuration directory if it has none yet:
	// the one in its documentation.
	defaultDir = "/etc/kubernetes/kubelet.conf.d"
	fileName   = "50-swapctl.conf"
)

// Kinds are the step kinds of this package.
func Kinds() step.Kinds { return step.Kinds{configKind(), dirKind()} }

// IDs are the steps needed by each step that may turn swap on: see
// step.Info.Needs.
func IDs() []string {
	var ids []string
	for _, kind := range Kinds() {
		ids = append(ids, kind.ID)
	}
	return ids
}

// Plan is what a run of setup does about the kubelet.
type Plan struct {
	Steps    []step.Step
	Unit     string // to restart after a change; "" for none
	Warnings []string
	// Found: setup looked for a kubelet, and there is one.
	Found bool
}

// Decide plans what setup does about the node's kubelet.
func Decide(ctx context.Context, h host.Host, c config.Config, j step.Journal) (Plan, error) {
	was, err := previousOf(j)
	if err != nil {
		return Plan{}, err
	}
	plan := was.plan()
	if c.Kubelet == "skip" {
		return plan, nil
	}
	k, err := kubelet.Find(ctx, kubelet.With(h, was.without(h)))
	switch {
	case err != nil:
		return plan, err
	case !k.Found:
		if k.Note != "" {
			plan.Warnings = append(plan.Warnings, k.Note+"; no kubelet was configured")
		}
		return plan, nil
	}
	plan.Found = true
	if c.KubernetesVersion != "" {
		k.Version = c.KubernetesVersion
	}
	if k.Embedded() {
		plan.Warnings, err = embedded(k, c.SwapBehavior)
		return plan, err
	}
	return plan, plan.configure(h, k, c.SwapBehavior, was)
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

// embedded: a distribution with its own kubelet writes the configuration
// itself, so nothing is changed. A kubelet that would not start with swap is
// refused.
func embedded(k kubelet.Kubelet, behavior string) ([]string, error) {
	warnings := []string{fmt.Sprintf(
		"the kubelet is a part of %s and is left as it is; it counts the node's swap when it starts: systemctl restart %s", k.Kind, k.Unit)}
	row, err := kubeletRow(k)
	if err != nil {
		return append(warnings, "its version could not be found out, so make sure that it has failSwapOn: false; "+strings.Join(k.Advice, "; ")), nil //nolint:nilerr // nothing depends on it
	}
	e, err := row.Effective(k.Inputs)
	if err != nil {
		return warnings, fail.New(fail.Usage, "read the configuration of the kubelet of "+string(k.Kind), err, skipHint)
	}
	if e.FailSwapOn {
		return warnings, fail.New(fail.Usage, "give this node swap", fmt.Errorf("the kubelet of %s would not start with swap (failSwapOn is true, from %s), and %s configures it", k.Kind, e.FailSwapOnFrom, k.Kind),
			append(k.Advice, skipHint)...)
	}
	if e.SwapBehavior != behavior {
		warnings = append(warnings, fmt.Sprintf("its swapBehavior is %q, not %s; %s", e.SwapBehavior, behavior, strings.Join(k.Advice, "; ")))
	}
	return warnings, nil
}

// configure: a file in the kubelet's configuration directory if that works,
// otherwise an edit of its configuration file. Nothing is planned unless
// reading it back, as the kubelet would, shows the desired effect.
func (p *Plan) configure(h host.Host, k kubelet.Kubelet, behavior string, was previous) error {
	row, err := kubeletRow(k)
	if err != nil {
		return err
	}
	desired := kubeletcfg.Desired{Behavior: behavior, CgroupVersion: kernel.CgroupVersion(h)}
	if err := row.CanSwap(desired); err != nil {
		return cannotSwap(err)
	}
	if was.stillGood(h, k, row, desired) {
		p.Warnings = warnings(k, *was.config)
		return nil
	}
	want, dir, err := choose(k, row, desired, was)
	if err != nil {
		return err
	}
	files := was.without(h)
	if err := want.addTo(files, row, desired, k); err != nil {
		return err
	}
	if dir != nil {
		files[dir.File] = []byte(dir.Text)
		if err := nothingElseIn(h, dir.Dir, was); err != nil {
			return err
		}
	}
	if already, err := row.Effective(k.Inputs); err != nil {
		return noKubelet(err)
	} else if was.config == nil && meets(row, already, desired) == nil {
		dir = nil // its step finds everything done
		want.Via = false
	} else if err := readBack(h, row, desired, files); err != nil {
		return err
	}
	p.Steps, p.Unit, p.Warnings = []step.Step{configStep(want, step.Mode{})}, k.Unit, warnings(k, want)
	if dir != nil {
		p.Steps = append(p.Steps, dirStep(*dir, step.Mode{}))
	}
	return nil
}

// cannotSwap refuses what the version of the kubelet cannot do. The version is
// a fact of the node; another value for it would not help.
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

// stillGood reports whether the steps in the journal still have the desired
// effect, whatever the kubelet's version is by now: then nothing is written
// again.
func (p previous) stillGood(h host.Host, k kubelet.Kubelet, row kubeletcfg.Row, desired kubeletcfg.Desired) bool {
	if p.config == nil || p.config.desired() != desired || p.config.Unit != k.Unit {
		return false
	}
	was, err := p.config.row()
	if err != nil || p.config.Edit && k.Inputs.Config == nil {
		return false
	}
	files, want := map[string][]byte{}, *p.config
	if err := want.addTo(files, was, desired, k); err != nil {
		return false
	}
	if !want.Edit {
		files[want.File] = []byte(p.config.Text)
	}
	if p.dir != nil {
		files[p.dir.File] = []byte(p.dir.Text)
	}
	return readBack(h, row, desired, files) == nil
}

// readBack merges the files that would exist, as the kubelet does.
func readBack(h host.Host, row kubeletcfg.Row, desired kubeletcfg.Desired, files map[string][]byte) error {
	then, err := kubelet.Look(kubelet.With(h, files))
	if err != nil {
		return noKubelet(err)
	}
	e, err := row.Effective(then.Inputs)
	if err == nil {
		err = meets(row, e, desired)
	}
	return noKubelet(err)
}

// noKubelet says why the kubelet cannot be configured to tolerate swap, in
// place of the error of one file.
func noKubelet(err error, hints ...string) error {
	hints = append(append(fail.Hints(err), hints...), skipHint)
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		err = worded.Err
	}
	return fail.New(fail.Usage, "have the kubelet tolerate swap", err, hints...)
}

// warnings do not stop the run.
func warnings(k kubelet.Kubelet, want configWant) []string {
	var w []string
	if want.Edit && want.File == kubelet.KubeadmConfig {
		w = append(w, "kubeadm upgrade rewrites "+kubelet.KubeadmConfig+", without failSwapOn: false: give it the patch that 'swapctl kubeadm-config --kind patch' writes, by --patches")
	}
	if k.Unit == "" && k.Running {
		w = append(w, fmt.Sprintf("the kubelet (process %d) was started by hand: restart it by hand, it counts the node's swap only when it starts", k.PID))
	}
	return w
}
