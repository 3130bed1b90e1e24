package hosttest

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// remember keeps what a kernel setting is before anybody sets it: what a reboot
// brings back.
func (n *Node) remember(name, content string) {
	if strings.HasPrefix(name, "/proc/sys/vm/") {
		n.settings[name] = content
	}
}

// bootSettings is systemd-sysctl.service: the kernel's own settings, and what
// sysctl.d says over them.
func (n *Node) bootSettings() {
	for name, content := range n.settings {
		n.must(n.put(name, content))
	}
	files, _ := filepath.Glob(n.Root + "/etc/sysctl.d/*.conf")
	for _, file := range files {
		data, err := os.ReadFile(file)
		n.must(err)
		for line := range strings.Lines(string(data)) {
			key, value, ok := strings.Cut(line, "=")
			if ok && !strings.HasPrefix(line, "#") {
				n.must(n.put("/proc/sys/"+strings.ReplaceAll(strings.TrimSpace(key), ".", "/"), strings.TrimSpace(value)+"\n"))
			}
		}
	}
}

// bootTable is swap.target: what fstab names is turned on, where it can be.
func (n *Node) bootTable() {
	h := n.Other()
	if target, _ := h.Files.Readlink("/etc/systemd/system/swap.target"); target == os.DevNull {
		return
	}
	table, err := h.Files.ReadFile("/etc/fstab", 1<<20)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(table)) {
		words := strings.Fields(line)
		if len(words) > 2 && words[2] == "swap" && path.IsAbs(words[0]) {
			_ = h.Kernel.SwapOn(words[0], 0) // a file that is gone, or no swap: nofail
		}
	}
}
