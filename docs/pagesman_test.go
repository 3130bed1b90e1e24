package docs_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli/help"
	"github.com/swapctl/swapctl/internal/cli/setup"
	"github.com/swapctl/swapctl/internal/goldentest"
)

const (
	manDir     = "man"
	configPage = "swapctl-config.5"
)

// TestManPagesAreCurrent holds docs/man against the commands, their flags and
// the keys of the configuration file; -update writes the pages. They are kept in
// the repository so that a package needs nothing but the sources, and so that
// the program need not carry a writer of man pages.
func TestManPagesAreCurrent(t *testing.T) {
	want := map[string]string{configPage: configMan()}
	pages := commandPages()
	for _, p := range pages {
		want[manName(p.path)] = p.man()
	}
	goldentest.CompareTree(t, manDir, want)
	if len(want) < 10 {
		t.Errorf("only %d pages", len(want))
	}
	for name, text := range want {
		for i, line := range strings.Split(text, "\n") {
			for _, r := range line {
				if r > 126 {
					t.Errorf("%s:%d has a character that not every terminal shows: %q", name, i+1, r)
				}
			}
		}
	}
}

// TestManPagesAreFormattedWithoutComplaint has groff read them.
func TestManPagesAreFormattedWithoutComplaint(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("there is no groff here")
	}
	for _, name := range []string{"swapctl.8", "swapctl-setup.8", "swapctl-plan.8", "swapctl-kubeadm-config-lint.8", configPage} {
		var complaints, page bytes.Buffer
		cmd := exec.Command(groff, "-man", "-ww", "-Tascii", "-P-cbou", manDir+"/"+name)
		cmd.Stderr, cmd.Stdout = &complaints, &page
		if err := cmd.Run(); err != nil || complaints.Len() > 0 {
			t.Errorf("%s: %v %s", name, err, complaints.String())
		}
		if name == "swapctl-setup.8" && !strings.Contains(page.String(), "--size size") {
			t.Errorf("%s does not show --size:\n%s", name, page.String())
		}
	}
}

func manName(path string) string { return strings.ReplaceAll(path, " ", "-") + ".8" }

// roff writes text so that nothing of it is a request, and so that a hyphen can
// be copied to a command line.
func roff(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		b.WriteString(line)
	}
	return b.String()
}

func manHead(b *strings.Builder, name string, section int, short string) {
	fmt.Fprintf(b, ".\\\" Written by: go test ./docs -update\n.TH %s %d \"\" swapctl \"swapctl\"\n.SH NAME\n%s \\- %s\n",
		strings.ToUpper(roff(name)), section, roff(name), roff(strings.ToLower(short[:1])+short[1:]))
}

func manParts(b *strings.Builder, text string) {
	for _, p := range parts(text) {
		lines := roff(strings.Join(p.lines, "\n"))
		if p.indented {
			fmt.Fprintf(b, ".PP\n.RS 4\n.nf\n%s\n.fi\n.RE\n", lines)
		} else {
			fmt.Fprintf(b, ".PP\n%s\n", lines)
		}
	}
}

func manFlags(b *strings.Builder, g help.Group) {
	fmt.Fprintf(b, ".SS %s\n", roff(g.Title))
	for _, f := range g.Flags {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(f.Synopsis()), roff(f.Told()))
	}
}

func (p commandPage) man() string {
	var b strings.Builder
	manHead(&b, strings.ReplaceAll(p.path, " ", "-"), 8, p.short)
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(p.usage))
	b.WriteString(".SH DESCRIPTION\n")
	if p.long == "" {
		p.long = p.short + "."
	}
	manParts(&b, p.long)
	if len(p.below) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, c := range commandPages() {
			if c.above == p.path {
				fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(c.path), roff(c.short))
			}
		}
	}
	b.WriteString(".SH OPTIONS\n")
	for _, g := range p.groups {
		manFlags(&b, g)
	}
	if p.above == "" {
		b.WriteString(manExitStatus)
	}
	if p.path == "swapctl setup" || p.above == "" {
		b.WriteString(manFiles)
	}
	if p.example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(strings.TrimSuffix(p.example, "\n")))
	}
	var also []string
	for _, other := range p.related() {
		also = append(also, ".BR "+roff(strings.ReplaceAll(other, " ", "-"))+" (8)")
	}
	also = append(also, ".BR swapctl\\-config (5)", ".BR swapon (8)", ".BR kubelet (1)")
	fmt.Fprintf(&b, ".SH \"SEE ALSO\"\n%s\n.PP\nhttps://github.com/swapctl/swapctl\n", strings.Join(also, " ,\n"))
	return b.String()
}

const manExitStatus = `.SH "EXIT STATUS"
.TP
.B 0
Fine.
.TP
.B 1
The operation failed, and was rolled back or says why not.
.TP
.B 2
Usage, configuration or input error; nothing was changed.
.TP
.B 3
The node is not ready for swap, or the plan does not fit.
.TP
.B 4
Changes are pending (only with
.BR "setup \-\-dry\-run \-\-exit\-code" ).
.TP
.B 5
Root is needed.
.TP
.B 6
Another swapctl is changing this node.
.TP
.B 130
Interrupted.
`

