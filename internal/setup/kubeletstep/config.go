package kubeletstep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
)

// configWant is the result of "kubelet.config": the kubelet starts although
// there is swap, and gives pods swap as desired.
type configWant struct {
	File string `json:"file"`
	// Text is the whole text of a drop-in of ours; Edit: the file is the
	// kubelet's own, and only some of its fields are ours.
	Text string `json:"text,omitempty"`
	Edit bool   `json:"edit,omitempty"`
	// Via: kubelet.configdir makes the kubelet read it.
	Via  bool   `json:"via,omitempty"`
	Unit string `json:"unit,omitempty"` // that reads it

	Kubernetes string `json:"kubernetes"` // the minor
	Behavior   string `json:"behavior"`
	Cgroup     int    `json:"cgroup"`
}

func (w configWant) desired() kubeletcfg.Desired {
	return kubeletcfg.Desired{Behavior: w.Behavior, CgroupVersion: w.Cgroup}
}

func (w configWant) row() (kubeletcfg.Row, error) {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return kubeletcfg.Row{}, err
	}
	return rows.Find(w.Kubernetes)
}

// addTo adds the desired file to those that are read back.
func (w *configWant) addTo(files map[string][]byte, row kubeletcfg.Row, desired kubeletcfg.Desired, k kubelet.Kubelet) error {
	if !w.Edit {
		text, err := row.Dropin(desired)
		w.Text, files[w.File] = string(text), text
		return noKubelet(err)
	}
	edited, err := row.Edit(k.Inputs.Config.Data, desired)
	files[w.File] = edited
	return noKubelet(err, "fix "+w.File)
}

func configKind() step.Kind {
	return step.Kind{ID: "kubelet.config", AtBoot: step.AsMade, Files: []string{defaultDir + "/" + fileName},
		Build: step.BuildOf(func(_ string, want configWant, m step.Mode) step.Step { return configStep(want, m) })}
}

// configStep writes a file in a directory that the kubelet reads, or edits its own.
func configStep(want configWant, m step.Mode) step.Step {
	if want.Edit {
		return step.Of(&editStep{want})
	}
	info := want.info()
	info.ByHand = []string{fmt.Sprintf("swapctl kubeadm-config --kind dropin --kubernetes-version %s --swap-behavior %s > %s", want.Kubernetes, want.Behavior, want.File)}
	info.UndoByHand = []string{"rm " + want.File}
	s := ownfile.Spec{
		About: info,
		Files: []ownfile.File{{Path: want.File, Text: want.Text}},
		Make:  "write " + want.File, Remove: "take swap out of " + want.File,
		Missing: "no such file", Other: "it says something else", AnyText: m.Boot,
		NotOurs: func(name string) error {
			return fail.Newf(fail.Usage, "write "+name, "it is there already, and swapctl did not make it").
				Hint("look at it, and move it away: cat %s", name)
		},
		Already: func(h host.Host) (string, bool) { return toleratesAlready(h, want) },
	}
	if !want.Via { // otherwise kubelet.configdir is still to come
		s.InEffect = func(h host.Host) (step.Finding, error) { return takesEffect(h, want) }
	}
	return ownfile.Of(want, s)
}

func (w configWant) info() step.Info {
	return step.Info{
		ID: "kubelet.config", Restarts: w.Unit, InPlace: true,
		Title: fmt.Sprintf("kubelet with %s, %s", w.Behavior, w.File),
		Why:   "A kubelet does not start while swap is on unless failSwapOn is false; so this is set before there is any swap.",
	}
}

// editStep changes some fields of the kubelet's own configuration file.
type editStep struct{ want configWant }

// editSaved is what was there before.
type editSaved struct {
	Original string `json:"original,omitempty"` // the file that is edited
}

type editWas = step.Was[configWant, editSaved, step.None]

func (s *editStep) Info() step.Info {
	info := s.want.info()
	info.ByHand = []string{fmt.Sprintf("vi %s  # failSwapOn: false, memorySwap.swapBehavior: %s", s.want.File, s.want.Behavior)}
	info.UndoByHand = []string{"vi " + s.want.File + "  # as it was before"}
	return info
}

func (s *editStep) Want() configWant { return s.want }

// Check reads the file, and then the kubelet's whole configuration with it.
func (s *editStep) Check(_ context.Context, h host.Host, was *editWas) (step.Finding, error) {
	if !was.Ours {
		if found, ok := toleratesAlready(h, s.want); ok {
			return step.Finding{State: step.Done, Found: found}, nil
		}
	}
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return step.BlockedBy(isGone(s.want.File)), nil
	case err != nil:
		return step.Finding{}, fail.New(fail.Failed, "read "+s.want.File, err, "see what it is: ls -l "+s.want.File)
	}
	edited, err := s.edited(now)
	switch {
	case err != nil:
		return step.BlockedBy(noKubelet(err, "fix "+s.want.File)), nil
	case !bytes.Equal(now, edited):
		return step.Finding{State: step.Todo, Found: "it says something else"}, nil
	}
	return takesEffect(h, s.want)
}

