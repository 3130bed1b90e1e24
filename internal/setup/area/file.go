package area

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// fileStep is "swap.file": a file to which the kernel can swap.
type fileStep struct {
	area string
	want fileWant

	encrypted bool
	erase     bool // replace a file that is not ours, whatever it holds
	force     bool // --force-size
	adopt     bool // a file with swap of somebody else's is used unchanged
	keep      bool // --keep-file: Undo leaves the file
}

type fileWant struct {
	Path      string `json:"path"`
	SizeBytes int64  `json:"sizeBytes"`
	// Written: its blocks are to be, see swapfile.Written. It counts when the file
	// is made: what is there is taken as it is.
	Written bool `json:"written,omitempty"`
}

// blocks is how the file is to have its blocks.
func (w fileWant) blocks() swapfile.Blocks {
	if w.Written {
		return swapfile.Written
	}
	return swapfile.Reserved
}

// fileSaved is the state before: the directories that were missing, and the
// mount point of the file system of the file. Journals of an older swapctl do
// not have the latter.
type fileSaved struct {
	Dirs  []string `json:"made,omitempty"`
	Mount string   `json:"mount,omitempty"`
	// Noted: the step notes by what the file that it makes is known again, before
	// that has its name. The steps of an older swapctl did not.
	Noted bool `json:"noted,omitempty"`
}

type fileWas = step.Was[fileWant, fileSaved, host.Identity]

func fileKind() step.Kind {
	return step.Kind{ID: "swap.file", Files: []string{config.DefaultPath},
		Build: step.BuildOf(func(suffix string, want fileWant, m step.Mode) step.Step {
			return step.Of(&fileStep{area: suffix, want: want, keep: m.Keep})
		})}
}

func (s *fileStep) Info() step.Info {
	info := step.Info{
		ID:    "swap.file" + s.area,
		Title: fmt.Sprintf("swap file %s, %s", s.want.Path, bytesize.Format(s.want.SizeBytes)),
		Why:   "The kernel swaps only to a file without holes, and only root may read what was swapped out.",
		ByHand: []string{
			fmt.Sprintf("install -D -m 0600 /dev/null %s", s.want.Path),
			fmt.Sprintf("fallocate -l %d %s", s.want.SizeBytes, s.want.Path),
		},
		UndoByHand: []string{"rm " + s.want.Path},
	}
	if s.want.Written {
		info.Why += " With encryption zeros are written now: otherwise the file system enters the first write to each block into its" +
			" journal, for which it needs memory just when there is none (--preallocation falloc leaves the zeros out)."
		info.ByHand = append(info.ByHand, fmt.Sprintf("dd if=/dev/zero of=%s bs=1M count=%d iflag=count_bytes oflag=direct conv=notrunc", s.want.Path, s.want.SizeBytes))
	}
	if s.keep {
		info.Title, info.UndoByHand = info.Title+", kept", nil
	}
	return info
}

func (s *fileStep) Want() fileWant { return s.want }

// Check finds the file as desired, missing, or in the way.
func (s *fileStep) Check(_ context.Context, h host.Host, was *fileWas) (step.Finding, error) {
	place, err := swapfile.CheckPlace(h, s.want.Path)
	if err != nil {
		return step.BlockedBy(err), nil
	}
	ours := s.ours(was)
	if ours {
		if err := s.elsewhere(h, was.Saved); err != nil {
			return step.BlockedBy(err), nil
		}
	}
	if err := s.draftIsOurs(h, ours); err != nil {
		return step.BlockedBy(err), nil
	}
	if !place.Exists {
		return s.orNoRoom(h, place, 0, step.Finding{State: step.Todo, Found: "no file"})
	}
	mine, err := s.made(h, was)
	if err != nil {
		return step.Finding{}, err
	}
	if mine {
		if err := swapfile.CheckFile(h, s.want.Path, s.want.SizeBytes); err != nil {
			found := "a file of " + bytesize.Format(place.File.SizeBytes)
			return s.orNoRoom(h, place, place.File.UsedBytes, step.Finding{State: step.Todo, Found: found})
		}
		return step.Finding{State: step.Done, Found: "there"}, nil
	}
	f, err := s.foreign(h, place)
	if err == nil && f.State == step.Done && was.Ours { // moving ours there would replace it
		return step.BlockedBy(fail.Newf(fail.Usage, "make the swap file "+s.want.Path, "a file is there already, which swapctl did not make").
			Hint("remove it, or name another file with --path").
			Hint("or have it used as it is: swapctl teardown, and then this command again")), nil
	}
	return f, err
}

