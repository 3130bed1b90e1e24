package fstab

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const real = `# /etc/fstab: static file system information.
#
UUID=0a1b-2c3d  /boot/efi  vfat umask=0077 0 1
/dev/mapper/root / ext4 errors=remount-ro,x-systemd.device-timeout=30 0 1
#/swapfile none swap sw 0 0
LABEL=data /mnt/my\040data xfs defaults,nofail 0 2
broken line
/dev/sdb1	none	swap
`

func TestParseReadsWhatMountReads(t *testing.T) {
	want := []Entry{
		{3, "UUID=0a1b-2c3d", "/boot/efi", "vfat", "umask=0077"},
		{4, "/dev/mapper/root", "/", "ext4", "errors=remount-ro,x-systemd.device-timeout=30"},
		{6, "LABEL=data", "/mnt/my data", "xfs", "defaults,nofail"},
		{8, "/dev/sdb1", "none", "swap", ""},
	}
	got := Parse([]byte(real))
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if e := got[1]; !e.Has("errors") || !e.Has("x-systemd.device-timeout") || e.Has("nofail") || !got[2].Has("nofail") {
		t.Error("wrong options")
	}
}

func TestParseCrypttab(t *testing.T) {
	got := ParseCrypttab([]byte("# name dev key opts\ncryptswap /swap\\040file /dev/urandom swap,size=512\nhome UUID=1-2\nx\n"))
	want := []Mapping{
		{2, "cryptswap", "/swap file", "/dev/urandom", "swap,size=512"},
		{3, "home", "UUID=1-2", "", ""},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatWasAddedIsRemovedToTheByte(t *testing.T) {
	line := Line("/swap file", "none", "swap", "sw,pri=5", "0", "0")
	if line != `/swap\040file none swap sw,pri=5 0 0` {
		t.Fatal(line)
	}
	for _, before := range []string{"", "\n", "a", "a\n", "a\n\n", real, real + "no newline", line + "x\n", "#" + line + "\n", "a\r\nb\r\n"} {
		after := Added([]byte(before), line)
		if !Contains(after, line) || !bytes.HasPrefix(after, []byte(before)) {
			t.Errorf("%q became %q", before, after)
		}
		back, ok := Removed(after, line)
		if !ok || string(back) != before {
			t.Errorf("%q became %q and then %q", before, after, back)
		}
	}
}

func TestOnlyAWholeLineIsRemoved(t *testing.T) {
	for _, c := range []struct{ data, line, want string }{
		{"ab\na\n", "a", "ab\n"},
		{"ab\nba\n", "a", "ab\nba\n"},
		{"a\nb\na\n", "a", "a\nb\n"},
		{"a\nb", "b", "a"},
		{"a", "a", ""},
	} {
		got, ok := Removed([]byte(c.data), c.line)
		if string(got) != c.want || ok != (c.data != c.want) {
			t.Errorf("%q without %q is %q, %v", c.data, c.line, got, ok)
		}
	}
}

func FuzzAddedThenRemoved(f *testing.F) {
	f.Add([]byte(real), "/swapfile", "none")
	f.Add([]byte("a"), " ", "#x")
	f.Fuzz(func(t *testing.T, data []byte, spec, file string) {
		line := Line(spec, file, "swap", "sw")
		back, ok := Removed(Added(data, line), line)
		if !ok || !bytes.Equal(back, data) {
			t.Errorf("%q and %q give %q", data, line, back)
		}
		if spec == "" || file == "" {
			return
		}
		if got := fields(line); len(got) != 4 || got[0] != spec || got[1] != file {
			t.Errorf("%q reads back as %q", line, got)
		}
	})
}
