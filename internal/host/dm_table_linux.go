package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// errDMReply is the error of an answer that does not match
// include/uapi/linux/dm-ioctl.h.
var errDMReply = errors.New("the kernel's answer cannot be understood")

// dmSpecType is the offset of the target's name in a struct dm_target_spec, and
// its size with the final zero.
const (
	dmSpecType     = 24
	dmSpecTypeSize = unix.DM_MAX_TYPE_NAME
)

// encodeTarget writes a table of one target, from sector 0 on, into buf, which
// must have room for a dm_target_spec, params and a zero. It copies params only
// there.
func encodeTarget(buf []byte, target string, sectors uint64, params []byte) error {
	if len(target) >= dmSpecTypeSize {
		return fmt.Errorf("target name %q is too long: %w", target, unix.ENAMETOOLONG)
	}
	if bytes.IndexByte(params, 0) >= 0 || len(buf) < dmSpec+len(params)+1 {
		return fmt.Errorf("table parameters of %d bytes: %w", len(params), unix.EINVAL)
	}
	binary.NativeEndian.PutUint64(buf[8:], sectors)
	copy(buf[dmSpecType:], target)
	copy(buf[dmSpec:], params)
	return nil
}

// decodeTable reads the answer of DM_TABLE_STATUS with DM_STATUS_TABLE_FLAG.
// It hides keys in r's data before any of it becomes a string.
func decodeTable(r dmReply) (DMTable, error) {
	t := DMTable{
		Name: unix.ByteSliceToString(r.Name[:]), UUID: unix.ByteSliceToString(r.Uuid[:]),
		Dev: r.Dev, OpenCount: int(r.Open_count),
		Suspended: r.Flags&unix.DM_SUSPEND_FLAG != 0,
		Targets:   int(r.Target_count),
	}
	if t.Targets == 0 {
		return t, nil
	}
	if len(r.data) < dmSpec {
		return DMTable{}, errDMReply
	}
	t.Sectors = binary.NativeEndian.Uint64(r.data[8:])
	t.Target = unix.ByteSliceToString(r.data[dmSpecType : dmSpecType+dmSpecTypeSize])
	params, _, _ := bytes.Cut(r.data[dmSpec:], []byte{0})
	t.Params = string(redact(t.Target, params))
	return t, nil
}

// redact overwrites a key in a target's parameters, in place. In crypt's it is
// the second word, in hex, unless it only names a key (":") or is empty ("-").
// integrity may have keys in several places, so all of its words are
// overwritten.
func redact(target string, params []byte) []byte {
	switch target {
	case "integrity":
		return nil
	case "crypt":
		_, rest, _ := bytes.Cut(params, []byte{' '})
		key, _, _ := bytes.Cut(rest, []byte{' '})
		if len(key) > 0 && key[0] != ':' && key[0] != '-' {
			for i := range key {
				key[i] = '0'
			}
		}
	}
	return params
}

// targetVersion finds a target in a list of struct dm_target_versions: an
// offset to the next (0 ends the list), three numbers, a name.
func targetVersion(list []byte, name string) (version [3]uint32, err error) {
	const named = 16
	for len(list) > named {
		next := int(binary.NativeEndian.Uint32(list))
		if unix.ByteSliceToString(list[named:]) == name {
			for i := range version {
				version[i] = binary.NativeEndian.Uint32(list[4+4*i:])
			}
			return version, nil
		}
		if next <= 0 || next > len(list) {
			break
		}
		list = list[next:]
	}
	return version, noTarget(name)
}
