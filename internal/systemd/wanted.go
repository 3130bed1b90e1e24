package systemd

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Wanted returns the services that a boot starts: those that a unit wants or
// requires by a link, and those that wanted timers, paths and sockets start.
// The error is that of a directory or file that could not be read.
func (f Files) Wanted() ([]string, error) {
	names := map[string]bool{}
	var unseen error
	for _, dir := range append(slices.Clone(f.Dirs), generated()...) {
		entries, err := f.host.Files.ReadDir(dir)
		unseen = errors.Join(unseen, unlessMissing(err))
		for _, entry := range entries {
			if ext := path.Ext(entry); ext != ".wants" && ext != ".requires" && ext != ".upholds" {
				continue
			}
			links, err := f.host.Files.ReadDir(dir + "/" + entry)
			unseen = errors.Join(unseen, unlessMissing(err))
			for _, link := range links {
				names[f.started(link)] = true
			}
		}
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names)), unseen
}

// IsWanted reports whether some unit wants or requires this one by a link.
func (f Files) IsWanted(unit string) bool {
	for _, dir := range append(slices.Clone(f.Dirs), generated()...) {
		entries, _ := f.host.Files.ReadDir(dir)
		for _, entry := range entries {
			if ext := path.Ext(entry); (ext == ".wants" || ext == ".requires") && isThere(f.host, dir+"/"+entry+"/"+unit) {
				return true
			}
		}
	}
	return false
}

// started returns the service that a unit is, or starts by default.
func (f Files) started(unit string) string {
	name, kind := strings.TrimSuffix(unit, path.Ext(unit)), path.Ext(unit)
	switch kind {
	case ".service":
		return unit
	case ".timer", ".path", ".socket":
		settings, _, _ := f.Settings(unit)
		for _, s := range settings {
			if s.Name == "Unit" || s.Name == "Service" {
				return s.Value
			}
		}
		return name + ".service"
	}
	return ""
}

// Commands returns the settings with which a service runs programs, without
// those that a later one resets. An instance has those of its template.
func (f Files) Commands(unit string) ([]Setting, error) {
	if name, _, ok := strings.Cut(unit, "@"); ok && len(f.Find(unit)) == 0 {
		unit = name + "@.service"
	}
	settings, _, err := f.Settings(unit)
	var commands []Setting
	for _, s := range settings {
		if s.Section != "Service" || !strings.HasPrefix(s.Name, "Exec") {
			continue
		}
		if s.Value != "" {
			commands = append(commands, s)
			continue
		}
		commands = slices.DeleteFunc(commands, func(c Setting) bool { return c.Name == s.Name })
	}
	return commands, err
}

func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
