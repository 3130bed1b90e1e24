package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

// kubeletDirStep is "kubelet.configdir": a drop-in for the kubelet's unit, with
// which it reads the directory that our file is in.
type kubeletDirStep struct {
	want kubeletDirWant
	boot bool // leave a drop-in of another version as it is
	late bool // systemd is told later
	made json.RawMessage
}

func (s kubeletDirStep) files() []ownFile { return []ownFile{{s.want.File, s.want.Text}} }

type kubeletDirWant struct {
	Unit string `json:"unit"`
	File string `json:"file"` // the drop-in
	Text string `json:"text"`
	Dir  string `json:"dir"` // of the kubelet's configuration files

	Kubernetes string `json:"kubernetes"` // the minor
}

func (s kubeletDirStep) Info() step.Info {
	return step.Info{
		ID: "kubelet.configdir", Restarts: s.want.Unit, InPlace: true,
		Title:      "kubelet with --config-dir, " + s.want.File,
		Why:        "A file in a directory of its own outlives kubeadm, which writes the kubelet's own file anew with every upgrade.",
		ByHand:     []string{fmt.Sprintf("systemctl edit %s  # add --config-dir=%s to the kubelet's flags", s.want.Unit, s.want.Dir)},
		UndoByHand: []string{"rm " + s.want.File, "systemctl daemon-reload"},
	}
}

func (s kubeletDirStep) Want() any { return s.want }

func (s kubeletDirStep) Check(_ context.Context, h host.Host, was step.Record) (step.Finding, error) {
	now, err := h.Files.ReadFile(s.want.File, host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return step.Finding{State: step.Todo, Found: "no drop-in"}, nil
	case err != nil:
		return step.Finding{}, fail.New(fail.Failed, "read "+s.want.File, err, "see what it is: ls -l "+s.want.File)
	case string(now) != s.want.Text && !was.Ours():
		return blocked(fail.Newf(fail.Usage, "write "+s.want.File, "it is there already, and swapctl did not make it").
			Hint("look at it, and move it away: systemctl cat %s", s.want.Unit)), nil
	case string(now) != s.want.Text && !s.boot:
		return step.Finding{State: step.Todo, Found: "another version of the drop-in"}, nil
	}
	if _, err := h.Files.Stat(path.Join(s.want.Dir, kubeletFile)); errors.Is(err, fs.ErrNotExist) {
		return step.Finding{State: step.Done, Found: "there"}, nil // kubelet.config is still to come
	}
	return takesEffect(h, kubeletWant{Kubernetes: s.want.Kubernetes})
}

func (s kubeletDirStep) Save(_ context.Context, h host.Host) (any, error) {
	return saveOwn(h, s.files(), path.Dir(s.want.File)), nil
}

func (s kubeletDirStep) Do(ctx context.Context, h host.Host, raw json.RawMessage, r step.Run) error {
	op := "write " + s.want.File
	if err := makeDirs(h, raw, 0o755); err != nil {
		return writeFailed(op, err)
	}
	if err := makeFiles(h, s.files(), raw, r); err != nil {
		return writeFailed(op, err)
	}
	if s.late {
		return nil
	}
	return reload(ctx, h, op)
}

func (s kubeletDirStep) Undo(ctx context.Context, h host.Host, raw json.RawMessage, _ step.Progress) error {
	op := "remove " + s.want.File
	var saved madeDirs
	if err := json.Unmarshal(raw, &saved); err != nil {
		return err
	}
	theirs := removeOwn(h, s.files(), raw, s.made)
	if failed(theirs) {
		return writeFailed(op, theirs)
	}
	if err := removeEmpty(h, saved.Made); err != nil {
		return remarks(err, theirs)
	}
	return remarks(theirs, unheard(reload(ctx, h, op)))
}
