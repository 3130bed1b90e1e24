package ownfile

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

// Of makes a step whose files are all ours.
func Of[Want any](want Want, s Spec) step.Step { return step.Of(&ownStep[Want]{s, want}) }

// ownStep only has the types of the step; its code is that of Spec, which the
// program has once for all of them.
type ownStep[Want any] struct {
	Spec
	want Want
}

// Spec describes the files, and what happens before and after. Hooks may be
// nil.
type Spec struct {
	About step.Info
	// Files in the order in which they are made. They are removed in reverse.
	Files []File
	// Link is made after all files, and removed first.
	Link Link
	// Make and Remove are used in errors: "make the unit".
	Make, Remove string
	// Missing and Other are findings of Check: no file, or an older text.
	Missing, Other string
	// AnyText: a text of another version stays as it is.
	AnyText bool
	// NotOurs refuses a file of somebody else.
	NotOurs func(path string) error

	// Already says what else makes Want true, if the step is not ours.
	Already func(h host.Host) (found string, ok bool)
	// InEffect checks more when the files are as desired.
	InEffect func(h host.Host) (step.Finding, error)
	// Before returns what Gone needs to know of the node before the change.
	Before func(h host.Host) (string, error)
	// Made makes the node read what was written.
	Made func(ctx context.Context, h host.Host) error
	// Gone makes the node read that it was removed. theirs: something that
	// somebody else has changed was left.
	Gone func(ctx context.Context, h host.Host, before string, theirs bool) error
}

// File is a file that is wholly ours, with the text that this version writes.
type File struct{ Path, Text string }

// Link is a symbolic link of ours.
type Link struct{ Path, Target string }

// Saved is what the step saves: the missing directories, and the sums that
// identify its files. Other versions of swapctl write other texts; a file with
// none of these belongs to somebody else.
type Saved struct {
	Dirs []string `json:"made,omitempty"`
	Sums []string `json:"sums,omitempty"` // of the texts
	// Before is the result of the hook. Its JSON name is that of the one step
	// that has it.
	Before string `json:"swapMax,omitempty"`
}

// Made is what the step records when it writes other texts than those that it
// saved.
type Made struct {
	Sums []string `json:"sums"`
}

// was is what the journal knows of the step.
type was[Want any] = step.Was[Want, Saved, Made]

// Info describes the step.
func (s *Spec) Info() step.Info { return s.About }

// Want is what the step makes true.
func (s *ownStep[Want]) Want() Want { return s.want }

// Check finds the files as desired, missing, of another version, or not ours.
func (s *ownStep[Want]) Check(_ context.Context, h host.Host, w *was[Want]) (step.Finding, error) {
	return s.check(h, w.Ours)
}

func (s *Spec) check(h host.Host, ours bool) (step.Finding, error) {
	if s.Already != nil && !ours {
		if found, ok := s.Already(h); ok {
			return step.Finding{State: step.Done, Found: found}, nil
		}
	}
	there, differ := 0, false
	for _, f := range s.Files {
		now, err := h.Files.ReadFile(f.Path, host.FileLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return step.Finding{}, fail.New(fail.Failed, "read "+f.Path, err, "see what it is: ls -l "+f.Path)
		}
		there++
		if string(now) == f.Text {
			continue
		}
		if differ = true; !ours {
			return step.BlockedBy(s.NotOurs(f.Path)), nil
		}
	}
	linked, err := s.linked(h, ours)
	if err != nil {
		return step.BlockedBy(err), nil
	}
	switch {
	case there == 0 && (!linked || s.Link == Link{}):
		return step.Finding{State: step.Todo, Found: s.Missing}, nil
	case there < len(s.Files):
		return step.Finding{State: step.Todo, Found: "not all of it is there"}, nil
	case !linked:
		return step.Finding{State: step.Todo, Found: "not enabled"}, nil
	case differ && !s.AnyText:
		return step.Finding{State: step.Todo, Found: s.Other}, nil
	case s.InEffect != nil:
		return s.InEffect(h)
	}
	return step.Finding{State: step.Done, Found: "there"}, nil
}

// linked reports whether the link is as desired, and refuses anything in its
// place that is not ours.
func (s *Spec) linked(h host.Host, ours bool) (bool, error) {
	if s.Link == (Link{}) {
		return true, nil
	}
	target, err := h.Files.Readlink(s.Link.Path)
	linked := err == nil && target == s.Link.Target
	if err == nil && !linked && !ours || errors.Is(err, unix.EINVAL) {
		return false, s.NotOurs(s.Link.Path)
	}
	return linked, nil
}