// draftIsOurs refuses a temporary file that is not the leftover of a killed
// run: no record mentions it.
func (s *fileStep) draftIsOurs(h host.Host, ours bool) error {
	temp := swapfile.Temp(s.want.Path)
	_, err := h.Files.Lstat(temp)
	if ours || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	op := "make the swap file " + s.want.Path
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	return fail.Newf(fail.Usage, op, "it is made under the name %s, and something is there that swapctl knows nothing of", temp).
		Hint("see what it is: ls -l %s; if nothing needs it any more, remove it: rm %s", temp, temp).
		Hint("or name another file with --path")
}

// made reports whether the existing file is the one in the journal.
func (s *fileStep) made(h host.Host, was *fileWas) (bool, error) {
	if !s.ours(was) {
		return false, nil
	}
	if was.Made == nil && !was.Saved.Noted {
		return s.couldBeOurs(h, was)
	}
	now, err := h.Identify(s.want.Path)
	return err == nil && was.Made != nil && now.Same(*was.Made), fail.New(fail.Failed, "look at the swap file "+s.want.Path, err)
}

// couldBeOurs is for files of an older swapctl: the file has the size, owner,
// mode and blocks, and contains nothing, our header, or what may be ciphertext.
func (s *fileStep) couldBeOurs(h host.Host, was *fileWas) (bool, error) {
	if swapfile.CheckFile(h, was.Want.Path, was.Want.SizeBytes) != nil {
		return false, nil
	}
	c, err := swapfile.Probe(h, was.Want.Path)
	if err != nil {
		return false, err
	}
	uuid, err := headerUUID(h, s.area)
	return c.Empty || c.Noise() || c.HoldsHeader(h, uuid), err
}

// ours reports whether swapctl made a file of this path, according to the
// journal.
func (s *fileStep) ours(was *fileWas) bool {
	return was.Ours && was.Want.Path == s.want.Path
}

func (s *fileStep) orNoRoom(h host.Host, p swapfile.Place, reuse int64, f step.Finding) (step.Finding, error) {
	if err := swapfile.CheckRoom(h, p, s.want.SizeBytes, reuse, s.force); err != nil {
		return step.BlockedBy(err), nil
	}
	return f, nil
}

// foreign judges a file that swapctl did not make: one in use is never touched,
// one with content only if it may be erased, and an empty one of the right form
// is used unchanged, then and later.
func (s *fileStep) foreign(h host.Host, p swapfile.Place) (step.Finding, error) {
	op := "make the swap file " + s.want.Path
	_, on, err := Active(h, Target{Path: s.want.Path})
	if err != nil {
		return step.Finding{}, err
	}
	fits := swapfile.CheckFile(h, s.want.Path, s.want.SizeBytes)
	if on && !s.encrypted && fits == nil {
		return step.Finding{State: step.Done, Found: "there, and in use as swap"}, nil
	}
	if on {
		return step.BlockedBy(fail.Newf(fail.Usage, op, "the kernel swaps to that file already, and swapctl did not set it up").
			Hint("swapoff %s ends that, or name another file with --path", s.want.Path).
			Hint("or have it used as it is: --encrypt=false --adopt --size %d", p.File.SizeBytes)), nil
	}
	users, err := crypt.UsersOf(h, p.File)
	if err != nil {
		return step.Finding{}, err
	}
	if len(users) > 0 && !(s.encrypted && fits == nil) {
		return step.BlockedBy(fail.Newf(fail.Usage, op, "%s uses that file", users[len(users)-1]).
			Hint("name another file with --path").
			Hint("%s", release(h, users[len(users)-1]))), nil
	}
	if len(users) > 0 { // swap.crypt judges whose mapping it is
		return step.Finding{State: step.Done, Found: "there, below a mapping"}, nil
	}
	if err := swapfile.CheckRemovable(h, s.want.Path); err != nil {
		return step.BlockedBy(err), nil
	}
	content, err := swapfile.Probe(h, s.want.Path)
	switch {
	case err != nil:
		return step.Finding{}, err
	case s.erase && content.Empty:
		return s.orNoRoom(h, p, p.File.UsedBytes, toErase("an empty file"))
	case s.erase:
		return s.orNoRoom(h, p, p.File.UsedBytes, toErase("a file that holds "+content.What))
	}
	taken, err := s.taken(h, content)
	switch {
	case err != nil:
		return step.Finding{}, err
	case taken && fits == nil:
		return step.Finding{State: step.Done, Found: "there, taken as it was"}, nil
	case !content.Empty:
		return step.BlockedBy(fail.Newf(fail.Usage, op, "a file is there already, and it is not empty: %s", content.What).
			Hint("name another file with --path, or erase its content with --erase=%s", s.want.Path)), nil
	case fits != nil:
		if why, ok := errors.AsType[*fail.Error](fits); ok {
			fits = why.Err
		}
		return step.BlockedBy(fail.New(fail.Usage, op, fmt.Errorf("a file is there already, and it will not do: %w", fits),
			"remove it, name another file with --path, or replace it with --erase="+s.want.Path)), nil
	}
	return step.Finding{State: step.Done, Found: "there, empty"}, nil
}

