package docs_test

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/hack/termsvg"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/report/reporttest"
)

// TestPicturesAreCurrent holds docs/pictures against what the commands print on a
// terminal: of the example pods, and of a node that was captured; -update draws
// them.
func TestPicturesAreCurrent(t *testing.T) {
	for _, picture := range []struct {
		file, about, line string
		host              host.Host
	}{
		{"plan.svg", "The table that swapctl plan prints", "swapctl plan --pods examples/pods.yaml --node examples/node.yaml", clitest.ExampleNode(t).Host()},
		{"check.svg", "What swapctl check says about a node", "swapctl check --only cgroup-v2,swap-active,swap-units-masked,kubelet-fail-swap-on", clitest.CheckNode(t, "kubespray")},
	} {
		text := onTerminal(t, picture.host, picture.line)
		if !strings.Contains(text, "\x1b[") {
			t.Errorf("%s: there is no colour in it:\n%s", picture.file, text)
		}
		svg, err := termsvg.Draw(picture.about, "$ "+picture.line+"\n"+text)
		if err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, "pictures/"+picture.file, svg)
	}
}

// onTerminal runs swapctl with a terminal of 110 columns as its stdout.
func onTerminal(t *testing.T, h host.Host, line string) string {
	t.Helper()
	tty := reporttest.Open(t, 110)
	var errs strings.Builder
	code := root.Run(h, strings.Fields(line)[1:], cli.Process{In: strings.NewReader(""), Out: tty.File, Err: &errs, LookupEnv: clitest.ATerminal})
	text := tty.Close()
	if errs.Len() > 0 || code != fail.OK && code != fail.Unfit {
		t.Fatalf("%s: exit code %d\n%s", line, code, errs.String())
	}
	return text
}
