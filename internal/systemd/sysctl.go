package systemd

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// SysctlLine is a line of sysctl.d.
type SysctlLine struct {
	Key     string // as a path below /proc/sys: "vm/swappiness"; it may be a pattern
	Value   string
	File    string
	Line    int
	Exclude bool // "-key": no other line may set it
}

// At returns the file and the line.
func (l SysctlLine) At() string { return fmt.Sprintf("%s line %d", l.File, l.Line) }

// Sysctls are the lines of sysctl.d in the order in which they are applied.
type Sysctls []SysctlLine

// ReadSysctls reads sysctl.d as systemd-sysctl does at boot (sysctl.d(5),
// src/sysctl/sysctl.c of systemd 252): sorted by file name, in whatever
// directory; of several files with one name only the one in the directory with
// the highest precedence, and a link to /dev/null hides the name.
// /etc/sysctl.conf counts only if a link 99-sysctl.conf points to it. The error
// is that of a file that could not be read.
func ReadSysctls(h host.Host) (Sysctls, error) {
	at := map[string]string{}
	var unseen error
	for _, dir := range []string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"} {
		dir += "/sysctl.d"
		names, err := h.Files.ReadDir(dir)
		unseen = errors.Join(unseen, unlessMissing(err))
		for _, name := range names {
			if _, known := at[name]; !known && strings.HasSuffix(name, ".conf") {
				at[name] = dir + "/" + name
			}
		}
	}
	var all Sysctls
	for _, name := range slices.Sorted(maps.Keys(at)) {
		if Masked(h, at[name]) {
			continue
		}
		data, err := h.Files.ReadFile(at[name], host.FileLimit)
		unseen = errors.Join(unseen, unlessMissing(err))
		all = append(all, parseSysctls(at[name], string(data))...)
	}
	return all, unseen
}

func parseSysctls(file, text string) (all Sysctls) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, given := strings.Cut(line, "=")
		key, quiet := strings.CutPrefix(strings.TrimSpace(key), "-") // systemd ignores a failure to set it
		if !given && !quiet {
			continue
		}
		all = append(all, SysctlLine{Key: sysctlPath(key), Value: strings.TrimSpace(value), File: file, Line: number, Exclude: !given})
	}
	return all
}

// sysctlPath converts a key into a path: if its first separator is a dot, dots
// and slashes are swapped.
func sysctlPath(key string) string {
	key = strings.TrimPrefix(strings.TrimSpace(key), "/")
	if at := strings.IndexAny(key, "./"); at < 0 || key[at] == '/' {
		return key
	}
	return strings.NewReplacer(".", "/", "/", ".").Replace(key)
}

// Wins returns the line that sets a key such as "vm/swappiness": the last one
// with its name, otherwise the last pattern that matches. ok is false if no
// line sets it.
func (s Sysctls) Wins(key string) (l SysctlLine, ok bool) {
	for _, l := range slices.Backward(s) {
		if l.Key == key {
			return l, !l.Exclude
		}
	}
	for _, l := range slices.Backward(s) {
		if match, err := path.Match(l.Key, key); err == nil && match && !l.Exclude {
			return l, true
		}
	}
	return SysctlLine{}, false
}

// TakenOut returns the line that excludes a key after other lines have set it:
// "-vm.swappiness" after the last of them. ok is false if there is none.
func (s Sysctls) TakenOut(key string) (l SysctlLine, ok bool) {
	given := slices.ContainsFunc(s, func(l SysctlLine) bool { return l.Key == key && !l.Exclude })
	for _, l := range slices.Backward(s) {
		if l.Key == key {
			return l, given && l.Exclude
		}
	}
	return SysctlLine{}, false
}

// FileThatWins returns the name of a file in /etc/sysctl.d whose lines for
// these keys override all others: name, if it does; otherwise one that sorts
// after the files that would override it. Files whose name own accepts do not
// count.
func (s Sysctls) FileThatWins(name string, own func(string) bool, keys ...string) string {
	wins := name
	for _, l := range s {
		base := path.Base(l.File)
		if own(l.File) || !slices.Contains(keys, l.Key) || base < wins {
			continue
		}
		wins = strings.TrimSuffix(base, ".conf") + ".swapctl.conf"
		for wins <= base { // whatever the other name is
			wins = "z" + wins
		}
	}
	return wins
}
