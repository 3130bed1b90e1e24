package kernel

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/swapctl/swapctl/internal/host"
)

// Module says whether the kernel of this release has a feature that may be a
// module, such as "dm_crypt", and by which file that is known: it is loaded,
// built in, or lies ready. Nothing is loaded. known is false where nothing tells:
// in a container, or with modules of another kernel.
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
				// "=m" and not in modules.dep: the module was not installed.
				return value == "=y", config, true
			}
		}
		return false, config, true
	}
	return false, seen, seen != "" && errors.Is(err, fs.ErrNotExist)
}

// listed finds "…/NAME.ko" at the start of a line, whatever it is compressed by.
func listed(data, name []byte) bool {
	for rest := data; ; {
		at := bytes.Index(rest, append(append([]byte("/"), name...), ".ko"...))
		if at < 0 {
			return false
		}
		line := rest[bytes.LastIndexByte(rest[:at], '\n')+1 : at]
		if !bytes.ContainsAny(line, " :") { // not one that another module needs
			return true
		}
		rest = rest[at+1:]
	}
}