const manFiles = `.SH FILES
.TP
.I /etc/swapctl/config.yaml
What is to be set up, see
.BR swapctl\-config (5).
.TP
.I /var/lib/swapctl/journal
What was asked for, and what was there before.
.TP
.I /var/lib/swapctl/swapfile
The swap file, unless another place is named.
.TP
.I /etc/systemd/system/swapctl.service
The unit that brings swap back at boot.
`

// samples are values to show for keys that have no default.
func samples() map[string]string {
	return map[string]string{"size": "50%", "device": "/dev/disk/by-partuuid/2d9be9c5-01", "kubernetesVersion": `"1.34"`}
}

// configKey is one key of the configuration file, as the documents tell it.
type configKey struct {
	key, flag, env     string
	usage, def, sample string
}

func configKeys() []configKey {
	var keys []configKey
	for _, s := range setup.NewSettings().All() {
		k := configKey{key: s.Key(), flag: s.Flag.Name, env: s.Env(), usage: help.InWords(s.Flag), def: s.Flag.DefValue}
		if k.sample = k.def; k.sample == "" {
			k.sample = samples()[k.key]
		}
		keys = append(keys, k)
	}
	return keys
}

func configMan() string {
	var b strings.Builder
	manHead(&b, "swapctl-config", 5, "configuration file of swapctl")
	b.WriteString(`.SH SYNOPSIS
.I /etc/swapctl/config.yaml
.SH DESCRIPTION
One YAML document with the keys below, all of them optional. It is read by
.BR swapctl\-setup (8)
if it is there, or another one that
.B \-\-config
names; nothing else reads it, and no boot does: a boot brings back what was set up last.
.PP
A flag is stronger than the environment, the environment is stronger than the file.
An unknown variable that begins with SWAPCTL_ is a warning.
.PP
It is read strictly: an unknown or duplicate key or a value of the wrong type is an error.
To root it must belong to root and be writable by nobody else.
.SH KEYS
`)
	for _, k := range configKeys() {
		def := k.def
		if def == "" {
			def = "none"
		}
		fmt.Fprintf(&b, ".TP\n.B %s\n%s.\nDefault: %s. Flag:\n.BR \\-\\-%s ,\nenvironment:\n.BR %s .\n",
			k.key, roff(strings.ToUpper(k.usage[:1])+k.usage[1:]), roff(def), roff(k.flag), k.env)
	}
	b.WriteString(`.TP
.B areas
Several swap areas in place of one: a list of
.BR name ,
.BR size ,
.B path
or
.BR device ,
.BR priority ,
.BR encrypt ,
.BR cipher ,
.BR keySize ,
.B sectorSize
and
.BR discard .
.SH EXAMPLES
.nf
size: 50%
path: /srv/swap/file
priority: 10
.fi
.SH "SEE ALSO"
.BR swapctl (8),
.BR swapctl\-setup (8)
.PP
https://github.com/swapctl/swapctl
`)
	return b.String()
}

// TestTheTableOfKeysIsCurrent holds the table of docs/configuration.md against
// the keys that there are; -update writes it.
func TestTheTableOfKeysIsCurrent(t *testing.T) {
	const name = "configuration.md"
	var b strings.Builder
	b.WriteString("| flag | environment | key in the file | default |\n|---|---|---|---|\n")
	for _, k := range configKeys() {
		def := "none"
		if k.def != "" {
			def = "`" + k.def + "`"
		} else if k.key == "kubernetesVersion" {
			def = "the kubelet's own"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | `%s` | %s |\n", k.flag, k.env, k.key, def)
	}
	goldentest.Compare(t, name, goldentest.Between(t, goldentest.Read(t, name), "<!-- keys: go test ./docs -update -->", "<!-- /keys -->", b.String()))
}

// exampleConfig is the configuration file that packages bring: every key with
// its default, and nothing in force.
func exampleConfig() string {
	var b strings.Builder
	b.WriteString("# Configuration of swapctl setup, see swapctl-config(5). Every key is optional, and none\n" +
		"# is in force: the values are the defaults, or where there is none, an example.\n" +
		"# Nothing reads this file but 'swapctl setup': a change waits for the next one.\n")
	for _, k := range configKeys() {
		fmt.Fprintf(&b, "\n# %s\n#%s: %s\n", k.usage, k.key, k.sample)
	}
	b.WriteString("\n# Several areas in place of one:\n" +
		"#areas:\n#  - name: fast\n#    device: /dev/disk/by-partuuid/2d9be9c5-01\n#    priority: 10\n" +
		"#  - name: big\n#    path: /srv/swapfile\n#    size: 64Gi\n#    priority: 5\n")
	return b.String()
}

// TestThePackagedConfigurationIsCurrent holds packaging/config.yaml against the keys
// that there are; -update writes it.
func TestThePackagedConfigurationIsCurrent(t *testing.T) {
	goldentest.Compare(t, "../packaging/config.yaml", exampleConfig())
}
