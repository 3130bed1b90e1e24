package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestAWorkstationKeepsTheWordOfFiles: what commands for a workstation ask of Files
// has the same answer from package os alone as from Linux.
func TestAWorkstationKeepsTheWordOfFiles(t *testing.T) {
	for name, f := range map[string]Files{"Linux": files{}, "workstation": workstation{}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			t.Run("read", func(t *testing.T) { reads(t, f, at) })
			t.Run("write", func(t *testing.T) { writes(t, f, at) })
			t.Run("temp", func(t *testing.T) { temps(t, f, dir) })
		})
	}
}

func reads(t *testing.T, f Files, at func(string) string) {
	for _, name := range []string{"b", "a", "other"} {
		if err := os.WriteFile(at(name), []byte("12345"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Mkdir(at("dir"), 0o755), f.Symlink("a", at("link")), f.Symlink("nowhere", at("broken")), syscall.Mkfifo(at("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if data, err := f.ReadFile(at("a"), 5); string(data) != "12345" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := f.ReadFile(at("a"), 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("of a file that is too large: %v", err)
	}
	if data, err := f.ReadFile(at("pipe"), 4); len(data) != 0 || err != nil {
		t.Errorf("of a pipe that nobody writes to: %q, %v", data, err)
	}
	if _, err := f.ReadFile(at("none"), 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
	names, err := f.ReadDir(at(""))
	if want := []string{"a", "b", "broken", "dir", "link", "other", "pipe"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := f.ReadDir(at("dir")); len(names) != 0 || err != nil {
		t.Errorf("of an empty directory: %q, %v", names, err)
	}
	if _, err := f.ReadDir(at("a")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("of a file: %v", err)
	}
	stat := func(st Stat, err error) Stat {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return st
	}
	a, link := stat(f.Stat(at("a"))), stat(f.Lstat(at("link")))
	if a.Mode != 0o640 || a.SizeBytes != 5 || a.IsSymlink() || !link.IsSymlink() || !stat(f.Stat(at("dir"))).Mode.IsDir() {
		t.Errorf("%+v, %+v", a, link)
	}
	if !a.SameFile(stat(f.Stat(at("link")))) || a.SameFile(stat(f.Stat(at("b")))) || a.SameFile(link) {
		t.Error("what is the same file, and what is not")
	}
	if target, err := f.EvalSymlinks(at("link")); filepath.Base(target) != "a" || err != nil {
		t.Errorf("%s, %v", target, err)
	}
	if _, err := f.Stat(at("broken")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a link to nothing: %v", err)
	}
}

func writes(t *testing.T, f Files, at func(string) string) {
	name := at("file")
	holds := func(want string, mode fs.FileMode) {
		t.Helper()
		data, err := os.ReadFile(name)
		st, statErr := f.Lstat(name)
		if string(data) != want || st.Mode != mode || err != nil || statErr != nil {
			t.Errorf("%q with mode %v, %v", data, st.Mode, errors.Join(err, statErr))
		}
		if _, err := os.Lstat(ReplaceTemp(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the temporary file is left: %v", err)
		}
	}
	if err := os.WriteFile(ReplaceTemp(name), []byte("of a killed run"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Create(name, []byte("one"), 0o606); err != nil {
		t.Error(err)
	}
	holds("one", 0o606)
	if err := f.Create(name, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	holds("one", 0o606)
	if err := f.Rewrite(name, []byte("another"), []byte("two")); !errors.Is(err, ErrChanged) {
		t.Errorf("over one that was changed: %v", err)
	}
	if err := f.Rewrite(name, []byte("o"), []byte("two")); !errors.Is(err, ErrChanged) {
		t.Errorf("over one that was added to: %v", err)
	}
	holds("one", 0o606)
	if err := f.Rewrite(name, []byte("one"), []byte("two")); err != nil {
		t.Error(err)
	}
	holds("two", 0o606)
	if err := f.Replace(name, []byte("three"), 0o644); err != nil {
		t.Error(err)
	}
	holds("three", 0o644)
	if err := f.Symlink("file", at("to")); err != nil {
		t.Fatal(err)
	}
	if err := f.Rewrite(at("to"), []byte("three"), []byte("four")); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("over a link: %v", err)
	}
	if err := f.RenameNew(at("to"), name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	holds("three", 0o644)
	if target, err := f.Readlink(at("to")); target != "file" || err != nil {
		t.Errorf("%s, %v", target, err)
	}
	if err := errors.Join(f.Remove(name), f.SyncDir(at(""))); err != nil {
		t.Error(err)
	}
}

func temps(t *testing.T, f Files, dir string) {
	t.Setenv("TMPDIR", filepath.Join(dir, "dir"))
	temp, err := f.Temp()
	if err != nil {
		t.Fatal(err)
	}
	if names, err := f.ReadDir(filepath.Join(dir, "dir")); len(names) != 0 || err != nil {
		t.Errorf("it has a name: %q, %v", names, err)
	}
	data := make([]byte, 4)
	if _, err := temp.Write([]byte("some text")); err != nil {
		t.Error(err)
	}
	if _, err := temp.ReadAt(data, 5); string(data) != "text" || err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", data, err)
	}
	if err := temp.Close(); err != nil {
		t.Error(err)
	}
	// As on Windows, where an open file keeps its name.
	kept, err := os.CreateTemp(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := (tempFile{plainFile{kept}}).Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(kept.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is left: %v", err)
	}
}
