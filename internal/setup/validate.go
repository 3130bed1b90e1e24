package setup

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// FieldError is a value of a Config that will not do. Whoever knows where the
// value came from (a flag, a variable, a file) finds the field by errors.As.
type FieldError struct {
	Field string // its name in the configuration file
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns what is wrong with the value.
func (e *FieldError) Unwrap() error { return e.Err }

// field returns the error of a bad value, with exit code Usage.
func field(name string, hint string, format string, args ...any) error {
	e := fail.New(fail.Usage, "set up swap", &FieldError{Field: name, Err: fmt.Errorf(format, args...)})
	if hint != "" {
		return fail.New(fail.Usage, "set up swap", errors.Unwrap(e), hint)
	}
	return e
}

// Validate judges a Config by itself, without a node: the first value that
// will not do is a FieldError.
func (c Config) Validate() error {
	for _, check := range []func() error{c.validAreas, c.validSysctls, c.validPersistence} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validPlace() error {
	switch {
	case c.Device == "" && c.Path == "":
		return field("path", "for example --path "+DefaultPath, "it is empty, and no device is named")
	case c.Device != "" && c.Path != "" && c.Path != DefaultPath:
		return field("device", "leave one of them out", "a swap area is a file or a device, not both: path is %s", c.Path)
	case c.Device != "" && c.Size != "":
		return field("size", "leave the size out", "a device is used whole")
	case c.Device == "" && c.Size == "":
		return field("size", "say how much swap the node shall have: --size 4Gi, or --size 50% of its memory", "it is not set")
	}
	if c.Device == "" {
		return c.validPath()
	}
	if kind, _ := kernel.UnstableName(c.Device); c.Encrypt && kind == kernel.ContentName {
		return field("device", "ls -l /dev/disk/by-id /dev/disk/by-partuuid shows names that stay",
			"%s is a name kept on the device itself, where encryption with a random key erases it", c.Device)
	}
	return nil
}

// validPath refuses the names that swapctl gives to files of its own: the one of
// another area might become this one's, and its journal must stay.
func (c Config) validPath() error {
	const hint = "name another file: --path " + DefaultPath
	name := path.Base(c.Path)
	own := strings.HasPrefix(name, ".") && (strings.HasSuffix(name, swapfile.TempSuffix) || strings.HasSuffix(name, bridgeFile))
	if own || c.Path == JournalPath || c.Path == oldLockPath {
		return field("path", hint, "%s is the name of a file that swapctl makes for itself", c.Path)
	}
	return nil
}

func (c Config) validEncryption() error {
	if !c.Encrypt {
		return nil
	}
	if err := crypt.ValidName(c.Name); err != nil {
		return field("name", "for example --name cryptswap", "%w", err)
	}
	sector, err := c.sectorBytes()
	if err != nil {
		return err
	}
	if err := crypt.ValidCipher(c.Cipher, c.KeySize, sector); err != nil {
		name := "cipher"
		if crypt.ValidCipher(c.Cipher, 256, sector) == nil { // a size that every cipher takes
			name = "keySize"
		}
		return field(name, "the default is --cipher aes-xts-plain64 --key-size 512", "%w", err)
	}
	return nil
}

// sectorBytes is the wanted sector size, 0 for the largest that fits.
func (c Config) sectorBytes() (int, error) {
	if c.SectorSize == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(c.SectorSize)
	if err != nil || n != 512 && n != 4096 {
		return 0, field("sectorSize", "the default is --sector-size auto, and is right for nearly every disk", "%q is none of auto, 512 and 4096", c.SectorSize)
	}
	return n, nil
}

func (c Config) validArea() error {
	if c.Priority < -1 || c.Priority > 32767 {
		return field("priority", "leave it out to let the kernel choose", "%d is not between 0 and 32767", c.Priority)
	}
	if discards := []string{"none", "once", "pages", "both"}; !slices.Contains(discards, c.Discard) {
		return field("discard", "the default is --discard none", "%q is none of %s", c.Discard, strings.Join(discards, ", "))
	}
	if ways := []string{"full", "falloc"}; !slices.Contains(ways, c.Preallocation) {
		return field("preallocation", "the default is --preallocation full", "%q is neither full nor falloc", c.Preallocation)
	}
	if c.Encrypt && c.Device == "" && c.Discard != "none" {
		return field("discard", "use --discard none, or swap to a device: --device /dev/disk/by-id/...",
			"with an encrypted file a discard would punch holes into the file")
	}
	return nil
}

func (c Config) validPersistence() error {
	if ways := []string{"auto", "systemd", "fstab", "none"}; !slices.Contains(ways, c.Persist) {
		return field("persist", "the default is --persist auto: systemd where that runs", "%q is none of %s", c.Persist, strings.Join(ways, ", "))
	}
	if ways := []string{"auto", "skip"}; !slices.Contains(ways, c.Kubelet) {
		return field("kubelet", "the default is --kubelet auto; --kubelet skip leaves the kubelet as it is", "%q is neither auto nor skip", c.Kubelet)
	}
	if ways := []string{kubeletcfg.LimitedSwap, kubeletcfg.NoSwap}; !slices.Contains(ways, c.SwapBehavior) {
		return field("swapBehavior", "the default is --swap-behavior LimitedSwap", "%q is neither LimitedSwap nor NoSwap", c.SwapBehavior)
	}
	if c.KubernetesVersion == "" {
		return nil
	}
	rows, err := kubeletcfg.Load()
	if err == nil {
		_, err = rows.Find(c.KubernetesVersion)
	}
	if err != nil {
		return field("kubernetesVersion", "leave it out, and the kubelet is asked", "%w", err)
	}
	return nil
}

// canPersist refuses what would not find the device again at the next boot, and
// what this version cannot do.
func (c Config) canPersist(h host.Host) error {
	if c.Persist == "none" {
		return nil
	}
	if _, unstable := kernel.UnstableName(c.Device); c.Device != "" && unstable {
		hint := "ls -l /dev/disk/by-id /dev/disk/by-partuuid shows names that stay"
		if name := stableName(h, c.Device); name != "" {
			hint = "its name that stays: --device " + name
		}
		return field("device", hint+"; or do without swap after a reboot: --persist none", "%s may be another device after a reboot", c.Device)
	}
	if c.Persist == "fstab" {
		return area{config: c}.checkTables(h)
	}
	if !h.Units.Running() {
		return field("persist", "use --persist none, and have 'swapctl setup --boot' run at each boot",
			"systemd is not this node's init")
	}
	return nil
}

// persistence is what Persist means on this node: "systemd", "fstab" or "none".
func (c Config) persistence(h host.Host) string {
	switch {
	case c.Persist != "auto":
		return c.Persist
	case h.Units.Running():
		return "systemd"
	}
	return "none"
}

// canProtect refuses a slice where nothing makes slices.
func (c Config) canProtect(h host.Host) error {
	if !c.ProtectSystemSlice || h.Units.Running() {
		return nil
	}
	return field("protectSystemSlice", "leave --protect-system-slice out", "systemd is not this node's init")
}

// stableName is a name of the device that means it after every reboot, empty if
// there is none.
func stableName(h host.Host, device string) string {
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
