package hosttest

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Temp implements host.Files: in memory. It changes nothing of the machine, so it
// is no operation; FailOn("temp", "", err) fails it, "tempwrite" a later write.
func (p *process) Temp() (host.File, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.ruled("temp", ""); err != nil {
		return nil, pathError("open", os.TempDir(), err)
	}
	fd, err := unix.MemfdCreate("hosttest", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return temp{os.NewFile(uintptr(fd), "temp"), p}, nil
}

// temp is a file without a name.
type temp struct {
	*os.File
	process *process
}

// Write implements host.File.
func (t temp) Write(b []byte) (int, error) {
	defer t.process.leave()
	if err := t.process.enter(); err != nil {
		return 0, err
	}
	if err := t.process.ruled("tempwrite", ""); err != nil {
		return 0, pathError("write", t.Name(), err)
	}
	return t.File.Write(b)
}

// Stat implements host.File: a temporary file is only written and read.
func (t temp) Stat() (host.Stat, error) {
	var st host.Stat
	info, err := t.File.Stat()
	if err == nil {
		st.Mode, st.SizeBytes = info.Mode(), info.Size()
	}
	return st, err
}
