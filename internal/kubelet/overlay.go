package kubelet

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// With returns the machine with some files replaced: nil bytes are a file that
// does not exist. Only the methods that Find calls use them.
func With(h host.Host, files map[string][]byte) host.Host {
	h.Files = overlay{h.Files, files}
	return h
}

type overlay struct {
	host.Files
	over map[string][]byte
}

// ReadFile implements host.Files.
func (o overlay) ReadFile(name string, most int64) ([]byte, error) {
	data, ok := o.over[name]
	switch {
	case !ok:
		return o.Files.ReadFile(name, most)
	case data == nil:
		return nil, absent("open", name)
	}
	return data, nil
}

// Readlink implements host.Files.
func (o overlay) Readlink(name string) (string, error) {
	if _, ok := o.over[name]; ok {
		return "", absent("readlink", name)
	}
	return o.Files.Readlink(name)
}

// Stat implements host.Files.
func (o overlay) Stat(name string) (host.Stat, error) {
	data, ok := o.over[name]
	switch {
	case !ok:
		return o.directory(name)(o.Files.Stat(name))
	case data == nil:
		return host.Stat{}, absent("stat", name)
	}
	return host.Stat{Mode: 0o644, SizeBytes: int64(len(data))}, nil
}

// Lstat implements host.Files.
func (o overlay) Lstat(name string) (host.Stat, error) {
	if _, ok := o.over[name]; ok {
		return o.Stat(name)
	}
	return o.directory(name)(o.Files.Lstat(name))
}

// directory adds the directories of the replaced files.
func (o overlay) directory(name string) func(host.Stat, error) (host.Stat, error) {
	return func(st host.Stat, err error) (host.Stat, error) {
		for below, data := range o.over {
			if err != nil && data != nil && strings.HasPrefix(below, name+"/") {
				return host.Stat{Mode: fs.ModeDir | 0o755}, nil
			}
		}
		return st, err
	}
}

// ReadDir implements host.Files.
func (o overlay) ReadDir(dir string) ([]string, error) {
	names, err := o.Files.ReadDir(dir)
	names = slices.Clone(names)
	for name, data := range o.over {
		below, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
		base, _, deep := strings.Cut(below, "/")
		switch at := slices.Index(names, base); {
		case !ok:
		case data == nil && at >= 0 && !deep:
			names = slices.Delete(names, at, at+1)
		case data != nil && at < 0: // the file, or a directory that it is in
			names, err = append(names, base), nil
		case data != nil:
			err = nil
		}
	}
	slices.Sort(names)
	return names, err
}

func absent(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }
