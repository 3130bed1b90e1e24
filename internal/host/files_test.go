package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReplaceWritesAWholeFileWithTheWantedMode(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	name := filepath.Join(t.TempDir(), "config")
	for _, want := range []string{"first", "second, longer"} {
		if err := (files{}).Replace(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil || string(got) != want {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	st, err := files{}.Stat(name)
	if err != nil || st.Mode.Perm() != 0o644 {
		t.Errorf("mode %v, %v; want 0644 whatever the umask", st.Mode, err)
	}
	names, err := files{}.ReadDir(filepath.Dir(name))
	if err != nil || !slices.Equal(names, []string{"config"}) {
		t.Errorf("left in the directory: %q, %v", names, err)
	}
}

func TestReplaceOverwritesWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".config.swapctl")
	if err := os.WriteFile(left, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (files{}).Replace(filepath.Join(dir, "config"), []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("temporary file is still there: %v", err)
	}
}

func TestReplaceLeavesNothingWhenItFails(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "config")
	if err := os.Mkdir(name, 0o700); err != nil { // rename over a directory fails
		t.Fatal(err)
	}
	if err := (files{}).Replace(name, []byte("x"), 0o600); err == nil {
		t.Error("replaced a directory")
	}
	names, _ := files{}.ReadDir(dir)
	if !slices.Equal(names, []string{"config"}) {
		t.Errorf("left behind: %q", names)
	}
	err := files{}.Replace(filepath.Join(dir, "missing", "config"), nil, 0o600)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
}

func TestStatSpeaksOfFilesLinksAndDevices(t *testing.T) {
	dir := t.TempDir()
	f := create(t, dir, 10_000)
	if err := os.Symlink(f.Name(), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	byName, err := files{}.Stat(filepath.Join(dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if !byName.SameFile(open) || byName.SizeBytes != 10_000 || byName.UsedBytes != 0 || byName.LinksCount != 1 {
		t.Errorf("by name %+v\nopen    %+v", byName, open)
	}
	if st, err := (files{}).Lstat(filepath.Join(dir, "link")); err != nil || !st.IsSymlink() {
		t.Errorf("link: %+v, %v", st, err)
	}
	if st, err := (files{}).Stat("/dev/null"); err != nil || st.IsBlock() || st.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("/dev/null: %+v, %v", st, err)
	}
	if st, err := (files{}).Stat("/dev/loop0"); err == nil && (!st.IsBlock() || st.Rdev != unix.Mkdev(7, 0)) {
		t.Errorf("/dev/loop0: %+v", st)
	}
}

func TestOpenFilesAreNotInherited(t *testing.T) {
	f := create(t, t.TempDir(), 0)
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %#x, %v; want FD_CLOEXEC", flags, err)
	}
}

func TestFilesSayWhichPath(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	f := files{}
	for verb, call := range map[string]func() error{
		"ReadFile": func() error { _, err := f.ReadFile(missing, 1<<20); return err },
		"ReadDir":  func() error { _, err := f.ReadDir(missing); return err },
		"Readlink": func() error { _, err := f.Readlink(missing); return err },
		"EvalSym":  func() error { _, err := f.EvalSymlinks(missing); return err },
		"Stat":     func() error { _, err := f.Stat(missing); return err },
		"Lstat":    func() error { _, err := f.Lstat(missing); return err },
		"Open":     func() error { _, err := f.Open(missing, os.O_RDONLY, 0); return err },
		"Mkdir":    func() error { return f.Mkdir(filepath.Join(missing, "x"), 0o700) },
		"Remove":   func() error { return f.Remove(missing) },
		"Rename":   func() error { return f.RenameNew(missing, missing+"2") },
		"SyncDir":  func() error { return f.SyncDir(missing) },
		"Create":   func() error { return f.Create(filepath.Join(missing, "x"), nil, 0o600) },
		"Replace":  func() error { return f.Replace(filepath.Join(missing, "x"), nil, 0o600) },
	} {
		err := call()
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

func TestSecretsAreLockedAndWiped(t *testing.T) {
	s, err := NewSecret(5000)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Bytes()) != 5000 || s.Bytes()[4999] != 0 {
		t.Errorf("%d bytes, last %d", len(s.Bytes()), s.Bytes()[4999])
	}
	if err := (linux{}).Random(s.Bytes()); err != nil {
		t.Fatal(err)
	}
	if s.Bytes()[0]|s.Bytes()[1]|s.Bytes()[2]|s.Bytes()[3]|s.Bytes()[4998]|s.Bytes()[4999] == 0 {
		t.Error("Random left zeros")
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(status), "VmLck:\t       0 kB") {
		t.Error("nothing is locked in memory")
	}
	s.Wipe()
	s.Wipe()
	if s.Bytes() != nil {
		t.Error("still usable after Wipe")
	}
}
