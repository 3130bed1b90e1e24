// Package crypt makes and removes plain dm-crypt mappings: no header on disk,
// and a random key that exists only inside the kernel, until the mapping is
// closed. What swap held cannot be read after that, nor after a power cut.
//
// It does what `cryptsetup open --type plain --key-file /dev/urandom` does, by
// system calls, with the key in the kernel's keyring instead of the table.
package crypt

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Mapping is a desired encrypted mapping of a file or a device.
type Mapping struct {
	Name        string `json:"name"`        // below /dev/mapper
	Backing     string `json:"backing"`     // path of a file or a block device
	Cipher      string `json:"cipher"`      // as dm-crypt writes it: "aes-xts-plain64"
	KeyBits     int    `json:"keyBits"`     // of the whole key: 512 is AES-256 in XTS mode
	SectorBytes int    `json:"sectorBytes"` // encryption sector size, 512 or 4096; 0 is 4096 if it fits
	Discards    bool   `json:"discards"`    // let discards through; shows which blocks are free
	// OffsetBytes is where the mapping begins on the device; the bytes before
	// it are not touched.
	OffsetBytes int64 `json:"offsetBytes,omitempty"`
}

// nameLimit leaves room for uuidPrefix in DM_UUID_LEN.
const (
	uuidPrefix = "CRYPT-PLAIN-"
	nameLimit  = unix.DM_UUID_LEN - 1 - len(uuidPrefix)
)

// UUID is the device-mapper UUID of a plain mapping called name. cryptsetup
// uses the same, so that its tools and udev's rules recognize the mapping.
func UUID(name string) string { return uuidPrefix + name }

// keyName is the description of a mapping's key while it is in the keyring.
func keyName(name string) string { return "swapctl:" + name }

// validName: characters that need no escaping in /dev/mapper, in a table, in
// crypttab and in shells.
func validName(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]*$`).MatchString(name)
}

// ValidName says why a mapping cannot be called name; nil if it can.
func ValidName(name string) error {
	switch {
	case name == unix.DM_CONTROL_NODE:
		return fmt.Errorf("a mapping cannot be called %q: /dev/mapper/%s is the device mapper's own", name, name)
	case len(name) > nameLimit:
		return fmt.Errorf("mapping name of %d characters: %d at most", len(name), nameLimit)
	case !validName(name):
		return fmt.Errorf("mapping name %q: letters, digits, and after the first also + . _ -", name)
	}
	return nil
}

// ciphers are those that are offered: for each mode the block ciphers and the
// sizes of the whole key. Stream modes and ECB are left out on purpose: they
// leak data if a sector is written twice.
func ciphers() map[string]map[string][]int {
	xts := []int{256, 384, 512} // two keys of half the size
	cbc := []int{128, 192, 256}
	return map[string]map[string][]int{
		"xts":      {"aes": xts, "serpent": xts, "twofish": xts, "camellia": xts},
		"cbc":      {"aes": cbc, "serpent": cbc, "twofish": cbc, "camellia": cbc},
		"adiantum": {"xchacha12,aes": {256}, "xchacha20,aes": {256}},
	}
}

// ValidCipher says why a mapping cannot be encrypted this way; nil if it can,
// as far as that can be known before the kernel is asked. keyBits is of the
// whole key; sectorBytes is 512, 4096, or 0 for the best that fits.
func ValidCipher(cipher string, keyBits, sectorBytes int) error {
	m := regexp.MustCompile(`^([a-z0-9,]+)-([a-z]+)-([a-z0-9]+(?::[a-z0-9]+)?)$`).FindStringSubmatch(cipher)
	if m == nil {
		return fmt.Errorf("cipher %q: it is written like aes-xts-plain64", cipher)
	}
	sizes, known := ciphers()[m[2]][m[1]]
	if !known {
		return fmt.Errorf("cipher %q is not supported: aes, serpent, twofish or camellia with xts or cbc, or xchacha12,aes-adiantum-plain64", cipher)
	}
	switch iv := m[3]; {
	case iv == "plain64":
	case m[2] == "cbc" && iv == "essiv:sha256":
	default:
		return fmt.Errorf("cipher %q: the third part is plain64 (with cbc also essiv:sha256)", cipher)
	}
	if !slices.Contains(sizes, keyBits) {
		return fmt.Errorf("cipher %s takes keys of %s bits, not %d", cipher, list(sizes), keyBits)
	}
	if sectorBytes != 0 && sectorBytes != 512 && sectorBytes != 4096 {
		return fmt.Errorf("encryption sectors of %d bytes: 512 or 4096", sectorBytes)
	}
	return nil
}

// list formats numbers: "256, 384 or 512".
func list(numbers []int) string {
	words := make([]string, 0, len(numbers))
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// validate checks what can be checked without the kernel.
func (m Mapping) validate() error {
	return errors.Join(ValidName(m.Name), ValidCipher(m.Cipher, m.KeyBits, m.SectorBytes))
}

// Available says why this kernel cannot encrypt; nil if it can. It loads the
// modules that are needed. Whether there is a loop driver, which only files
// need, Open finds out.
func Available(h host.Host) error {
	const op = "use encryption"
	version, err := h.Kernel.DMTarget("crypt")
	if err != nil {
		return explainKernel(op, err)
	}
	// 1.18.1 is of kernel 4.15. Older ones mishandle keys from the keyring.
	if slices.Compare(version[:], []uint32{1, 18, 1}) < 0 {
		return fail.Newf(fail.Unfit, op, "the kernel's dm-crypt is version %d.%d.%d, 1.18.1 is needed", version[0], version[1], version[2]).
			Hint("use a kernel of version 4.18 or newer, or --encrypt=false")
	}
	return nil
}
