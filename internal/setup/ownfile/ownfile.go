// Package ownfile makes and removes files that belong wholly to swapctl, in
// directories that others use as well: files of others stay.
package ownfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func sumsOf(files []File) []string {
	sums := make([]string, len(files))
	for i, f := range files {
		sums[i] = sumOf([]byte(f.Text))
	}
	return sums
}

// write writes the file, unless it exists with this content.
func (f File) write(h host.Host) error {
	now, err := h.Files.ReadFile(f.Path, host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Create(h, f.Path, []byte(f.Text))
	case err != nil || string(now) == f.Text:
		return err
	}
	return h.Files.Rewrite(f.Path, now, []byte(f.Text))
}

// Create makes a file in a directory that others use as well.
func Create(h host.Host, name string, data []byte) error {
	err := h.Files.Create(name, data, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: somebody has made it meanwhile: %w", name, fs.ErrExist)
	}
	return err
}

// saysOurs is how files are recognised whose sums are not in the journal: all
// but the kubelet's name swapctl in their first line, and those are in the
// journal.
func saysOurs(text []byte) bool {
	return bytes.HasPrefix(text, []byte("# Made by swapctl setup")) || bytes.HasPrefix(text, []byte("# Written by swapctl"))
}

// RemoveLink removes a link of ours, if it still has our target.
func RemoveLink(h host.Host, name, target string) error {
	gone, err := TakeAway(h, name, func(at string) (bool, error) {
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

// TakeAway removes the file with a name if it is ours, and reports whether the
// name is free now. It checks the file again after it has renamed it: then
// nobody can write there what would be removed.
func TakeAway(h host.Host, name string, ours func(at string) (bool, error)) (gone bool, err error) {
	if err := RemoveLeftover(h, name); err != nil {
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

// RemoveLeftover removes the temporary file of a killed run.
func RemoveLeftover(h host.Host, name string) error {
	return unlessMissing(h.Files.Remove(host.ReplaceTemp(name)))
}

// Unheard turns the error of a systemd that does not answer into a remark of an
// Undo whose files are gone: systemd needs no more, and reads them later.
func Unheard(err error) error {
	if errors.Is(err, host.ErrNoAnswer) {
		return &step.Remark{Err: fmt.Errorf("%w; when it answers again: systemctl daemon-reload", err)}
	}
	return err
}

// Reload makes systemd read the changes in /etc, if it runs.
func Reload(ctx context.Context, h host.Host, op string) error {
	if !h.Units.Running() {
		return nil
	}
	return fail.New(fail.Failed, op, h.Units.Reload(ctx), "systemctl daemon-reload; journalctl -b -u init.scope | tail")
}

// WriteFailed formats the failure to write or remove a file in /etc, in place
// of the error of one file.
func WriteFailed(op string, err error) error {
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		err = worded.Err
	}
	return fail.New(fail.Failed, op, err, writeHints(err)...)
}

// writeHints say what to do about a file in /etc that cannot be written.
func writeHints(err error) []string {
	switch {
	case errors.Is(err, host.ErrChanged), errors.Is(err, fs.ErrExist):
		return []string{"what is there was left as it is: run the command again"}
	case errors.Is(err, unix.EROFS):
		return []string{"findmnt -T /etc shows the mount", "where /etc stays read-only, use --persist none and run 'swapctl setup' at each boot"}
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return []string{"free some space: df -h /etc; df -i /etc"}
	}
	return []string{"see what is there: ls -ld /etc /etc/* | less"}
}
