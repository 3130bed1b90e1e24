package swapfile

// signature is a magic number at a fixed offset from the start.
type signature struct {
	what   string
	offset int
	magic  string
}

// signatures are those that blkid(8), cryptsetup, LVM and mdadm look for (their
// own sources, and the on-disk formats of file systems). The most important
// come first: if there are two, that of the layer on top is a leftover from
// before the one below.
var signatures = []signature{
	{"LUKS1 header", 0, "LUKS\xba\xbe\x00\x01"},
	{"LUKS2 header", 0, "LUKS\xba\xbe\x00\x02"},
	{"LUKS2 header", 0x4000, "SKUL\xba\xbe\x00\x02"}, // the second copy, at its usual offset
	{"BitLocker volume", 3, "-FVE-FS-"},
	{"LVM2 physical volume", 0x018, "LVM2 001"},
	{"LVM2 physical volume", 0x218, "LVM2 001"},
	{"LVM2 physical volume", 0x418, "LVM2 001"},
	{"LVM2 physical volume", 0x618, "LVM2 001"},
	{"LVM1 physical volume", 0, "HM\x01\x00"},
	{"LVM1 physical volume", 0, "HM\x02\x00"},
	{"Stratis pool member", 0x204, "!Stra0tis\x86\xff\x02^\x41rh"},
	{"VDO volume", 0, "dmvdo001"},
	{"Linux RAID member (metadata 1.1)", 0, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"},
	{"Linux RAID member (metadata 1.2)", 0x1000, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"},
	{"bcache device", 0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"},
	{"bcachefs file system", 0x1018, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"},
	{"Ceph BlueStore", 0, "bluestore block device"},
	{"Ceph volume", 0, "CEPHCEPH"},
	{"Oracle ASM disk", 0x20, "ORCLDISK"},
	{"btrfs file system", 0x10040, "_BHRfS_M"},
	{"xfs file system", 0, "XFSB"},
	{"xfs log", 0, "\xfe\xed\xba\xbe"},
	{"f2fs file system", 0x400, "\x10\x20\xf5\xf2"},
	{"f2fs file system", 0x1400, "\x10\x20\xf5\xf2"},
	{"reiserfs file system", 0x10034, "ReIsErFs"},
	{"reiserfs file system", 0x10034, "ReIsEr2Fs"},
	{"reiserfs file system", 0x10034, "ReIsEr3Fs"},
	{"reiserfs file system", 0x2034, "ReIsErFs"},
	{"reiser4 file system", 0x10000, "ReIsEr4"},
	{"jfs file system", 0x8000, "JFS1"},
	{"nilfs2 file system", 0x406, "\x34\x34"},
	{"ocfs2 file system", 0x2000, "OCFSV2"},
	{"ocfs2 file system", 0x1000, "OCFSV2"},
	{"ocfs2 file system", 0x800, "OCFSV2"},
	{"ocfs2 file system", 0x400, "OCFSV2"},
	{"gfs2 file system", 0x10000, "\x01\x16\x19\x70"},
	{"apfs container", 0x20, "NXSB"},
	{"hfs+ file system", 0x400, "H+"},
	{"hfs+ file system", 0x400, "HX"},
	{"squashfs file system", 0, "hsqs"},
	{"squashfs file system", 0, "sqsh"},
	{"erofs file system", 0x400, "\xe2\xe1\xf5\xe0"},
	{"cramfs file system", 0, "\x45\x3d\xcd\x28"},
	{"romfs file system", 0, "-rom1fs-"},
	{"iso9660 file system", 0x8001, "CD001"},
	{"udf file system", 0x8001, "BEA01"},
	{"udf file system", 0x8801, "NSR02"},
	{"udf file system", 0x8801, "NSR03"},
	{"exfat file system", 3, "EXFAT   "},
	{"ntfs file system", 3, "NTFS    "},
	{"vfat file system", 0x52, "FAT32   "},
	{"vfat file system", 0x36, "FAT16   "},
	{"vfat file system", 0x36, "FAT12   "},
	{"vfat file system", 0x36, "FAT     "},
	{"hibernation image", 0, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c"}, // TuxOnIce
}

// signaturesIn finds signatures at a fixed offset from the start.
func signaturesIn(head []byte) []Found {
	var found []Found
	for _, s := range signatures {
		if has(head, s.offset, s.magic) {
			found = append(found, Found{s.what, int64(s.offset)})
		}
	}
	if what := extIn(head); what != "" {
		found = append(found, Found{what, extMagic})
	}
	if at := zfsLabel(head); at >= 0 {
		found = append(found, Found{"zfs pool member", int64(at)})
	}
	return found
}

// has reports whether data has magic at offset.
func has(data []byte, offset int, magic string) bool {
	return offset >= 0 && offset+len(magic) <= len(data) && string(data[offset:offset+len(magic)]) == magic
}
