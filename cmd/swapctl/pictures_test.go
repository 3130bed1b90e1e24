package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/hack/termsvg"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// TestPicturesAreCurrent holds docs/pictures against what the commands print on a
// terminal: of the example pods, and of a node that was captured; -update draws
// them.
func TestPicturesAreCurrent(t *testing.T) {
	for _, picture := range []struct {
		file, about, line string
		host              host.Host
	}{
		{"plan.svg", "The table that swapctl plan prints", "swapctl plan --pods examples/pods.yaml --node examples/node.yaml", exampleNode(t).Host()},
		{"check.svg", "What swapctl check says about a node", "swapctl check --only cgroup-v2,swap-active,swap-units-masked,kubelet-fail-swap-on", checkNode(t, "kubespray")},
	} {
		text := onTerminal(t, picture.host, picture.line)
		if !strings.Contains(text, "\x1b[") {
			t.Errorf("%s: there is no colour in it:\n%s", picture.file, text)
		}
		svg, err := termsvg.Draw(picture.about, "$ "+picture.line+"\n"+text)
		if err != nil {
			t.Fatal(err)
		}
		compareText(t, "../../docs/pictures/"+picture.file, svg)
	}
}

// onTerminal runs swapctl with a terminal of 110 columns as its stdout.
func onTerminal(t *testing.T, h host.Host, line string) string {
	t.Helper()
	master, terminal := openTerminal(t)
	said := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // it ends with EIO
		said <- string(text)
	}()
	var errs strings.Builder
	code := run(h, strings.Fields(line)[1:], streams{in: strings.NewReader(""), out: terminal, err: &errs, lookupEnv: func(name string) (string, bool) {
		if name == "TERM" {
			return "xterm", true
		}
		return "", false
	}})
	terminal.Close()
	text := <-said
	if errs.Len() > 0 || code != fail.OK && code != fail.Unfit {
		t.Fatalf("%s: exit code %d\n%s", line, code, errs.String())
	}
	return text
}

func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	settings, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Oflag &^= unix.OPOST // lines end as they are written
	if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 110, Row: 50}); err != nil {
		t.Fatal(err)
	}
	return master, terminal
}
