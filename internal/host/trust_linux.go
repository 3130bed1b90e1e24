package host

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// OthersError says that a user other than root can change the target of a path:
// root must neither run nor trust it.
type OthersError struct {
	Path string // what was asked about
	At   string // the file, directory or link that others can change
	Why  string

	Mode  fs.FileMode // of At
	Owner uint32
}

// Error implements error.
func (e *OthersError) Error() string { return e.Why }

// Hint says how to make it root's alone.
func (e *OthersError) Hint() string {
	repair := fmt.Sprintf("chown root:root %s; chmod go-w %s", e.At, e.At)
	if e.Mode&fs.ModeSymlink != 0 {
		repair = "chown -h root:root " + e.At
	}
	switch {
	case e.At == e.Path:
		return repair
	case e.Mode&fs.ModeSticky != 0:
		return "move " + e.Path + " to where only root can write"
	}
	return "move " + e.Path + " to where only root can write, or: " + repair
}

// Shared reports whether it is a directory of root's in which everybody may make
// files, and nobody touch those of others, as /tmp is.
func (e *OthersError) Shared() bool {
	return e.At == e.Path && e.Owner == 0 && e.Mode.IsDir() && e.Mode&fs.ModeSticky != 0
}

// OnlyRoot returns an *OthersError unless root alone can change what name leads
// to. Every directory, link and file on the way counts, as path_resolution(7)
// takes them: each must belong to root, and nobody else may write to it. The
// sticky bit of a directory does not help, for others can then make what is not
// there; and the bits of the group are the mask of an access list where there is
// one (acl(5)), so they do not help either, whatever the group.
//
// It goes from the root directory down, so that nobody can exchange what has
// been looked at already. Of what is not there the error wraps fs.ErrNotExist:
// then only root can make it.
func OnlyRoot(files Files, name string) error {
	if !strings.HasPrefix(name, "/") {
		here, err := files.Readlink("/proc/self/cwd")
		if err != nil {
			return err
		}
		name = here + "/" + name
	}
	w := walk{files: files, name: path.Clean(name), at: "/", left: components(name)}
	if err := w.look(); err != nil {
		return err
	}
	for len(w.left) > 0 {
		next := w.left[0]
		w.left = w.left[1:]
		if next == ".." {
			w.at = path.Dir(w.at)
			continue
		}
		up := w.at
		w.at = path.Join(up, next)
		if err := w.look(); err != nil {
			return err
		}
		if w.link != "" {
			if w.at = up; strings.HasPrefix(w.link, "/") {
				w.at = "/"
			}
			w.left = append(components(w.link), w.left...)
		}
	}
	return nil
}

// ReadTrusted is Files.ReadFile of a file that root trusts: an *OthersError if
// another user can change it.
func ReadTrusted(files Files, name string, most int64) ([]byte, error) {
	if err := OnlyRoot(files, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return files.ReadFile(name, most)
}

// ReadTrustedFile is ReadTrusted of a regular file of at most FileLimit bytes.
func ReadTrustedFile(files Files, name string) ([]byte, error) {
	if err := OnlyRoot(files, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	st, err := files.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode.IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if st.SizeBytes > FileLimit {
		return nil, fmt.Errorf("it is larger than %d KiB", FileLimit>>10)
	}
	return files.ReadFile(name, FileLimit)
}

// ReadDirTrusted is Files.ReadDir of a directory whose entries root trusts.
func ReadDirTrusted(files Files, name string) ([]string, error) {
	if err := OnlyRoot(files, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return files.ReadDir(name)
}

// walk is one resolution of a path, from the root directory down.
type walk struct {
	files Files
	name  string
	at    string   // looked at
	left  []string // still to come
	link  string   // the target of at, if it is a link
	links int
	dev   uint64
}

// mostLinks is how many links Linux follows in one path (MAXSYMLINKS).
const mostLinks = 40

// look checks what is at w.at.
func (w *walk) look() error {
	st, err := w.files.Lstat(w.at)
	if err != nil {
		return err
	}
	if others := OthersChange(w.name, w.at, st); others != nil {
		return others
	}
	w.link = ""
	if st.IsSymlink() {
		if w.links++; w.links > mostLinks {
			return &fs.PathError{Op: "readlink", Path: w.name, Err: unix.ELOOP}
		}
		w.link, err = w.files.Readlink(w.at)
		return err
	}
	if was := w.dev; st.Dev != was {
		w.dev = st.Dev
		return w.mounted(&OthersError{Path: w.name, At: w.at, Mode: st.Mode, Owner: st.UID})
	}
	return nil
}

// OthersChange checks one component of the path to name by its owner and mode:
// nil if only root can change what is there.
func OthersChange(name, at string, st Stat) *OthersError {
	mode, others := st.Mode.Perm(), &OthersError{Path: name, At: at, Mode: st.Mode, Owner: st.UID}
	switch {
	case st.UID != 0:
		others.Why = fmt.Sprintf("%s belongs to user %d, who could replace it", at, st.UID)
	case st.IsSymlink(): // its mode says nothing
	case mode&0o002 != 0:
		others.Why = fmt.Sprintf("everybody may write to %s (mode %04o)", at, mode)
	case mode&0o020 != 0 && st.GID != 0:
		others.Why = fmt.Sprintf("group %d may write to %s (mode %04o)", st.GID, at, mode)
	case mode&0o020 != 0: // these bits are the mask of an access list, if there is one (acl(5))
		others.Why = fmt.Sprintf("root's group, or whom an access list names, may write to %s (mode %04o)", at, mode)
	}
	if others.Why == "" {
		return nil
	}
	return others
}

// mounted refuses a file system that an ordinary user has mounted, and whose
// owners that user decides: only FUSE allows this. Such a file system has a
// device number without a driver (major 0).
func (w *walk) mounted(others *OthersError) error {
	if unix.Major(w.dev) != 0 || w.dev == 0 {
		return nil
	}
	table, err := w.files.ReadFile("/proc/self/mountinfo", TableLimit)
	if err != nil {
		return err
	}
	number := fmt.Sprintf("%d:%d", unix.Major(w.dev), unix.Minor(w.dev))
	for line := range strings.Lines(string(table)) {
		before, after, _ := strings.Cut(line, " - ")
		place, what := strings.Fields(before), strings.Fields(after)
		if len(place) < 3 || len(what) < 3 || place[2] != number || !strings.HasPrefix(what[0], "fuse") {
			continue
		}
		for option := range strings.SplitSeq(what[2], ",") {
			if user, ok := strings.CutPrefix(option, "user_id="); ok && user != "0" {
				others.Why = fmt.Sprintf("user %s has mounted what is at %s (%s)", user, w.at, what[0])
				return others
			}
		}
	}
	return nil
}

// components are the names in a path, without "" and ".".
func components(name string) []string {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return parts
}
