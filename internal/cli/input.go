package cli

import (
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/swapctl/swapctl/internal/host"
)

// ReadInput reads all of a file that the user named, or standard input for "-":
// at most so many bytes. At a pipe it waits as long as a writer has it open:
// lint <(kubectl get ...).
func (a *App) ReadInput(name string, most int64) ([]byte, error) {
	if name == "-" {
		return atMost(a.In, most)
	}
	f, err := a.Host.Files.Open(name, syscall.O_NONBLOCK, 0) // do not wait for a writer of a FIFO
	if err != nil {
		return nil, Reason(err)
	}
	defer f.Close()
	data, err := atMost(f, most)
	if st, statErr := f.Stat(); err == nil && len(data) == 0 && statErr == nil && st.Mode&fs.ModeNamedPipe != 0 {
		return nil, errors.New("nobody writes to this pipe")
	}
	return data, Reason(err)
}

// atMost reads a stream to its end, up to a limit.
func atMost(in io.Reader, most int64) ([]byte, error) {
	if in == nil {
		return nil, errors.New("there is no standard input")
	}
	data, err := host.ReadAll(in, "standard input", most)
	return data, Reason(err)
}

// Reason removes the file name from an error of the file system: the message
// around it has the name already.
func Reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
