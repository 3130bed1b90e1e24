package config

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// FieldError is an invalid value of a Config. Callers that know where the value
// came from (a flag, a variable, a file) find the field with errors.As.
type FieldError struct {
	Area  int    // index into Config.Areas; -1: it is of the Node
	Field string // its name in the configuration file
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string { return e.Name() + ": " + e.Err.Error() }

// Name is the field's name in a configuration file that lists areas.
func (e *FieldError) Name() string {
	if e.Area < 0 {
		return e.Field
	}
	return fmt.Sprintf("areas[%d].%s", e.Area, e.Field)
}

// Unwrap returns what is wrong with the value.
func (e *FieldError) Unwrap() error { return e.Err }

// Invalid returns the error of a bad value, with exit code Usage.
func Invalid(field, hint, format string, args ...any) error {
	e := fail.New(fail.Usage, "set up swap", &FieldError{Area: -1, Field: field, Err: fmt.Errorf(format, args...)})
	if hint != "" {
		return fail.New(fail.Usage, "set up swap", errors.Unwrap(e), hint)
	}
	return e
}

// Validate checks a Config by itself, without a node: the first invalid value
// is a FieldError.
func (c Config) Validate() error {
	for _, check := range []func() error{c.validAreas, c.validSysctls, c.validPersistence} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (a Area) validPlace() error {
	switch {
	case a.Device == "" && a.Path == "":
		return Invalid("path", "for example --path "+DefaultPath, "it is empty, and no device is named")
	case a.Device != "" && a.Path != "" && a.Path != DefaultPath:
		return Invalid("device", "use only one of them", "a swap area is a file or a device, not both: path is %s", a.Path)
	case a.Device != "" && a.Size != "":
		return Invalid("size", "leave the size out", "a device is used as a whole")
	case a.Device == "" && a.Size == "":
		return Invalid("size", "say how much swap the node gets: --size 4Gi, or --size 50% of its memory", "it is not set")
	}
	if a.Device == "" {
		return a.validPath()
	}
	if kind, _ := kernel.UnstableName(a.Device); a.Encrypt && kind == kernel.ContentName {
		return Invalid("device", "ls -l /dev/disk/by-id /dev/disk/by-partuuid shows names that do not change",
			"%s is a name stored on the device itself, where encryption erases it", a.Device)
	}
	return nil
}

// validPath refuses the names that swapctl gives to its own files: the path of
// another area might become that of this one, and its journal must stay.
func (a Area) validPath() error {
	const hint = "name another file: --path " + DefaultPath
	name := path.Base(a.Path)
	own := strings.HasPrefix(name, ".") && (strings.HasSuffix(name, swapfile.TempSuffix) || strings.HasSuffix(name, BridgeFile))
	if own || a.Path == JournalPath || a.Path == OldLockPath {
		return Invalid("path", hint, "%s is the name of a file that swapctl makes for itself", a.Path)
	}
	return nil
}

func (a Area) validEncryption() error {
	if !a.Encrypt {
		return nil
	}
	if err := crypt.ValidName(a.Name); err != nil {
		return Invalid("name", "for example --name cryptswap", "%w", err)
	}
	sector, err := a.SectorSizeBytes()
	if err != nil {
		return err
	}
	if err := crypt.ValidCipher(a.Cipher, a.KeySize, sector); err != nil {
		name := "cipher"
		if crypt.ValidCipher(a.Cipher, 256, sector) == nil { // a size that every cipher takes
			name = "keySize"
		}
		return Invalid(name, fmt.Sprintf("the default is --cipher %s --key-size %d", DefaultCipher, DefaultKeySize), "%w", err)
	}
	return nil
}

// SectorSizeBytes is the desired sector size, 0 for the largest that fits.
func (a Area) SectorSizeBytes() (int, error) {
	if a.SectorSize == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(a.SectorSize)
	if err != nil || n != 512 && n != 4096 {
		return 0, Invalid("sectorSize", "the default is --sector-size auto, and is right for nearly every disk", "%q is not one of auto, 512 and 4096", a.SectorSize)
	}
	return n, nil
}

func (a Area) validUse() error {
	if a.Priority < -1 || a.Priority > 32767 {
		return Invalid("priority", "leave it out to let the kernel choose", "%d is not between 0 and 32767", a.Priority)
	}
	if discards := []string{"none", "once", "pages", "both"}; !slices.Contains(discards, a.Discard) {
		return Invalid("discard", "the default is --discard none", "%q is not one of %s", a.Discard, strings.Join(discards, ", "))
	}
	if ways := []string{"full", "falloc"}; !slices.Contains(ways, a.Preallocation) {
		return Invalid("preallocation", "the default is --preallocation full", "%q is neither full nor falloc", a.Preallocation)
	}
	if a.Encrypt && a.Device == "" && a.Discard != "none" {
		return Invalid("discard", "use --discard none, or swap to a device: --device /dev/disk/by-id/...",
			"with an encrypted file a discard would punch holes into the file")
	}
	return nil
}

func (c Config) validPersistence() error {
	if ways := []string{"auto", "systemd", "fstab", "none"}; !slices.Contains(ways, c.Persist) {
		return Invalid("persist", "the default is --persist auto: systemd where that runs", "%q is not one of %s", c.Persist, strings.Join(ways, ", "))
	}
	if ways := []string{"auto", "skip"}; !slices.Contains(ways, c.Kubelet) {
		return Invalid("kubelet", "the default is --kubelet auto; --kubelet skip leaves the kubelet as it is", "%q is neither auto nor skip", c.Kubelet)
	}
	if ways := []string{kubeletcfg.LimitedSwap, kubeletcfg.NoSwap}; !slices.Contains(ways, c.SwapBehavior) {
		return Invalid("swapBehavior", "the default is --swap-behavior LimitedSwap", "%q is neither LimitedSwap nor NoSwap", c.SwapBehavior)
	}
	if c.KubernetesVersion == "" {
		return nil
	}
	rows, err := kubeletcfg.Load()
	if err == nil {
		_, err = rows.Find(c.KubernetesVersion)
	}
	if err != nil {
		return Invalid("kubernetesVersion", "leave it out, and the kubelet is asked", "%w", err)
	}
	return nil
}

// validSysctls checks them by what any kernel accepts.
func (c Config) validSysctls() error {
	switch {
	case c.Swappiness < -1 || c.Swappiness > 200:
		return Invalid("swappiness", "60 is what kernels begin with", "%d is not between 0 and 200", c.Swappiness)
	case c.MinFreeKbytes < -1 || c.MinFreeKbytes == 0:
		return Invalid("minFreeKbytes", "67584 is usual on nodes of 8 GiB and more", "%d is not a number of KiB", c.MinFreeKbytes)
	case c.WatermarkScaleFactor < -1 || c.WatermarkScaleFactor == 0 || c.WatermarkScaleFactor > 3000:
		return Invalid("watermarkScaleFactor", "10 is what kernels begin with", "%d is not between 1 and 3000", c.WatermarkScaleFactor)
	case c.WatermarkBoostFactor < -1:
		return Invalid("watermarkBoostFactor", "0 is no boost, 15000 is what kernels begin with", "%d is not 0 or more", c.WatermarkBoostFactor)
	}
	return nil
}