// taken reports whether a file of somebody else's, which is not in use now,
// contains what an earlier run wrote when it used the file unchanged: the
// header in the journal, or what may be ciphertext, if a mapping of ours was
// made on this inode.
func (s *fileStep) taken(h host.Host, c swapfile.Content) (bool, error) {
	if !s.encrypted {
		uuid, err := headerUUID(h, s.area)
		if err == nil && c.HoldsHeader(h, uuid) {
			return true, nil
		}
		return adoptable(h, s.area, s.want.Path, s.adopt), err
	}
	over, err := known[crypt.Mapping, step.None, host.Identity](h, "swap.crypt"+s.area)
	if err != nil || over.Made == nil || !c.Noise() {
		return false, err
	}
	now, err := h.Identify(s.want.Path)
	return err == nil && now.Same(*over.Made), fail.New(fail.Failed, "look at the swap file "+s.want.Path, err)
}

func (s *fileStep) Save(_ context.Context, h host.Host) (fileSaved, error) {
	place, err := swapfile.CheckPlace(h, s.want.Path)
	if err != nil {
		return fileSaved{}, err
	}
	mount, err := swapfile.MountOf(h, s.want.Path)
	return fileSaved{place.Missing, mount, true}, err
}

// elsewhere refuses to act on a path that is no longer on the file system on
// which the file was made: the file is hidden, but still exists.
func (s *fileStep) elsewhere(h host.Host, saved fileSaved) error {
	op := "look after the swap file " + s.want.Path
	if saved.Mount == "" {
		return nil
	}
	now, err := swapfile.MountOf(h, s.want.Path)
	if err != nil || now == saved.Mount {
		return err
	}
	refused := fail.Newf(fail.Failed, op, "it was made on the file system at %s, and the path now leads to the one at %s", saved.Mount, now)
	if strings.HasPrefix(saved.Mount, now) {
		refused = refused.Hint("mount it again: mount %s", saved.Mount)
	} else {
		refused = refused.Hint("see what is mounted over it: findmnt %s", now)
	}
	return refused.Hint("or give the file up where it is: swapctl teardown --keep-file")
}

func (s *fileStep) Do(ctx context.Context, h host.Host, was *fileWas, r step.RunOf[host.Identity]) error {
	if err := ownfile.MakeDirs(h, was.Saved.Dirs, 0o700); err != nil {
		return err
	}
	// The existing file is an unfit one of ours, or one that may be erased.
	if err := s.clear(h, was, func() error { return nil }); err != nil {
		return err
	}
	return swapfile.Make(ctx, h, s.want.Path, s.want.SizeBytes, s.want.blocks(), r.Progress, r.Note)
}

// clear removes the existing file if it is ours or may be erased, and what a
// killed run left beside it. Any other file stays. mayGo is called before.
func (s *fileStep) clear(h host.Host, was *fileWas, mayGo func() error) error {
	_, err := h.Files.Lstat(s.want.Path)
	mine := s.erase || errors.Is(err, fs.ErrNotExist)
	if !mine {
		if mine, err = s.made(h, was); err != nil {
			return err
		}
	}
	if !mine {
		return swapfile.RemoveTemp(h, s.want.Path)
	}
	if err := mayGo(); err != nil {
		return err
	}
	return swapfile.Remove(h, s.want.Path)
}

func (s *fileStep) Undo(ctx context.Context, h host.Host, was *fileWas, _ step.Progress) error {
	if s.keep {
		return nil
	}
	if err := s.elsewhere(h, was.Saved); err != nil {
		return err
	}
	s.erase = false
	if err := s.clear(h, was, func() error { return s.unused(ctx, h) }); err != nil {
		return err
	}
	return ownfile.RemoveEmpty(h, was.Saved.Dirs)
}

// unused refuses to remove a file below a loop device or mapping: it would be
// invisible, and its blocks still in use.
func (s *fileStep) unused(ctx context.Context, h host.Host) error {
	op := "remove the swap file " + s.want.Path
	st, err := h.Files.Lstat(s.want.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	users, err := crypt.UsersAfterAll(ctx, h, st)
	if err != nil || len(users) == 0 {
		return fail.New(fail.Failed, op, err)
	}
	top := users[len(users)-1]
	return fail.New(fail.Failed, op, fmt.Errorf("%s uses it", top), release(h, top))
}

// toErase is the finding for content that --erase gives up.
func toErase(found string) step.Finding {
	return step.Finding{State: step.Todo, Found: found + ", to be erased", Destroys: true}
}
