package area

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// Target is what the kernel swaps to: a file, a device or, when encrypted, the
// mapping on top of one.
type Target struct {
	Path    string `json:"path"`              // of the file or device
	Mapping string `json:"mapping,omitempty"` // its name
}

func (t Target) String() string {
	if t.Mapping != "" {
		return "/dev/mapper/" + t.Mapping
	}
	return t.Path
}

// Node returns the path to give to the kernel. A mapping is found in sysfs and
// named /dev/dm-N: its /dev/mapper node is made by udev, and may be late or
// missing. An error wraps fs.ErrNotExist while there is nothing there.
func (t Target) Node(h host.Host) (string, error) {
	if t.Mapping == "" {
		_, err := h.Files.Stat(t.Path)
		return t.Path, err
	}
	name, err := kernel.MappingByName(h, t.Mapping)
	if err != nil {
		return "", err
	}
	s, err := crypt.Find(h, t.Mapping)
	if err != nil {
		return "", err
	}
	if mine, err := t.ourMapping(h, s); err != nil || !mine {
		return "", errors.Join(err, fmt.Errorf("mapping %s is somebody else's, on %s: %w", t.Mapping, s.BackingPath, fs.ErrNotExist))
	}
	return "/dev/" + name, nil
}

// Active finds the line of /proc/swaps that is the target. They are matched
// by what they are, because /proc/swaps may name a file by another path.
func Active(h host.Host, t Target) (kernel.Swap, bool, error) {
	swaps, err := readSwaps(h)
	if err != nil || len(swaps) == 0 {
		return kernel.Swap{}, false, err
	}
	node, err := t.Node(h)
	if errors.Is(err, fs.ErrNotExist) {
		return kernel.Swap{}, false, hidden(h, t, swaps)
	}
	if err != nil {
		return kernel.Swap{}, false, err
	}
	mine, err := h.Files.Stat(node)
	if err != nil {
		return kernel.Swap{}, false, err
	}
	// Of two lines with one path, one is of another mount namespace.
	spans := func(s kernel.Swap) bool {
		return s.SizeBytes < mine.SizeBytes && s.SizeBytes+2*int64(h.Kernel.PageSize()) > mine.SizeBytes
	}
	var lines []kernel.Swap
	for _, s := range swaps {
		if theirs, err := h.Files.Stat(s.Path); err == nil && sameSwap(mine, theirs) {
			lines = append(lines, s)
		}
	}
	if s, ok := cutOff(h, t, swaps); ok && spans(s) && len(lines) == 0 {
		lines = append(lines, s) // mounted again: swapoff takes our path
	}
	if len(lines) == 0 || !kernel.SwapsTo(h, node) {
		return kernel.Swap{}, false, nil
	}
	return lines[max(slices.IndexFunc(lines, spans), 0)], true, nil
}

// readSwaps and readMemory read procfs, and say what they were read for.
func readSwaps(h host.Host) ([]kernel.Swap, error) {
	const op = "see which swap is on"
	swaps, err := kernel.Swaps(h)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail.New(fail.Unfit, op, fmt.Errorf("this kernel was built without swap: %w", err),
			"use a kernel with swap: grep CONFIG_SWAP= /boot/config-$(uname -r)")
	}
	return swaps, fail.New(fail.Failed, op, err, "see what the kernel shows: cat /proc/swaps")
}

func readMemory(h host.Host) (kernel.Memory, error) {
	m, err := kernel.ReadMemory(h)
	return m, fail.New(fail.Failed, "see how much memory there is", err, "see what the kernel shows: cat /proc/meminfo")
}

func sameSwap(a, b host.Stat) bool {
	if a.IsBlock() || b.IsBlock() {
		return a.IsBlock() && b.IsBlock() && a.Rdev == b.Rdev
	}
	return a.SameFile(b)
}