// edited is the desired file.
func (s *editStep) edited(now []byte) ([]byte, error) {
	row, err := s.want.row()
	if err != nil {
		return nil, err
	}
	return row.Edit(now, s.want.desired())
}

// takesEffect reads what the kubelet reads. If the kubelet still does not
// tolerate swap, for example because of a flag, swap stays off, also at boot. A
// want without a behavior requires no more.
func takesEffect(h host.Host, want configWant) (step.Finding, error) {
	row, err := want.row()
	if err != nil {
		return step.Finding{}, err
	}
	k, err := kubelet.Look(h)
	if err != nil || !k.Found || len(k.Argv) == 0 { // at boot, the command line is not known if a script starts the kubelet
		return step.Finding{State: step.Done, Found: "there"}, nil //nolint:nilerr // it was understood when it was set up
	}
	e, err := row.Effective(k.Inputs)
	switch {
	case err != nil:
	case want.Behavior != "":
		err = meets(row, e, want.desired())
	case e.FailSwapOn: // the rest is kubelet.config's
		err = overruled("failSwapOn is true", e.FailSwapOnFrom, "fail-swap-on")
	}
	if err != nil {
		return step.BlockedBy(noKubelet(err, "or take swap back: swapctl teardown")), nil
	}
	return step.Finding{State: step.Done, Found: "in effect"}, nil
}

// toleratesAlready reports whether the kubelet is configured as desired by
// somebody else, and where.
func toleratesAlready(h host.Host, want configWant) (string, bool) {
	row, err := want.row()
	if err != nil {
		return "", false
	}
	k, err := kubelet.Look(h)
	if err != nil {
		return "", false
	}
	e, err := row.Effective(k.Inputs)
	return "it does so already, by " + e.FailSwapOnFrom, err == nil && k.Found && meets(row, e, want.desired()) == nil
}

func (s *editStep) Save(_ context.Context, h host.Host) (editSaved, error) {
	data, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	return editSaved{string(data)}, fail.New(fail.Failed, "read "+s.want.File, err)
}

func (s *editStep) Do(_ context.Context, h host.Host, _ *editWas, _ step.RunOf[step.None]) error {
	op := "write " + s.want.File
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	edited, err := s.edited(now)
	if err != nil || bytes.Equal(edited, now) {
		return err
	}
	return ownfile.WriteFailed(op, h.Files.Rewrite(s.want.File, now, edited))
}

// Undo removes our changes from the file.
func (s *editStep) Undo(_ context.Context, h host.Host, was *editWas, _ step.Progress) error {
	op := "take swap out of " + s.want.File
	if err := ownfile.RemoveLeftover(h, s.want.File); err != nil {
		return fail.New(fail.Failed, op, err)
	}
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	before, err := s.reverted(now, was.Saved)
	if err != nil || bytes.Equal(before, now) {
		return err
	}
	return ownfile.WriteFailed(op, h.Files.Rewrite(s.want.File, now, before))
}

// reverted is the edited file without our changes. What others have changed
// since stays; if that cannot be separated from ours, it is an error.
func (s *editStep) reverted(now []byte, saved editSaved) ([]byte, error) {
	row, err := s.want.row()
	if err != nil {
		return nil, err
	}
	original := []byte(saved.Original)
	edited, err := row.Edit(original, s.want.desired())
	if err != nil {
		return nil, err
	}
	was := swapFields(row, original)
	if swapFields(row, now) == was {
		return now, nil // nothing of ours is in it: kubeadm upgrade has written it again, for example
	}
	if before, ok := kubelet.Revert(original, edited, now); ok && swapFields(row, before) == was {
		return before, nil
	}
	return nil, fail.Newf(fail.Failed, "take swap out of "+s.want.File, "somebody has changed it since, and what is ours in it cannot be told from theirs").
		Hint("edit it, so that it says what it said before (%s), then run the command again", was)
}

// swapFields are the fields that setup changes, for comparison.
func swapFields(row kubeletcfg.Row, config []byte) string {
	e, err := row.Effective(kubeletcfg.Inputs{Config: &kubeletcfg.Source{Name: "file", Data: config}})
	if err != nil {
		return err.Error()
	}
	said := func(from, text string) string {
		if from == kubeletcfg.Default {
			return "not set"
		}
		return text
	}
	gate := "not set"
	if on, ok := e.Gates["NodeSwap"]; ok {
		gate = fmt.Sprint(on)
	}
	return fmt.Sprintf("failSwapOn %s, swapBehavior %s, gate NodeSwap %s, failCgroupV1 %s", said(e.FailSwapOnFrom, fmt.Sprint(e.FailSwapOn)),
		said(e.SwapBehaviorFrom, e.SwapBehavior), gate, said(e.FailCgroupV1From, fmt.Sprint(e.FailCgroupV1)))
}

// isGone is the error of the kubelet's own file that setup has changed and that
// does not exist any more: 'kubeadm reset' removes it.
func isGone(file string) error {
	return fail.Newf(fail.Usage, "have the kubelet tolerate swap", "%s is gone", file).
		Hint("let kubeadm write it again (kubeadm join), then run: swapctl setup").
		Hint("or take swap back: swapctl teardown")
}
