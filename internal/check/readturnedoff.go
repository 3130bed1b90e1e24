package check

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// SwapOffLine is a line that turns swap off when it is run.
type SwapOffLine struct {
	File    string
	Line    int
	Text    string
	By      string // what runs it: a unit, cron, a login
	Kubelet bool   // at each start of the kubelet
}

// String names it with its place.
func (l SwapOffLine) String() string {
	return fmt.Sprintf("%s line %d: %s (%s)", l.File, l.Line, l.Text, l.By)
}

// String returns the line and its place.
var swapOff = regexp.MustCompile(`(^|[^\w.-])swapoff([^\w.-]|$)|systemctl\b.*\b(mask|stop|disable)\b.*(swap\.target|\.swap\b)`)

// recipes are the files besides units that set up a node, and what reads them.
// A name that ends in "/" means the files in that directory. Of cloud-init's
// files the first that has such a line is enough: the same instructions are
// there in several forms.
func recipes() map[string][]string {
	const cloud = "/var/lib/cloud/"
	return map[string][]string{
		"cron": {
			"/etc/crontab", "/etc/anacrontab", "/etc/cron.d/", "/etc/cron.hourly/", "/etc/cron.daily/", "/etc/cron.weekly/", "/etc/cron.monthly/",
			"/var/spool/cron/crontabs/", "/var/spool/cron/",
		},
		"rc.local": {"/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/boot.local"},
		"a login":  {"/etc/profile", "/etc/profile.d/", "/etc/bash.bashrc", "/etc/bashrc", "/root/.profile", "/root/.bash_profile", "/root/.bashrc"},
		"cloud-init": {
			"/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/", cloud + "seed/nocloud/user-data", cloud + "seed/nocloud-net/user-data",
			cloud + "instance/user-data.txt", cloud + "instance/cloud-config.txt", cloud + "instance/vendor-data.txt",
			cloud + "instance/scripts/", cloud + "scripts/per-boot/", cloud + "scripts/per-instance/", cloud + "scripts/per-once/",
		},
		"udev":      {"/etc/udev/rules.d/"},
		"a network": {"/etc/network/if-up.d/", "/etc/NetworkManager/dispatcher.d/"},
	}
}

// turnsOff looks for the lines that turn swap off: in the services that start
// at boot, the kubelet's first, in the scripts that they run, and in the files
// that set up a node. The error says what could not be read.
func turnsOff(h host.Host, units systemd.Files, kubelet string) (found []SwapOffLine, unseen error) {
	wanted, unseen := units.Wanted()
	wanted = slices.DeleteFunc(wanted, func(unit string) bool { return unit == systemd.Ours || unit == kubelet })
	if kubelet != "" {
		wanted = append([]string{kubelet}, wanted...)
	}
	for _, unit := range wanted {
		commands, err := units.Commands(unit)
		unseen = errors.Join(unseen, err)
		for _, c := range commands {
			stops := strings.HasPrefix(c.Name, "ExecStop")
			if stops && unit != kubelet { // when the node goes down, which is its right
				continue
			}
			l := SwapOffLine{File: c.File, Line: c.Line, Text: c.Name + "=" + c.Value, By: unit, Kubelet: unit == kubelet}
			if swapOff.MatchString(c.Value) {
				found = append(found, l)
				continue
			}
			found = append(found, inScripts(h, c.Value, l)...)
		}
	}
	for _, by := range []string{"cron", "rc.local", "cloud-init", "a login", "udev", "a network"} {
		for _, name := range recipes()[by] {
			lines, err := inFiles(h, name, by)
			unseen = errors.Join(unseen, err)
			if found = append(found, lines...); len(lines) > 0 && by == "cloud-init" {
				break
			}
		}
	}
	return found, unseen
}

// inFiles searches a file, or the files in a directory.
func inFiles(h host.Host, name, by string) (found []SwapOffLine, unseen error) {
	files := []string{name}
	if dir, ok := strings.CutSuffix(name, "/"); ok {
		names, err := h.Files.ReadDir(dir)
		unseen = unlessMissing(err)
		files = nil
		for _, base := range names {
			files = append(files, name+base)
		}
	}
	for _, file := range files {
		if st, err := h.Files.Stat(file); err != nil || !st.Mode.IsRegular() {
			unseen = errors.Join(unseen, unlessMissing(err))
			continue
		}
		data, err := h.Files.ReadFile(file, host.FileLimit)
		unseen = errors.Join(unseen, unlessMissing(err))
		number := 0
		for line := range strings.Lines(string(data)) {
			number++
			line = strings.TrimSpace(line)
			l := SwapOffLine{File: file, Line: number, Text: line, By: by}
			switch {
			case strings.HasPrefix(line, "#"):
			case swapOff.MatchString(line):
				found = append(found, l)
			case by == "cron" || by == "rc.local":
				found = append(found, inScripts(h, line, l)...)
			}
		}
	}
	return found, unseen
}

// inScripts searches the scripts that a command line names.
func inScripts(h host.Host, command string, from SwapOffLine) []SwapOffLine {
	for word := range strings.FieldsFuncSeq(command, func(r rune) bool { return strings.ContainsRune(" \t;|&()<>{}'\"=@!:+", r) }) {
		if word = strings.TrimPrefix(word, "-"); !path.IsAbs(word) {
			continue
		}
		st, err := h.Files.Stat(word)
		if err != nil || !st.Mode.IsRegular() || st.SizeBytes > host.SmallLimit {
			continue
		}
		data, err := h.Files.ReadFile(word, host.SmallLimit)
		if err != nil || !bytes.HasPrefix(data, []byte("#!")) {
			continue
		}
		number := 0
		for line := range strings.Lines(string(data)) {
			number++
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") && swapOff.MatchString(line) {
				return []SwapOffLine{{File: word, Line: number, Text: line, By: from.By + ", " + from.File, Kubelet: from.Kubelet}}
			}
		}
	}
	return nil
}
