package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/setup"
)

const decisionsPage = "decisions.md"

// TestEveryDecisionHasAReasonOrARejection: no row says only what was decided.
func TestEveryDecisionHasAReasonOrARejection(t *testing.T) {
	rows := 0
	for line := range strings.Lines(goldentest.Read(t, decisionsPage)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| decision ") {
			continue
		}
		rows++
		if len(cells) != 3 || len(strings.Trim(cells[1], " |"))+len(strings.Trim(cells[2], " |")) < 10 {
			t.Errorf("%d cells, or no reason: %s", len(cells), line)
		}
	}
	if rows < 30 {
		t.Errorf("only %d decisions", rows)
	}
}

// TestWhatWasRejectedIsNotThere holds docs/decisions.md against go.mod, the
// sources and the unit that setup writes.
func TestWhatWasRejectedIsNotThere(t *testing.T) {
	page, modules := goldentest.Read(t, decisionsPage), goldentest.Read(t, "../go.mod")
	for _, rejected := range []string{"k8s.io/kubelet", "client-go", "bubbles"} {
		if !strings.Contains(page, "`"+rejected+"`") {
			t.Errorf("%s is not named", rejected)
		}
		if strings.Contains(modules, rejected) {
			t.Errorf("%s was rejected, and go.mod has it", rejected)
		}
	}
	if want := fmt.Sprintf("`setup --boot` waits for a late disk, %d seconds.", setup.BootWait/time.Second); !strings.Contains(page, want) {
		t.Errorf("it does not say: %s", want)
	}
	programs := []string{"child_linux.go"}
	if have := whoRunsPrograms(t); !slices.Equal(have, programs) || !strings.Contains(page, "Three programs may be run") {
		t.Errorf("programs are run by %v, want %v", have, programs)
	}
	n := clitest.HowNode(t)
	if _, errs, code := clitest.Run(n, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	unit := goldentest.Read(t, n.Path("/etc/systemd/system/swapctl.service"))
	for _, setting := range []string{"ProtectSystem=", "PrivateTmp=", "ExecStop=", "Requires=", "BindsTo=", "RequiresMountsFor="} {
		if strings.Contains(unit, setting) {
			t.Errorf("the unit has %s", setting)
		}
	}
	for _, script := range []string{"preremove.sh", "postremove.sh"} {
		if strings.Contains(goldentest.Read(t, "../packaging/"+script), "systemctl") {
			t.Errorf("%s enables or stops something", script)
		}
	}
	if preset := goldentest.Read(t, "../packaging/swapctl.preset"); !strings.Contains(preset, "\ndisable swapctl.service\n") {
		t.Errorf("the packaged unit is enabled: %s", preset)
	}
}

// whoRunsPrograms lists the source files that start another program.
func whoRunsPrograms(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, root := range []string{"../cmd", "../internal"} {
		err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name)
			if strings.Contains(string(text), "exec.Command") {
				files = append(files, filepath.Base(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(files)
	return files
}
