package check

import (
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// otherBringers are the programs that turn on swap at boot without fstab or a
// swap unit: dphys-swapfile, Azure's agent, swapspace, systemd-swap,
// cloud-init.
func otherBringers(h host.Host) []BootLine {
	var lines []BootLine
	add := func(from, what string) {
		lines = append(lines, BootLine{From: from, What: what, ByProgram: true, Everything: strings.HasSuffix(what, "/")})
	}
	if unit, ok := enabled(h, "dphys-swapfile.service"); ok {
		value, from := shellValue(h, "/etc/dphys-swapfile", "CONF_SWAPFILE")
		add(cmp.Or(from, unit), cmp.Or(value, "/var/swap")) // its default
	}
	for unit, dir := range map[string]string{"swapspace.service": "/var/lib/swapspace/", "systemd-swap.service": "/var/lib/systemd-swap/"} {
		if link, ok := enabled(h, unit); ok {
			add(link, dir)
		}
	}
	if swap, from := shellValue(h, "/etc/waagent.conf", "ResourceDisk.EnableSwap"); strings.EqualFold(swap, "y") {
		point, _ := shellValue(h, "/etc/waagent.conf", "ResourceDisk.MountPoint")
		add(from, strings.TrimSuffix(cmp.Or(point, "/mnt/resource"), "/")+"/swapfile")
	}
	return append(lines, cloudSwap(h)...)
}

// enabled is the symbolic link by which the service is started at boot.
func enabled(h host.Host, unit string) (link string, ok bool) {
	link = systemd.Units + "/multi-user.target.wants/" + unit
	_, err := h.Files.Lstat(link)
	return link, err == nil
}

// shellValue is the last value that a file of NAME=VALUE lines assigns, and its
// place.
func shellValue(h host.Host, file, name string) (value, from string) {
	data, err := host.ReadTrusted(h.Files, file, host.FileLimit)
	if err != nil {
		return "", ""
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		if key, text, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == name {
			text, _, _ = strings.Cut(text, "#")
			value, from = strings.Trim(strings.TrimSpace(text), `"'`), fmt.Sprintf("%s line %d", file, number)
		}
	}
	return value, from
}

// cloudSwap is what cloud-init's module of mounts is told to make (swap: of its
// configuration), and then writes into fstab.
func cloudSwap(h host.Host) []BootLine {
	var lines []BootLine
	for _, name := range recipes()["cloud-init"] {
		files := []string{name}
		if dir, ok := strings.CutSuffix(name, "/"); ok {
			files = nil
			names, _ := h.Files.ReadDir(dir)
			for _, base := range names {
				files = append(files, name+base)
			}
		}
		for _, file := range files {
			data, err := host.ReadTrusted(h.Files, file, host.FileLimit)
			if err != nil || !strings.Contains("\n"+string(data), "\nswap:") {
				continue
			}
			var config struct {
				Swap struct {
					Filename string `yaml:"filename"`
					Size     any    `yaml:"size"`
				} `yaml:"swap"`
			}
			if yaml.Unmarshal(data, &config) == nil && config.Swap.Size != nil && config.Swap.Size != 0 {
				lines = append(lines, BootLine{From: file, What: cmp.Or(config.Swap.Filename, "/swap.img"), ByProgram: true})
			}
		}
	}
	return lines
}
