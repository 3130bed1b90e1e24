package persist

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/nextboot"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// tableSteps are the lines that turn the area on at boot: one in fstab for a
// plain area, and before it one in crypttab for an encrypted one.
func tableSteps(a area.Area) []step.Step {
	var steps []step.Step
	if a.Encrypt {
		steps = append(steps, step.Of(crypttabStep(a)))
	}
	return append(steps, step.Of(fstabStep(a)))
}

// fstabStep: with nofail, because swap that fails must not keep the node from
// booting; without it swap.target fails with the line (systemd 252, 257).
func fstabStep(a area.Area) *lineStep {
	options := []string{"sw", "nofail"}
	if a.Priority >= 0 {
		options = append(options, fmt.Sprintf("pri=%d", a.Priority))
	}
	switch a.Discard {
	case "both":
		options = append(options, "discard")
	case "once", "pages":
		options = append(options, "discard="+a.Discard)
	}
	what := a.Backing()
	if a.Encrypt {
		what = "/dev/mapper/" + a.Name
	}
	return &lineStep{
		id: "boot.fstab" + a.Suffix, area: a.Suffix, title: "line for " + what + " in " + FstabPath,
		why:  "Swap that was turned on by hand is gone after a reboot; what fstab names, the boot turns on.",
		want: lineWant{Table: FstabPath, Line: fstab.Line(what, "none", "swap", strings.Join(options, ","), "0", "0")},
		rival: func(table []byte) (int, bool) {
			for _, e := range fstab.Parse(table) {
				if e.Type == "swap" && path.Clean(e.Spec) == what {
					return e.Line, true
				}
			}
			return 0, false
		},
	}
}

// crypttabStep: "swap" means plain mode and a new header each time
// (crypttab(5)); cipher and size are always given, because their defaults
// differ between versions of cryptsetup.
func crypttabStep(a area.Area) *lineStep {
	options := []string{"swap", "cipher=" + a.Cipher, fmt.Sprintf("size=%d", a.KeySize)}
	if a.Sector > 0 {
		options = append(options, fmt.Sprintf("sector-size=%d", a.Sector))
	}
	if a.Discard != "none" {
		options = append(options, "discard")
	}
	if reserved := a.ReservedBytes(); reserved > 0 { // in sectors of 512 bytes (crypttab(5))
		options = append(options, fmt.Sprintf("offset=%d", reserved/kernel.SectorBytes))
	}
	options = append(options, "nofail")
	name := a.Name
	return &lineStep{
		id: "boot.crypttab" + a.Suffix, area: a.Suffix, title: "line for " + name + " in " + CrypttabPath,
		why:  "The mapping needs a new random key at each boot; systemd makes it from this line.",
		want: lineWant{Table: CrypttabPath, Line: fstab.Line(name, a.Backing(), "/dev/urandom", strings.Join(options, ","))},
		rival: func(table []byte) (int, bool) {
			for _, m := range fstab.ParseCrypttab(table) {
				if m.Name == name || path.Clean(m.Device) == a.Backing() {
					return m.Line, true
				}
			}
			return 0, false
		},
	}
}

// checkTables refuses what fstab and crypttab cannot turn on on this node.
func checkTables(h host.Host, a area.Area) error {
	const op = "bring swap back by fstab"
	if err := checkSwapUnits(h); err != nil {
		return err
	}
	// A part of systemd on Debian 12, a package of its own on Debian 13.
	if a.Encrypt && !systemd.HasGenerator(h, "systemd-cryptsetup-generator") {
		return fail.Newf(fail.Usage, op, "nothing on this node reads crypttab: systemd's generator for it is not installed").
			Hint("install it: apt-get install systemd-cryptsetup (Debian 13), or cryptsetup").
			Hint("or use the mode that needs nothing: --persist systemd")
	}
	if a.Encrypt && fstab.Escape(a.Backing()) != a.Backing() {
		// systemd reads the table without escapes
		// (src/cryptsetup/cryptsetup-generator.c, add_crypttab_devices).
		return fail.Newf(fail.Usage, op, "%q has a character that crypttab cannot hold (a blank, # or a backslash)", a.Backing()).
			Hint("choose a file without: --path").
			Hint("or use the mode that needs no table: --persist systemd")
	}
	if a.Device != "" {
		return nil
	}
	entry, err := mountEntry(h, a.Path)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if entry.Has("nofail") {
		// A swap unit requires the mount, and waits for its disk 90 s
		// (systemd.swap(5), "Automatic Dependencies").
		return fail.Newf(fail.Usage, op, "%s is on %s, which is mounted with nofail: if its disk is missing, the boot waits 90 seconds for it",
			a.Path, entry.File).
			Hint("use the mode that does not wait: --persist systemd").
			Hint("or choose a file on another file system: --path")
	}
	return checkLate(h, op, a)
}

// checkLate refuses a file on a mount that is late: a swap unit requires the mount, and
// belongs before sysinit.target, which what the mount waits for comes after. systemd leaves
// out one of the units of such a cycle, and it may be local-fs.target (systemd 252, 257).
func checkLate(h host.Host, op string, a area.Area) error {
	point, err := area.MountPoint(h, a.Path)
	if err != nil {
		return err
	}
	late, is, err := nextboot.LateMount(h, point)
	if err != nil || !is || late.Why == "" {
		return fail.New(fail.Failed, op, err)
	}
	return fail.Newf(fail.Usage, op, "%s is on %s, which comes late at boot or not at all (%s), and swap units come early", a.Path, point, late.Why).
		Hint("use the mode that does not wait: --persist systemd").
		Hint("or choose a file on another file system: --path")
}

// mountEntry is the entry of fstab for the mount of a path, or nothing.
func mountEntry(h host.Host, name string) (fstab.Entry, error) {
	table, err := h.Files.ReadFile(FstabPath, host.FileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return fstab.Entry{}, nil
	}
	if err != nil {
		return fstab.Entry{}, err
	}
	var best fstab.Entry
	for _, e := range fstab.Parse(table) {
		point := path.Clean(e.File)
		inside := name == point || point == "/" || strings.HasPrefix(name, point+"/")
		if strings.HasPrefix(point, "/") && inside && len(point) >= len(best.File) {
			best = e
			best.File = point
		}
	}
	return best, nil
}
