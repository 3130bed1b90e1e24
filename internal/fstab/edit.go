package fstab

import (
	"bytes"
	"slices"
	"strings"
)

// Line joins fields to a line of fstab or crypttab, escaped, without the
// newline.
func Line(fields ...string) string {
	escaped := make([]string, len(fields))
	for i, f := range fields {
		escaped[i] = Escape(f)
	}
	return strings.Join(escaped, " ")
}

// Added returns data with the line appended. If the last line has no newline,
// the new one has none either, which is how Removed knows.
func Added(data []byte, line string) []byte {
	out := slices.Clone(data)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		return append(append(out, '\n'), line...)
	}
	return append(append(out, line...), '\n')
}

// Removed returns data without the last line that is exactly line, and whether
// there was one. After Added it restores every byte: if our line ends the file
// without a newline, the newline before it is ours, too.
func Removed(data []byte, line string) ([]byte, bool) {
	at := find(data, line)
	if at < 0 {
		return data, false
	}
	end := at + len(line)
	switch {
	case end < len(data):
		end++ // its newline
	case at > 0:
		at--
	}
	return slices.Concat(data[:at], data[end:]), true
}

// Contains reports whether the exact line exists.
func Contains(data []byte, line string) bool { return find(data, line) >= 0 }

// find returns the offset of the last line that is exactly line, or -1.
func find(data []byte, line string) int {
	for end := len(data); end > 0; {
		at := bytes.LastIndex(data[:end], []byte(line))
		if at < 0 {
			return -1
		}
		begins := at == 0 || data[at-1] == '\n'
		ends := at+len(line) == len(data) || data[at+len(line)] == '\n'
		if begins && ends {
			return at
		}
		end = at + len(line) - 1
	}
	return -1
}
