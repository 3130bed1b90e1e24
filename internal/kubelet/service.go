package kubelet

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// unitDirs are where systemd looks for unit files, the strongest first
// (systemd.unit(5), "Unit File Load Path").
func unitDirs() []string {
	return []string{
		"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
	}
}

// service is a unit as its files say.
type service struct {
	unit   string
	exists bool

	exec string            // the ExecStart= that counts, as it is written, in one line
	vars map[string]string // of Environment=, as written
	env  map[string]string // with the environment files laid over
	home string            // WorkingDirectory=
	// envFiles are the EnvironmentFile= that were read, and what each sets.
	fromFiles map[string]bool
}

func (s service) directory() string { return strings.TrimSuffix(s.home, "/") }

// readService reads a unit with its drop-ins. A masked one does not exist.
func readService(h host.Host, units unitIndex, unit string) (service, error) {
	s := service{unit: unit, vars: map[string]string{}, env: map[string]string{}, fromFiles: map[string]bool{}}
	text, err := units.file(h, unit)
	if err != nil || text == "" {
		return s, err
	}
	s.exists = true
	settings := parseUnit(text)
	dropIns, err := units.dropIns(h, unit)
	if err != nil {
		return s, err
	}
	for _, name := range dropIns {
		data, err := readFile(h, name)
		if err != nil {
			return s, readFailed(name, err)
		}
		settings = append(settings, parseUnit(string(data))...)
	}
	return s, s.take(h, settings)
}

// unitIndex finds unit files and directories of drop-ins.
type unitIndex struct {
	dirs []string // the directories of units that there are, the strongest first
}

func indexUnits(h host.Host) unitIndex {
	var x unitIndex
	for _, dir := range unitDirs() {
		if there(h, dir) {
			x.dirs = append(x.dirs, dir)
		}
	}
	return x
}

// find returns the directories that have a name.
func (x unitIndex) find(h host.Host, name string) []string {
	var dirs []string
	for _, dir := range x.dirs {
		if _, err := h.Files.Lstat(dir + "/" + name); err == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// file is the text of the strongest file of a unit, "" for none and for a masked
// one.
func (x unitIndex) file(h host.Host, unit string) (string, error) {
	dirs := x.find(h, unit)
	if len(dirs) == 0 {
		return "", nil
	}
	name := dirs[0] + "/" + unit
	if target, err := h.Files.Readlink(name); err == nil && target == "/dev/null" {
		if err := host.OnlyRoot(h.Files, dirs[0]); err != nil {
			return "", readFailed(name, err)
		}
		return "", nil
	}
	data, err := readFile(h, name)
	if err != nil {
		return "", readFailed(name, err)
	}
	return string(data), nil
}

// dropIns are a unit's drop-ins in the order in which they count: by name, and
// of one name that of the strongest directory.
func (x unitIndex) dropIns(h host.Host, unit string) ([]string, error) {
	at := map[string]string{}
	for _, dir := range x.find(h, unit+".d") {
		dir += "/" + unit + ".d"
		names, err := host.ReadDirTrusted(h.Files, dir)
		if err != nil {
			return nil, readFailed(dir, err)
		}
		for _, name := range names {
			if _, known := at[name]; !known && strings.HasSuffix(name, ".conf") {
				at[name] = dir + "/" + name
			}
		}
	}
	var files []string
	for _, name := range slices.Sorted(maps.Keys(at)) {
		if target, err := h.Files.Readlink(at[name]); err != nil || target != "/dev/null" {
			files = append(files, at[name])
		}
	}
	return files, nil
}

// take reads the settings of [Service] that decide over the command line.
func (s *service) take(h host.Host, settings []setting) error {
	var envFiles []string
	for _, set := range settings {
		if set.section != "Service" {
			continue
		}
		switch set.name {
		case "ExecStart":
			if set.value == "" || s.exec == "" { // a oneshot may have several; the first is as good as any
				s.exec = set.value
			}
		case "WorkingDirectory":
			s.home = strings.TrimPrefix(set.value, "-")
		case "Environment":
			if set.value == "" {
				clear(s.vars)
			}
			for _, word := range splitWords(set.value) {
				if name, value, ok := strings.Cut(word, "="); ok {
					s.vars[name] = value
				}
			}
		case "EnvironmentFile":
			envFiles = append(envFiles, set.value)
			if set.value == "" {
				envFiles = nil
			}
		}
	}
	for name, value := range s.vars {
		s.env[name] = unpercent(value)
	}
	for _, name := range envFiles {
		if err := s.takeFile(h, name); err != nil {
			return err
		}
	}
	return nil
}

// takeFile lays an environment file over what Environment= says.
func (s *service) takeFile(h host.Host, name string) error {
	name, optional := strings.CutPrefix(name, "-")
	data, err := readFile(h, unpercent(name))
	switch {
	case errors.Is(err, fs.ErrNotExist): // without "-" the unit does not start; kubeadm's file comes when the node joins
		return nil
	case err != nil && optional && !errors.Is(err, fs.ErrPermission) && !byOthers(err):
		return nil //nolint:nilerr // systemd takes no offence either
	case err != nil:
		return readFailed(name, err)
	}
	for name, value := range parseEnvironment(string(data)) {
		s.env[name] = value
		s.fromFiles[name] = true
	}
	return nil
}

// argv is the command line that systemd makes of it (systemd.service(5),
// "Command Lines").
func (s service) argv() []string {
	text := strings.TrimLeft(s.exec, "@-:+!|")
	var argv []string
	for _, word := range splitWords(text) {
		if word == ";" {
			break
		}
		if name, ok := bareVariable(word); ok {
			argv = append(argv, splitWords(s.env[name])...)
			continue
		}
		argv = append(argv, expand(unpercent(word), s.env))
	}
	if strings.HasPrefix(s.exec, "@") && len(argv) > 1 { // the second word is argv[0]
		argv = append(argv[:1], argv[2:]...)
	}
	return argv
}

// othersProgram finds a file in the command line that others can change: a script
// that starts the kubelet, or what a shell is told to run. The program itself may be
// missing: then others can make it.
func (s service) othersProgram(h host.Host) (string, error) {
	for i, word := range s.argv() {
		for part := range shellWords(word) {
			st, err := h.Files.Stat(part)
			file := err == nil && st.Mode.IsRegular()
			if !path.IsAbs(part) || !file && (i > 0 || part != word) {
				continue
			}
			if err := host.OnlyRoot(h.Files, part); byOthers(err) {
				return part, err
			}
		}
	}
	return "", nil
}

// shellWords are the words in one, if that is a script.
func shellWords(word string) iter.Seq[string] {
	return strings.FieldsFuncSeq(word, func(r rune) bool { return strings.ContainsRune(" \t\n;|&()<>{}'\"=", r) })
}

// mentionsKubelet reports whether the command line may start a kubelet by way of
// something else: a shell, or a script that is named after it.
func (s service) mentionsKubelet() bool {
	for i, word := range s.argv() {
		if i == 0 && strings.Contains(path.Base(word), "kubelet") {
			return true
		}
		for part := range shellWords(word) {
			if base := path.Base(part); base == "kubelet" || base == "hyperkube" {
				return true
			}
		}
	}
	return false
}

// byOthers reports whether an error is that of what others can change.
func byOthers(err error) bool {
	_, ok := errors.AsType[*host.OthersError](err)
	return ok
}
