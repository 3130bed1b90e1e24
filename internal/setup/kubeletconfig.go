package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/step"
)

// kubeletConfigStep is "kubelet.config": the kubelet starts although there is
// swap, and gives it to pods as wished.
type kubeletConfigStep struct {
	want kubeletWant
	boot bool // leave a drop-in that somebody has changed as it is
	made json.RawMessage
}

// files are those that are wholly ours.
func (s kubeletConfigStep) files() []ownFile { return []ownFile{{s.want.File, s.want.Text}} }

type kubeletWant struct {
	File string `json:"file"`
	// Text is the whole of a drop-in of ours; Edit: the file is the kubelet's
	// own, and only some fields of it are ours.
	Text string `json:"text,omitempty"`
	Edit bool   `json:"edit,omitempty"`
	// Via: kubelet.configdir makes the kubelet read it.
	Via  bool   `json:"via,omitempty"`
	Unit string `json:"unit,omitempty"` // that reads it

	Kubernetes string `json:"kubernetes"` // the minor
	Behavior   string `json:"behavior"`
	Cgroup     int    `json:"cgroup"`
}

// kubeletSaved is what was there before.
type kubeletSaved struct {
	ownSaved
	Original string `json:"original,omitempty"` // the file that was edited
}

func (w kubeletWant) wish() kubeletcfg.Wish {
	return kubeletcfg.Wish{Behavior: w.Behavior, CgroupVersion: w.Cgroup}
}

func (w kubeletWant) row() (kubeletcfg.Row, error) {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return kubeletcfg.Row{}, err
	}
	return rows.Find(w.Kubernetes)
}

// lay adds the file as we want it to those that are to be read back.
func (w *kubeletWant) lay(files map[string][]byte, row kubeletcfg.Row, wish kubeletcfg.Wish, k kubelet.Kubelet) error {
	if !w.Edit {
		text, err := row.Dropin(wish)
		w.Text, files[w.File] = string(text), text
		return noKubelet(err)
	}
	edited, err := row.Edit(k.Inputs.Config.Data, wish)
	files[w.File] = edited
	return noKubelet(err, "fix "+w.File)
}

func (s kubeletConfigStep) Info() step.Info {
	info := step.Info{
		ID: "kubelet.config", Restarts: s.want.Unit, InPlace: true,
		Title:      fmt.Sprintf("kubelet with %s, %s", s.want.Behavior, s.want.File),
		Why:        "A kubelet does not start while swap is on, unless it is told to; so it is told before there is any.",
		ByHand:     []string{fmt.Sprintf("swapctl kubeadm-config --kind dropin --kubernetes-version %s --swap-behavior %s > %s", s.want.Kubernetes, s.want.Behavior, s.want.File)},
		UndoByHand: []string{"rm " + s.want.File},
	}
	if s.want.Edit {
		info.ByHand = []string{fmt.Sprintf("vi %s  # failSwapOn: false, memorySwap.swapBehavior: %s", s.want.File, s.want.Behavior)}
		info.UndoByHand = []string{"vi " + s.want.File + "  # as it was before"}
	}
	return info
}

func (s kubeletConfigStep) Want() any { return s.want }

// Check looks at the file, and then, with all else that the kubelet reads, at
// what comes of it.
func (s kubeletConfigStep) Check(_ context.Context, h host.Host, was step.Record) (step.Finding, error) {
	if !was.Ours() {
		if from, ok := bearsAlready(h, s.want); ok {
			return step.Finding{State: step.Done, Found: "it does so already, by " + from}, nil
		}
	}
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && s.want.Edit:
		return blocked(fail.Newf(fail.Usage, "have the kubelet tolerate swap", "%s is gone", s.want.File).
			Hint("let kubeadm write it again (kubeadm join), then run: swapctl setup").
			Hint("or take swap back: swapctl teardown")), nil
	case missing:
		return step.Finding{State: step.Todo, Found: "no such file"}, nil
	case err != nil:
		return step.Finding{}, fail.New(fail.Failed, "read "+s.want.File, err, "see what it is: ls -l "+s.want.File)
	}
	same, err := s.same(now)
	switch {
	case err != nil:
		return blocked(err), nil
	case !same && !s.want.Edit && !was.Ours():
		return blocked(fail.Newf(fail.Usage, "write "+s.want.File, "it is there already, and swapctl did not make it").
			Hint("look at it, and move it away: cat %s", s.want.File)), nil
	case !same && (s.want.Edit || !s.boot):
		return step.Finding{State: step.Todo, Found: "it says something else"}, nil
	case s.want.Via:
		return step.Finding{State: step.Done, Found: "there"}, nil
	}
	return takesEffect(h, s.want)
}

// same reports whether the file is as wanted.
func (s kubeletConfigStep) same(now []byte) (bool, error) {
	if !s.want.Edit {
		return string(now) == s.want.Text, nil
	}
	row, err := s.want.row()
	if err != nil {
		return false, err
	}
	edited, err := row.Edit(now, s.want.wish())
	return bytes.Equal(now, edited), noKubelet(err, "fix "+s.want.File)
}

