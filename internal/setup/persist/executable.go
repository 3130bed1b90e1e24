package persist

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// executable is the file of this program, for a unit that runs it as root at
// every boot. It is refused if it may be gone by then, or if a user other than
// root can write or replace it.
func executable(h host.Host) (string, error) {
	const op = "have swapctl run at boot"
	name, err := h.Files.Readlink("/proc/self/exe")
	if err != nil {
		return "", fail.New(fail.Failed, op, err, "see whether /proc is mounted: findmnt /proc")
	}
	if gone, ok := strings.CutSuffix(name, " (deleted)"); ok {
		return "", fail.Newf(fail.Usage, op, "%s, from which it runs now, was deleted or replaced", gone).
			Hint("run the command again with the new one")
	}
	if strings.ContainsAny(name, "\n\r") || !utf8.ValidString(name) || !path.IsAbs(name) {
		return "", fail.Newf(fail.Usage, op, "%q is no path for a unit file", name).Hint("%s", install("swapctl"))
	}
	st, err := h.Kernel.Statfs(name)
	if err != nil {
		return "", fail.New(fail.Failed, op, err, install(name))
	}
	if st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC {
		return "", fail.Newf(fail.Usage, op, "%s lies in memory, and is gone after a reboot", name).Hint("%s", install(name))
	}
	if err := host.OnlyRoot(h.Files, name); err != nil {
		hint := install(name)
		if others, ok := errors.AsType[*host.OthersError](err); ok && name == usualPlace {
			hint = others.Hint()
		}
		return "", fail.New(fail.Usage, op, err, hint)
	}
	return name, nil
}

// usualPlace is where 'make install' puts the program, and the documents a download.
const usualPlace = "/usr/local/bin/swapctl"

// install says how a program comes to a place where it stays and only root can change
// it.
func install(name string) string {
	to := usualPlace
	if name == to {
		to = "/usr/bin/swapctl"
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("/._-+", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		name = "swapctl" // whoever has such names can quote them
	}
	return fmt.Sprintf("install it, and run it from there: sudo install -m 755 %s %s, or in a clone of its source: sudo make install", name, to)
}