// Save returns what Undo will need.
func (s *Spec) Save(_ context.Context, h host.Host) (saved Saved, err error) {
	saved.Sums = sumsOf(s.Files)
	for _, f := range s.Files {
		saved.Dirs = append(saved.Dirs, MissingDirs(h, path.Dir(f.Path))...)
	}
	if s.Link.Path != "" {
		saved.Dirs = append(saved.Dirs, MissingDirs(h, path.Dir(s.Link.Path))...)
	}
	if s.Before != nil {
		saved.Before, err = s.Before(h)
	}
	return saved, err
}

// Do writes the files, and makes the node read them.
func (s *ownStep[Want]) Do(ctx context.Context, h host.Host, w *was[Want], r step.RunOf[Made]) error {
	return s.do(ctx, h, w.Saved, r)
}

func (s *Spec) do(ctx context.Context, h host.Host, saved Saved, r step.RunOf[Made]) error {
	err := MakeDirs(h, saved.Dirs, 0o755)
	if err == nil {
		err = s.write(h, saved.Sums, r)
	}
	if err == nil {
		err = s.link(h)
	}
	if err != nil {
		return WriteFailed(s.Make, err)
	}
	if s.Made == nil {
		return nil
	}
	return s.Made(ctx, h)
}

// write writes the files, except those that are as desired. Texts other than
// the saved ones are recorded before.
func (s *Spec) write(h host.Host, saved []string, r step.RunOf[Made]) error {
	sums := sumsOf(s.Files)
	if slices.ContainsFunc(sums, func(sum string) bool { return !slices.Contains(saved, sum) }) {
		for _, f := range s.Files { // a crash may leave some of both
			if now, err := h.Files.ReadFile(f.Path, host.FileLimit); err == nil {
				sums = append(sums, sumOf(now))
			}
		}
		if err := r.Note(Made{sums}); err != nil {
			return err
		}
	}
	for _, f := range s.Files {
		if err := f.write(h); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spec) link(h host.Host) error {
	if s.Link == (Link{}) {
		return nil
	}
	target, err := h.Files.Readlink(s.Link.Path)
	if err == nil && target == s.Link.Target {
		return nil
	}
	if err := RemoveLink(h, s.Link.Path, target); err != nil {
		return err
	}
	if err := h.Files.Symlink(s.Link.Target, s.Link.Path); err != nil {
		return err
	}
	return h.Files.SyncDir(path.Dir(s.Link.Path))
}

// Undo removes what is ours, and makes the node read that. The link goes first:
// a boot must not find half of it.
func (s *ownStep[Want]) Undo(ctx context.Context, h host.Host, w *was[Want], _ step.Progress) error {
	return s.undo(ctx, h, w.Saved, w.Made)
}

func (s *Spec) undo(ctx context.Context, h host.Host, saved Saved, made *Made) error {
	var link error
	if s.Link.Path != "" {
		link = RemoveLink(h, s.Link.Path, s.Link.Target)
	}
	theirs := step.Remarks(link, s.remove(h, saved.Sums, made))
	if step.NotUndone(theirs) {
		return WriteFailed(s.Remove, theirs)
	}
	if err := RemoveEmpty(h, saved.Dirs); err != nil || s.Gone == nil {
		return step.Remarks(err, theirs)
	}
	return step.Remarks(theirs, Unheard(s.Gone(ctx, h, saved.Before, theirs != nil)))
}

// remove removes the files that are ours: a file with other content belongs to
// somebody else, stays, and is reported as a *step.Remark.
func (s *Spec) remove(h host.Host, sums []string, made *Made) error {
	known := len(sums) > 0 // an older swapctl did not record them
	if made != nil {
		sums = slices.Concat(sums, made.Sums)
	}
	var theirs error
	for _, f := range slices.Backward(s.Files) {
		gone, err := TakeAway(h, f.Path, func(at string) (bool, error) {
			now, err := h.Files.ReadFile(at, host.FileLimit)
			ours := string(now) == f.Text || slices.Contains(sums, sumOf(now)) || !known && saysOurs(now)
			return ours, err
		})
		if err != nil {
			return fail.New(fail.Failed, "remove "+f.Path, err)
		}
		if !gone {
			theirs = step.Remarks(theirs, leftTo(f.Path))
		}
	}
	return theirs
}
