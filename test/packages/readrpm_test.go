package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// The tags of rpm's headers, and the flags of its files, that are read here
// (rpm 4.20, include/rpm/rpmtag.h and rpmfiles.h).
const (
	rpmName, rpmVersion, rpmRelease, rpmArch   = 1000, 1001, 1002, 1022
	rpmPreun, rpmPostun                        = 1025, 1026
	rpmModes, rpmDigests, rpmFlags             = 1030, 1035, 1037
	rpmUsers, rpmGroups                        = 1039, 1040
	rpmDirIndexes, rpmBaseNames, rpmDirNames   = 1116, 1117, 1118
	rpmConfigNoReplace                         = 1 | 16
	rpmInt16, rpmInt32, rpmBinary              = 3, 4, 7
	rpmLeadSize, rpmHeaderStart, rpmIndexEntry = 96, 16, 16
)

// rpmHeader has the texts and numbers of a header, by tag.
type rpmHeader struct {
	texts   map[uint32][]string
	numbers map[uint32][]uint32
}

// text returns the first text of a tag.
func (h rpmHeader) text(tag uint32) string {
	return strings.Join(h.texts[tag][:min(1, len(h.texts[tag]))], "")
}

// readRPM reads the list of files in the header of a package; the files
// themselves come after it.
func readRPM(text []byte) (contents, error) {
	c := contents{files: map[string]file{}}
	_, size, err := readRPMHeader(text[rpmLeadSize:]) // the signatures
	if err != nil {
		return c, err
	}
	h, _, err := readRPMHeader(text[rpmLeadSize+(size+7)/8*8:])
	if err != nil {
		return c, err
	}
	c.name, c.version, c.arch = h.text(rpmName), h.text(rpmVersion)+"-"+h.text(rpmRelease), h.text(rpmArch)
	c.preremove, c.postremove = h.text(rpmPreun), h.text(rpmPostun)
	for i, base := range h.texts[rpmBaseNames] {
		mode := h.numbers[rpmModes][i]
		f := file{
			mode: fs.FileMode(mode & 0o777), owner: h.texts[rpmUsers][i], group: h.texts[rpmGroups][i],
			config: h.numbers[rpmFlags][i] == rpmConfigNoReplace, digest: h.texts[rpmDigests][i],
		}
		if mode&0o170000 == 0o040000 {
			f.mode |= fs.ModeDir
		}
		c.files[h.texts[rpmDirNames][h.numbers[rpmDirIndexes][i]]+base] = f
	}
	return c, nil
}

// readRPMHeader reads one header and returns its length.
func readRPMHeader(text []byte) (rpmHeader, int, error) {
	h := rpmHeader{texts: map[uint32][]string{}, numbers: map[uint32][]uint32{}}
	if !bytes.HasPrefix(text, []byte{0x8e, 0xad, 0xe8, 1}) {
		return h, 0, errors.New("this is no header of rpm's")
	}
	big := binary.BigEndian
	entries, size := int(big.Uint32(text[8:])), int(big.Uint32(text[12:]))
	store := text[rpmHeaderStart+entries*rpmIndexEntry:][:size]
	for entry := range slices.Chunk(text[rpmHeaderStart:rpmHeaderStart+entries*rpmIndexEntry], rpmIndexEntry) {
		tag, kind, data, count := big.Uint32(entry), big.Uint32(entry[4:]), store[big.Uint32(entry[8:]):], int(big.Uint32(entry[12:]))
		for i := range count {
			switch {
			case kind == rpmInt16:
				h.numbers[tag] = append(h.numbers[tag], uint32(big.Uint16(data[2*i:])))
			case kind == rpmInt32:
				h.numbers[tag] = append(h.numbers[tag], big.Uint32(data[4*i:]))
			case kind > rpmInt32 && kind != rpmBinary: // one text or several
				word, rest, _ := bytes.Cut(data, []byte{0})
				h.texts[tag], data = append(h.texts[tag], string(word)), rest
			}
		}
	}
	return h, rpmHeaderStart + entries*rpmIndexEntry + size, nil
}
