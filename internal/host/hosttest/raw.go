package hosttest

import (
	"golang.org/x/sys/unix"
)

// slurp and spill are os.ReadFile and os.WriteFile in half the system calls:
// without asking the kernel whether a small regular file can be polled. The
// matrices spend most of their time here.

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
		if got == 0 {
			return data, nil
		}
		if data = data[:len(data)+got]; len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
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
