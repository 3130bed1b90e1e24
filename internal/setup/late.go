package setup

import (
	"context"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/setup/persist"
	"github.com/swapctl/swapctl/internal/setup/tuning"
	"github.com/swapctl/swapctl/internal/step"
)

// tellSystemd makes systemd read the files that a boot has changed, and
// protects its slice if that is not done yet. The boot is complete by then, and
// was decided by files alone: if systemd does not answer, it is a warning.
func tellSystemd(ctx context.Context, h host.Host, items []step.Item) []error {
	const op = "have systemd read what was changed"
	ctx = context.WithoutCancel(ctx)
	changed, slice := false, false
	for _, it := range items {
		kind, _ := kinds().Of(it.Info.ID)
		changed = changed || kind.Systemd && it.State == step.ItemChanged
		slice = slice || kind.ID == tuning.Slice && it.State != step.ItemUndone
	}
	did, err := false, error(nil)
	if slice {
		did, err = tuning.ProtectIfNot(ctx, h, op)
	}
	if changed && !did {
		err = ownfile.Reload(ctx, h, op)
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// words are warnings as a Report has them.
func words(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return all
}

// mayBeLeft says, after a teardown with a journal that had lost a part, where
// to look for steps that only that part had.
func mayBeLeft(h host.Host) string {
	var there []string
	for _, kind := range kinds() {
		for _, name := range kind.Files {
			if _, err := h.Files.Lstat(name); err == nil {
				there = append(there, name)
			}
		}
	}
	look := "swapon --show; dmsetup ls; grep swap " + persist.FstabPath + " " + persist.CrypttabPath
	if len(there) > 0 {
		look = "ls -l " + strings.Join(there, " ") + "; " + look
	}
	return "; but a part of the journal was damaged, and steps that only it knew may be left: " + look
}
