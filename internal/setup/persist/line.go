package persist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
)

// Where the tables of systemd and the distributions are.
const (
	FstabPath    = "/etc/fstab"
	CrypttabPath = "/etc/crypttab"
)

// lineStep is "boot.fstab" or "boot.crypttab": one line in a file that belongs
// to the administrator. Every other byte stays.
type lineStep struct {
	id    string
	title string
	why   string
	want  lineWant
	area  string // suffix of the steps of the area that it turns on
	// rival finds another line for the same area; nil: there cannot be one.
	rival func(table []byte) (line int, ok bool)
}

type lineWant struct {
	Table string `json:"table"` // FstabPath or CrypttabPath
	Line  string `json:"line"`
}

// lineSaved is what was there before.
type lineSaved struct {
	Missing bool `json:"missing,omitempty"` // the whole table
}

type lineWas = step.Was[lineWant, lineSaved, step.None]

func lineKind(id string) step.Kind {
	return step.Kind{ID: id, Build: step.BuildOf(func(suffix string, want lineWant, _ step.Mode) step.Step {
		return step.Of(&lineStep{id: id + suffix, area: suffix, title: "line in " + want.Table, want: want})
	})}
}

func (s *lineStep) Info() step.Info {
	return step.Info{
		ID: s.id, Title: s.title, Why: s.why, Needs: kubeletstep.IDs(),
		ByHand:     []string{fmt.Sprintf("echo '%s' >> %s", s.want.Line, s.want.Table)},
		UndoByHand: []string{fmt.Sprintf("remove the line '%s' from %s", s.want.Line, s.want.Table)},
		// Before a boot turns anything on by itself, it must be as desired.
		StandsOn: []string{"swap.on" + s.area},
	}
}

func (s *lineStep) Want() lineWant { return s.want }

func (s *lineStep) Check(_ context.Context, h host.Host, was *lineWas) (step.Finding, error) {
	op := "add a line to " + s.want.Table
	st, err := h.Files.Lstat(s.want.Table)
	if errors.Is(err, fs.ErrNotExist) {
		return step.Finding{State: step.Todo, Found: "no " + s.want.Table}, nil
	}
	if err != nil {
		return step.Finding{}, fail.New(fail.Failed, op, err)
	}
	if !st.Mode.IsRegular() {
		return step.BlockedBy(fail.Newf(fail.Usage, op, "it is not a regular file, so that somebody else may own what is in it").
			Hint("write the line where that file is made: %s", s.want.Line).
			Hint("or let a unit of swapctl bring the swap back, which needs no table: --persist systemd")), nil
	}
	table, err := h.Files.ReadFile(s.want.Table, host.FileLimit)
	if err != nil {
		return step.Finding{}, fail.New(fail.Failed, op, err)
	}
	if fstab.Contains(table, s.want.Line) {
		return step.Finding{State: step.Done, Found: "there"}, nil
	}
	if was.Want.Line != "" { // ours, with another desired content now
		table = bytes.Replace(table, []byte(was.Want.Line), []byte("#"), 1)
	}
	if line, ok := s.otherLine(table); ok {
		return step.BlockedBy(fail.Newf(fail.Usage, op, "line %d speaks of the same swap area already, in other words", line).
			Hint("look at it, and remove it if this one may take its place: sed -n %dp %s", line, s.want.Table)), nil
	}
	return step.Finding{State: step.Todo, Found: "no such line"}, nil
}

func (s *lineStep) otherLine(table []byte) (int, bool) {
	if s.rival == nil {
		return 0, false
	}
	return s.rival(table)
}

func (s *lineStep) Save(_ context.Context, h host.Host) (lineSaved, error) {
	_, err := h.Files.Lstat(s.want.Table)
	if errors.Is(err, fs.ErrNotExist) {
		return lineSaved{Missing: true}, nil
	}
	return lineSaved{}, fail.New(fail.Failed, "look at "+s.want.Table, err)
}

func (s *lineStep) Do(_ context.Context, h host.Host, _ *lineWas, _ step.RunOf[step.None]) error {
	op := "add a line to " + s.want.Table
	table, err := h.Files.ReadFile(s.want.Table, host.FileLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ownfile.WriteFailed(op, ownfile.Create(h, s.want.Table, fstab.Added(nil, s.want.Line)))
	case err != nil:
		return fail.New(fail.Failed, op, err)
	case fstab.Contains(table, s.want.Line):
		return nil
	}
	return ownfile.WriteFailed(op, h.Files.Rewrite(s.want.Table, table, fstab.Added(table, s.want.Line)))
}

// Undo removes only our line. A line that somebody has changed since is theirs.
func (s *lineStep) Undo(_ context.Context, h host.Host, was *lineWas, _ step.Progress) error {
	op := "remove a line from " + s.want.Table
	if err := ownfile.RemoveLeftover(h, s.want.Table); err != nil {
		return fail.New(fail.Failed, op, err)
	}
	table, err := h.Files.ReadFile(s.want.Table, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	rest, there := fstab.Removed(table, s.want.Line)
	switch {
	case was.Saved.Missing && len(bytes.TrimSpace(rest)) == 0:
		err = removeTable(h, s.want.Table, table)
	case there:
		err = h.Files.Rewrite(s.want.Table, table, rest)
	}
	return ownfile.WriteFailed(op, err)
}

// removeTable removes an empty file that did not exist before.
func removeTable(h host.Host, name string, table []byte) error {
	gone, err := ownfile.TakeAway(h, name, func(at string) (bool, error) {
		now, err := h.Files.ReadFile(at, host.FileLimit)
		return bytes.Equal(now, table), err
	})
	switch {
	case err != nil:
		return err
	case !gone:
		return &fs.PathError{Op: "remove", Path: name, Err: host.ErrChanged}
	}
	return h.Files.SyncDir(path.Dir(name))
}
