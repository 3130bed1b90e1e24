package kernel

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/swapctl/swapctl/internal/host"
)

// Module says whether the kernel of this release has a feature that may be a
// module, such as "dm_crypt", and which file shows it: it is loaded, built in,
// or installed. Nothing is loaded. known is false if no file shows it: in a
// container, or with the modules of another kernel.
func Module(h host.Host, release, name, configKey string) (has bool, from string, known bool) {
	loaded := "/sys/module/" + name
	if _, err := h.Files.Stat(loaded); err == nil {
		return true, loaded, true
	}
	dashed := bytes.ReplaceAll([]byte(name), []byte("_"), []byte("-"))
	seen := ""
	for _, dir := range []string{"/lib/modules/", "/usr/lib/modules/"} {
		for _, list := range []string{"/modules.builtin", "/modules.dep"} {
			file := dir + release + list
			data, err := host.ReadTrusted(h.Files, file, host.TableLimit)
			if err != nil {
				continue
			}
			seen = file
			if listed(data, dashed) || listed(data, []byte(name)) {
				return true, file, true
			}
		}
	}
	config := "/boot/config-" + release
	data, err := host.ReadTrusted(h.Files, config, host.FileLimit)
	if err == nil {
		for _, value := range []string{"=y", "=m"} {
			if bytes.Contains(data, []byte("\n"+configKey+value+"\n")) {
				// "=m", but not in modules.dep: the module is not installed.
				return value == "=y", config, true
			}
		}
		return false, config, true
	}
	return false, seen, seen != "" && errors.Is(err, fs.ErrNotExist)
}

// listed finds "…/NAME.ko" at the start of a line, with any compression suffix.
func listed(data, name []byte) bool {
	for rest := data; ; {
		at := bytes.Index(rest, append(append([]byte("/"), name...), ".ko"...))
		if at < 0 {
			return false
		}
		line := rest[bytes.LastIndexByte(rest[:at], '\n')+1 : at]
		if !bytes.ContainsAny(line, " :") { // not a module that another one needs
			return true
		}
		rest = rest[at+1:]
	}
}
