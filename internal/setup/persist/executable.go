package persist

import (
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// executable is the file that this very program runs from, for a unit that
// runs it as root at every boot. One that is gone by then, or that somebody
// else than root can write or put another in the place of, is refused.
func executable(h host.Host) (string, error) {
	const op = "have swapctl run at boot"
	install := "install it in a permanent place: install -m 0755 swapctl /usr/local/bin/swapctl, and run that one"
	name, err := h.Files.Readlink("/proc/self/exe")
	if err != nil {
		return "", fail.New(fail.Failed, op, err, "see whether /proc is mounted: findmnt /proc")
	}
	if gone, ok := strings.CutSuffix(name, " (deleted)"); ok {
		return "", fail.Newf(fail.Usage, op, "%s, from which it runs now, was deleted or replaced", gone).
			Hint("run the command again with the new one")
	}
	if strings.ContainsAny(name, "\n\r") || !utf8.ValidString(name) || !path.IsAbs(name) {
		return "", fail.Newf(fail.Usage, op, "%q is no path for a unit file", name).Hint("%s", install)
	}
	st, err := h.Kernel.Statfs(name)
	if err != nil {
		return "", fail.New(fail.Failed, op, err, install)
	}
	if st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC {
		return "", fail.Newf(fail.Usage, op, "%s lies in memory, and is gone after a reboot", name).Hint("%s", install)
	}
	if err := host.OnlyRoot(h.Files, name); err != nil {
		return "", fail.New(fail.Usage, op, err, install)
	}
	return name, nil
}
