package kernel

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Text is the content of a small file of procfs or sysfs, or why it could not
// be read. It has the file's name, so that a finding can show both.
type Text struct {
	File  string
	Value string // without surrounding white space
	Err   error
}

// ReadText reads a file.
func ReadText(h host.Host, name string) Text {
	data, err := h.Files.ReadFile(name, host.SmallLimit)
	return Text{File: name, Value: strings.TrimSpace(string(data)), Err: err}
}

// Missing reports whether there is no such file: the kernel has no such
// feature, or does not show it.
func (t Text) Missing() bool { return errors.Is(t.Err, fs.ErrNotExist) }

// Denied reports whether another user's rights are needed to read it.
func (t Text) Denied() bool { return errors.Is(t.Err, fs.ErrPermission) }

// Number is the value as a whole number.
func (t Text) Number() (n int64, ok bool) {
	if t.Err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(t.Value, 10, 64)
	return n, err == nil
}

// String shows file and value: "/proc/sys/vm/swappiness: 60".
func (t Text) String() string {
	switch {
	case t.File == "":
		return "nothing was read"
	case t.Missing():
		return t.File + ": no such file"
	case t.Denied():
		return t.File + ": permission denied"
	case t.Err != nil:
		return t.File + ": cannot be read: " + t.Err.Error()
	case t.Value == "":
		return t.File + ": empty"
	}
	return t.File + ": " + t.Value
}

// CommandLine is the kernel command line, in words. Quotes keep blanks together
// (lib/cmdline.c, next_arg).
func CommandLine(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\t' || r == '\n')
	})
}

// ReadCommandLine reads that of the running kernel; nil if there is no such
// file.
func ReadCommandLine(h host.Host) ([]string, error) {
	t := ReadText(h, "/proc/cmdline")
	if t.Err != nil && !t.Missing() {
		return nil, t.Err
	}
	return CommandLine(t.Value), nil
}

// Has reports whether a mount, or its file system, has an option, such as
// "noswap", or the key of a "key=value".
func (m Mount) Has(name string) bool {
	for _, list := range []string{m.Options, m.SuperOptions} {
		for o := range strings.SplitSeq(list, ",") {
			if key, _, _ := strings.Cut(o, "="); key == name {
				return true
			}
		}
	}
	return false
}
