package hosttest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Replace implements host.Files, in the steps of the real one: leftover of a
// killed run away, temporary file, write, sync, rename, sync of the directory.
// Each is an operation of its own.
func (p *process) Replace(name string, data []byte, perm fs.FileMode) error {
	return p.replace(name, data, perm, p.Rename)
}

// Create implements host.Files.
func (p *process) Create(name string, data []byte, perm fs.FileMode) error {
	return p.replace(name, data, perm, p.RenameNew)
}

func (p *process) replace(name string, data []byte, perm fs.FileMode, rename func(temp, name string) error) error {
	dir, base := filepath.Split(name)
	temp := dir + "." + base + ".swapctl"
	if err := p.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := p.writeNew(temp, data, perm); err != nil {
		return errors.Join(err, p.removeIfThere(temp))
	}
	if err := rename(temp, name); err != nil {
		return errors.Join(err, p.removeIfThere(temp))
	}
	return p.SyncDir(filepath.Clean(dir))
}

// Rewrite implements host.Files.
func (p *process) Rewrite(name string, old, data []byte) error {
	st, err := p.Lstat(name)
	if err != nil {
		return err
	}
	if !st.Mode.IsRegular() {
		return &fs.PathError{Op: "rewrite", Path: name, Err: unix.EINVAL}
	}
	return p.replace(name, data, st.Mode.Perm(), func(temp, name string) error {
		now, err := p.ReadFile(name, int64(len(old)))
		if errors.Is(err, host.ErrTooLarge) || err == nil && !bytes.Equal(now, old) {
			return &fs.PathError{Op: "rewrite", Path: name, Err: host.ErrChanged}
		}
		if err != nil {
			return err
		}
		return p.Rename(temp, name)
	})
}

func (p *process) writeNew(name string, data []byte, perm fs.FileMode) error {
	t, err := p.Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, perm.Perm())
	if err != nil {
		return err
	}
	_, err = t.Write(data)
	if err == nil {
		err = p.chmod(name, perm)
	}
	return errors.Join(err, t.Sync(), t.Close())
}

// chmod is part of the write before it: an operation of its own would only
// double the work of a matrix.
func (p *process) chmod(name string, perm fs.FileMode) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	at, err := p.node.resolve(name, false)
	if err != nil {
		return err
	}
	return os.Chmod(p.node.Root+at, perm)
}

func (p *process) removeIfThere(name string) error {
	if err := p.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
