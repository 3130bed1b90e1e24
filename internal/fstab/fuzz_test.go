package fstab

import (
	"bytes"
	"testing"
)

// FuzzParse: of each line there is at most one entry, in order, and fields hold
// no blank that was not escaped.
func FuzzParse(f *testing.F) {
	f.Add([]byte(real))
	f.Add([]byte("/a\\040b none swap sw,pri=5 0 0\n#x\n\\"))
	f.Add([]byte("cryptswap /dev/disk/by-partuuid/x /dev/urandom swap,cipher=aes-xts-plain64\nname dev\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, last := bytes.Count(data, []byte("\n"))+1, 0
		for _, e := range Parse(data) {
			if e.Line <= last || e.Line > lines || e.Spec == "" || e.File == "" || e.Type == "" {
				t.Errorf("%+v after line %d of %d", e, last, lines)
			}
			last = e.Line
			_ = e.Has("nofail")
		}
		last = 0
		for _, m := range ParseCrypttab(data) {
			if m.Line <= last || m.Line > lines || m.Name == "" || m.Device == "" {
				t.Errorf("%+v after line %d of %d", m, last, lines)
			}
			last = m.Line
		}
	})
}

// FuzzEscape: what is escaped reads back, as one field.
func FuzzEscape(f *testing.F) {
	f.Add("/a b\\040#\t")
	f.Fuzz(func(t *testing.T, field string) {
		if field == "" {
			return
		}
		if got := fields(Escape(field)); len(got) != 1 || got[0] != field {
			t.Errorf("%q is escaped as %q, which reads %q", field, Escape(field), got)
		}
	})
}
