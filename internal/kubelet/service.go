package kubelet

import (
	"errors"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/systemd"
)

// service is a unit as its files define it.
type service struct {
	unit   string
	exists bool

	exec string            // the effective ExecStart=, as written, in one line
	vars map[string]string // of Environment=, as written
	env  map[string]string // with the environment files applied
	home string            // WorkingDirectory=
	// envFiles are the EnvironmentFile= that were read, and what each sets.
	fromFiles map[string]bool
}

func (s service) directory() string { return strings.TrimSuffix(s.home, "/") }

// readService reads a unit with its drop-ins. A masked unit counts as missing.
func readService(h host.Host, units systemd.Files, unit string) (service, error) {
	s := service{unit: unit, vars: map[string]string{}, env: map[string]string{}, fromFiles: map[string]bool{}}
	settings, exists, err := units.Settings(unit)
	s.exists = exists
	if err != nil || !exists {
		return s, unitFailed(err)
	}
	return s, s.take(h, settings)
}

// take reads the settings of [Service] that affect the command line.
func (s *service) take(h host.Host, settings []systemd.Setting) error {
	var envFiles []string
	for _, set := range settings {
		if set.Section != "Service" {
			continue
		}
		switch set.Name {
		case "ExecStart":
			if set.Value == "" || s.exec == "" { // a oneshot may have several; the first is used
				s.exec = set.Value
			}
		case "WorkingDirectory":
			s.home = strings.TrimPrefix(set.Value, "-")
		case "Environment":
			if set.Value == "" {
				clear(s.vars)
			}
			for _, word := range systemd.SplitWords(set.Value) {
				if name, value, ok := strings.Cut(word, "="); ok {
					s.vars[name] = value
				}
			}
		case "EnvironmentFile":
			envFiles = append(envFiles, set.Value)
			if set.Value == "" {
				envFiles = nil
			}
		}
	}
	for name, value := range s.vars {
		s.env[name] = systemd.Unpercent(value)
	}
	for _, name := range envFiles {
		if err := s.takeFile(h, name); err != nil {
			return err
		}
	}
	return nil
}

// takeFile applies an environment file on top of Environment=.
func (s *service) takeFile(h host.Host, name string) error {
	name, optional := strings.CutPrefix(name, "-")
	data, err := host.ReadTrustedFile(h.Files, systemd.Unpercent(name))
	switch {
	case errors.Is(err, fs.ErrNotExist): // without "-" the unit does not start; kubeadm's file comes when the node joins
		return nil
	case err != nil && optional && !errors.Is(err, fs.ErrPermission) && !byOthers(err):
		return nil //nolint:nilerr // systemd takes no offence either
	case err != nil:
		return readFailed(name, err)
	}
	for name, value := range systemd.ParseEnvironment(string(data)) {
		s.env[name] = value
		s.fromFiles[name] = true
	}
	return nil
}

// argv is the command line as systemd expands it.
func (s service) argv() []string { return systemd.CommandLine(s.exec, s.env) }

// othersProgram finds a file in the command line that another user can change:
// a script that starts the kubelet, or an argument of a shell. The program
// itself may be missing: then others may be able to create it.
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

// shellWords splits a word that may be a script of a shell.
func shellWords(word string) iter.Seq[string] {
	return strings.FieldsFuncSeq(word, func(r rune) bool { return strings.ContainsRune(" \t\n;|&()<>{}'\"=", r) })
}

// mentionsKubelet reports whether the command line may start a kubelet
// indirectly: by a shell, or a script with its name.
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

// byOthers reports whether an error is about what another user can change.
func byOthers(err error) bool {
	_, ok := errors.AsType[*host.OthersError](err)
	return ok
}