// takesEffect reads what the kubelet reads. A kubelet that does not tolerate swap
// after all, by a flag for one, keeps swap off: at boot as well. A want without
// a behavior asks for no more.
func takesEffect(h host.Host, want kubeletWant) (step.Finding, error) {
	row, err := want.row()
	if err != nil {
		return step.Finding{}, err
	}
	k, err := kubelet.Look(h)
	if err != nil || !k.Found || len(k.Argv) == 0 { // at boot, what starts it cannot be seen where a script does
		return step.Finding{State: step.Done, Found: "there"}, nil //nolint:nilerr // it was understood when it was set up
	}
	e, err := row.Effective(k.Inputs)
	switch {
	case err != nil:
	case want.Behavior != "":
		err = meets(row, e, want.wish())
	case e.FailSwapOn: // the rest is kubelet.config's
		err = overruled("failSwapOn is true", e.FailSwapOnFrom, "fail-swap-on")
	}
	if err != nil {
		return blocked(noKubelet(err, "or take swap back: swapctl teardown")), nil
	}
	return step.Finding{State: step.Done, Found: "in effect"}, nil
}

// bearsAlready reports whether the kubelet does as wanted by somebody else's
// hand, and by whose.
func bearsAlready(h host.Host, want kubeletWant) (string, bool) {
	row, err := want.row()
	if err != nil {
		return "", false
	}
	k, err := kubelet.Look(h)
	if err != nil {
		return "", false
	}
	e, err := row.Effective(k.Inputs)
	return e.FailSwapOnFrom, err == nil && k.Found && meets(row, e, want.wish()) == nil
}

func (s kubeletConfigStep) Save(_ context.Context, h host.Host) (any, error) {
	if !s.want.Edit {
		return kubeletSaved{ownSaved: saveOwn(h, s.files(), path.Dir(s.want.File))}, nil
	}
	data, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	return kubeletSaved{Original: string(data)}, fail.New(fail.Failed, "read "+s.want.File, err)
}

func (s kubeletConfigStep) Do(_ context.Context, h host.Host, raw json.RawMessage, r step.Run) error {
	op := "write " + s.want.File
	if !s.want.Edit {
		if err := makeDirs(h, raw, 0o755); err != nil {
			return writeFailed(op, err)
		}
		return writeFailed(op, makeFiles(h, s.files(), raw, r))
	}
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	row, err := s.want.row()
	if err != nil {
		return err
	}
	edited, err := row.Edit(now, s.want.wish())
	if err != nil || bytes.Equal(edited, now) {
		return err
	}
	return writeFailed(op, h.Files.Rewrite(s.want.File, now, edited))
}

// Undo removes the file, or what is ours in it.
func (s kubeletConfigStep) Undo(_ context.Context, h host.Host, raw json.RawMessage, _ step.Progress) error {
	op := "take swap out of " + s.want.File
	if !s.want.Edit {
		var saved kubeletSaved
		if err := json.Unmarshal(raw, &saved); err != nil {
			return err
		}
		theirs := removeOwn(h, s.files(), raw, s.made)
		if failed(theirs) {
			return writeFailed(op, theirs)
		}
		return remarks(removeEmpty(h, saved.Made), theirs)
	}
	if err := removeLeftover(h, s.want.File); err != nil {
		return fail.New(fail.Failed, op, err)
	}
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	before, err := s.reverted(h, raw)
	if err != nil || bytes.Equal(before, now) {
		return err
	}
	return writeFailed(op, h.Files.Rewrite(s.want.File, now, before))
}

// reverted is the edited file without what is ours. What others have changed
// since stays; where that and ours cannot be told apart, it is an error.
func (s kubeletConfigStep) reverted(h host.Host, raw json.RawMessage) ([]byte, error) {
	var saved kubeletSaved
	if err := json.Unmarshal(raw, &saved); err != nil {
		return nil, err
	}
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	if err != nil {
		return nil, err
	}
	row, err := s.want.row()
	if err != nil {
		return nil, err
	}
	original := []byte(saved.Original)
	edited, err := row.Edit(original, s.want.wish())
	if err != nil {
		return nil, err
	}
	was := swapFields(row, original)
	if swapFields(row, now) == was {
		return now, nil // nothing of ours is in it: kubeadm upgrade wrote it anew, for one
	}
	if before, ok := kubelet.Revert(original, edited, now); ok && swapFields(row, before) == was {
		return before, nil
	}
	return nil, fail.Newf(fail.Failed, "take swap out of "+s.want.File, "somebody has changed it since, and what is ours in it cannot be told from theirs").
		Hint("edit it, so that it says what it said before (%s), then run the command again", was)
}

// swapFields says what a configuration says of what we change, for comparison.
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
