package setup

import (
	"fmt"
	"io/fs"
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
	install := "install it where it stays: install -m 0755 swapctl /usr/local/bin/swapctl, and run that one"
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
	for at := name; ; at = path.Dir(at) {
		if err := trusted(h, at); err != nil {
			return "", fail.New(fail.Usage, op, err, install)
		}
		if at == "/" {
			return name, nil
		}
	}
}

// trusted refuses a file or directory that somebody else than root can change.
// The sticky bit does not help: it lets others make a file that is not there.
func trusted(h host.Host, name string) error {
	st, err := h.Files.Lstat(name)
	switch {
	case err != nil:
		return err
	case st.UID != 0:
		return fmt.Errorf("%s belongs to user %d, who could put something else there", name, st.UID)
	case st.Mode.Perm()&0o002 != 0:
		return fmt.Errorf("everybody may write to %s (mode %s)", name, octal(st.Mode))
	case st.Mode.Perm()&0o020 != 0 && st.GID != 0:
		return fmt.Errorf("group %d may write to %s (mode %s)", st.GID, name, octal(st.Mode))
	case st.Mode.Perm()&0o020 != 0: // the mask of an access list, where there is one (acl(5))
		return fmt.Errorf("root's group, or whom an access list names, may write to %s (mode %s)", name, octal(st.Mode))
	}
	return nil
}

func octal(m fs.FileMode) string { return fmt.Sprintf("%04o", m.Perm()) }
