package area

import (
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// NotMoved refuses to continue if one of our swap files is on under another
// path than ours. The kernel does not allow renaming the file (may_delete of
// fs/namei.c), but a directory above it can be renamed: then nothing is at its
// old path, and swap would be considered off.
func NotMoved(h host.Host, records []step.Record) error {
	for _, r := range records {
		if id, _ := step.SplitID(r.ID); id != "swap.header" {
			continue
		}
		was, err := step.Read[headerWant, headerSaved, step.None](r)
		if err != nil || was.Want.Mapping != "" {
			continue
		}
		if err := notMovedFrom(h, was.Want.Target, was.Saved.UUID); err != nil {
			return err
		}
	}
	return nil
}

func notMovedFrom(h host.Host, t Target, uuid [16]byte) error {
	if _, on, err := Active(h, t); err != nil || on {
		return nil //nolint:nilerr // whoever acts on the area meets it again, and another area does not concern it
	}
	swaps, err := readSwaps(h)
	if err != nil {
		return err
	}
	for _, s := range swaps {
		if s.Kind != kernel.SwapFile || !kernel.SwapsTo(h, s.Path) {
			continue
		}
		if header, err := swapfile.ReadHeader(h, s.Path); err == nil && header.UUID == uuid {
			from, to := renamed(t.Path, s.Path)
			return fail.Newf(fail.Failed, "see whether swap is on at "+t.Path,
				"the kernel swaps to it at %s: a directory above it was renamed", s.Path).
				Hint("rename it back (mv -T %s %s), then run the command again", to, from).
				Hint("or, if that is a copy of it which others made: swapoff %s", s.Path)
		}
	}
	return nil
}

// renamed returns the old and the new name of a renamed directory, from two
// paths of the same file: their common end is removed.
func renamed(from, to string) (oldDir, newDir string) {
	for path.Base(from) == path.Base(to) && strings.Count(from, "/") > 1 && strings.Count(to, "/") > 1 {
		from, to = path.Dir(from), path.Dir(to)
	}
	return from, to
}
