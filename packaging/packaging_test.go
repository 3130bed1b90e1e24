package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/setup"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

const (
	ourUnit   = "[Service]\nExecStart=/usr/bin/swapctl setup --boot\n"
	otherUnit = "[Service]\nExecStart=/usr/local/bin/swapctl setup --boot\n"
)

// TestARemovedPackageLeavesNoUnitThatCallsIt runs the scripts of the packages
// with the arguments of each package manager, below a root of their own
// (DPKG_ROOT, as dpkg has it).
func TestARemovedPackageLeavesNoUnitThatCallsIt(t *testing.T) {
	const unit, link = "etc/systemd/system/swapctl.service", "etc/systemd/system/multi-user.target.wants/swapctl.service"
	const another = "etc/systemd/system/kubelet.service.requires/swapctl.service" // an administrator's
	const journal, program = "var/lib/swapctl/journal", "usr/bin/swapctl"
	for _, test := range []struct {
		name, script, arg string
		unit              string // what the unit says; "" for none
		gone              bool   // the program is removed already
		says              string // "" for nothing
		unitGoes          bool
	}{
		{name: "deb removes", script: "preremove", arg: "remove", unit: ourUnit, says: "install the package again and run:\nswapctl:   swapctl teardown\n"},
		{name: "deb removes what a reboot takes", script: "preremove", arg: "remove", unit: ourUnit, says: "swapctl.service goes too"},
		{name: "deb removes what fstab brings back", script: "preremove", arg: "remove", says: "/etc/fstab"},
		{name: "deb removes what another swapctl brings back", script: "preremove", arg: "remove", unit: otherUnit, says: "To take all of it back, run:\nswapctl:   /usr/local/bin/swapctl teardown\n"},
		{name: "deb upgrades", script: "preremove", arg: "upgrade", unit: ourUnit},
		{name: "rpm removes", script: "preremove", arg: "0", unit: ourUnit, says: "swapctl teardown"},
		{name: "rpm upgrades", script: "preremove", arg: "1", unit: ourUnit},
		{name: "apk and Arch remove", script: "preremove", arg: "1.0.0-r0", unit: ourUnit, says: "swapctl teardown"},
		{name: "deb after the removal", script: "postremove", arg: "remove", unit: ourUnit, gone: true, unitGoes: true, says: "removed /etc/systemd/system/swapctl.service"},
		{name: "deb after an upgrade", script: "postremove", arg: "upgrade", unit: ourUnit},
		{name: "deb after the purge", script: "postremove", arg: "purge", gone: true, says: "/var/lib/swapctl stays"},
		{name: "rpm after the removal", script: "postremove", arg: "0", unit: ourUnit, gone: true, unitGoes: true, says: "removed"},
		{name: "rpm after an upgrade", script: "postremove", arg: "1", unit: ourUnit},
		{name: "a unit of another swapctl", script: "postremove", arg: "remove", unit: otherUnit, gone: true},
		{name: "the purge beside another swapctl", script: "postremove", arg: "purge", unit: otherUnit, gone: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			put := func(name, text string) {
				name = filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			put(journal, "{}\n")
			put("var/lib/swapctl/swapfile", "")
			if test.unit != "" {
				put(unit, test.unit)
				put(link, "")
				put(another, "")
			}
			if !test.gone {
				put(program, "")
			}
			said := runPackageScript(t, root, test.script, test.arg)
			if test.says == "" && said != "" || !strings.Contains(said, test.says) {
				t.Errorf("it says %q, want %q", said, test.says)
			}
			for _, name := range []string{unit, link, another} {
				_, err := os.Lstat(filepath.Join(root, name))
				if want := test.unit == "" || test.unitGoes; (err != nil) != want {
					t.Errorf("%s: gone is %v, want %v", name, err != nil, want)
				}
			}
			for _, name := range []string{journal, "var/lib/swapctl/swapfile"} {
				if _, err := os.Stat(filepath.Join(root, name)); err != nil {
					t.Error(err)
				}
			}
			if test.script == "postremove" { // it may be run again
				if again := runPackageScript(t, root, test.script, test.arg); test.unitGoes && again != "" {
					t.Errorf("the second time it says %q", again)
				}
			}
		})
	}
	for _, script := range []string{"preremove", "postremove"} {
		if said := runPackageScript(t, t.TempDir(), script, "remove"); said != "" {
			t.Errorf("%s on a node that was never set up says %q", script, said)
		}
	}
}

// TestTheUnitIsTheOneThatThePackageLooksFor: the line that the scripts
// search for is the one that setup writes.
func TestTheUnitIsTheOneThatThePackageLooksFor(t *testing.T) {
	if !strings.Contains(goldentest.Read(t, "../internal/setup/persist/text.go"), "ExecStart=%[3]s setup --boot\n") {
		t.Error("the unit has another ExecStart= than the scripts of the packages search for")
	}
	for script, looksFor := range map[string][]string{
		"postremove": {"'^ExecStart=/usr/bin/swapctl '"}, "preremove": {"'s/^ExecStart=//p'", "\"/usr/bin/swapctl \"*)", "% setup --boot}"},
	} {
		for _, text := range looksFor {
			if !strings.Contains(goldentest.Read(t, "../packaging/"+script+".sh"), text) {
				t.Errorf("packaging/%s.sh does not look for %s", script, text)
			}
		}
	}
}

func runPackageScript(t *testing.T, root, script, arg string) (said string) {
	t.Helper()
	cmd := exec.Command("sh", "../packaging/"+script+".sh", arg)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "DPKG_ROOT=" + root}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", script, arg, err, out)
	}
	return string(out)
}

