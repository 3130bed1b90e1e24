// Package nextboot finds what a node's next boot would do with a file or
// device: lines of fstab and crypttab, swap units, resume devices, and when the
// file system of a file is mounted. It changes nothing.
package nextboot

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// Mention is a place that names a file or device.
type Mention struct {
	File string
	Line int    // from 1
	Spec string // as written there: a path, "UUID=...", "LABEL=...", "8:2"
	What string // "a line of fstab", "a mapping", "a swap unit", "a resume device"

	Swap   bool // it is about swap
	Waits  bool // a boot waits for it, or fails without it
	Exists bool
	Stat   host.Stat // of what it leads to
}

// At says where it stands.
func (m Mention) At() string { return fmt.Sprintf("%s line %d", m.File, m.Line) }

// String returns the mention and its place.
func (m Mention) String() string { return fmt.Sprintf("%s: %s of %s", m.At(), m.What, m.Spec) }

// Edit is the command that opens the file at the line, and the one that must
// follow.
func (m Mention) Edit() string {
	edit := fmt.Sprintf("${EDITOR:-vi} +%d %s", m.Line, m.File)
	switch {
	case strings.HasPrefix(m.File, "/etc/initramfs-tools/"):
		return edit + "; update-initramfs -u"
	case strings.HasPrefix(m.File, "/etc/dracut"):
		return edit + "; dracut --force"
	case strings.HasPrefix(m.File, "/etc/default/grub"):
		return edit + "; update-grub || grub2-mkconfig -o /boot/grub2/grub.cfg"
	case strings.HasSuffix(m.File, ".swap"):
		return "systemctl disable " + path.Base(m.File)
	case m.File == "/proc/cmdline":
		return "take it off the kernel command line, in the boot loader's configuration"
	}
	return edit + "; systemctl daemon-reload"
}

// Names reports whether it means a file or device, by any of its names.
func (m Mention) Names(name string, st host.Stat) bool {
	switch {
	case m.Spec == name:
		return true
	case !m.Exists:
		return false
	case st.IsBlock():
		return m.Stat.IsBlock() && m.Stat.Rdev == st.Rdev
	}
	return st.Ino != 0 && m.Stat.SameFile(st)
}

// MentionsOf are the mentions of one file or device, which need not exist. The error is that
// of a file that could not be read.
func MentionsOf(h host.Host, name string) ([]Mention, error) {
	st, err := h.Files.Stat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all, err := Mentions(h)
	var found []Mention
	for _, m := range all {
		if m.Names(name, st) {
			found = append(found, m)
		}
	}
	return found, err
}

// Mentions lists all of them. The error is that of what could not be read.
func Mentions(h host.Host) ([]Mention, error) {
	s := search{h: h}
	s.fstab()
	s.crypttab()
	s.units()
	s.resume()
	for i := range s.found {
		s.look(&s.found[i])
	}
	return s.found, s.unseen
}

type search struct {
	h      host.Host
	found  []Mention
	unseen error
}

func (s *search) read(name string) []byte {
	data, err := s.h.Files.ReadFile(name, host.FileLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.unseen = errors.Join(s.unseen, err)
	}
	return data
}

func (s *search) add(m Mention) { s.found = append(s.found, m) }

func (s *search) fstab() {
	const name = "/etc/fstab"
	for _, e := range fstab.Parse(s.read(name)) {
		s.add(Mention{
			File: name, Line: e.Line, Spec: strings.ReplaceAll(e.Spec, `"`, ""), What: "a line", Swap: e.Type == "swap",
			Waits: !e.Has("noauto") && !e.Has("nofail"),
		})
	}
}

func (s *search) crypttab() {
	const name = "/etc/crypttab"
	for _, m := range fstab.ParseCrypttab(s.read(name)) {
		options := "," + m.Opt + ","
		s.add(Mention{
			File: name, Line: m.Line, Spec: m.Device, What: "the mapping " + m.Name,
			Swap:  strings.Contains(options, ",swap,") || m.Key == "/dev/urandom" || m.Key == "/dev/random",
			Waits: !strings.Contains(options, ",noauto,") && !strings.Contains(options, ",nofail,"),
		})
	}
}

// units are the swap units that are files; what systemd makes of fstab is not among
// them.
func (s *search) units() {
	units := systemd.Open(s.h)
	for _, dir := range units.Dirs {
		names, err := s.h.Files.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.unseen = errors.Join(s.unseen, err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, ".swap") || systemd.Masked(s.h, dir+"/"+name) {
				continue
			}
			for _, set := range systemd.Parse(string(s.read(dir + "/" + name))) {
				if set.Section == "Swap" && set.Name == "What" {
					s.add(Mention{File: dir + "/" + name, Line: set.Line, Spec: set.Value, What: "a swap unit", Swap: true, Waits: systemd.SwapWanted(s.h, dir, name)})
				}
			}
		}
	}
}

// resumeWord finds where a boot is configured to look for a hibernation image:
// resume= of a kernel command line, also in the files that it is made from,
// RESUME= of initramfs-tools, and devices that dracut waits for.
var resumeWord = regexp.MustCompile(`(?:^|[\s"'=])(?:resume=|RESUME=|add_device\+?="?\s*)([^\s"']+)`)

// resume reads the files from which an initramfs and a command line are made.
func (s *search) resume() {
	files := []string{"/proc/cmdline", "/etc/kernel/cmdline", "/etc/default/grub", "/etc/initramfs-tools/initramfs.conf", "/etc/dracut.conf"}
	for _, dir := range []string{"/etc/initramfs-tools/conf.d", "/etc/dracut.conf.d", "/etc/default/grub.d"} {
		names, err := s.h.Files.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.unseen = errors.Join(s.unseen, err)
		}
		for _, name := range names {
			files = append(files, dir+"/"+name)
		}
	}
	for _, file := range files {
		number := 0
		for line := range strings.Lines(string(s.read(file))) {
			number++
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, match := range resumeWord.FindAllStringSubmatch(line, -1) {
				if spec := match[1]; spec != "none" && spec != "auto" {
					s.add(Mention{File: file, Line: number, Spec: spec, What: "a resume device", Swap: true, Waits: true})
				}
			}
		}
	}
}

// look resolves a mention to a device or file.
func (s *search) look(m *Mention) {
	node := systemd.Device(m.Spec)
	if strings.Count(m.Spec, ":") == 1 && !strings.Contains(m.Spec, "/") {
		node = "/dev/block/" + m.Spec
	}
	st, err := s.h.Files.Stat(node)
	if err != nil {
		return
	}
	m.Exists, m.Stat = true, st
	if unix.Major(st.Rdev) == 0 && st.IsBlock() {
		m.Exists = false
	}
}
