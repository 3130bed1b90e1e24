package kubeadm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/report"
)

// target is a file to write, and what exists in its place.
type target struct {
	path  string
	old   []byte // what is there
	data  []byte
	perm  fs.FileMode
	state targetState
}

type targetState int

const (
	missing  targetState = iota
	asWanted             // it is so already
	ours                 // swapctl wrote it, with other settings
	merged               // it is the file given to --merge
)

// writeFiles writes files into --output-dir. All of them are checked before the
// first one is written.
func writeFiles(a *cli.App, rows kubeletcfg.Versions, o *flags, q kubeletcfg.Request, files []kubeletcfg.File) error {
	var targets []target
	for _, f := range files {
		t, err := look(a, rows, o, q, f)
		if err != nil {
			return fail.New(fail.Usage, "write into "+o.outputDir, err, "nothing was written: move it away, or choose another --output-dir")
		}
		targets = append(targets, t)
	}
	for i, t := range targets {
		if err := writeTarget(a, t); err != nil {
			err = fail.New(fail.Failed, "write "+t.path, err)
			for _, done := range targets[:i] {
				err = cli.Hinted(err, done.path+" is written")
			}
			return err
		}
		words := map[targetState]string{missing: "wrote", asWanted: "nothing to do for", ours: "replaced, which swapctl had written:", merged: "added swap to"}
		if !a.Quiet {
			_ = a.Stderr().Line("swapctl: " + words[t.state] + " " + report.Printable(t.path))
		}
	}
	return nil
}

// look checks whether a file may be written. Neither the directory nor any part
// of the path below it may be a symbolic link.
func look(a *cli.App, rows kubeletcfg.Versions, o *flags, q kubeletcfg.Request, f kubeletcfg.File) (target, error) {
	t := target{path: filepath.Join(o.outputDir, f.Name), data: f.Data, perm: 0o644}
	for _, dir := range []string{o.outputDir, filepath.Dir(t.path)} {
		stat, err := a.Host.Files.Lstat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return t, err
		case stat.IsSymlink():
			return t, fmt.Errorf("%s is a symbolic link", dir)
		case !stat.Mode.IsDir():
			return t, fmt.Errorf("%s is no directory", dir)
		}
	}
	source, fromFile, err := mergeStat(a, o, f)
	if err != nil {
		return t, err
	}
	if fromFile {
		t.perm = source.Mode.Perm() // a join file has a token in it
	}
	stat, err := a.Host.Files.Lstat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, nil
	case err != nil:
		return t, err
	case !stat.Mode.IsRegular():
		return t, fmt.Errorf("%s is no regular file", t.path)
	}
	old, err := a.Host.Files.ReadFile(t.path, host.FileLimit)
	if err != nil {
		return t, err
	}
	t.old = old
	kind := q.Kind
	if filepath.Base(f.Name) == kubeletcfg.PatchFile {
		kind = kubeletcfg.KindPatch
	}
	switch {
	case bytes.Equal(old, f.Data):
		t.state = asWanted
	case fromFile && stat.SameFile(source):
		t.state = merged
	case rows.Written(kind, old, q):
		t.state = ours
	default:
		return t, fmt.Errorf("%s is there, and is not as swapctl writes it", t.path)
	}
	return t, nil
}

// mergeStat describes the file given to --merge, for the file that replaces it.
func mergeStat(a *cli.App, o *flags, f kubeletcfg.File) (stat host.Stat, fromFile bool, err error) {
	if o.merge == "" || o.merge == "-" || filepath.Dir(f.Name) != "." {
		return stat, false, nil
	}
	stat, err = a.Host.Files.Stat(o.merge)
	return stat, err == nil, err
}

// writeTarget writes one file atomically.
func writeTarget(a *cli.App, t target) error {
	switch t.state {
	case asWanted:
		return nil
	case merged, ours:
		return a.Host.Files.Rewrite(t.path, t.old, t.data)
	case missing:
	}
	if err := makeDirs(a, filepath.Dir(t.path)); err != nil {
		return err
	}
	return a.Host.Files.Create(t.path, t.data, t.perm)
}

// makeDirs makes a directory and those above it.
func makeDirs(a *cli.App, dir string) error {
	if _, err := a.Host.Files.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeDirs(a, filepath.Dir(dir)); err != nil {
		return err
	}
	if err := a.Host.Files.Mkdir(dir, 0o755); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
