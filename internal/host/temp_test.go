package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestATemporaryFileHasNoName(t *testing.T) {
	for _, test := range []struct{ name, dir string }{
		{"here", t.TempDir()},
		{"no such directory: in memory", filepath.Join(t.TempDir(), "missing")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TMPDIR", test.dir)
			f, err := Linux().Files.Temp()
			if err != nil {
				t.Fatal(err)
			}
			holds(t, f)
			if left, _ := os.ReadDir(test.dir); len(left) > 0 {
				t.Errorf("%s is left", left[0].Name())
			}
		})
	}
}

func TestAFileThatNeedsANameFirstLosesIt(t *testing.T) {
	dir := t.TempDir()
	f, err := unlinked(dir)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
	holds(t, file{f})
}

// holds writes to the file, reads it again and closes it.
func holds(t *testing.T, f File) {
	t.Helper()
	defer f.Close()
	if _, err := f.Write([]byte("a spool")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := f.ReadAt(got, 2); err != nil || string(got) != "spool" {
		t.Errorf("read %q: %v", got, err)
	}
}
