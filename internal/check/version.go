package check

import (
	"bytes"
	"encoding/binary"
	"os"
	"regexp"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

const dpkgStatus = "/var/lib/dpkg/status"

// versionOf finds the version of an installed program without running it: from
// Debian's package database, or from the program file.
func versionOf(h host.Host, pkg, binary string) string {
	if strings.HasPrefix(binary, "/usr/bin/") {
		if version := packageVersion(h, pkg); version != "" {
			return "v" + version
		}
	}
	if binary == "" {
		return ""
	}
	return linkedVersion(h, binary)
}

// packageVersion is the upstream version of an installed Debian package: of
// "1:1.7.24~ds1-6" it is "1.7.24"; "" when the package is not installed.
func packageVersion(h host.Host, pkg string) string {
	data, err := host.ReadTrusted(h.Files, dpkgStatus, host.TableLimit)
	if err != nil {
		return ""
	}
	heading := []byte("Package: " + pkg + "\n")
	at := bytes.Index(data, heading)
	if at < 0 || at > 0 && data[at-1] != '\n' {
		return ""
	}
	stanza, _, _ := bytes.Cut(data[at:], []byte("\n\n"))
	if !bytes.Contains(stanza, []byte("\nStatus: install ok installed\n")) && !bytes.Contains(stanza, []byte(" ok installed\n")) {
		return ""
	}
	for line := range bytes.Lines(stanza) {
		if version, ok := bytes.CutPrefix(line, []byte("Version: ")); ok {
			text := strings.TrimSpace(string(version))
			if _, rest, ok := strings.Cut(text, ":"); ok {
				text = rest // without the epoch
			}
			return text[:len(text)-len(strings.TrimLeft(text, "0123456789."))]
		}
	}
	return ""
}

// linkedVersion finds the version that was linked into a Go program (go build
// -ldflags '-X package.version=v1.34.1'): the linker puts such strings, and no
// others, between zero bytes in the read-only data. "" if there is none, and
// for a program that a user other than root can change.
func linkedVersion(h host.Host, name string) string {
	if host.OnlyRoot(h.Files, name) != nil {
		return ""
	}
	file, err := h.Files.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return ""
	}
	defer file.Close()
	offset, size, ok := section(file, ".rodata")
	if !ok {
		return ""
	}
	const most = 64 << 20
	data := make([]byte, min(size, most))
	if n, err := file.ReadAt(data, offset); err != nil || n < len(data) {
		return ""
	}
	found := regexp.MustCompile(`\x00(v?[12]\.[0-9]{1,2}\.[0-9]{1,3}(?:[-+~][0-9A-Za-z.+~-]*)?)\x00`).FindSubmatch(data)
	if found == nil {
		return ""
	}
	return string(found[1])
}

// section finds a section of a 64-bit little-endian ELF file (elf(5)).
func section(file host.File, name string) (offset, size int64, ok bool) {
	const headerBytes, entryBytes = 64, 64
	head := make([]byte, headerBytes)
	if n, _ := file.ReadAt(head, 0); n < headerBytes || string(head[:6]) != "\x7fELF\x02\x01" {
		return 0, 0, false
	}
	le := binary.LittleEndian
	at, count, names := int64(le.Uint64(head[40:])), int(le.Uint16(head[60:])), int(le.Uint16(head[62:]))
	if int(le.Uint16(head[58:])) != entryBytes || names >= count {
		return 0, 0, false
	}
	table := make([]byte, count*entryBytes)
	if n, _ := file.ReadAt(table, at); n < len(table) {
		return 0, 0, false
	}
	place := func(i int) (offset, size int64) {
		entry := table[i*entryBytes:]
		return int64(le.Uint64(entry[24:])), int64(le.Uint64(entry[32:]))
	}
	textAt, textSize := place(names)
	const mostText = 1 << 20
	if textSize < 0 || textSize > mostText {
		return 0, 0, false
	}
	text := make([]byte, textSize)
	if n, _ := file.ReadAt(text, textAt); n < len(text) {
		return 0, 0, false
	}
	for i := range count {
		nameAt := int64(le.Uint32(table[i*entryBytes:]))
		if nameAt < textSize && bytes.HasPrefix(text[nameAt:], []byte(name+"\x00")) {
			offset, size = place(i)
			return offset, size, size > 0
		}
	}
	return 0, 0, false
}
