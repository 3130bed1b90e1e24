package story

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// repository is the root of the repository, relative to the directory of the
// test.
const repository = "../.."

// console runs a document of the repository: every "$ command" in its blocks of
// ```console runs in the machine, one after the other, and its output is
// compared with the text below it; -update writes that text. What always
// differs between two runs is not compared, see masked. A command must succeed,
// or exit with the given status ("# exits 3"). "sudo reboot" reboots, and waits
// for the end of the boot. "<!-- file: examples/pods.yaml -->" copies that file
// of the repository into the directory where the commands run.
func console(c *call) error {
	if err := errors.Join(c.plain(), c.need(1, "console DOCUMENT")); err != nil {
		return err
	}
	name := filepath.Join(repository, c.args[0])
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	d := &document{underway: c.underway, log: c.script.Stdout()}
	if err := d.follow(string(old)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case d.ran == 0:
		return fmt.Errorf("%s shows no command", name)
	case c.update:
		return os.WriteFile(name, []byte(d.text.String()), 0o644)
	case len(d.wrong) > 0:
		return fmt.Errorf("%s is not what a machine prints (-update writes it anew):\n%s", name, strings.Join(d.wrong, "\n"))
	}
	return nil
}

// document is a document while its commands run.
type document struct {
	*underway
	log     io.Writer
	text    strings.Builder // the document with the current output
	inside  bool            // in a block of console
	command string          // the last one that ran
	printed string          // its output
	shown   strings.Builder // its output in the document
	ran     int
	wrong   []string
}

func (d *document) follow(text string) error {
	for line := range strings.Lines(text) {
		if err := d.line(strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	if d.inside {
		return errors.New("a block of console does not end")
	}
	return nil
}

func (d *document) line(line string) error {
	if file, ok := strings.CutPrefix(line, "<!-- file: "); ok && !d.inside {
		if err := d.bring(strings.TrimSuffix(file, " -->")); err != nil {
			return err
		}
	}
	command, isCommand := strings.CutPrefix(line, "$ ")
	switch {
	case !d.inside:
		d.inside = line == "```console"
	case line == "```":
		d.compare()
		d.inside = false
	case isCommand:
		d.compare()
		d.text.WriteString(line + "\n")
		return d.run(command)
	default:
		d.shown.WriteString(line + "\n")
		return nil
	}
	d.text.WriteString(line + "\n")
	return nil
}

// workDir is where the commands of a document run.
const workDir = "/root"

// commandTimeout is the time limit of each command.
const commandTimeout = 3 * time.Minute

func (d *document) bring(file string) error {
	content, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		return err
	}
	return d.machine.Put(d.ctx, path.Join(workDir, file), 0o644, content)
}

// run runs one command, as a user who is already root.
func (d *document) run(command string) error {
	d.command, d.printed = command, ""
	d.ran++
	fmt.Fprintf(d.log, "$ %s\n", command)
	if command == "sudo reboot" {
		if err := d.machine.Reboot(d.ctx); err != nil {
			return err
		}
		state, err := d.machine.Settle(d.ctx)
		if err == nil && state != "running" {
			err = fmt.Errorf("after %s the machine is %s", command, state)
		}
		return err
	}
	want := 0
	if before, comment, ok := strings.Cut(command, " # exits "); ok {
		if _, err := fmt.Sscan(comment, &want); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		command = before
	}
	var out bytes.Buffer
	status, err := d.underway.exec(machine.Command{
		Args:    []string{"bash", "-c", "cd " + workDir + "; sudo() { \"$@\"; }; " + command},
		Timeout: commandTimeout, Stdout: &out, Stderr: &out,
	})
	if err != nil {
		return err
	}
	for line := range strings.Lines(out.String()) {
		if !passing(line) {
			d.printed += line
		}
	}
	fmt.Fprint(d.log, d.printed)
	if status != want {
		return fmt.Errorf("%s: exit status %d, not %d:\n%s", command, status, want, out.String())
	}
	return nil
}

// passing reports whether a terminal shows a line only for a while, or not at
// all.
func passing(line string) bool {
	for _, begin := range []string{"done", "undone", "restarted", "in progress"} {
		if strings.HasPrefix(line, "swapctl: "+begin+": ") {
			return true
		}
	}
	return false
}

// compare compares the output of the last command with the document, which
// stays as it is if they differ only in what is masked.
func (d *document) compare() {
	if d.command == "" {
		return
	}
	shown := d.shown.String()
	if masked(shown) == masked(d.printed) {
		d.text.WriteString(shown)
	} else {
		d.text.WriteString(d.printed)
		d.wrong = append(d.wrong, fmt.Sprintf("$ %s\nit prints:\n%sand not:\n%s", d.command, d.printed, shown))
	}
	d.command = ""
	d.shown.Reset()
}

// masked replaces what differs between two runs: identities, times, kernel
// versions, how much memory the machine has and how much of it is free.
func masked(text string) string {
	for _, pattern := range []string{
		`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, // a UUID
		`[0-9a-f]{16,}`, // any other identity
		`\d\d\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*`,        // a time
		`\b\d\d:\d\d:\d\d\b`,                             // of a day
		`\b[4-9]\.\d+\.\d+\S*`,                           // a kernel
		`Memory: [^,]*, available [^.]*(\.\d[^.]*)?\.\n`, // of the machine
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, "~")
	}
	return text
}
