// Package fstab reads and edits /etc/fstab and /etc/crypttab line by line: what
// it does not change stays byte for byte, invalid lines and comments included.
// It is pure.
package fstab

import (
	"strings"
)

// Entry is one line of fstab(5) that is not a comment. In its fields, octal
// escapes such as \040 are resolved.
type Entry struct {
	Line    int // from 1
	Spec    string
	File    string // mount point, or "none"
	Type    string
	Options string // comma-separated
}

// Parse lists the entries of an fstab. Comments, empty lines and lines with
// fewer than three fields are skipped: libmount and systemd's generator only
// complain about them.
func Parse(data []byte) []Entry {
	var entries []Entry
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		fields := fields(line)
		if len(fields) < 3 {
			continue
		}
		e := Entry{Line: number, Spec: fields[0], File: fields[1], Type: fields[2]}
		if len(fields) > 3 {
			e.Options = fields[3]
		}
		entries = append(entries, e)
	}
	return entries
}

// Has reports whether the comma-separated options contain one: "nofail", or the
// key of "key=value".
func (e Entry) Has(option string) bool {
	for o := range strings.SplitSeq(e.Options, ",") {
		if key, _, _ := strings.Cut(o, "="); key == option {
			return true
		}
	}
	return false
}

// Mapping is one line of crypttab(5).
type Mapping struct {
	Line                   int // from 1
	Name, Device, Key, Opt string
}

// ParseCrypttab lists the entries of a crypttab.
func ParseCrypttab(data []byte) []Mapping {
	var entries []Mapping
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		f := fields(line)
		if len(f) < 2 {
			continue
		}
		f = append(f, "", "")
		entries = append(entries, Mapping{Line: number, Name: f[0], Device: f[1], Key: f[2], Opt: f[3]})
	}
	return entries
}

// fields splits a line at blanks; a comment has no fields.
func fields(line string) []string {
	fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) })
	if len(fields) > 0 && strings.HasPrefix(fields[0], "#") {
		return nil
	}
	for i := range fields {
		fields[i] = unescape(fields[i])
	}
	return fields
}

// Escape escapes blanks in a field, which would end it (fstab(5)).
func Escape(field string) string {
	var b strings.Builder
	for i := range len(field) {
		switch c := field[i]; c {
		case ' ', '\t', '\r', '\n', '\\', '#':
			const octal = "01234567"
			b.WriteByte('\\')
			b.WriteByte(octal[c>>6])
			b.WriteByte(octal[c>>3&7])
			b.WriteByte(octal[c&7])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape resolves \ and three octal digits; any other backslash stays.
func unescape(field string) string {
	if !strings.Contains(field, `\`) {
		return field
	}
	var b strings.Builder
	for i := 0; i < len(field); i++ {
		if c, ok := octal(field[i:]); ok {
			b.WriteByte(c)
			i += 3
			continue
		}
		b.WriteByte(field[i])
	}
	return b.String()
}

func octal(s string) (byte, bool) {
	if len(s) < 4 || s[0] != '\\' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[1:4]) {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = n<<3 | int(c-'0')
	}
	return byte(n), n < 256
}
