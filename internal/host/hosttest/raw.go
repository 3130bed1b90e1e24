package hosttest

import (
	"slices"

	"golang.org/x/sys/unix"
)

// slurp, spill and namesIn are os.ReadFile, os.WriteFile and os.ReadDir in half the
// system calls: without asking the kernel whether a small regular file can be polled.
// The matrices spend most of their time here.

func slurp(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
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

func spill(path, content string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, 0o644)
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
func namesIn(path string) ([]string, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
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
