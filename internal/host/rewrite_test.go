package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// fstab belongs to the administrator: only its words change.
func TestRewriteKeepsModeOwnerAndAttributes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fstab")
	if err := os.WriteFile(name, []byte("old\n"), 0o664); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o664); err != nil { // whatever the umask
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(name, 12, 34); err != nil {
			t.Fatal(err)
		}
	}
	attribute, value := "user.swapctl", "kept"
	if err := unix.Setxattr(name, attribute, []byte(value), 0); err != nil {
		t.Logf("the file system here has no extended attributes: %v", err)
		attribute = ""
	}
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, err := files{}.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := (files{}).Rewrite(name, old, []byte("new, and longer\n")); err != nil {
		t.Fatal(err)
	}
	after, err := files{}.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if after.Mode != before.Mode || after.UID != before.UID || after.GID != before.GID {
		t.Errorf("%v %d:%d became %v %d:%d", before.Mode, before.UID, before.GID, after.Mode, after.UID, after.GID)
	}
	if got, _ := os.ReadFile(name); string(got) != "new, and longer\n" {
		t.Errorf("%q", got)
	}
	if attribute != "" {
		got := make([]byte, 16)
		n, err := unix.Getxattr(name, attribute, got)
		if err != nil || string(got[:n]) != value {
			t.Errorf("attribute: %q, %v", got[:max(n, 0)], err)
		}
	}
}

func TestRewriteRefusesWhatIsNotAFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "fstab")
	if err := os.Symlink("elsewhere", name); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{name, dir, filepath.Join(dir, "none")} {
		if err := (files{}).Rewrite(name, nil, []byte("x")); err == nil {
			t.Errorf("%s was rewritten", name)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}

func TestRewriteAndCreateLeaveWhatOthersWroteMeanwhile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fstab")
	if err := os.WriteFile(name, []byte("theirs\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (files{}).Rewrite(name, []byte("read\n"), []byte("ours\n")); !errors.Is(err, ErrChanged) {
		t.Errorf("Rewrite: %v", err)
	}
	// The other one writes between our look and the rename.
	f := files{}
	if err := os.WriteFile(ReplaceTemp(name), []byte("ours\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.exchange(ReplaceTemp(name), name, []byte("read\n")); !errors.Is(err, ErrChanged) {
		t.Errorf("exchange: %v", err)
	}
	if err := os.Remove(ReplaceTemp(name)); err != nil {
		t.Fatal(err)
	}
	if err := f.Create(name, []byte("ours\n"), 0o644); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create: %v", err)
	}
	if got, _ := os.ReadFile(name); string(got) != "theirs\n" {
		t.Errorf("%q", got)
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}

func TestReadsNoMoreOfAFileThanWasAskedFor(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(name, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := (files{}).ReadFile(name, 5); string(got) != "12345" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for file, most := range map[string]int64{name: 4, "/dev/zero": SmallLimit} {
		if got, err := (files{}).ReadFile(file, most); !errors.Is(err, ErrTooLarge) || got != nil {
			t.Errorf("%s: %d bytes, %v", file, len(got), err)
		}
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (files{}).ReadFile(fifo, 5); len(got) != 0 || err != nil {
		t.Errorf("a FIFO that nobody writes to: %q, %v", got, err)
	}
}

func TestKnowsAFileAgainByWhatTheKernelSaysOfIt(t *testing.T) {
	dir := t.TempDir()
	identity := func(name string) Identity {
		t.Helper()
		f, err := (files{}).Open(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		id, err := linux{}.Identity(f)
		if err != nil {
			t.Fatal(err)
		}
		if on, err := (linux{}).SwappedTo(f); on || err != nil {
			t.Errorf("SwappedTo: %v, %v", on, err)
		}
		return id
	}
	first := identity("one")
	if err := (files{}).RenameNew(filepath.Join(dir, "one"), filepath.Join(dir, "two")); err != nil {
		t.Fatal(err)
	}
	if again := identity("two"); !again.Same(first) {
		t.Errorf("%+v became %+v by a rename", first, again)
	}
	if err := os.Remove(filepath.Join(dir, "two")); err != nil {
		t.Fatal(err)
	}
	if next := identity("two"); next.Same(first) { // with the number of the one before, most often
		t.Errorf("%+v is taken for %+v", next, first)
	}
}
