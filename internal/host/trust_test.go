package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOnlyWhatRootAloneCanChangeIsRootsOwn: on this machine, whatever leads there.
func TestOnlyWhatRootAloneCanChangeIsRootsOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away: run the tests as root")
	}
	dir := onlyRoots(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"ours", "theirs", "shared", "group"} {
		ok(t, os.Mkdir(at(name), 0o755))
		ok(t, os.WriteFile(at(name+"/file"), nil, 0o644))
	}
	for _, mode := range []os.FileMode{0o664, 0o646, 0o600} {
		name := at("ours/" + mode.String())
		ok(t, os.WriteFile(name, nil, mode))
		ok(t, os.Chmod(name, mode))
	}
	ok(t, os.Chown(at("theirs"), 1000, 0))
	ok(t, os.Chmod(at("shared"), 0o777|os.ModeSticky))
	ok(t, os.Chown(at("group"), 0, 1000))
	ok(t, os.Chmod(at("group"), 0o775))
	ok(t, os.WriteFile(at("ours/of another"), nil, 0o644))
	ok(t, os.Chown(at("ours/of another"), 1000, 1000))
	for link, target := range map[string]string{
		"ours/up": "../ours/file", "ours/out": "../theirs/file", "ours/absolute": at("shared/file"), "ours/directory": at("theirs"),
		"ours/chain": "absolute", "shared/in": at("ours/file"), "ours/their link": "file", "ours/loop": "loop", "ours/gone": "missing",
		"ours/gone there": at("theirs/missing"),
	} {
		ok(t, os.Symlink(target, at(link)))
	}
	ok(t, os.Lchown(at("ours/their link"), 1000, 1000))
	for name, want := range map[string]string{
		"ours/file": "", "ours/up": "", "ours/-rw-------": "", "ours/../ours/./file": "",
		"ours/-rw-rw-r--":     "root's group, or whom an access list names, may write",
		"ours/-rw-r--rw-":     "everybody may write",
		"ours/of another":     "belongs to user 1000",
		"theirs/file":         "/theirs belongs to user 1000",
		"shared/file":         "everybody may write to " + at("shared"),
		"group/file":          "group 1000 may write to " + at("group"),
		"ours/out":            "/theirs belongs to user 1000",
		"ours/absolute":       "everybody may write to " + at("shared"),
		"ours/chain":          "everybody may write to " + at("shared"),
		"ours/directory/file": "/theirs belongs to user 1000",
		"shared/in":           "everybody may write to " + at("shared"),
		"ours/their link":     "/ours/their link belongs to user 1000",
		"theirs/missing":      "/theirs belongs to user 1000",
		"ours/gone there":     "/theirs belongs to user 1000",
	} {
		err := OnlyRoot(files{}, at(name))
		_, others := errors.AsType[*OthersError](err)
		if want == "" && err != nil || want != "" && (!others || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		_, err = ReadTrusted(files{}, at(name), SmallLimit)
		_, dirErr := ReadDirTrusted(files{}, filepath.Dir(at(name)))
		if (err == nil) != (want == "") || strings.HasPrefix(name, "theirs/") && dirErr == nil {
			t.Errorf("%s is read: %v, %v", name, err, dirErr)
		}
	}
	for name, want := range map[string]error{"ours/missing": fs.ErrNotExist, "ours/gone": fs.ErrNotExist, "ours/loop": unix.ELOOP, "ours/file/x": unix.ENOTDIR} {
		if err := OnlyRoot(files{}, at(name)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if err := OnlyRoot(files{}, "relative"); err == nil {
		t.Error("a relative name is root's own")
	}
}

// TestRootRunsNothingThatOthersCanChange: by whatever way it comes to the program.
func TestRootRunsNothingThatOthersCanChange(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away: run the tests as root")
	}
	dir := onlyRoots(t)
	ran := filepath.Join(dir, "ran")
	name := filepath.Join(dir, "program")
	ok(t, os.WriteFile(name, []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o755))
	ok(t, os.Chown(name, 65534, 65534))
	_, err := Linux().Run.Output(context.Background(), name, "--version")
	if _, others := errors.AsType[*OthersError](err); !others {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("it was run")
	}
}

// TestAFileSystemOfAUsersIsNotRootsOwn: a FUSE server says what it likes of owners.
func TestAFileSystemOfAUsersIsNotRootsOwn(t *testing.T) {
	const table = "36 27 0:52 / /home/me rw,nosuid,nodev - fuse.mine me rw,user_id=%s,group_id=0,allow_other\n"
	for user, want := range map[string]bool{"0": true, "1000": false} {
		tree := mounted{table: strings.Replace(table, "%s", user, 1)}
		if err := OnlyRoot(tree, "/home/me/kubelet"); (err == nil) != want {
			t.Errorf("of user %s: %v", user, err)
		}
	}
}

// mounted is a tree in which all belongs to root, and /home/me is mounted.
type mounted struct {
	Files
	table string
}

func (m mounted) Lstat(name string) (Stat, error) {
	st := Stat{Mode: fs.ModeDir | 0o755, Dev: unix.Mkdev(254, 1)}
	if strings.HasPrefix(name, "/home/me") {
		st.Dev = unix.Mkdev(0, 52)
	}
	return st, nil
}

func (m mounted) ReadFile(string, int64) ([]byte, error) { return []byte(m.table), nil }

// TestRootsTemporaryFilesAreInNobodyElsesDirectory: who has the directory has the
// names in it, and may serve its file system.
func TestRootsTemporaryFilesAreInNobodyElsesDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away: run the tests as root")
	}
	dir := onlyRoots(t)
	for _, c := range []struct {
		name  string
		mode  os.FileMode
		owner int
		taken bool
	}{
		{"ours", 0o700, 0, true}, {"shared", 0o777 | os.ModeSticky, 0, true}, {"open", 0o777, 0, false}, {"theirs", 0o700, 1000, false},
		{"their shared", 0o777 | os.ModeSticky, 1000, false},
	} {
		name := filepath.Join(dir, c.name)
		ok(t, os.Mkdir(name, 0o755))
		ok(t, os.Chmod(name, c.mode))
		ok(t, os.Chown(name, c.owner, 0))
		t.Setenv("TMPDIR", name)
		if got := tempDir(); (got == name) != c.taken {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestADirectoryHasALimit: who may make files in it decides how many there are.
func TestADirectoryHasALimit(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a"} {
		ok(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	if names, err := readDir(dir, 2); err != nil || strings.Join(names, "") != "ab" {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := readDir(dir, 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := readDir(t.TempDir(), 1); err != nil || len(names) != 0 {
		t.Errorf("an empty one: %q, %v", names, err)
	}
	if _, err := ReadAll(strings.NewReader("abc"), "it", 2); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