// hidden tells whether the target may still be on although nothing is at its
// path: nobody can turn it off then.
func hidden(h host.Host, t Target, swaps []kernel.Swap) error {
	for _, s := range swaps {
		if t.Mapping == "" && s.Kind == kernel.SwapFile && s.Path == t.Path {
			return fail.Newf(fail.Failed, "see whether swap is on at "+t.Path,
				"the kernel swaps to it, and nothing is there: something else was mounted over it").
				Hint("see what: findmnt -T %s; unmount that, then run the command again", t.Path)
		}
	}
	s, ok := cutOff(h, t, swaps)
	if !ok {
		return nil
	}
	return fail.Newf(fail.Failed, "see whether swap is on at "+t.Path,
		"the kernel swaps to %s, a file that no path leads to, and %s may be it: its file system was unmounted while in use", s.Path, t.Path).
		Hint("mount the file system at %s again, then run the command again", strings.TrimSuffix(t.Path, s.Path))
}

// cutOff finds a line of /proc/swaps that may be the target after a lazy
// unmount: the kernel then names the file by what is left of its path, and goes
// on doing so when the file system is mounted again.
func cutOff(h host.Host, t Target, swaps []kernel.Swap) (kernel.Swap, bool) {
	for _, s := range swaps {
		if t.Mapping != "" || s.Kind != "file" || s.Path == t.Path || !strings.HasSuffix(t.Path, s.Path) {
			continue
		}
		if _, err := h.Files.Stat(s.Path); errors.Is(err, fs.ErrNotExist) {
			return s, true
		}
	}
	return kernel.Swap{}, false
}

// ResolveDevice follows a device name to the block device that it stands for.
func ResolveDevice(h host.Host, name string) (host.Stat, error) {
	op := "use the device " + name
	clean := path.Clean(name)
	if clean != name || !strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/dev/shm/") || strings.HasPrefix(name, "/dev/mqueue/") {
		return host.Stat{}, fail.Newf(fail.Usage, op, "it is not a device's name below /dev").
			Hint("%s", deviceHint(name, clean))
	}
	if !utf8.ValidString(name) { // the journal could not say it
		return host.Stat{}, fail.Newf(fail.Usage, fmt.Sprintf("use the device %q", name), "its name is not UTF-8").
			Hint("ls -l /dev/disk/by-id shows names that do not change")
	}
	st, err := h.Files.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return host.Stat{}, fail.Newf(fail.Usage, op, "there is no such device").
			Hint("ls -l /dev/disk/by-id shows the names of those there are; lsblk shows what is on them")
	}
	if err != nil {
		return host.Stat{}, fail.New(fail.Failed, op, err)
	}
	if !st.IsBlock() {
		return host.Stat{}, fail.New(fail.Usage, op, fmt.Errorf("it is not a block device"),
			"lsblk lists the block devices; for a swap file, use --path")
	}
	return st, nil
}

// deviceHint is for a name that is not plainly one of a device.
func deviceHint(name, clean string) string {
	if name != clean && strings.HasPrefix(clean, "/dev/") {
		return "write it as --device " + clean
	}
	if link, ok := TagLink(name); ok {
		return "write it as --device " + link
	}
	if strings.HasPrefix(clean, "/") && !strings.HasPrefix(clean, "/dev/") {
		return "for a swap file: --path " + clean + "; the names of devices: ls -l /dev/disk/by-id"
	}
	return "ls -l /dev/disk/by-id shows names that do not change"
}

// TagLink returns the link that udev makes for a device named as in fstab:
// UUID=1234-ABCD.
func TagLink(name string) (string, bool) {
	tag, value, _ := strings.Cut(name, "=")
	switch tag {
	case "UUID", "LABEL", "PARTUUID", "PARTLABEL":
		return "/dev/disk/by-" + strings.ToLower(tag) + "/" + strings.Trim(value, `"`), value != ""
	}
	return "", false
}

// StableName is a name of the device that means it after every reboot, empty if
// there is none.
func StableName(h host.Host, device string) string {
	st, err := h.Files.Stat(device)
	if err != nil {
		return ""
	}
	names := kernel.StableNames(h, st.Rdev)
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// MountPoint is where the file system is mounted that holds a path.
func MountPoint(h host.Host, name string) (string, error) {
	m, err := kernel.MountOf(h, path.Dir(name))
	return m.Point, fail.New(fail.Failed, "see what is mounted", err, "cat /proc/self/mountinfo")
}
