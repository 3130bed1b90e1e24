package setup

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// checkHibernation refuses encryption with a key that dies with the boot on a
// node that is set up to hibernate: its image would be written under that key,
// and could never be read. What logind says of hibernation is no guide
// (systemd 252 and 257 say the same of an area with and without such a key).
func (a area) checkHibernation(h host.Host) error {
	if !a.config.Encrypt {
		return nil
	}
	found, err := a.hibernation(h)
	if err != nil || found == "" {
		return fail.New(fail.Failed, "find out whether this node hibernates", err)
	}
	return fail.Newf(fail.Usage, "encrypt swap with a key that nobody keeps", "this node is set up to hibernate (%s), and could not be woken up again", found).
		Hint("a Kubernetes node does not hibernate: take that setting away (resume= of the kernel command line, /etc/initramfs-tools/conf.d/resume)").
		Hint("or give hibernation up for this area: --ignore-hibernation").
		Hint("or leave encryption out: --encrypt=false")
}

// hibernation says what shows that the node would hibernate into the area,
// nothing if nothing does. What other areas hold under such a key is no matter:
// the key is in memory, and comes back with it.
func (a area) hibernation(h host.Host) (string, error) {
	line, err := h.Files.ReadFile("/proc/cmdline", host.SmallLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	words := strings.Fields(string(line))
	if slices.Contains(words, "noresume") || slices.Contains(words, "nohibernate") {
		return "", nil
	}
	for _, word := range slices.Backward(words) { // the last one counts
		device, ok := strings.CutPrefix(word, "resume=")
		if !ok {
			continue
		}
		if device == "" || device == "none" {
			return "", nil
		}
		return word + " on the kernel command line", nil
	}
	// What the initramfs or systemd has set, as major:minor: on many nodes a
	// swap partition of the installer's, off since then.
	device, err := h.Files.ReadFile("/sys/power/resume", host.SmallLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // a kernel that cannot
	}
	if err != nil {
		return "", err
	}
	if a.config.Device == "" {
		return "", nil
	}
	st, err := h.Files.Stat(a.config.Device)
	if err != nil || kernel.DeviceNumber(st.Rdev) != strings.TrimSpace(string(device)) {
		return "", err
	}
	return "/sys/power/resume names " + a.config.Device, nil
}
