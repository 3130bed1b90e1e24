package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/nextboot"
	"github.com/swapctl/swapctl/internal/systemd"
)

func readBoot(h host.Host, commandLine, kubelet string) Boot {
	var b Boot
	words := kernel.CommandLine(commandLine)
	units := systemd.Open(h)
	b.service(h, units)
	b.Lines, b.Unseen = fstabLines(h)
	lines, err := swapUnits(h, units)
	b.Lines, b.Unseen = append(b.Lines, lines...), errors.Join(b.Unseen, err)
	b.Lines = append(b.Lines, otherBringers(h)...)
	for i := range b.Lines {
		b.Lines[i].look(h)
	}
	b.Crypttab = map[string]string{}
	data, err := host.ReadTrusted(h.Files, "/etc/crypttab", host.FileLimit)
	b.Unseen = errors.Join(b.Unseen, unlessMissing(err))
	for _, m := range fstab.ParseCrypttab(data) {
		b.Crypttab[m.Name] = m.Device
	}
	b.Zram = systemd.Zram(h, words)
	b.Masked, b.MasksErr = systemd.SwapMasks(h)
	b.Mentions, b.MentionsErr = nextboot.Mentions(h)
	b.Forgets = nextboot.Forgets(h)
	b.TurnsOff, b.TurnsOffErr = turnsOff(h, units, kubelet)
	b.GenOff = systemd.SwapOff(words)
	b.Hibernate = kernel.ReadHibernation(h, words)
	return b
}

// unlessMissing returns err, unless it says that something does not exist.
func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// service finds our own unit, if it is enabled, with its drop-ins.
func (b *Boot) service(h host.Host, units systemd.Files) {
	if _, err := host.ReadTrusted(h.Files, systemd.OursLink, host.FileLimit); err != nil {
		return
	}
	b.Service = systemd.OursLink
	b.Mounted = len(units.Find(systemd.Mounted)) > 0
	settings, _, _ := units.Settings(systemd.Ours)
	for _, set := range settings {
		if set.Section == "Unit" && set.Name == "Before" {
			b.Before = append(b.Before, strings.Fields(set.Value)...)
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

// swapUnits lists .swap units that are files, and those that
// systemd-gpt-auto-generator made for partitions of the system disk. Units made
// from fstab are left out.
func swapUnits(h host.Host, units systemd.Files) (lines []BootLine, unseen error) {
	for _, dir := range append(units.Dirs, "/run/systemd/generator.late") {
		names, err := h.Files.ReadDir(dir)
		unseen = errors.Join(unseen, unlessMissing(err))
		for _, name := range names {
			if !strings.HasSuffix(name, ".swap") || systemd.Masked(h, dir+"/"+name) {
				continue
			}
			data, err := host.ReadTrusted(h.Files, dir+"/"+name, host.FileLimit)
			unseen = errors.Join(unseen, unlessMissing(err))
			l := BootLine{From: dir + "/" + name, Unused: !systemd.SwapWanted(h, dir, name)}
			for _, set := range systemd.Parse(string(data)) {
				if set.Section == "Swap" && set.Name == "What" {
					l.What = set.Value
				}
			}
			if l.What != "" {
				lines = append(lines, l)
			}
		}
	}
	return lines, unseen
}

// look resolves the line on this node.
func (l *BootLine) look(h host.Host) {
	st, err := h.Files.Stat(systemd.Device(l.What))
	if err != nil {
		return
	}
	l.Exists, l.Stat = true, st
	if st.IsBlock() {
		l.Dev = st.Rdev
	}
}

// readMount is why the file system below an area in a file comes late.
func readMount(h host.Host, at kernel.Layer) string {
	file, ok := at.Find(kernel.KindFile)
	if !ok || file.Hidden || file.Deleted {
		return ""
	}
	m, err := kernel.MountOf(h, file.Path)
	if err != nil {
		return ""
	}
	late, _, err := nextboot.LateMount(h, m.Point)
	if err != nil {
		return "it cannot be seen when: " + err.Error()
	}
	return late.Why
}
