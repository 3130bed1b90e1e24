package setup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

// ownFile is a file that is wholly ours, of which this version writes that text.
type ownFile struct{ path, text string }

// ownSaved is what a step that makes whole files saves: the directories that are
// missing, and by what its files are known again. Other versions of swapctl write
// other texts, and what is none of these somebody else has written.
type ownSaved struct {
	madeDirs
	Sums []string `json:"sums,omitempty"` // of the texts
}

// ownMade is what a step notes when it writes other texts than those it saved.
type ownMade struct {
	Sums []string `json:"sums"`
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func sumsOf(files []ownFile) []string {
	sums := make([]string, len(files))
	for i, f := range files {
		sums[i] = sumOf([]byte(f.text))
	}
	return sums
}

// saveOwn is Save of a step that makes files.
func saveOwn(h host.Host, files []ownFile, dirs ...string) ownSaved {
	saved := ownSaved{Sums: sumsOf(files)}
	for _, dir := range dirs {
		saved.Made = append(saved.Made, missingDirs(h, dir)...)
	}
	return saved
}

// knownSums are those of all that the journal says we have written. known is false
// for a journal of a swapctl that did not write them down.
func knownSums(saved, made json.RawMessage) (sums []string, known bool, err error) {
	var first ownSaved
	var then ownMade
	err = json.Unmarshal(saved, &first)
	if err == nil && made != nil {
		err = json.Unmarshal(made, &then)
	}
	return append(first.Sums, then.Sums...), len(first.Sums) > 0, err
}

// makeFiles writes files, in order, but for those that are there as they should be.
func makeFiles(h host.Host, files []ownFile, saved json.RawMessage, r step.Run) error {
	sums, _, err := knownSums(saved, nil)
	if err != nil {
		return err
	}
	news := sumsOf(files)
	if slices.ContainsFunc(news, func(sum string) bool { return !slices.Contains(sums, sum) }) {
		for _, f := range files { // a crash may leave some of both
			if now, err := h.Files.ReadFile(f.path, host.FileLimit); err == nil {
				news = append(news, sumOf(now))
			}
		}
		if err := r.Note(ownMade{news}); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := makeFile(h, f); err != nil {
			return err
		}
	}
	return nil
}

// makeFile writes a file of ours, unless it is there as it should be.
func makeFile(h host.Host, f ownFile) error {
	now, err := h.Files.ReadFile(f.path, host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return create(h, f.path, []byte(f.text))
	case err != nil || string(now) == f.text:
		return err
	}
	return h.Files.Rewrite(f.path, now, []byte(f.text))
}

// create makes a file in a directory that others use as well.
func create(h host.Host, name string, data []byte) error {
	err := h.Files.Create(name, data, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: somebody has made it meanwhile: %w", name, fs.ErrExist)
	}
	return err
}

// removeOwn removes files of ours, as far as they are: what holds something else
// belongs to somebody else, stays, and is told as a *step.Remark.
func removeOwn(h host.Host, files []ownFile, saved, made json.RawMessage) error {
	sums, known, err := knownSums(saved, made)
	if err != nil {
		return err
	}
	var theirs error
	for _, f := range files {
		gone, err := takeAway(h, f.path, func(at string) (bool, error) {
			now, err := h.Files.ReadFile(at, host.FileLimit)
			ours := string(now) == f.text || slices.Contains(sums, sumOf(now)) || !known && saysOurs(now)
			return ours, err
		})
		if err != nil {
			return fail.New(fail.Failed, "remove "+f.path, err)
		}
		if !gone {
			theirs = remarks(theirs, leftTo(f.path))
		}
	}
	return theirs
}

// saysOurs is by what files are known that the journal has no sums of: all but the
// kubelet's say in their first line who made them, and those are in the journal.
func saysOurs(text []byte) bool {
	return bytes.HasPrefix(text, []byte("# Made by swapctl setup")) || bytes.HasPrefix(text, []byte("# Written by swapctl"))
}

// removeLink removes a link of ours, if it still leads to where we made it lead.
func removeLink(h host.Host, name, target string) error {
	gone, err := takeAway(h, name, func(at string) (bool, error) {
		now, err := h.Files.Readlink(at)
		if errors.Is(err, unix.EINVAL) { // no link
			return false, nil
		}
		return now == target, err
	})
	if err != nil || gone {
		return fail.New(fail.Failed, "remove "+name, err)
	}
	return leftTo(name)
}

func leftTo(name string) error {
	return &step.Remark{Err: fmt.Errorf("%s was left as it is: somebody has changed it since swapctl wrote it", name)}
}

// takeAway removes what has a name if it is ours, and reports whether nothing has
// the name now. It looks once more when it has taken the name away: nobody can
// write there any more what would then be removed.
func takeAway(h host.Host, name string, ours func(at string) (bool, error)) (gone bool, err error) {
	if err := removeLeftover(h, name); err != nil {
		return false, err
	}
	if ok, err := ours(name); err != nil || !ok {
		return errors.Is(err, fs.ErrNotExist), unlessMissing(err)
	}
	temp := host.ReplaceTemp(name)
	if err := h.Files.RenameNew(name, temp); err != nil {
		return errors.Is(err, fs.ErrNotExist), unlessMissing(err)
	}
	if ok, err := ours(temp); err != nil || !ok {
		return false, errors.Join(err, h.Files.RenameNew(temp, name))
	}
	return true, h.Files.Remove(temp)
}

func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeLeftover takes away the temporary file of a killed run.
func removeLeftover(h host.Host, name string) error {
	return unlessMissing(h.Files.Remove(host.ReplaceTemp(name)))
}

// remarks puts what several parts of an Undo say into one: an error that is none
// of them comes first, and the step is not undone.
func remarks(errs ...error) error {
	var said []error
	for _, err := range errs {
		remark, ok := errors.AsType[*step.Remark](err)
		switch {
		case err != nil && !ok:
			return err
		case ok:
			said = append(said, remark.Err)
		}
	}
	if len(said) == 0 {
		return nil
	}
	return &step.Remark{Err: errors.Join(said...)}
}

// failed reports whether an error of Undo is more than a remark.
func failed(err error) bool {
	_, remark := errors.AsType[*step.Remark](err)
	return err != nil && !remark
}

// unheard makes a remark of a systemd that does not answer to an Undo whose files
// are gone: that is all that it needs to know, and it reads them later.
func unheard(err error) error {
	if errors.Is(err, host.ErrNoAnswer) {
		return &step.Remark{Err: fmt.Errorf("%w; when it answers again: systemctl daemon-reload", err)}
	}
	return err
}
