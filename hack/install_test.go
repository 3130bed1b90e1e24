package hack_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree is a clone of the repository with a program that only prints its arguments.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, made := range []string{"hack", "docs", "bin"} {
		if err := os.MkdirAll(filepath.Join(dir, made), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"install.sh": "hack", "../docs/man": "docs"} {
		if out, err := exec.Command("cp", "-r", from, filepath.Join(dir, to)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	putStub(t, filepath.Join(dir, "bin"), "swapctl", `echo "swapctl $*"`)
	return dir
}

// install runs hack/install.sh of a clone, under a umask that hides everything.
func install(dir string, env []string, args ...string) (said string, err error) {
	cmd := exec.Command("sh", append([]string{"-c", `umask 077; exec "$0" "$@"`, filepath.Join(dir, "hack/install.sh")}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestInstallPutsWhatAPackageHas: the program, every man page and the completions, for
// everybody to read; and uninstall takes away these files, and no other.
func TestInstallPutsWhatAPackageHas(t *testing.T) {
	dir, dest := tree(t), t.TempDir()
	want := []string{
		"bin/swapctl", "share/bash-completion/completions/swapctl",
		"share/fish/vendor_completions.d/swapctl.fish", "share/zsh/site-functions/_swapctl",
	}
	pages, err := filepath.Glob("../docs/man/*")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d man pages, %v", len(pages), err)
	}
	for _, page := range pages {
		want = append(want, "share/man/man"+page[len(page)-1:]+"/"+filepath.Base(page))
	}
	slices.Sort(want)
	for _, at := range []struct{ prefix, env string }{{"/usr/local", ""}, {"/opt/my tools", "PREFIX=/opt/my tools"}} {
		env := []string{"DESTDIR=" + dest, at.env}
		for range 2 { // the second time over the first
			if said, err := install(dir, env); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
		}
		if have := filesBelow(t, dest+at.prefix); !slices.Equal(have, want) {
			t.Errorf("%s has %q, want %q", at.prefix, have, want)
		}
		for name, text := range map[string]string{
			"share/bash-completion/completions/swapctl": "swapctl completion bash\n", "share/zsh/site-functions/_swapctl": "swapctl completion zsh\n",
			"share/fish/vendor_completions.d/swapctl.fish": "swapctl completion fish\n",
		} {
			if have, err := os.ReadFile(filepath.Join(dest, at.prefix, name)); string(have) != text {
				t.Errorf("%s is %q, %v", name, have, err)
			}
		}
		if err := os.WriteFile(dest+at.prefix+"/bin/other", nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if said, err := install(dir, env, "--remove"); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if have := filesBelow(t, dest+at.prefix); !slices.Equal(have, []string{"bin/other"}) {
			t.Errorf("left in %s: %q", at.prefix, have)
		}
	}
}

// filesBelow lists the files below a directory, and holds that everybody may read them.
func filesBelow(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(dir, name)
		mode := fs.FileMode(0o644)
		if d.IsDir() || strings.HasPrefix(rel, "bin/") {
			mode = 0o755
		}
		if err == nil && info.Mode().Perm() != mode {
			err = fmt.Errorf("%s has mode %v", name, info.Mode())
		}
		if !d.IsDir() {
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return names
}

// TestInstallSaysWhatIsInTheWay with what to type.
func TestInstallSaysWhatIsInTheWay(t *testing.T) {
	dir := tree(t)
	for want, env := range map[string]string{
		"install: PREFIX is usr, and must be an absolute path": "PREFIX=usr",
		"sudo make install, or name another PREFIX or DESTDIR": "DESTDIR=/proc",
	} {
		if said, err := install(dir, []string{env}); err == nil || !strings.Contains(said, want) {
			t.Errorf("%s: %v, %s", env, err, said)
		}
	}
}
