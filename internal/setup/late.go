package setup

import (
	"context"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// tellSystemd has systemd read what a boot has changed of its files, and protect
// its slice if it does not yet. The boot is done by then, and was decided by files
// alone: where systemd does not answer, that is a warning.
func tellSystemd(ctx context.Context, h host.Host, items []step.Item) []error {
	const op = "have systemd read what was changed"
	changed, slice := false, false
	for _, it := range items {
		switch it.Info.ID {
		case "slice.system":
			slice = it.State != step.ItemUndone
		case "boot.unit", "boot.unmask", "kubelet.configdir":
			changed = changed || it.State == step.ItemChanged
		}
	}
	live, err := liveSwapMax(h)
	ctx = context.WithoutCancel(ctx)
	switch {
	case slice && err == nil && live != "" && !isZero(live):
		err = applySlice(ctx, h, op, isZero)
	case changed:
		err = reload(ctx, h, op)
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

// mayBeLeft says, after a teardown by a journal of which a part was lost, where to
// look for steps that only that part knew.
func mayBeLeft(h host.Host) string {
	var there []string
	for _, name := range []string{
		Default().Path, systemd.OursLink, systemd.OursPath, podsDropIn, swapDropIn, sliceDropIn, sysctlPath,
		defaultConfigDir + "/" + kubeletFile,
	} {
		if _, err := h.Files.Lstat(name); err == nil {
			there = append(there, name)
		}
	}
	look := "swapon --show; dmsetup ls; grep swap " + fstabPath + " " + crypttabPath
	if len(there) > 0 {
		look = "ls -l " + strings.Join(there, " ") + "; " + look
	}
	return "; but a part of the journal was damaged, and steps that only it knew may be left: " + look
}
