package kubeletstep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
)

// dirWant is the result of "kubelet.configdir": a drop-in for the kubelet's
// unit, with which it reads the directory of our file.
type dirWant struct {
	Unit string `json:"unit"`
	File string `json:"file"` // the drop-in
	Text string `json:"text"`
	Dir  string `json:"dir"` // of the kubelet's configuration files

	Kubernetes string `json:"kubernetes"` // the minor
}

func dirKind() step.Kind {
	return step.Kind{ID: "kubelet.configdir", AtBoot: step.AsMade, Systemd: true,
		Build: step.BuildOf(func(_ string, want dirWant, m step.Mode) step.Step { return dirStep(want, m) })}
}

func dirStep(want dirWant, m step.Mode) step.Step {
	s := ownfile.Spec{
		About: step.Info{
			ID: "kubelet.configdir", Restarts: want.Unit, InPlace: true,
			Title:      "kubelet with --config-dir, " + want.File,
			Why:        "kubeadm rewrites the kubelet's own file with every upgrade, but not the files in this directory.",
			ByHand:     []string{fmt.Sprintf("systemctl edit %s  # add --config-dir=%s to the kubelet's flags", want.Unit, want.Dir)},
			UndoByHand: []string{"rm " + want.File, "systemctl daemon-reload"},
		},
		Files: []ownfile.File{{Path: want.File, Text: want.Text}},
		Make:  "write " + want.File, Remove: "remove " + want.File,
		Missing: "no drop-in", Other: "another version of the drop-in", AnyText: m.Boot,
		NotOurs: func(name string) error {
			return fail.Newf(fail.Usage, "write "+name, "it is there already, and swapctl did not make it").
				Hint("look at it, and move it away: systemctl cat %s", want.Unit)
		},
		InEffect: func(h host.Host) (step.Finding, error) {
			if _, err := h.Files.Stat(path.Join(want.Dir, fileName)); errors.Is(err, fs.ErrNotExist) {
				return step.Finding{State: step.Done, Found: "there"}, nil // kubelet.config is still to come
			}
			return takesEffect(h, configWant{Kubernetes: want.Kubernetes})
		},
		Gone: func(ctx context.Context, h host.Host, _ string, _ bool) error {
			return ownfile.Reload(ctx, h, "remove "+want.File)
		},
	}
	if !m.Late {
		s.Made = func(ctx context.Context, h host.Host) error { return ownfile.Reload(ctx, h, "write "+want.File) }
	}
	return ownfile.Of(want, s)
}
