package swapfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestRemovesTheFileAndWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	h := fakeHost(files{}, kernel{})
	path := filepath.Join(dir, "swapfile")
	for _, there := range [][]string{{}, {path}, {Temp(path)}, {path, Temp(path)}} {
		for _, p := range there {
			sparse(t, p, mib)
		}
		if err := Remove(h, path); err != nil {
			t.Error(err)
		}
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	}
	if err := Remove(h, filepath.Join(dir, "no", "such")); err != nil {
		t.Error("in no directory:", err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, Remove(h, path), "it is a directory, not a file", "")
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
}

func ExampleTemp() {
	fmt.Println(Temp("/var/lib/swapctl/swapfile"))
	// Output: /var/lib/swapctl/.swapfile.swapctl
}
