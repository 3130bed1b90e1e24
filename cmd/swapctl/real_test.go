package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRealKernel runs the real binary on the kernel of this machine: plain swap,
// because that needs nothing but a kernel. Encryption is tested on the virtual
// machines of test/e2e.
func TestRealKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may turn on swap: run the tests as root")
	}
	bin := built(t)
	for _, script := range [][]string{
		{"filesystem", "ext4"}, {"filesystem", "ext2"}, {"filesystem", "ext4-noextent"}, {"filesystem", "xfs"}, {"filesystem", "btrfs"},
		{"device"}, {"refused"}, {"demo"},
		{"ours", "raw"}, {"ours", "file", "ext4"}, {"ours", "file", "xfs"}, {"ours", "file", "btrfs"},
		{"ours", "namespace", "ext4"}, {"ours", "namespace", "xfs"}, {"ours", "namespace", "btrfs"},
	} {
		t.Run(filepath.Join(script...), func(t *testing.T) { runReal(t, bin, script[0], script[1:]...) })
	}
}

// runReal runs one script of testdata/real in a mount namespace of its own.
func runReal(t *testing.T, bin, name string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{"lib.sh", name + ".sh"} {
		text, err := os.ReadFile(filepath.Join("testdata", "real", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("unshare", append([]string{"--mount", "--propagation", "private", "bash", name + ".sh"}, args...)...)
	cmd.Dir = dir
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "REPO="+repo)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	} else if len(out) > 0 {
		t.Logf("%s", out)
	}
}
