package cli

import (
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/swapctl/swapctl/internal/host"
)

// ReadInput reads all of a file that a person named, or standard input for "-":
// at most so many bytes, whatever it is. Of a pipe it waits for what is still to
// come, as long as somebody has it open to write: lint <(kubectl get ...).
func (a *App) ReadInput(name string, most int64) ([]byte, error) {
	if name == "-" {
		return atMost(a.In, most)
	}
	f, err := a.Host.Files.Open(name, syscall.O_NONBLOCK, 0) // do not wait at a FIFO that nobody writes to
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

// atMost reads a stream to its end, which must come soon enough.
func atMost(in io.Reader, most int64) ([]byte, error) {
	if in == nil {
		return nil, errors.New("there is no standard input")
	}
	data, err := host.ReadAll(in, "standard input", most)
	return data, Reason(err)
}

// Reason takes the name out of an error of the file system: what it is put into
// says it already.
func Reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
