package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	root    = "../.."
	version = "1.0.0"
)

// TestPackages compares the package of each format with testdata, and with the
// sources.
func TestPackages(t *testing.T) {
	dir := t.TempDir()
	m, err := newMaker(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "swapctl")
	if err := m.program(version, program); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "version").CombinedOutput(); err != nil || !bytes.Contains(out, []byte(version)) {
		t.Errorf("the program says that it is %s (%v)", out, err)
	}
	formats := map[string]func([]byte) (contents, error){"deb": readDeb, "rpm": readRPM, "apk": readAPK, "archlinux": readArch}
	if len(m.packages.Formats) != len(formats) {
		t.Errorf("the release has %v", m.packages.Formats)
	}
	for _, format := range m.packages.Formats {
		t.Run(format, func(t *testing.T) {
			file, err := m.pack(version, format, program, dir)
			if err != nil {
				t.Fatal(err)
			}
			text := read(t, file)
			if !strings.Contains(string(read(t, root+"/docs/packages.md")), " ./"+filepath.Base(file)+"\n") {
				t.Errorf("docs/packages.md does not say how to install %s", filepath.Base(file))
			}
			again, err := m.pack(version, format, program, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(text, read(t, again)) {
				t.Error("the second time it is another one")
			}
			found, err := formats[format](text)
			if err != nil {
				t.Fatal(err)
			}
			sameAsSources(t, m, found, program)
			golden(t, "testdata/"+format+".txt", found.String())
		})
	}
}

// sameAsSources compares scripts and files with those in the repository.
func sameAsSources(t *testing.T, m *maker, found contents, program string) {
	for name, script := range map[string]string{"preremove": found.preremove, "postremove": found.postremove} {
		if want := string(read(t, root+"/packaging/"+name+".sh")); script != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, script, want)
		}
	}
	for inside, source := range map[string]string{
		"/usr/bin/swapctl":                                  program,
		"/etc/swapctl/config.yaml":                          root + "/packaging/config.yaml",
		"/usr/share/doc/swapctl/README.md":                  root + "/README.md",
		"/usr/share/man/man8/swapctl-setup.8.gz":            m.files + "/man/swapctl-setup.8.gz",
		"/usr/share/bash-completion/completions/swapctl":    m.files + "/completions/swapctl.bash",
		"/usr/share/fish/vendor_completions.d/swapctl.fish": m.files + "/completions/swapctl.fish",
	} {
		if found.files[inside].digest != fmt.Sprintf("%x", sha256.Sum256(read(t, source))) {
			t.Errorf("%s is not %s", inside, source)
		}
	}
}

// TestAKeyThatIsNotReadIsAnError: a new key in goreleaser.yaml has to be added
// here as well; otherwise the packages of the tests would differ from those of
// the release.
func TestAKeyThatIsNotReadIsAnError(t *testing.T) {
	whole := string(read(t, root+"/goreleaser.yaml"))
	for section, line := range map[string]string{
		"nfpms":  "    section: admin\n",
		"builds": "    binary: swapctl\n",
	} {
		for _, added := range []string{"    dependencies: [dmsetup]\n", "    hooks: {post: true}\n"} {
			if strings.Count(whole, line) != 1 {
				t.Fatalf("not one line %q in goreleaser.yaml", line)
			}
			dir := t.TempDir()
			if err := os.WriteFile(dir+"/goreleaser.yaml", []byte(strings.Replace(whole, line, line+added, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readRelease(dir)
			key, _, _ := strings.Cut(strings.TrimSpace(added), ":")
			if err == nil || !strings.Contains(err.Error(), section) || !strings.Contains(err.Error(), key) {
				t.Errorf("%s with %s: %v", section, key, err)
			}
		}
	}
}

// TestATemplateThatIsNotKnownIsAnError: the same for templates.
func TestATemplateThatIsNotKnownIsAnError(t *testing.T) {
	m := &maker{}
	if text, err := m.fill("{{ .Version }}{{ .Branch }}", version, nil); err == nil {
		t.Errorf("filled in as %q", text)
	}
}

// String lists what is in a package, for people.
func (c contents) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s %s\n", c.name, c.version, c.arch)
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		f := c.files[name]
		fmt.Fprintf(&out, "%s %s:%s %s%s\n", f.mode, f.owner, f.group, name, map[bool]string{true: "  (configuration)"}[f.config])
	}
	return out.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, file)); got != want {
		t.Errorf("%s is (go test . -update)\n%s\nwant\n%s", file, got, want)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
