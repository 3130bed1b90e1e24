package hack_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/goldentest"
)

// stubs returns a directory for PATH with programs that print their names and
// arguments, and the programs of this machine that scripts need.
func stubs(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range programs {
		putStub(t, dir, p, `echo "`+p+` $*"`)
	}
	for _, p := range []string{"sh", "env", "dirname", "sed", "sort", "head"} {
		at, err := exec.LookPath(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(at, filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func putStub(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// script runs a script of hack/, with only these variables, and returns all its
// output.
func script(t *testing.T, env []string, name string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command("../hack/"+name, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestAReleaseSaysWhatItLeavesOut: each step whose tool is missing is skipped
// with a message, and no other step.
func TestAReleaseSaysWhatItLeavesOut(t *testing.T) {
	const noSyft, noCosign, noKey = "there is no syft here", "there is no cosign here", "only with a key of yours"
	for _, test := range []struct {
		name  string
		tools []string
		key   string
		args  []string
		runs  string
		says  []string
	}{
		{"with all", []string{"syft", "cosign"}, "", nil, "goreleaser release --clean", nil},
		{"without syft", []string{"cosign"}, "", nil, "goreleaser release --clean --skip=sbom", []string{noSyft}},
		{"without cosign", []string{"syft"}, "", nil, "goreleaser release --clean --skip=sign", []string{noCosign}},
		{"with nothing", nil, "", nil, "goreleaser release --clean --skip=sbom,sign", []string{noSyft, noCosign}},
		{"a snapshot", []string{"syft", "cosign"}, "", []string{"--snapshot"}, "goreleaser release --clean --snapshot --skip=sign", []string{noKey}},
		{"a snapshot with a key", []string{"syft", "cosign"}, "k", []string{"--snapshot"}, "goreleaser release --clean --snapshot", nil},
		{"a snapshot with nothing", nil, "k", []string{"--snapshot"}, "goreleaser release --clean --snapshot --skip=sbom,sign", []string{noSyft, noCosign}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := stubs(t, append(test.tools, "goreleaser")...)
			said, code := script(t, []string{"PATH=" + path, "GORELEASER=goreleaser", "SIGN_KEY=" + test.key}, "release.sh", test.args...)
			if lines := strings.Split(strings.TrimSpace(said), "\n"); code != 0 || lines[len(lines)-1] != test.runs || len(lines) != len(test.says)+1 {
				t.Errorf("exit code %d, want %q last, and %d lines before it:\n%s", code, test.runs, len(test.says), said)
			}
			for _, word := range test.says {
				if !strings.Contains(said, word) {
					t.Errorf("it does not say %q:\n%s", word, said)
				}
			}
		})
	}
}

// TestSigningWithAKeyAsksNoService: with a key nothing is sent to a public log.
func TestSigningWithAKeyAsksNoService(t *testing.T) {
	for _, test := range []struct{ key, want string }{
		{"", "cosign sign-blob --yes --bundle=B F\n"},
		{"k", "cosign sign-blob --yes --bundle=B --key=k --use-signing-config=false --tlog-upload=false F\n"},
	} {
		said, code := script(t, []string{"PATH=" + stubs(t, "cosign"), "SIGN_KEY=" + test.key}, "sign.sh", "F", "B")
		if said != test.want || code != 0 {
			t.Errorf("key %q: exit code %d, it runs %q, want %q", test.key, code, said, test.want)
		}
	}
}

// TestThePackagesPageVerifiesAsTheReleaseCheckDoes: the command in the page is the
// one that hack/verify.sh runs after each make release-check.
func TestThePackagesPageVerifiesAsTheReleaseCheckDoes(t *testing.T) {
	said, code := script(t, []string{"PATH=" + stubs(t, "cosign")}, "verify.sh", ".", "../cosign.pub")
	if page := goldentest.Read(t, "../docs/packages.md"); code != 0 || !strings.Contains(page, "\n"+said) {
		t.Errorf("exit code %d; docs/packages.md does not have: %s", code, said)
	}
	if check := goldentest.Read(t, "../hack/release-check.sh"); !strings.Contains(check, "\thack/verify.sh dist ") {
		t.Error("hack/release-check.sh does not run hack/verify.sh")
	}
}

// TestWhatIsSignedStaysAsItIs: the checksums are of archives, packages and
// SBOMs. goreleaser (v2.15.0, internal/pipe/sign/sign.go) writes them again
// after it has signed them; a signature in the list would make itself wrong.
func TestWhatIsSignedStaysAsItIs(t *testing.T) {
	type named struct{ ID string }
	var release struct {
		Archives, Nfpms, Sboms []named
		Signs                  []struct{ ID, Artifacts, Cmd string }
		Checksum               struct {
			IDs []string `yaml:"ids"`
		}
	}
	if err := yaml.Unmarshal([]byte(goldentest.Read(t, "../goreleaser.yaml")), &release); err != nil {
		t.Fatal(err)
	}
	for _, n := range slices.Concat(release.Archives, release.Nfpms, release.Sboms) {
		if !slices.Contains(release.Checksum.IDs, n.ID) {
			t.Errorf("there are no checksums of %q: %v", n.ID, release.Checksum.IDs)
		}
	}
	for _, s := range release.Signs {
		if s.Artifacts != "checksum" || slices.Contains(release.Checksum.IDs, s.ID) {
			t.Errorf("%+v signs what lists its signature", s)
		}
		if _, err := os.Stat("../" + s.Cmd); err != nil {
			t.Error(err)
		}
	}
	if len(release.Signs) == 0 || len(release.Checksum.IDs) == 0 {
		t.Errorf("nothing is signed: %+v", release)
	}
}

// TestMakeSaysWhichGoIsNeeded: without Go, or with one that is too old to
// download a newer one, make prints one line that says what to do.
func TestMakeSaysWhichGoIsNeeded(t *testing.T) {
	for _, test := range []struct {
		name, version, toolchain string
		code                     int
		says                     string
	}{
		{"none", "", "", 1, "is needed, and there is none in PATH or /usr/local/go/bin; https://go.dev/dl/"},
		{"of Debian 12", "go1.19.8", "", 1, "/go is 1.19.8; https://go.dev/dl/"},
		{"that may fetch none", "go1.24.4", "local", 1, "/go is 1.24.4; https://go.dev/dl/"},
		{"of Debian 13", "go1.24.4", "auto", 0, "/go is 1.24.4; it fetches Go 1."},
		{"new enough", "go1.26.0", "local", 0, ""},
		{"newer", "go1.100.1", "local", 0, ""},
		{"with experiments", "go1.26.2 X:jsonv2", "local", 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := stubs(t)
			if test.version != "" {
				putStub(t, dir, "go", `[ "$2" = GOVERSION ] && echo "`+test.version+`" || echo "`+test.toolchain+`"`)
			}
			said, code := script(t, []string{"PATH=" + dir}, "check-go.sh")
			if code != test.code || !strings.Contains(said, test.says) || test.says == "" && said != "" || strings.Count(said, "\n") > 1 {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, test.code, test.says, said)
			}
		})
	}
}
