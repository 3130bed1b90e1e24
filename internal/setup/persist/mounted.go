package persist

import (
	"context"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// mountedWant is what "boot.mounted" makes true: when one of these mounts comes, and our
// unit has given up waiting for it, systemd starts our unit again.
type mountedWant struct {
	Mounts []string `json:"mounts"` // units: "data.mount"
}

func mountedKind() step.Kind {
	return step.Kind{ID: "boot.mounted", AtBoot: step.AsMade, Systemd: true, Files: []string{systemd.MountedPath},
		Build: step.BuildOf(func(_ string, want mountedWant, m step.Mode) step.Step { return mountedStep(want, m) })}
}

func (w mountedWant) info() step.Info {
	mounts, files := "", []string{systemd.MountedPath}
	for _, mount := range w.Mounts {
		mounts += " " + systemd.ShellWord(mount)
		files = append(files, systemd.ShellWord(mountDropIn(mount)))
	}
	return step.Info{
		ID:    "boot.mounted",
		Title: "systemd unit " + systemd.Mounted + ", wanted by " + strings.Join(w.Mounts, " "),
		Why:   "This file system may come after " + systemd.Ours + " has given up waiting for it; the unit starts that again when it comes, however it is mounted.",
		ByHand: []string{
			"systemctl edit --full --force " + systemd.Mounted + "  # 'systemctl --no-block start " + systemd.Ours + "' as a oneshot",
			"for u in" + mounts + `; do systemctl add-wants "$u" ` + systemd.Mounted + "; done",
		},
		UndoByHand: []string{"rm " + strings.Join(files, " "), "systemctl daemon-reload"},
	}
}

// mountedStep makes the unit first: a drop-in that wants what is not there is worth nothing.
func mountedStep(want mountedWant, m step.Mode) step.Step {
	const made, remove = "make the systemd unit " + systemd.Mounted, "remove the systemd unit " + systemd.Mounted
	s := ownfile.Spec{
		About: want.info(),
		Files: []ownfile.File{{Path: systemd.MountedPath, Text: mountedText(want.Mounts)}},
		Make:  made, Remove: remove,
		Missing: "no unit", Other: "another version of it", AnyText: m.Boot,
		NotOurs:  notOurs,
		InEffect: func(host.Host) (step.Finding, error) { return step.Finding{State: step.Done, Found: "enabled"}, nil },
		Gone:     func(ctx context.Context, h host.Host, _ string, _ bool) error { return ownfile.Reload(ctx, h, remove) },
	}
	for _, mount := range want.Mounts {
		s.Files = append(s.Files, ownfile.File{Path: mountDropIn(mount), Text: mountWants})
	}
	if !m.Late {
		s.Made = func(ctx context.Context, h host.Host) error { return ownfile.Reload(ctx, h, made) }
	}
	return ownfile.Of(want, s)
}
