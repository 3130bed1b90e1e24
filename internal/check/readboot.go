package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

func readBoot(h host.Host, commandLine string) Boot {
	var b Boot
	words := kernel.CommandLine(commandLine)
	b.service(h)
	b.Lines, b.Unseen = fstabLines(h)
	b.Lines = append(b.Lines, swapUnits(h)...)
	for i := range b.Lines {
		b.Lines[i].look(h)
	}
	b.Crypttab = map[string]string{}
	if data, err := host.ReadTrusted(h.Files, "/etc/crypttab", host.FileLimit); err == nil {
		for _, m := range fstab.ParseCrypttab(data) {
			b.Crypttab[m.Name] = m.Device
		}
	}
	b.Zram = zramFiles(h)
	b.Masked = maskedUnits(h)
	// systemd-fstab-generator(8), since 246.
	off := []string{"systemd.swap=0", "systemd.swap=no", "systemd.swap=off", "systemd.swap=false", "fstab=0", "fstab=no"}
	for _, w := range words {
		if slices.Contains(off, w) {
			b.GenOff = w
		}
	}
	b.Hibernate = readHibernate(h, words)
	return b
}

// service finds our own unit, if it is enabled.
func (b *Boot) service(h host.Host) {
	const link = "/etc/systemd/system/multi-user.target.wants/swapctl.service"
	data, err := host.ReadTrusted(h.Files, link, host.FileLimit)
	if err != nil {
		return
	}
	b.Service = link
	for line := range strings.Lines(string(data)) {
		if before, ok := strings.CutPrefix(line, "Before="); ok {
			b.Before = append(b.Before, strings.Fields(before)...)
		}
	}
}

func fstabLines(h host.Host) ([]BootLine, error) {
	const name = "/etc/fstab"
	data, err := host.ReadTrusted(h.Files, name, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []BootLine
	for _, e := range fstab.Parse(data) {
		if e.Type == "swap" {
			lines = append(lines, BootLine{
				From: fmt.Sprintf("%s line %d", name, e.Line), What: e.Spec,
				NoFail: e.Has("nofail"), NoAuto: e.Has("noauto"),
			})
		}
	}
	return lines, nil
}

// swapUnits lists .swap units that are files, and what systemd found by itself on
// the partitions of the system's disk (systemd-gpt-auto-generator). What it made
// of fstab is not among them.
func swapUnits(h host.Host) []BootLine {
	var lines []BootLine
	for _, dir := range append(unitDirs(), "/run/systemd/generator.late") {
		names, err := h.Files.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if !strings.HasSuffix(name, ".swap") {
				continue
			}
			data, err := host.ReadTrusted(h.Files, dir+"/"+name, host.FileLimit)
			if err != nil {
				continue
			}
			l := BootLine{From: dir + "/" + name, Unused: !wanted(h, dir, name)}
			for line := range strings.Lines(string(data)) {
				if what, ok := strings.CutPrefix(strings.TrimSpace(line), "What="); ok {
					l.What = what
				}
			}
			if l.What != "" {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// wanted reports whether a target starts the unit.
func wanted(h host.Host, dir, name string) bool {
	for _, by := range []string{"swap.target.wants", "swap.target.requires", "multi-user.target.wants"} {
		for _, at := range []string{"/etc/systemd/system", dir} {
			if _, err := h.Files.Lstat(path.Join(at, by, name)); err == nil {
				return true
			}
		}
	}
	return false
}

// look finds out what the line means on this node.
func (l *BootLine) look(h host.Host) {
	node := l.What
	for tag, dir := range map[string]string{"UUID=": "by-uuid", "LABEL=": "by-label", "PARTUUID=": "by-partuuid", "PARTLABEL=": "by-partlabel", "ID=": "by-id"} {
		if value, ok := strings.CutPrefix(l.What, tag); ok {
			node = "/dev/disk/" + dir + "/" + strings.Trim(value, `"`)
		}
	}
	st, err := h.Files.Stat(node)
	if err != nil {
		return
	}
	l.Exists, l.Stat = true, st
	if st.IsBlock() {
		l.Dev = st.Rdev
	}
}

// zramFiles are what makes compressed memory at boot: of zram-generator, where
// an emptied file in a stronger place switches off, and of zram-tools.
func zramFiles(h host.Host) []string {
	var files []string
	for _, dir := range []string{"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"} {
		name := dir + "/zram-generator.conf"
		data, err := host.ReadTrusted(h.Files, name, host.FileLimit)
		if err != nil {
			continue
		}
		if strings.HasPrefix(string(data), "[zram") || strings.Contains(string(data), "\n[zram") {
			files = append(files, name)
		}
		break
	}
	link := "/etc/systemd/system/multi-user.target.wants/zramswap.service"
	if _, err := h.Files.Lstat(link); err == nil {
		files = append(files, link)
	}
	return files
}

func maskedUnits(h host.Host) []string {
	var links []string
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system"} {
		names, err := h.Files.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if name != "swap.target" && !strings.HasSuffix(name, ".swap") {
				continue
			}
			if target, err := h.Files.Readlink(dir + "/" + name); err == nil && target == "/dev/null" {
				links = append(links, dir+"/"+name)
			}
		}
	}
	return links
}

func readHibernate(h host.Host, words []string) Hibernate {
	hib := Hibernate{
		Resume: kernel.ReadText(h, "/sys/power/resume"),
		Disk:   kernel.ReadText(h, "/sys/power/disk"),
		Off:    slices.Contains(words, "nohibernate") || slices.Contains(words, "noresume"),
	}
	for _, w := range words { // the last one counts
		if device, ok := strings.CutPrefix(w, "resume="); ok {
			hib.Word = w
			if device == "" || device == "none" {
				hib.Word = ""
			}
		}
	}
	return hib
}
