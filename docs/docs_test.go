package docs_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestDocsAreTrue runs every swapctl command that the README and docs/ show.
//
// In a block of ```console a line "$ swapctl ..." must print exactly what stands
// below it, stdout and stderr as a terminal shows them at the end; -update writes that. In
// a block of ```sh a line that starts with swapctl must succeed, or exit with
// the code that its end says ("# exits 3"). Every block has a fake node of its
// own, with an empty disk /dev/vdb. Before a block, "<!-- given: swapctl ... -->"
// runs a command that the reader need not see. "<!-- file: pods.yaml -->" before a
// block makes it that file, in the directory where later commands run. After
// "<!-- node: kubeadm v1.34.1 -->" the nodes are kubeadm's. A page with
// "<!-- machine: STORY -->" is run in a machine instead, see test/e2e.
func TestDocsAreTrue(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range append(files, "../README.md") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, story, ok := strings.Cut(string(old), "<!-- machine: "); ok {
				story, _, _ = strings.Cut(story, " -->")
				followedBy(t, story, "docs/"+file)
				return
			}
			d := &document{t: t, files: map[string]string{}}
			for line := range strings.Lines(string(old)) {
				d.line(strings.TrimSuffix(line, "\n"))
			}
			d.ended()
			ran += d.ran
			if *goldentest.Update {
				if err := os.WriteFile(file, []byte(d.new.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(old), d.new.String()); diff != "" {
				t.Errorf("%s is not what swapctl prints (-update writes it):\n%s", file, diff)
			}
		})
	}
	if ran < 10 {
		t.Errorf("only %d commands found in the docs", ran)
	}
}

// followedBy holds that a page is followed by a story of test/e2e, in a machine.
func followedBy(t *testing.T, story, page string) {
	t.Helper()
	if !strings.Contains(goldentest.Read(t, "../"+story), "\nconsole "+page+"\n") {
		t.Errorf("%s does not follow %s", story, page)
	}
}

// document is a Markdown file on its way through the test.
type document struct {
	t     *testing.T
	new   strings.Builder // the file as it should be
	block string          // language of the block that we are in
	node  *hosttest.Node
	given []string
	files map[string]string // by name, what a block showed
	file  string            // name of the file that this block, or the next one, is
	shown bool              // output stands below a command
	ran   int

	kubelet string // version of that of the nodes
}

func (d *document) line(line string) {
	if given, ok := strings.CutPrefix(line, "<!-- given: "); ok {
		d.given = append(d.given, strings.TrimSuffix(given, " -->"))
	}
	if file, ok := strings.CutPrefix(line, "<!-- file: "); ok {
		d.file = strings.TrimSuffix(file, " -->")
		d.files[d.file] = ""
	}
	if version, ok := strings.CutPrefix(line, "<!-- node: kubeadm "); ok {
		d.kubelet = strings.TrimSuffix(version, " -->")
	}
	fence, isFence := strings.CutPrefix(line, "```")
	switch {
	case isFence && d.block == "":
		d.block = fence
		if fence == "" {
			d.block = "text"
		}
		d.begin()
	case isFence:
		d.block, d.file, d.shown = "", "", false
	case d.block != "" && d.file != "":
		d.files[d.file] += line + "\n"
	case d.block == "console" && strings.HasPrefix(line, "$ "):
		d.new.WriteString(line + "\n")
		d.console(strings.TrimPrefix(line, "$ "))
		return
	case d.block == "console" && d.shown:
		return // console wrote it anew
	case d.block == "sh":
		d.shell(line)
	}
	d.new.WriteString(line + "\n")
}

// begin starts a block on a fresh node.
func (d *document) begin() {
	d.node = hosttest.New(d.t, (*hosttest.Node).Systemd)
	if d.kubelet != "" {
		hosttest.Kubeadm(d.kubelet)(d.node)
	}
	d.node.WorkIn("/root")
	for name, content := range d.files {
		d.node.WriteFile("/root/"+name, content, 0o644)
	}
	for _, command := range d.given {
		if out, code := d.run(command); code != 0 {
			d.t.Errorf("given: %s: exit code %d\n%s", command, code, out)
		}
	}
	d.given = nil
}

func (d *document) console(command string) {
	if out, _ := d.run(command); d.isOurs(command) {
		d.new.WriteString(out)
		d.shown = true
	} else {
		d.shown = false
	}
}

func (d *document) shell(line string) {
	command, want := line, 0
	if before, comment, ok := strings.Cut(line, " # exits "); ok {
		command, want = strings.TrimSpace(before), int(comment[0]-'0')
	}
	if !d.isOurs(command) {
		return
	}
	if out, code := d.run(command); code != want {
		d.t.Errorf("%s: exit code %d, want %d\n%s", command, code, want, out)
	}
}

// isOurs reports whether a line runs swapctl, and swapctl alone.
func (d *document) isOurs(line string) bool {
	line = strings.TrimPrefix(line, "sudo ")
	return strings.HasPrefix(line, "swapctl ") || strings.HasPrefix(line, "SWAPCTL_")
}

// run runs one line: "SWAPCTL_SIZE=1Gi swapctl setup | jq .x" runs swapctl setup.
func (d *document) run(line string) (output string, code int) {
	if !d.isOurs(line) {
		return "", 0
	}
	d.ran++
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, " > ")
	line, stdin, _ := strings.Cut(line, " < ")
	env := map[string]string{}
	words := strings.Fields(line)
	for len(words) > 0 && words[0] != "swapctl" {
		if key, value, ok := strings.Cut(words[0], "="); ok {
			env[key] = value
			d.t.Setenv(key, value)
			defer os.Unsetenv(key) // the next line has its own
		}
		words = words[1:]
	}
	var out bytes.Buffer
	code = root.Run(d.node.Host(), words[1:], cli.Process{In: strings.NewReader(d.files[stdin]), Out: &out, Err: noProgress{&out}, LookupEnv: func(k string) (string, bool) {
		v, ok := env[k]
		return v, ok
	}})
	for _, v := range d.node.Violations() {
		d.t.Errorf("%s: %s", line, v)
	}
	return out.String(), code
}

// noProgress drops what a terminal shows only for a while.
type noProgress struct{ to io.Writer }

func (w noProgress) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("swapctl: done: ")) || bytes.HasPrefix(line, []byte("swapctl: undone: ")) ||
		bytes.HasPrefix(line, []byte("swapctl: restarted: ")) || bytes.HasPrefix(line, []byte("swapctl: in progress: ")) {
		return len(line), nil
	}
	return w.to.Write(line)
}

func (d *document) ended() {
	if d.block != "" {
		d.t.Errorf("a block of %s does not end", d.block)
	}
}
