package kernel

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// CryptTable is the parameters of a dm-crypt table line, without the key.
type CryptTable struct {
	Cipher      string // "aes-xts-plain64"
	KeyBits     int
	KeyInRing   bool // the table names a key in the kernel's keyring
	Device      string
	OffsetBytes int64    // offset of the data on it
	SectorBytes int      // unit of encryption
	Options     []string // "allow_discards", ...
}

// The device mapper, cryptsetup and crypttab count sectors of 512 bytes.
const (
	SectorShift = 9
	SectorBytes = 1 << SectorShift
)

// ParseCryptTable parses the parameters of a crypt target (kernel
// documentation, admin-guide/device-mapper/dm-crypt.rst): cipher, key, IV
// offset, device, offset, [count, options...]. Its errors never show the
// parameters, which may contain a key.
func ParseCryptTable(params string) (CryptTable, error) {
	f := strings.Fields(params)
	if len(f) < 5 {
		return CryptTable{}, fmt.Errorf("crypt table: %d words instead of 5 or more", len(f))
	}
	t := CryptTable{Cipher: f[0], Device: f[3], SectorBytes: 512}
	var err error
	if t.KeyBits, t.KeyInRing, err = cryptKey(f[1]); err != nil {
		return CryptTable{}, err
	}
	start, err := strconv.ParseUint(f[4], 10, 63-SectorShift)
	if err != nil {
		return CryptTable{}, errors.New("crypt table: bad offset")
	}
	t.OffsetBytes = int64(start << SectorShift)
	if len(f) == 5 {
		return t, nil
	}
	if n, err := strconv.Atoi(f[5]); err != nil || n != len(f)-6 {
		return CryptTable{}, fmt.Errorf("crypt table: %d options, but another count", len(f)-6)
	}
	t.Options = f[6:]
	for _, o := range t.Options {
		if size, ok := strings.CutPrefix(o, "sector_size:"); ok {
			if t.SectorBytes, err = strconv.Atoi(size); err != nil || t.SectorBytes <= 0 {
				return CryptTable{}, errors.New("crypt table: bad sector size")
			}
		}
	}
	return t, nil
}

// NullCipher reports whether the cipher does not change the data, as in tables
// during an in-place encryption or decryption of a device.
func (t CryptTable) NullCipher() bool { return strings.Contains(t.Cipher, "null") }

// cryptKey returns the size of a key as written in a table: hexadecimal, "-"
// for none, or ":<bytes>:<type>:<description>" for one in the keyring.
func cryptKey(key string) (bits int, inRing bool, err error) {
	if key == "-" {
		return 0, false, nil
	}
	if !strings.HasPrefix(key, ":") {
		return len(key) * 4, false, nil
	}
	size, _, found := strings.Cut(key[1:], ":")
	n, err := strconv.ParseUint(size, 10, 16)
	if err != nil || !found {
		return 0, false, errors.New("crypt table: bad key size")
	}
	return int(n) * 8, true, nil
}
