// Package goldentest compares files with what tests generate now.
package goldentest

import (
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Update is the flag -update of each test that uses this package.
var Update = flag.Bool("update", false, "write the goldens and the outputs shown in the docs anew")

// Repo returns the path of a file of the repository, given relative to its
// root.
func Repo(name string) string {
	top := ""
	for range 8 {
		if _, err := os.Stat(top + "go.mod"); err == nil {
			break
		}
		top += "../"
	}
	return top + name
}

// Read returns the text of a file.
func Read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// CompareTree compares a directory of generated files with what is generated
// now: same names, same contents.
func CompareTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if *Update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range there {
		name := filepath.Join(dir, e.Name())
		if _, ok := want[e.Name()]; ok || e.IsDir() {
			continue
		}
		if !*Update {
			t.Errorf("%s is of no command (-update removes it)", name)
		} else if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(want)) {
		Compare(t, filepath.Join(dir, file), want[file])
	}
}

// Compare compares one generated file with what is generated now.
func Compare(t *testing.T, name, want string) {
	t.Helper()
	have, err := os.ReadFile(name)
	if string(have) == want {
		return
	}
	if *Update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	wantLines, haveLines := strings.Split(want, "\n"), strings.Split(string(have), "\n")
	for i, line := range wantLines {
		if i >= len(haveLines) || haveLines[i] != line {
			t.Errorf("%s:%d is not what is generated (-update writes it); want: %s", name, i+1, line)
			return
		}
	}
	t.Errorf("%s is longer than what is generated (-update writes it)", name)
}

// Between returns a document in which the text between two lines is replaced.
func Between(t *testing.T, document, begin, end, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(document, begin+"\n")
	_, after, ok2 := strings.Cut(rest, end+"\n")
	if !ok || !ok2 {
		t.Fatalf("there are no lines %q and %q", begin, end)
	}
	return before + begin + "\n" + text + end + "\n" + after
}
