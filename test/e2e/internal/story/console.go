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

// repository is the top of the repository, seen from where the test runs.
const repository = "../.."

// console follows a document of the repository: it runs every "$ command" of its blocks of ```console in the machine,
// one after the other, and compares what comes out with what stands below; -update writes that anew. What two runs do
// not have in common counts as the same, see masked. A command ends well, or with the status that it says
// ("# exits 3"). "sudo reboot" reboots, and waits for the end of the boot. "<!-- file: examples/pods.yaml -->" brings
// that file of the repository into the directory where the commands run.
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

// document is a document on its way through a machine.
type document struct {
	*underway
	log     io.Writer
	text    strings.Builder // the document as it should be
	inside  bool            // of a block of console
	command string          // that ran last
	printed string          // by it
	shown   strings.Builder // what the document has below it
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

// commandTimeout is how long one of them may take.
const commandTimeout = 3 * time.Minute

func (d *document) bring(file string) error {
	content, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		return err
	}
	return d.machine.Put(d.ctx, path.Join(workDir, file), 0o644, content)
}

// run runs one command, as somebody would who is root already.
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

// passing tells what a terminal shows only for a while, if at all.
func passing(line string) bool {
	for _, begin := range []string{"done", "undone", "restarted", "in progress"} {
		if strings.HasPrefix(line, "swapctl: "+begin+": ") {
			return true
		}
	}
	return false
}

// compare holds what the last command printed against the document, which keeps what is as good as the same.
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

// masked replaces what two runs do not have in common: identities, times, versions of the kernel, how much memory the
// machine has and how much of it is free.
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
