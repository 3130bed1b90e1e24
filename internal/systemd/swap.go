package systemd

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// SwapOff returns the option of the kernel command line that keeps systemd from
// turning on swap; "" if there is none. Of several for the same setting the
// last one counts (systemd-fstab-generator(8), since 246; proc_cmdline_parse
// and parse_boolean in systemd's src/basic).
func SwapOff(words []string) string {
	off := map[string]string{}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		if name == "systemd.mask" && (value == "swap.target" || strings.HasSuffix(value, ".swap")) {
			off["systemd.swap"] = word // systemd-debug-generator(8): no other option undoes it
			break
		}
		switch strings.ToLower(value) {
		case "1", "yes", "y", "true", "t", "on", "":
			delete(off, name)
		default:
			if SaysNo(value) {
				off[name] = word
			}
		}
	}
	return cmp.Or(off["systemd.swap"], off["fstab"])
}

// SwapMasks returns the links with which an administrator, or a running
// program, has masked swap units. The error is that of a directory that could
// not be read.
func SwapMasks(h host.Host) ([]string, error) {
	var links []string
	var unseen error
	for _, dir := range []string{Units, Runtime} {
		names, err := h.Files.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unseen = err
		}
		for _, name := range names {
			if (name == "swap.target" || strings.HasSuffix(name, ".swap")) && Masked(h, dir+"/"+name) {
				links = append(links, dir+"/"+name)
			}
		}
	}
	return links, unseen
}

// Zram returns what sets up zram swap at boot: files of zram-generator
// (zram-generator.conf(5): the zram-generator.conf with the highest precedence,
// and the files in zram-generator.conf.d, by name), and units of zram-tools and
// similar programs.
func Zram(h host.Host, words []string) []string {
	var found []string
	if !slices.Contains(words, "systemd.zram=0") {
		for _, name := range zramFiles(h) {
			data, err := host.ReadTrusted(h.Files, name, host.FileLimit)
			if err == nil && strings.Contains("\n"+string(data), "\n[zram") {
				found = append(found, name)
			}
		}
	}
	for _, unit := range []string{"zramswap.service", "zram-config.service", "armbian-zram-config.service"} {
		if link := Units + "/multi-user.target.wants/" + unit; isThere(h, link) {
			found = append(found, link)
		}
	}
	return found
}

// zramFiles returns the files that zram-generator reads. An empty file, or a
// link to /dev/null, hides the files of the same name in directories of lower
// precedence.
func zramFiles(h host.Host) []string {
	const main = "zram-generator.conf"
	at := map[string]string{}
	for _, dir := range dirs(h, "") {
		names, _ := h.Files.ReadDir(dir + "/" + main + ".d")
		for i, name := range names {
			names[i] = main + ".d/" + name
		}
		for _, name := range append(names, main) {
			if _, known := at[name]; !known && strings.HasSuffix(name, ".conf") && isThere(h, dir+"/"+name) {
				at[name] = dir + "/" + name
			}
		}
	}
	var files []string
	for _, name := range slices.Sorted(maps.Keys(at)) {
		files = append(files, at[name])
	}
	return files
}

func isThere(h host.Host, name string) bool {
	_, err := h.Files.Lstat(name)
	return err == nil
}

// Device returns the device node of a device in fstab, crypttab or a unit: the
// link in /dev/disk/by-uuid for "UUID=...".
func Device(spec string) string {
	for tag, dir := range map[string]string{"UUID=": "by-uuid", "LABEL=": "by-label", "PARTUUID=": "by-partuuid", "PARTLABEL=": "by-partlabel", "ID=": "by-id"} {
		if value, ok := strings.CutPrefix(spec, tag); ok {
			return "/dev/disk/" + dir + "/" + udevName(strings.Trim(value, `"`))
		}
	}
	return spec
}

// udevName encodes a text as udev does in the name of a link: every character
// except letters, digits and #+-.:=@_ becomes \xNN (udev(7); systemd's
// src/shared/utf8 encode_devnode_name).
func udevName(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("#+-.:=@_", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// SwapWanted reports whether a target starts a swap unit that is in a
// directory.
func SwapWanted(h host.Host, dir, name string) bool {
	for _, by := range []string{"swap.target.wants", "swap.target.requires", "multi-user.target.wants"} {
		for _, at := range []string{Units, dir} {
			if isThere(h, at+"/"+by+"/"+name) {
				return true
			}
		}
	}
	return false
}

// HasGenerator reports whether systemd runs a generator, such as
// "systemd-cryptsetup-generator", which reads /etc/crypttab.
func HasGenerator(h host.Host, name string) bool {
	for _, dir := range dirs(h, "/system-generators") {
		if _, err := h.Files.Lstat(dir + "/" + name); err == nil {
			return !Masked(h, dir+"/"+name)
		}
	}
	return false
}