// TestTheReleaseNamesFilesThatAreThere holds goreleaser.yaml against the sources
// and the Makefile.
func TestTheReleaseNamesFilesThatAreThere(t *testing.T) {
	var release struct {
		Builds []struct {
			Goarch  []string
			Ldflags string
			Flags   []string
		}
		Nfpms []struct {
			Formats  []string
			Scripts  map[string]string
			Contents []struct{ Src, Dst, Type string }
		}
	}
	if err := yaml.Unmarshal([]byte(goldentest.Read(t, "../goreleaser.yaml")), &release); err != nil {
		t.Fatal(err)
	}
	makefile := goldentest.Read(t, "../Makefile")
	for word := range strings.FieldsSeq(release.Builds[0].Ldflags) {
		name, _, isName := strings.Cut(word, "=")
		if isName && !strings.Contains(makefile, name) {
			t.Errorf("the Makefile links without %s", name)
		}
	}
	sources := 0
	for _, c := range release.Nfpms[0].Contents {
		made, isMade := strings.CutPrefix(c.Src, "bin/release/man/")
		switch {
		case c.Type == "dir":
		case isMade: // hack/release-files.sh makes it of docs/man
			if found, _ := filepath.Glob(filepath.Join("../docs/man", strings.TrimSuffix(made, ".gz"))); len(found) == 0 {
				t.Errorf("there is no %s", c.Src)
			}
		case strings.HasPrefix(c.Src, "bin/release/completions/"):
			if shell := strings.TrimPrefix(filepath.Ext(c.Src), "."); !strings.Contains(goldentest.Read(t, "../hack/release-files.sh"), shell) {
				t.Errorf("hack/release-files.sh makes no %s", c.Src)
			}
		default:
			sources++
			if _, err := os.Stat("../" + c.Src); err != nil {
				t.Error(err)
			}
		}
		if c.Dst == setup.DefaultConfigFile && c.Type != "config|noreplace" {
			t.Errorf("an upgrade would replace %s", c.Dst)
		}
	}
	if strings.Count(release.Builds[0].Ldflags, "-X main.") != 3 {
		t.Errorf("the release links with %s", release.Builds[0].Ldflags)
	}
	if sources < 4 || len(release.Nfpms[0].Scripts) != 2 || len(release.Nfpms[0].Formats) != 4 {
		t.Errorf("packages: %+v", release.Nfpms[0])
	}
	for _, script := range release.Nfpms[0].Scripts {
		if _, err := os.Stat("../" + script); err != nil {
			t.Error(err)
		}
	}
}

// TestASwapctlThatComesBackTakesBackAll: after the removal of the package the
// journal is enough for a teardown, before and after a reboot, and for a setup.
func TestASwapctlThatComesBackTakesBackAll(t *testing.T) {
	for _, reboot := range []bool{false, true} {
		n := hosttest.New(t, (*hosttest.Node).Systemd)
		before := n.Snapshot()
		for _, args := range [][]string{{"setup", "--size=64Mi"}, nil, {"setup", "--size=64Mi"}, nil, {"teardown"}} {
			if args != nil {
				if _, errs, code := clitest.Run(n, args...); code != fail.OK {
					t.Fatalf("reboot %v: %v: exit code %d\n%s", reboot, args, code, errs)
				}
				continue
			}
			for _, name := range []string{"swapctl.service", "multi-user.target.wants/swapctl.service"} { // as postremove.sh does
				if err := os.Remove(filepath.Join(n.Path("/etc/systemd/system"), name)); err != nil {
					t.Fatalf("reboot %v: %v", reboot, err)
				}
			}
			if reboot {
				n.Reboot()
			}
		}
		if diff := before.Diff(n.Snapshot()); diff != "" {
			t.Errorf("reboot %v: the node is not as it was:\n%s", reboot, diff)
		}
	}
}

// TestARemovedPackageLeavesNoLinkToItsUnit, where somebody has enabled that one.
func TestARemovedPackageLeavesNoLinkToItsUnit(t *testing.T) {
	root := t.TempDir()
	wants := filepath.Join(root, "etc/systemd/system/multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, unit := range []string{"swapctl.service", "another.service"} {
		if err := os.Symlink("/nowhere/"+unit, filepath.Join(wants, unit)); err != nil {
			t.Fatal(err)
		}
	}
	runPackageScript(t, root, "postremove", "remove")
	left, err := os.ReadDir(wants)
	if err != nil || len(left) != 1 || left[0].Name() != "another.service" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestThePackagedUnitIsTheOneThatSetupMakes but for the words above it.
func TestThePackagedUnitIsTheOneThatSetupMakes(t *testing.T) {
	n := clitest.HowNode(t)
	if _, errs, code := clitest.Run(n, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	_, made, _ := strings.Cut(goldentest.Read(t, n.Path("/etc/systemd/system/swapctl.service")), "[Unit]\n")
	made = regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAllLiteralString(made, "ExecStart=/usr/bin/swapctl")
	const file = "../packaging/swapctl.service"
	comment, packaged, _ := strings.Cut(goldentest.Read(t, file), "[Unit]\n")
	if packaged == made {
		return
	}
	if !*goldentest.Update {
		t.Fatalf("%s is not what setup makes (-update writes it):\n%s", file, made)
	}
	if err := os.WriteFile(file, []byte(comment+"[Unit]\n"+made), 0o644); err != nil {
		t.Fatal(err)
	}
}
