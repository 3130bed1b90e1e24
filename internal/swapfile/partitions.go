package swapfile

import "encoding/binary"

// partitionTables finds a GPT, at the beginning and at the end, for sectors of
// 512 and 4096 bytes, and the table in the master boot record.
func partitionTables(head, tail []byte, size int64) []Found {
	var found []Found
	start := int(size - int64(len(tail)))
	for _, sector := range []int{512, 4096} {
		if has(head, sector, "EFI PART") {
			found = append(found, Found{"GPT partition table", int64(sector)})
		}
		if has(tail, len(tail)-sector, "EFI PART") {
			found = append(found, Found{"GPT partition table (its copy at the end)", int64(start + len(tail) - sector)})
		}
	}
	if what := bootRecord(head); what != "" {
		found = append(found, Found{what, 510})
	}
	return found
}

// bootRecord distinguishes a partition table from a boot loader: four entries
// of 16 bytes, each unused or with a flag of 0 or 0x80, a type and a length.
func bootRecord(head []byte) string {
	if !has(head, 510, "\x55\xaa") {
		return ""
	}
	used := 0
	for entry := head[446:510]; len(entry) > 0; entry = entry[16:] {
		if isZero(entry[:16]) {
			continue
		}
		if entry[0]&0x7f != 0 || entry[4] == 0 || binary.LittleEndian.Uint32(entry[12:]) == 0 {
			return "boot sector"
		}
		used++
	}
	// Before an empty table there is no boot loader, only the disk's number at
	// offset 440.
	if used == 0 && !isZero(head[:440]) {
		return "boot sector"
	}
	return "DOS partition table"
}
