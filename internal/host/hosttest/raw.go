package hosttest

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/sys/unix"
)

// slurp, spill and namesIn are os.ReadFile, os.WriteFile and os.ReadDir in half the
// system calls: without asking the kernel whether a small regular file can be polled.
// The matrices spend most of their time here.

func slurp(name string) ([]byte, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	data := make([]byte, 0, 512)
	for {
		got, err := unix.Read(fd, data[len(data):cap(data)])
		if err != nil {
			return data, err
		}
		full := got == cap(data)-len(data)
		data = data[:len(data)+got]
		if !full { // the end: these are regular files
			return data, nil
		}
		data = append(data, 0)[:len(data)]
	}
}

func spill(name, content string) error {
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for len(content) > 0 {
		put, err := unix.Write(fd, []byte(content))
		if err != nil {
			return err
		}
		content = content[put:]
	}
	return nil
}

// namesIn are the names in a directory, sorted.
func namesIn(dir string) ([]string, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf, names := make([]byte, 4096), []string{}
	for {
		got, err := unix.ReadDirent(fd, buf)
		if err != nil {
			return nil, err
		}
		if got == 0 {
			slices.Sort(names)
			return names, nil
		}
		_, _, names = unix.ParseDirent(buf[:got], -1, names)
	}
}

// visit goes to what is at a name of the machine and below it, as filepath.WalkDir does,
// with what lstat says. look says with fs.SkipDir what not to go into.
func (n *Node) visit(at string, look func(at string, st *unix.Stat_t) error) error {
	var st unix.Stat_t
	if err := unix.Lstat(n.Root+at, &st); err != nil {
		return err
	}
	switch err := look(at, &st); {
	case errors.Is(err, fs.SkipDir):
		return nil
	case err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return err
	}
	names, err := namesIn(n.Root + at)
	for _, name := range names {
		err = errors.Join(err, n.visit(path.Join(at, name), look))
	}
	return err
}
