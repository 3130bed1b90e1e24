package systemd

import (
	"cmp"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// SwapOff is the word of the kernel command line that keeps systemd from turning
// on swap, "" for none: of several for one setting the last counts
// (systemd-fstab-generator(8), since 246; proc_cmdline_parse and parse_boolean of
// systemd's src/basic).
func SwapOff(words []string) string {
	off := map[string]string{}
	for _, word := range words {
		switch name, value, _ := strings.Cut(word, "="); strings.ToLower(value) {
		case "0", "no", "n", "false", "f", "off":
			off[name] = word
		case "1", "yes", "y", "true", "t", "on", "":
			delete(off, name)
		}
	}
	return cmp.Or(off["systemd.swap"], off["fstab"])
}

// SwapMasks are the links by which an administrator, or something that runs, has
// masked units of swap.
func SwapMasks(h host.Host) []string {
	var links []string
	for _, dir := range []string{Units, Runtime} {
		names, err := h.Files.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if (name == "swap.target" || strings.HasSuffix(name, ".swap")) && Masked(h, dir+"/"+name) {
				links = append(links, dir+"/"+name)
			}
		}
	}
	return links
}

// Zram is what makes swap in compressed memory at boot: a file of zram-generator,
// where an emptied one in a stronger place switches off, and the unit of zram-tools.
func Zram(h host.Host) []string {
	var found []string
	for _, dir := range dirs(h, "") {
		name := dir + "/zram-generator.conf"
		data, err := host.ReadTrusted(h.Files, name, host.FileLimit)
		if err != nil {
			continue
		}
		if strings.Contains("\n"+string(data), "\n[zram") {
			found = append(found, name)
		}
		break
	}
	const zramTools = Units + "/multi-user.target.wants/zramswap.service"
	if _, err := h.Files.Lstat(zramTools); err == nil {
		found = append(found, zramTools)
	}
	return found
}

// HasGenerator reports whether systemd runs a generator, such as
// "systemd-cryptsetup-generator", which is what reads /etc/crypttab.
func HasGenerator(h host.Host, name string) bool {
	for _, dir := range dirs(h, "/system-generators") {
		if _, err := h.Files.Lstat(dir + "/" + name); err == nil {
			return !Masked(h, dir+"/"+name)
		}
	}
	return false
}
