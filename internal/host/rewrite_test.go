package host

import (
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
	before, err := files{}.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := (files{}).Rewrite(name, []byte("new, and longer\n")); err != nil {
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
		if err := (files{}).Rewrite(name, []byte("x")); err == nil {
			t.Errorf("%s was rewritten", name)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}
