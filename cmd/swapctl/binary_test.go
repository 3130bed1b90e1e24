package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheBinaryIsStaticAndSmall: it runs on whatever image a node is made of.
func TestTheBinaryIsStaticAndSmall(t *testing.T) {
	const most = 12_000_000 // bytes
	name := filepath.Join(built(t), "swapctl")
	st, err := os.Stat(name)
	if err != nil || st.Size() > most {
		t.Errorf("%v, or it has %d bytes, more than %d", err, st.Size(), most)
	}
	f, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it needs %v of the system", p.Type)
		}
	}
}

// built returns a directory with the program as a release has it.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "swapctl"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}
