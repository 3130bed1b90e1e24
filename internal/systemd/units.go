package systemd

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Files are the unit files of a node. A file that users other than root can
// change is an error, a *host.OthersError in a *fs.PathError, like a file that
// cannot be read.
type Files struct {
	host host.Host
	// Dirs are the directories of units that exist, highest precedence first.
	Dirs []string
}

// Open finds the directories of units that exist.
func Open(h host.Host) Files { return Files{h, dirs(h, "/system")} }

// Find returns the files of that name, highest precedence first; drop-ins are
// in directories "NAME.d".
func (f Files) Find(name string) []string {
	var found []string
	for _, dir := range f.Dirs {
		if _, err := f.host.Files.Lstat(dir + "/" + name); err == nil {
			found = append(found, dir+"/"+name)
		}
	}
	return found
}

// Text returns the text of the unit's file with the highest precedence; "" if
// there is none. A masked unit has none: its file is a link to /dev/null, or
// empty.
func (f Files) Text(unit string) (string, error) {
	found := f.Find(unit)
	if len(found) == 0 {
		return "", nil
	}
	name := found[0]
	if Masked(f.host, name) {
		dir := strings.TrimSuffix(name, "/"+unit)
		if err := host.OnlyRoot(f.host.Files, dir); err != nil {
			return "", unread(name, err)
		}
		return "", nil
	}
	data, err := host.ReadTrustedFile(f.host.Files, name)
	return string(data), unread(name, err)
}

// DropIns returns the files of a unit's drop-ins in the order in which they are
// applied: by name, and of several with one name only the one in the directory
// with the highest precedence.
func (f Files) DropIns(unit string) ([]string, error) {
	at := map[string]string{}
	for _, dir := range f.Find(unit + ".d") {
		names, err := host.ReadDirTrusted(f.host.Files, dir)
		if err != nil {
			return nil, unread(dir, err)
		}
		for _, name := range names {
			if _, known := at[name]; !known && strings.HasSuffix(name, ".conf") {
				at[name] = dir + "/" + name
			}
		}
	}
	var files []string
	for _, name := range slices.Sorted(maps.Keys(at)) {
		if !Masked(f.host, at[name]) {
			files = append(files, at[name])
		}
	}
	return files, nil
}

// Settings returns the settings of a unit and its drop-ins, in the order in
// which they are applied. A masked unit has none: it does not exist.
func (f Files) Settings(unit string) (settings []Setting, exists bool, err error) {
	text, err := f.Text(unit)
	if err != nil || text == "" {
		return nil, false, err
	}
	dropIns, err := f.DropIns(unit)
	if err != nil {
		return nil, true, err
	}
	settings = parseFile(f.Find(unit)[0], text)
	for _, name := range dropIns {
		data, err := host.ReadTrustedFile(f.host.Files, name)
		if err != nil {
			return nil, true, unread(name, err)
		}
		settings = append(settings, parseFile(name, string(data))...)
	}
	return settings, true, nil
}

func parseFile(name, text string) []Setting {
	settings := Parse(text)
	for i := range settings {
		settings[i].File = name
	}
	return settings
}

// unread adds the name of the file to the error of reading it.
func unread(name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "read", Path: name, Err: err}
}
