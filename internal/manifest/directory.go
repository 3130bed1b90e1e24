package manifest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// maxDirectories bounds how deep directories are followed.
const maxDirectories = 64

// directory reads every manifest below name.
func (r *reader) directory(name string) error {
	r.among = true
	found, err := r.walk(name, 0)
	if err == nil && found == 0 {
		err = fail.Newf(fail.Usage, "read the pods", "%s: no *.yaml, *.yml or *.json is in this directory", name).
			Hint("name the file itself if it is called otherwise")
	}
	return err
}

// walk reads the manifests of a directory and of those in it, and returns how
// many files it read. Links to directories are not followed: they may lead
// back.
func (r *reader) walk(name string, depth int) (int, error) {
	if depth > maxDirectories {
		return 0, fail.Newf(fail.Usage, "read the pods", "%s: directories in directories, more than %d", name, maxDirectories)
	}
	entries, err := r.files.ReadDir(name)
	if err != nil {
		return 0, unreadable(name, err)
	}
	found := 0
	for _, entry := range entries {
		if strings.HasPrefix(entry, ".") {
			continue
		}
		path := filepath.Join(name, entry)
		st, err := r.files.Lstat(path)
		switch {
		case err != nil:
			return found, unreadable(path, err)
		case st.Mode.IsDir():
			n, err := r.walk(path, depth+1)
			found += n
			if err != nil {
				return found, err
			}
		case st.Mode&fs.ModeType != 0 && !st.IsSymlink():
			// a socket or pipe is not a manifest, and reading it would block
		case isManifest(entry):
			found++
			if err := r.fileOfDirectory(path); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// errForeign is a file that has nothing to do with Kubernetes objects.
var errForeign = errors.New("no Kubernetes object: neither apiVersion nor kind is in it")

// fileOfDirectory reads a file that nobody named. Between manifests there are files of
// other kinds; one of them is no reason to plan nothing.
func (r *reader) fileOfDirectory(name string) error {
	r.below = true
	err := r.file(name, false)
	r.below = false
	if !errors.Is(err, errForeign) {
		return err
	}
	if r.options.Foreign != nil {
		r.options.Foreign(name, errForeign)
	}
	return nil
}

// isManifest reports whether a file in a directory is read, by its name.
func isManifest(name string) bool {
	switch filepath.Ext(strings.TrimSuffix(name, ".gz")) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
