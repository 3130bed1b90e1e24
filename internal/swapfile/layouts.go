package swapfile

import "encoding/binary"

// Offsets in an ext superblock of the magic number and of the features by which
// ext2, ext3 and ext4 differ (fs/ext4/ext4.h in Linux, struct
// ext4_super_block).
const (
	extMagic    = 0x438
	extCompat   = 0x45c
	extIncompat = 0x460
	extROCompat = 0x464
)

// extIn distinguishes ext2, ext3 and ext4 as blkid(8) does: by features that
// the older ones do not have.
func extIn(head []byte) string {
	if !has(head, extMagic, "\x53\xef") || len(head) < 0x800 {
		return ""
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(head[at:]) }
	const (
		hasJournal   = 0x4
		journalDev   = 0x8
		upToIncompat = 0x2 | 0x4 | 0x10 // filetype, recover, meta_bg
		upToRO       = 0x1 | 0x2 | 0x4  // sparse_super, large_file, btree_dir
	)
	switch {
	case u32(extIncompat)&journalDev != 0:
		return "ext4 journal"
	case u32(extIncompat)&^upToIncompat != 0, u32(extROCompat)&^upToRO != 0:
		return "ext4 file system"
	case u32(extCompat)&hasJournal != 0:
		return "ext3 file system"
	}
	return "ext2 file system"
}

// zfsLabel finds an uberblock, in either byte order, in the array of them in
// the second half of each label of 256 KiB (two labels at the beginning, two at
// the end); -1 if there is none.
func zfsLabel(data []byte) int {
	const label, ring, step = 256 << 10, 128 << 10, 1 << 10
	for start := 0; start+label <= len(data); start += label {
		for at := start + ring; at < start+label; at += step {
			if has(data, at, "\x0c\xb1\xba\x00\x00\x00\x00\x00") || has(data, at, "\x00\x00\x00\x00\x00\xba\xb1\x0c") {
				return at
			}
		}
	}
	return -1
}

// signaturesAtEnd finds signatures at an offset from the end of a device of
// size bytes; tail is the last part of the device.
func signaturesAtEnd(tail []byte, size int64) []Found {
	var found []Found
	start := size - int64(len(tail))
	add := func(at int64, what string, magics ...string) {
		for _, m := range magics {
			if has(tail, int(at-start), m) {
				found = append(found, Found{what, at})
			}
		}
	}
	const raid = "\xfc\x4e\x2b\xa9"
	add(size&^(64<<10-1)-64<<10, "Linux RAID member (metadata 0.90)", raid, "\xa9\x2b\x4e\xfc")
	add((size-8<<10)&^(4<<10-1), "Linux RAID member (metadata 1.0)", raid+"\x01\x00\x00\x00")
	add(size&^(4<<10-1)-4<<10+60, "DRBD device", "\x83\x74\x02\x6b", "\x83\x74\x02\x6c", "\x83\x74\x02\x6d")
	add(size-512, "firmware RAID member (DDF)", "\x11\xde\x11\xde", "\xde\x11\xde\x11")
	for at := size - 1024; at >= size-4096; at -= 512 {
		add(at, "firmware RAID member (Intel)", "Intel Raid ISM Cfg Sig. ")
	}
	// The last two labels of zfs end at a multiple of 256 KiB.
	if labels := size&^(256<<10-1) - 512<<10; labels >= start {
		if at := zfsLabel(tail[labels-start:]); at >= 0 {
			found = append(found, Found{"zfs pool member", labels + int64(at)})
		}
	}
	return found
}

// swapsIn finds swap areas and hibernation images, for every page size.
func swapsIn(head []byte) []Found {
	var found []Found
	for page := minPageBytes; page <= maxPageBytes && page <= len(head); page *= 2 {
		magic := string(head[page-magicBytes : page])
		at := int64(page - magicBytes)
		switch {
		case magic == magicSwap:
			found = append(found, Found{"swap area", at})
		case magic == magicOldSwap:
			found = append(found, Found{"swap area of the old format", at})
		case isHibernation(magic):
			found = append(found, Found{"hibernation image", at})
		}
	}
	return found
}

// swapHeader returns the first swap header that a kernel with some page size
// accepts.
func swapHeader(head []byte) *Header {
	for page := minPageBytes; page <= maxPageBytes && page <= len(head); page *= 2 {
		if h, err := ParseHeader(head[:page]); err == nil {
			return &h
		}
	}
	return nil
}
